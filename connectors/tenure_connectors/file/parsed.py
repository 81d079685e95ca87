"""A row that could be read: one value per fact, in the order of the spill's columns."""

from typing import NamedTuple

NEVER = 2**62
"""The end of a row that is open, so that it sorts last."""


class Parsed(NamedTuple):
    """A readable row, or (`broken`) only whose it was. Money in micro-units, times in microseconds.

    Of a snapshot `start` and `end` enclose the month.
    """

    customer: str
    subscription: str
    item: str
    start: int
    end: int
    number: int
    ref: str
    broken: int = 0
    name: str = ""
    attributes: str = "[]"
    amount: int = 0
    quantity: int = 0
    interval: str = "month"
    interval_count: int = 1
    currency: str = ""
    plan: str = ""
    product: str = ""
    trial_end: int = 0
    discount: int = 0
    requested_at: int = 0
