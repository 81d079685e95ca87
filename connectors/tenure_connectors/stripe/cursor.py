"""Where a pull of Stripe stands: up to which event everything was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tenure import Json

OVERLAP = 600
"""Seconds before the newest event that are read again: events may show up late."""

SWEEP_EVERY = timedelta(days=7)
"""How often everything is read again, which proves that the increments were right."""

EVENTS_KEPT = timedelta(days=29)
"""Stripe keeps events for 30 days."""


SKEW = timedelta(days=1)
"""How far a clock may be wrong, or set back, before it is not believed."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """`until` is the created time of the newest event, `seen` the ids of those in the overlap.

    Without any event it is the time of the sweep, less what its clock may be ahead of Stripe's.
    """

    until: int | None = None
    seen: tuple[str, ...] = ()
    read_at: datetime | None = None
    swept_at: datetime | None = None

    @classmethod
    def of(cls, cursor: Json) -> "Cursor":
        """What a checkpoint kept; of anything else, a start."""
        kept: Mapping[str, Any] = cursor if isinstance(cursor, Mapping) else {}
        return cls(
            kept.get("until"),
            tuple(kept.get("seen") or ()),
            _instant(kept.get("read_at")),
            _instant(kept.get("swept_at")),
        )

    def as_json(self) -> dict[str, Json]:
        """As a checkpoint keeps it."""
        return {
            "until": self.until,
            "seen": list(self.seen),
            "read_at": self.read_at.isoformat() if self.read_at else None,
            "swept_at": self.swept_at.isoformat() if self.swept_at else None,
        }

    @property
    def since(self) -> int | None:
        """From when on events are asked for."""
        return None if self.until is None else self.until - OVERLAP

    @property
    def is_first(self) -> bool:
        """Whether nothing was read to its end yet."""
        return self.swept_at is None or self.read_at is None

    def is_forgotten(self, now: datetime) -> bool:
        """Whether Stripe no longer has all the events since."""
        return self.read_at is not None and abs(now - self.read_at) > EVENTS_KEPT

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to read everything again."""
        return self.swept_at is not None and not -SKEW <= now - self.swept_at < SWEEP_EVERY


def missed(since: datetime, now: datetime) -> tuple[int, int] | None:
    """From when to when no event tells what happened, once Stripe has forgotten some."""
    until = now - EVENTS_KEPT
    return (int(since.timestamp()), int(until.timestamp())) if since < until else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
