"""A workspace whose only source is a Stripe account behind a loopback address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import time_machine
from ledgers import Ledger

from stripe_world.compare import Comparison, compare
from stripe_world.world import World
from tenure.config import load
from tenure.ledger.store import Store
from tenure.ledger.tables import from_micros
from tenure.sync import Outcome, SyncOptions, sync
from tenure_connectors.stripe.world.faults import Plan
from tenure_connectors.stripe.world.keys import LIVE
from tenure_connectors.stripe.world.server import Server, serving

TOML = """
[tenure]
store = "{store}"

[connectors.billing]
use = "stripe"
api_key = "{key}"
api_base = "{url}"
requests_per_second = 1000
"""

_POINTS = (
    "SELECT i.external_id, p.effective_at, p.amount, p.discount, p.discount_once, p.quantity,"
    ' p."interval", p.interval_count, p.currency, p.plan, p.product, p.state, p.ends_at, p.cause,'
    " p.evidence FROM point AS p JOIN item AS i ON i.id = p.item_id"
    " WHERE p.superseded_at IS NULL ORDER BY i.external_id, p.effective_at"
)
_NAMES = (
    "effective_at", "amount", "discount", "discount_once", "quantity", "interval", "interval_count",
    "currency", "plan", "product", "state", "ends_at", "cause", "evidence",
)  # fmt: skip


@dataclass
class Synced:
    """The account's server, and a ledger that is synced from it at the world's own time."""

    world: World
    server: Server
    folder: Path
    key: str = LIVE
    store_url: str = "sqlite:///ledger.db"
    usage_so_far: bool = False
    first: datetime | None = None
    ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        text = TOML.format(store=self.store_url, key=self.key, url=self.server.url)
        text += "usage_so_far = true\n" * self.usage_so_far
        (self.folder / "plugins.toml").write_text(text)
        self.workspace = load(self.folder / "plugins.toml")
        self.store = Store.open(self.workspace.store)
        self.ledger = Ledger(self.store, "billing")

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.now, UTC) + self.ahead

    @contextmanager
    def later(self, days: int) -> Iterator[None]:
        """The clock of this machine, not that of the account."""
        self.ahead = timedelta(days=days)
        yield
        self.ahead = timedelta()

    def sync(self, **options: bool) -> Outcome:
        self.first = self.first or self.now
        self.server.asked.clear()
        with time_machine.travel(self.now, tick=True):
            (outcome,) = sync(self.workspace, self.store, SyncOptions(**options))
        return outcome

    @property
    def asked(self) -> int:
        """Requests of the last sync."""
        return len(self.server.asked)

    def said(self) -> dict[str, list[SimpleNamespace]]:
        """What is in force in the ledger, by item."""
        said: dict[str, list[SimpleNamespace]] = {}
        for item, *values in self.ledger.rows(_POINTS):
            point = SimpleNamespace(**dict(zip(_NAMES, values, strict=True)))
            point.effective_at = from_micros(int(point.effective_at))
            point.ends_at = None if point.ends_at is None else from_micros(int(point.ends_at))
            said.setdefault(str(item), []).append(point)
        return said

    def compared(self, truth: "Synced | None" = None) -> Comparison:
        """What is in force in the ledger against the truth of the world, or another ledger."""
        assert self.first is not None
        known_from = self.first - timedelta(days=30)
        return compare(self.world, self.said(), known_from, truth and truth.said())

    @contextmanager
    def beside(self, folder: Path) -> Iterator["Synced"]:
        """An empty ledger of the same account, as it is now."""
        fresh = Synced(self.world, self.server, folder)
        yield fresh
        fresh.store.engine.dispose()

    def note(self) -> str:
        """What is kept with the last run."""
        ((message,),) = self.ledger.rows("SELECT message FROM run ORDER BY id DESC LIMIT 1")
        return str(message)


@contextmanager
def synced(
    world: World, folder: Path, plan: Plan | None = None, **options: Any
) -> Iterator[Synced]:
    folder.mkdir(exist_ok=True)
    with serving(world, plan) as server:
        found = Synced(world, server, folder, **options)
        yield found
        found.store.engine.dispose()
