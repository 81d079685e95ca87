"""How far a sweep has come with its lists, so that one that is cut off goes on from there.

It lies on the spool beside what was read, and both are kept just after each checkpoint: so what
lies there is in the ledger, too. The cursor of the checkpoint names the sweep.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import msgspec

from tenure import PullRequest, Quarantined, Record, __version__
from tenure_connectors.spool import Spool
from tenure_connectors.stripe import shapes
from tenure_connectors.stripe.client import API_VERSION
from tenure_connectors.stripe.listing import Window
from tenure_connectors.stripe.options import StripeConfig

STALE = timedelta(days=3)
"""A sweep that is older than this begins anew."""

_NAME = "progress"
_UNREAD = "unread:"


class Mark(msgspec.Struct):
    """Where the reading of lists stands: what is left, and what was counted on the way."""

    left: list[Window] = []
    chunks: dict[str, int] = {}
    counted: dict[str, int] = {}
    doubts: set[str] = set()


class Progress(msgspec.Struct):
    """A sweep: which, since when, up to which event. It has a `mark` once its lists begin.

    `proves`: what changed up to then is in the ledger already, so that nothing should be new.
    """

    sweep: list[str | None]
    started: datetime
    proves: bool
    until: int | None = None
    seen: tuple[str, ...] = ()
    mark: Mark | None = None
    pages: int = 0
    unread: int = 0

    def keep(self, spool: Spool, mark: Mark) -> None:
        """Keep all of it for good, with what lies on the spool."""
        self.mark = mark
        spool.put(_NAME, msgspec.json.encode(self, enc_hook=attrgetter("__name__")))
        spool.keep()

    def noted(self, records: Iterable[Record], spool: Spool) -> Iterator[Record]:
        """The records, of which those that could not be read are to be said again later."""
        for one in records:
            if isinstance(one, Quarantined):
                spool.put(f"{_UNREAD}{self.unread:09}", msgspec.json.encode(asdict(one)))
                self.unread += 1
            yield one

    def __str__(self) -> str:
        lists = [one.listing for one in self.mark.left if one.listing.windows] if self.mark else ()
        left = ", ".join(sorted({one.path.removeprefix("/v1/") for one in lists}))
        return (
            f"Going on with the full sweep of {self.started:%Y-%m-%d %H:%M} UTC:"
            f" {self.pages:,} pages were read{left and ', what is left is of '}{left}"
        )


def begun(request: PullRequest, config: StripeConfig, *, proves: bool) -> Progress:
    """A new sweep."""
    now = request.clock()
    return Progress([now.isoformat(), *_kind(config)], now, proves)


def left_off(request: PullRequest, config: StripeConfig, spool: Spool) -> Progress | None:
    """The sweep that was cut off, if what it had read lies on the spool and is not too old."""
    cursor, kept = request.unfinished, spool.get(_NAME)
    if kept is None or not isinstance(cursor, dict):
        return None
    try:
        found = msgspec.json.decode(kept, type=Progress, dec_hook=_shape)
    except msgspec.ValidationError:  # another version's
        return None
    known = found.sweep == cursor.get("sweep") and found.sweep[1:] == _kind(config)
    return found if known and abs(request.clock() - found.started) < STALE else None


def unread(spool: Spool) -> Iterator[Quarantined]:
    """What the sweep could not read before it was cut off."""
    for name, data in spool.shelf():
        if name.startswith(_UNREAD):
            yield Quarantined(**msgspec.json.decode(data))


def _kind(config: StripeConfig) -> list[str | None]:
    """What a sweep has to share with the one that it goes on with."""
    options = (config.start, config.usage_so_far, config.is_test)
    return [__version__, API_VERSION, config.api_base, config.account, *map(str, options)]


def _shape(_kind: Any, name: str) -> Any:
    return getattr(shapes, name)
