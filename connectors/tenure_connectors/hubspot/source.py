"""What the ways to count revenue have in common."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from tenure import CURRENCY_CODES, Claim, Excluded, Item, Quarantined, day_start, micros
from tenure_connectors.hubspot.client import Asked
from tenure_connectors.hubspot.directory import Directory
from tenure_connectors.hubspot.options import HubSpotConfig
from tenure_connectors.hubspot.shapes import Object
from tenure_connectors.hubspot.values import instant, number

SINGULAR = {
    "deals": "deal", "line_items": "line_item", "companies": "company",
    "subscriptions": "subscription",
}  # fmt: skip
"""What one of an object's records is called in a reference to it."""


class Held(msgspec.Struct):
    """A deal, a subscription or another record that counts, with its line items."""

    object: Object
    lines: list[Object] = []


midnight = lru_cache(20_000)(day_start)
"""When a day begins in a zone."""

Stated = Item | Quarantined | Excluded | Claim
"""What is made of a company's records."""


def billed_once(lines: int) -> Excluded:
    """Line items without a billing frequency: read, and no revenue that recurs."""
    return Excluded(reason="line items that are billed once", rows=lines)


class Source(Protocol):
    """One way to count revenue."""

    asked: Asked
    """The objects that count, with the properties that are needed."""
    lines: Asked | None
    """Their line items, if they have some."""

    def counts(self, one: Object) -> bool:
        """Whether it counts at all."""

    def stated(self, held: Sequence[Held]) -> Iterator[Stated]:
        """The items of one company; what cannot be read is put into quarantine."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What every way of counting needs to know."""

    config: HubSpotConfig
    directory: Directory
    zone: ZoneInfo

    def currency(self, *holders: Mapping[str, str | None]) -> str:
        """The currency that the first of some objects names, else the portal's.

        Raises `ValueError` where nothing names one.
        """
        names = (self.config.currency_property,) if self.config.currency_property else _CURRENCIES
        found = (one.get(name) for one in holders for name in names)
        code = next((value for value in found if value), None) or self.directory.currency
        if not code:
            raise ValueError("nothing names its currency: set `currency` or `currency_property`")
        if code.upper() not in CURRENCY_CODES:
            raise ValueError(f"its currency {code!r} is none")
        return code.upper()


_CURRENCIES = ("deal_currency_code", "hs_currency_code", "hs_line_item_currency_code")

CURRENCIES = {
    "deals": ("deal_currency_code",),
    "subscriptions": ("hs_currency_code",),
    "line_items": ("hs_line_item_currency_code",),
}
"""Where HubSpot writes the currency of an object."""


def currencies(config: HubSpotConfig, name: str) -> tuple[str, ...]:
    """The properties in which the currency of an object is looked for."""
    own = (config.currency_property,) if config.currency_property else ()
    return (*own, *CURRENCIES.get(name, ()))


def ref(name: str, key: str, property_: str = "") -> str:
    """What a fact rests on: `deal:123/closedate`."""
    return f"{SINGULAR.get(name, name)}:{key}" + (f"/{property_}" if property_ else "")


def refused(name: str, one: Object, error: Exception) -> Quarantined:
    """A record that cannot be read, with what it holds."""
    raw = msgspec.json.encode(one).decode()
    return Quarantined(source_ref=ref(name, one.id), reason=str(error), raw=raw)


def claims(name: str, one: Object, currency: str) -> Iterator[Claim]:
    """HubSpot's own figures of a record: compared with ours, never taken."""
    for measure in ("mrr", "arr"):
        said = one.get(f"hs_{measure}")
        at = one.updated_at or one.created_at
        if not said or at is None:
            continue
        try:
            amount = micros(number(said))
        except ValueError:
            continue
        yield Claim(
            subject=ref(name, one.id),
            measure=measure,
            amount=amount,
            currency=currency,
            at=at if at.tzinfo else at.replace(tzinfo=UTC),
            source_ref=ref(name, one.id, f"hs_{measure}"),
        )


def known_since(one: Object, *others: datetime | None) -> datetime:
    """When the record was made, or the latest of some other moments."""
    made = one.created_at or instant("1980-01-01")
    aware = made if made.tzinfo else made.replace(tzinfo=UTC)
    return max([aware, *(one for one in others if one is not None)])
