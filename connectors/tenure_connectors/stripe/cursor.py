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


@dataclass(frozen=True, slots=True)
class Cursor:
    """`until` is the created time of the newest event, `seen` the ids of those in the overlap."""

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

    def sweep_because(self, now: datetime) -> str | None:
        """Why everything has to be read; None if what changed is enough."""
        if self.swept_at is None or self.read_at is None:
            return "nothing was read to its end yet"
        if abs(now - self.read_at) > EVENTS_KEPT:
            days = abs(now - self.read_at).days
            return f"the last sync was {days} days ago, and Stripe keeps events for 30"
        if not timedelta(0) <= now - self.swept_at < SWEEP_EVERY:
            return f"everything was last read on {self.swept_at:%Y-%m-%d}"
        return None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
