"""What figures rest on: the reading, the sources, the policy, what is left out.

It stands beside every result, so that each can be defended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from tenure.money import Ratio, optional_ratio
from tenure.records import Json


class Variant(StrEnum):
    """Which reading of retention is meant. They answer different questions and are never mixed."""

    COHORT = "cohort"
    FLOW = "flow"
    COMPOUNDED = "compounded"
    INCL_WINBACK = "incl_winback"
    AS_REPORTED_FX = "as_reported_fx"
    ALL = "all"


DEFINITIONS = {
    Variant.COHORT: "What the opening customers pay at the end, over what they paid at the start.",
    Variant.FLOW: "Every gain and loss of the opening customers inside the period added up, "
    "their returns left out, over the start.",
    Variant.COMPOUNDED: "The product of the cohort ratios of the calendar months in the period.",
    Variant.INCL_WINBACK: "As cohort, with customers who came back counted in the numerator.",
    Variant.AS_REPORTED_FX: "As cohort, with each end at its own exchange rate.",
}
"""Each variant in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How fresh one connector is.

    `incomplete`: its last pull is unfinished, losses are held, or it is `unreadable`: it gave rows
    and not one of them could be read.
    """

    name: str
    last_complete_sync: datetime | None
    incomplete: bool
    unreadable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """All that is needed to defend the figures beside them."""

    currency: str
    timezone: str
    known_at: datetime
    policy: str
    preset: str
    variant: Variant
    trailing: int | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    horizon_days: int | None = None
    """How much later contracted MRR is looked at."""
    gross_margin: Ratio | None = None
    """What the lifetime value takes of revenue."""
    version: str
    coverage: Mapping[str, str | None]
    """Share of the last period's opening MRR by grade of evidence, 6 places."""
    sources: tuple[SourceState, ...]
    quarantined: int
    excluded: int
    excluded_customers: int = 0
    """Customers that the policy leaves out."""
    ignored_connectors: tuple[str, ...] = ()
    """Connectors with a ledger that plugins.toml no longer names."""

    def as_json(self) -> dict[str, Json]:
        """The part `meta` of `tenure report --format json`."""
        sources: list[Json] = [
            {
                "name": source.name,
                "last_complete_sync": instant_string(source.last_complete_sync),
                "incomplete": source.incomplete,
            }
            for source in self.sources
        ]
        return {
            "currency": self.currency,
            "timezone": self.timezone,
            "known_at": instant_string(self.known_at),
            "policy": self.policy,
            "preset": self.preset,
            "variant": self.variant.value,
            "trailing": self.trailing,
            "where": dict(self.where),
            "horizon": None if self.horizon_days is None else f"{self.horizon_days}d",
            "gross_margin": optional_ratio(self.gross_margin),
            "version": self.version,
            "coverage": dict(self.coverage),
            "sources": sources,
            "left_out": {
                "quarantined": self.quarantined,
                "excluded": self.excluded,
                "excluded_customers": self.excluded_customers,
            },
            "ignored_connectors": list(self.ignored_connectors),
        }


def instant_string(instant: datetime | None) -> str | None:
    """An instant as `2026-01-05T00:00:00Z`, with microseconds where it has any."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
