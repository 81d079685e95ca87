"""A workspace whose only source is a HubSpot portal behind a loopback address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import time_machine
from ledgers import Ledger

from hubspot_world.compare import Comparison, Held, compare, compare_told
from hubspot_world.people import Told
from hubspot_world.world import World
from tenure.config import load
from tenure.ledger.store import Store
from tenure.ledger.tables import from_micros
from tenure.status import accept, quarantine
from tenure.sync import Outcome, SyncOptions, sync
from tenure_connectors.hubspot.world import TOKEN, Plan, Server, serving

TOML = """
[tenure]
store = "{store}"
timezone = "{zone}"

[connectors.crm]
use = "hubspot"
token = "{token}"
api_base = "{url}"
requests_per_second = 1000
revenue = "{way}"

rules = [
  {{ kind = "churn", pipeline = "Churn" }},
  {{ kind = "addition", deal_type = "addon" }},
]

[connectors.crm.attributes]
owner = {{ property = "hubspot_owner_id", history = true }}
industry = {{ property = "industry", history = true }}
country = "country"
"""

_POINTS = (
    "SELECT c.external_id, p.item_id, p.effective_at, p.amount, p.discount,"
    ' p."interval", p.interval_count, p.currency, p.state FROM point AS p'
    " JOIN customer AS c ON c.id = p.customer_id"
    " JOIN connector_state AS s ON s.id = c.connector_id AND s.name = :connector"
    " WHERE p.superseded_at IS NULL"
)
_ATTRIBUTES = (
    "SELECT c.external_id, a.name, a.value, a.valid_from FROM customer_attribute AS a"
    " JOIN customer AS c ON c.id = a.customer_id WHERE a.superseded_at IS NULL"
    " ORDER BY c.external_id, a.name, a.valid_from"
)


@dataclass
class Synced:
    """The portal's server, and a ledger that is synced from it at the world's own time."""

    world: World
    server: Server
    folder: Path
    store_url: str

    def __post_init__(self) -> None:
        text = TOML.format(
            store=self.store_url,
            zone=self.world.life.zone.key,
            token=TOKEN,
            url=self.server.url,
            way=self.world.way.value,
        )
        (self.folder / "plugins.toml").write_text(text)
        self.workspace = load(self.folder / "plugins.toml")
        self.store = Store.open(self.workspace.store)
        self.ledger = Ledger(self.store, "crm")

    def sync(self, **options: bool) -> Outcome:
        self.server.asked.clear()
        with time_machine.travel(self.world.now, tick=True):
            (outcome,) = sync(self.workspace, self.store, SyncOptions(**options))
        return outcome

    def settle(self) -> None:
        """Sync as somebody does who knows the bad deals, and believes what was taken back.

        Deals that belong to nobody hold back whatever is retracted until they are accepted.
        """
        for _ in range(2):
            if not self.sync(accept_loss=True).counts.held:
                return
            for row in quarantine(self.store):
                accept(self.store, row.id)

    def compared(self) -> Comparison:
        """The levels of every customer over time."""
        return compare(self.world.truth(), held(self.ledger))

    def compared_attributes(self) -> Comparison:
        """The attributes that have a history, over time."""
        found: dict[tuple[str, str], Told] = {}
        for who, name, value, at in self.ledger.rows(_ATTRIBUTES):
            if name in ("owner", "industry") and who not in self.world.gone():
                told = found.setdefault((str(who), str(name)), [])
                told.append((_instant(at), None if value is None else str(value)))
        true = {
            (company, name): told
            for company, attributes in self.world.people.told.items()
            for name, told in attributes.items()
            if name in ("owner", "industry")
        }
        return compare_told(true, found)

    def now(self, name: str) -> dict[str, str | None]:
        """The latest value of an attribute, by company."""
        rows = self.ledger.rows(_ATTRIBUTES)
        return {str(who): value and str(value) for who, what, value, _ in rows if what == name}


def held(ledger: Ledger) -> list[Held]:
    """What is in force of a connector."""
    rows = ledger.rows(_POINTS, connector=ledger.connector)
    return [Held(str(who), str(item), _instant(at), *rest) for who, item, at, *rest in rows]


def _instant(at: object) -> datetime:
    return from_micros(int(str(at)))


@contextmanager
def synced(
    world: World, folder: Path, plan: Plan | None = None, store_url: str = "sqlite:///ledger.db"
) -> Iterator[Synced]:
    folder.mkdir(exist_ok=True)
    with serving(world.portal, plan) as server:
        found = Synced(world, server, folder, store_url)
        yield found
        found.store.engine.dispose()
