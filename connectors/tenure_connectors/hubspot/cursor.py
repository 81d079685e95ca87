"""Where a pull of HubSpot stands: up to which change everything was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from tenure import Json

OVERLAP = timedelta(minutes=15)
"""How far before the newest change is read again: a search finds some later than others."""

SWEEP_EVERY = timedelta(days=7)
"""How often everything is read again, which finds what no search tells."""

DOUBT_AFTER = timedelta(days=1)
"""When everything is read again though it was of late, because HubSpot counts otherwise."""

SKEW = timedelta(days=1)
"""How far a clock may be set back before it is not believed."""

_REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """`until` is the newest change, `seen` which changes the overlap before it has, and when.

    A change is a digest in it, so that whoever is forgotten is not named by what was read.
    `totals` counts the records of each object at `counted_at`; `options` tells with which options
    they were read.
    """

    options: str = ""
    until: datetime | None = None
    seen: Mapping[str, str] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    counted_at: datetime | None = None
    swept_at: datetime | None = None

    @classmethod
    def of(cls, cursor: Json) -> "Cursor":
        """What a checkpoint kept; of anything else, a start."""
        kept: Mapping[str, Any] = cursor if isinstance(cursor, Mapping) else {}
        return cls(
            str(kept.get("options") or ""),
            _instant(kept.get("until")),
            dict(kept.get("seen") or {}),
            dict(kept.get("totals") or {}),
            _instant(kept.get("counted_at")),
            _instant(kept.get("swept_at")),
        )

    def as_json(self) -> dict[str, Json]:
        """As a checkpoint keeps it."""
        return {
            "options": self.options,
            "until": self.until.isoformat() if self.until else None,
            "seen": dict(self.seen),
            "totals": dict(self.totals),
            "counted_at": self.counted_at.isoformat() if self.counted_at else None,
            "swept_at": self.swept_at.isoformat() if self.swept_at else None,
        }

    def must_sweep(self, options: str, now: datetime) -> bool:
        """Whether everything has to be read: at first, with other options, once a week."""
        if self.swept_at is None or self.until is None or self.options != options:
            return True
        return not -SKEW <= now - self.swept_at < SWEEP_EVERY

    def may_doubt(self, now: datetime) -> bool:
        """Whether the last sweep is so long ago that another one is worth its requests."""
        return self.swept_at is None or now - self.swept_at >= DOUBT_AFTER


class News:
    """The newest change of those that went by, never later than `now`, and what is near it."""

    def __init__(self, cursor: Cursor, now: datetime) -> None:
        self._now = now
        self.until = cursor.until
        self._at = dict(cursor.seen)

    def is_known(self, key: str, at: datetime | None) -> bool:
        """Whether this change of the record was read before."""
        return at is not None and _change(key, at) in self._at

    def add(self, key: str, at: datetime | None) -> None:
        """Remember a change."""
        if at is None:
            return
        told = min(at, self._now)
        self.until = max(self.until, told) if self.until else told
        if at >= self.until - OVERLAP:
            self._at[_change(key, at)] = at.isoformat()
            if len(self._at) > 2 * _REMEMBERED:
                self._at = self._near()
            if len(self._at) > _REMEMBERED:  # what is forgotten is read once more, and no more
                self._at.clear()

    @property
    def seen(self) -> dict[str, str]:
        """What will be found again, as far as it is remembered."""
        return self._near()

    def _near(self) -> dict[str, str]:
        since = (self.until or self._now) - OVERLAP
        return {key: at for key, at in self._at.items() if datetime.fromisoformat(at) >= since}


def _change(key: str, at: datetime) -> str:
    return blake2b(f"{key} {at.isoformat()}".encode(), digest_size=9).hexdigest()


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
