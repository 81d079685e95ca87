"""A row that could be read: one value per fact."""

from typing import NamedTuple

NEVER = 2**62
"""The end of a row that is open, so that it sorts last."""


class Parsed(NamedTuple):
    """A readable row, or (`broken`) only whose it was. Money in micro-units, times in microseconds.

    Rows are sorted by the facts up to `number`. Of a snapshot `start` and `end` enclose the month.
    """

    customer: str
    subscription: str
    item: str
    start: int
    end: int
    number: int
    ref: str
    broken: bool = False
    name: str = ""
    plan: str = ""
    product: str = ""
    attributes: str = "[]"
    trial_end: int = 0
    requested_at: int = 0
    amount: int = 0
    quantity: int = 0
    interval: str = "month"
    interval_count: int = 1
    currency: str = ""
    discount: int = 0


SORTED_BY = Parsed._fields[: Parsed._fields.index("ref")]
