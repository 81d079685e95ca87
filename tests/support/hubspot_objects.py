"""HubSpot's records for tests: as its API gives them, and as the connector holds them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tenure import Claim, Excluded, Item, Quarantined, decimal_string
from tenure_connectors.hubspot.directory import Directory
from tenure_connectors.hubspot.options import HubSpotConfig
from tenure_connectors.hubspot.shapes import Object, Owner, Pipeline
from tenure_connectors.hubspot.source import Held, Source, Terms

TOKEN = "pat-na1-aVerySecretTokenOfTheTests"
MADE = "2024-12-01T09:00:00Z"

Json = dict[str, Any]

PIPELINES: list[Json] = [
    {
        "id": "default",
        "label": "Sales",
        "stages": [
            {
                "id": "open",
                "label": "Open",
                "metadata": {"isClosed": "false", "probability": "0.4"},
            },
            {"id": "won", "label": "Won", "metadata": {"isClosed": "true", "probability": "1.0"}},
            {"id": "lost", "label": "Lost", "metadata": {"isClosed": "true", "probability": "0.0"}},
        ],
    },
    {
        "id": "42",
        "label": "Renewals",
        "stages": [
            {"id": "kept", "label": "Kept", "metadata": {"isClosed": "true", "probability": "1.0"}},
            {"id": "left", "label": "Left", "metadata": {"isClosed": "true", "probability": "0.0"}},
        ],
    },
]


def record(key: str, properties: Json, made: str = MADE, **more: Any) -> Json:
    """A record whose properties have had their value from the start."""
    at = more.pop("changed", made)
    values = {"hs_object_id": key, **properties}
    return {"id": key, "properties": values, "createdAt": made, "updatedAt": at, **more}


def version(value: str, at: str) -> Json:
    return {"value": value, "timestamp": at, "sourceType": "CRM_UI"}


def deal(key: str, closed: str | None = "2025-01-10T15:00:00Z", **properties: Any) -> Json:
    usual = {"pipeline": "default", "dealstage": "won", "closedate": closed}
    return record(key, usual | properties)


def line(key: str, name: str = "Pro", **properties: Any) -> Json:
    """A monthly line of 100; `history` gives the versions of some of its properties."""
    past = properties.pop("history", {})
    usual = {"name": name, "price": "100", "recurringbillingfrequency": "monthly"}
    return record(key, usual | properties, propertiesWithHistory=past)


def held(one: Json, *lines: Json) -> Held:
    return Held(msgspec.convert(one, Object), [msgspec.convert(found, Object) for found in lines])


@dataclass
class Stub:
    """What a portal calls things, without a portal."""

    said: str | None = "USD"
    owned: list[Owner] = field(default_factory=list)

    def pipelines(self, name: str) -> list[Pipeline]:
        return [msgspec.convert(one, Pipeline) for one in PIPELINES] if name == "deals" else []

    def currency(self) -> str | None:
        return self.said

    def owners(self, _after: str | None, *, archived: bool) -> Any:
        return SimpleNamespace(results=[] if archived else self.owned, after=None)


def terms(zone: str = "UTC", portal: Stub | None = None, **options: Any) -> Terms:
    config = HubSpotConfig(token=TOKEN, **options)
    return Terms(config, Directory(portal or Stub(), config), ZoneInfo(zone))  # type: ignore[arg-type]


@dataclass
class Stated:
    """What a source made of a company's records, sorted out."""

    items: dict[str, Item]
    refused: dict[str, str]
    claims: list[Claim]
    excluded: int
    """Records that were read and do not count."""

    def steps(self, item: str) -> list[tuple[str, str, str]]:
        """When (UTC), how much less discounts, in which state; an assumed one is marked."""
        found = []
        for point in self.items[item].points:
            amount = decimal_string(point.amount - point.discount).rstrip("0").rstrip(".")
            mark = "" if point.evidence == "observed" else f" {point.evidence}"
            found.append((when(point.effective_at), amount, f"{point.state}{mark}"))
        return found


def stated(source: Source, *many: Held) -> Stated:
    made = list(source.stated(many))
    return Stated(
        {one.id: one for one in made if isinstance(one, Item)},
        {one.source_ref: one.reason for one in made if isinstance(one, Quarantined)},
        [one for one in made if isinstance(one, Claim)],
        sum(one.rows for one in made if isinstance(one, Excluded)),
    )


def when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}".removesuffix(" 00:00")


def many(count: int, first: int = 1, at: str = MADE, apart: float = 0.0) -> Sequence[Json]:
    """So many companies, changed some milliseconds after one another."""
    start = datetime.fromisoformat(at).astimezone(UTC)
    moments = (start + timedelta(milliseconds=n * apart) for n in range(count))
    stamps = (f"{m:%Y-%m-%dT%H:%M:%S}.{m.microsecond // 1000:03}Z" for m in moments)
    return [
        record(str(first + n), {"name": f"Company {n}"}, made=MADE, changed=stamp)
        for n, stamp in enumerate(stamps)
    ]
