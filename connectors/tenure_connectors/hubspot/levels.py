"""What a line item bills: from price, quantity and discount, and since when."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

import msgspec

from tenure import Interval, micros
from tenure_connectors.decoding import decoder
from tenure_connectors.hubspot import history
from tenure_connectors.hubspot.shapes import Object
from tenure_connectors.hubspot.values import number

FREQUENCY = "recurringbillingfrequency"

FREQUENCIES: Mapping[str, tuple[Interval, int]] = {
    "weekly": (Interval.WEEK, 1),
    "biweekly": (Interval.WEEK, 2),
    "monthly": (Interval.MONTH, 1),
    "quarterly": (Interval.MONTH, 3),
    "per_six_months": (Interval.MONTH, 6),
    "annually": (Interval.YEAR, 1),
    "per_two_years": (Interval.YEAR, 2),
    "per_three_years": (Interval.YEAR, 3),
    "per_four_years": (Interval.YEAR, 4),
    "per_five_years": (Interval.YEAR, 5),
}
"""How often it is billed; a line without one is billed once, whatever its term."""

PRICED = (
    "price", "hs_tier_prices", "quantity", "discount", "hs_discount_percentage", FREQUENCY,
    "hs_pricing_model", "hs_tier_ranges",
)  # fmt: skip
"""The properties that a level is made of."""

_TIERED = ("graduated", "volume")


@dataclass(frozen=True, slots=True)
class Level:
    """What is billed per interval, in micro-units; `quantity` in millionths."""

    amount: int
    discount: int = 0
    quantity: int = 1_000_000
    interval: Interval = Interval.MONTH
    count: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """From `at` on, this level; None where nothing recurs. `source` is the property it rests on."""

    at: datetime
    level: Level | None
    source: str = "price"


Read = Callable[[Mapping[str, str | None]], Level | None]
"""Makes a level of properties; raises `ValueError` for what cannot be read."""


def is_recurring(properties: Mapping[str, str | None]) -> bool:
    """Whether it is billed more than once."""
    return bool(properties.get(FREQUENCY))


def level(properties: Mapping[str, str | None]) -> Level | None:
    """What a line bills; None for one that is billed once. Raises `ValueError`."""
    frequency = properties.get(FREQUENCY)
    if not frequency:
        return None
    if frequency not in FREQUENCIES:
        raise ValueError(f"{FREQUENCY} {frequency!r} is none of {', '.join(FREQUENCIES)}")
    interval, count = FREQUENCIES[frequency]
    quantity = number(properties.get("quantity") or "1")
    gross = _gross(properties, quantity)
    return Level(
        _positive("amount", gross),
        _positive("discount", min(_discount(properties, gross, quantity), gross)),
        _positive("quantity", quantity),
        interval,
        count,
    )


def edits(line: Object, start: datetime, base: datetime) -> list[Step]:
    """The levels of a line item from `start` on; see `changes`."""
    return changes(line, PRICED, level, start, base)


def changes(
    one: Object, names: Sequence[str], read: Read, start: datetime, base: datetime
) -> list[Step]:
    """The levels of an object from `start` on: what was so at `base`, and what was edited later.

    What was edited up to `base` was a correction: it was never billed otherwise. An amount that
    was set later still has counted from the start: there was none before it. `names` are the
    properties that `read` makes a level of, the first ones those without which there is none.
    """
    known = {name: told for name in names if (told := history.steps(one, name))}
    now = {name: one.get(name) for name in names}
    found = list[Step]()
    for when in (base, *history.moments(known.values(), base)):
        then = now | {name: history.at(told, when) for name, told in known.items()}
        if found or any(then[name] for name in names[:2]):
            source = _changed(known, when) if when > base else names[0]
            found.append(Step(when if found else start, read(then), source))
    if not found:
        found = [Step(start, read(one.properties))]
    return found[:1] + [b for a, b in pairwise(found) if a.level != b.level]


def _changed(known: Mapping[str, list[history.Step]], when: datetime) -> str:
    """The property that was edited at a moment; of several the first."""
    return next(name for name, told in known.items() if any(at == when for at, _ in told))


def _positive(name: str, value: Fraction) -> int:
    if value < 0:
        raise ValueError(f"its {name} is below zero")
    return micros(value)


def _gross(properties: Mapping[str, str | None], quantity: Fraction) -> Fraction:
    model = properties.get("hs_pricing_model") or ""
    if model in _TIERED and properties.get("hs_tier_prices"):
        return _tiered(properties, quantity, graduated=model == "graduated")
    price = properties.get("price")
    if not price:
        raise ValueError("it recurs and has no price")
    return number(price) * quantity


def _discount(
    properties: Mapping[str, str | None], gross: Fraction, quantity: Fraction
) -> Fraction:
    """HubSpot's `discount` comes off each unit, a percentage off the whole."""
    said, off = properties.get("hs_discount_percentage"), properties.get("discount")
    if not said and not off:
        return Fraction(0)
    percent, each = number(said or "0"), number(off or "0")
    if percent > 100 or percent < 0:  # noqa: PLR2004 - per cent
        raise ValueError(f"a discount of {said} % is none")
    return gross * percent / 100 + each * quantity


class _TierPrice(msgspec.Struct):
    price: Any
    index: int = 0


class _TierRange(msgspec.Struct):
    start: int = 0
    end: int | None = None


def _tiered(
    properties: Mapping[str, str | None], quantity: Fraction, *, graduated: bool
) -> Fraction:
    try:
        prices = decoder(list[_TierPrice]).decode(properties["hs_tier_prices"] or "")
        ranges = decoder(list[_TierRange]).decode(properties.get("hs_tier_ranges") or "")
        tiers = list(zip(ranges, sorted(prices, key=lambda one: one.index), strict=True))
    except (msgspec.DecodeError, ValueError):
        raise ValueError("its tiers cannot be read") from None
    total = Fraction(0)
    for tier, priced in tiers:
        price = number(str(priced.price))
        below = max(tier.start - 1, 0)
        if not graduated and quantity > below and (tier.end is None or quantity <= tier.end):
            return price * quantity
        upper = quantity if tier.end is None else min(quantity, Fraction(tier.end))
        total += price * max(upper - below, Fraction(0))
    return total
