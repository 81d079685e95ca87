"""A ledger under test: pulls without a connector, and what is known at an instant."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from tenure import Checkpoint, Evidence, Item, Json, Point, Record, Subscription, micros
from tenure.ledger.lease import Ask, hold
from tenure.ledger.pull import Counts, Pull
from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros

START = datetime(2025, 1, 1, tzinfo=UTC)

Timeline = dict[int, tuple[int, Evidence]]
"""Day since START -> amount in major units and evidence."""


def day(number: int) -> datetime:
    """Midnight UTC, `number` days after START."""
    return START + timedelta(days=number)


def point(at: int, amount: int, evidence: Evidence = Evidence.OBSERVED) -> Point:
    """`amount` dollars a month from that day on."""
    return Point(
        effective_at=day(at),
        amount=micros(amount),
        currency="USD",
        source_ref=f"test:{at}",
        evidence=evidence,
    )


def item(name: str, timeline: Timeline, *, complete: bool = True) -> Item:
    """An item whose whole timeline is stated."""
    points = [point(at, amount, evidence) for at, (amount, evidence) in timeline.items()]
    return Item(id=name, points=points, complete=complete)


def subscription(name: str, *items: Item, customer: str = "") -> Subscription:
    """A subscription of a customer of its own, unless one is named."""
    return Subscription(id=name, customer=customer or f"customer of {name}", items=items)


class Ledger:
    """One store, one connector; `pull` commits at the end."""

    def __init__(self, store: Store, connector: str = "test") -> None:
        self.store = store
        self.connector = connector

    def pull(
        self,
        records: Iterable[Record],
        *,
        complete: bool = True,
        accept_loss: bool = False,
        cursor: Json = None,
        source_count: int | None = None,
    ) -> Counts:
        """State the records in one pull; `complete` says that this is all there is."""
        ask = Ask(name=self.connector, plugin="test", accept_loss=accept_loss)
        with hold(self.store, ask) as lease, self.store.connect() as connection:
            pull = Pull(self.store, connection, lease)
            for record in records:
                pull.add(record)
            if complete:
                pull.add(Checkpoint(cursor=cursor, complete=True, source_count=source_count))
            pull.end()
            return pull.counts

    def rows(self, query: str, **binds: object) -> list[tuple[object, ...]]:
        """Rows of a query, as tuples."""
        with self.store.read() as connection:
            return [tuple(row) for row in connection.execute(text(query), binds)]

    def timelines(self, known_at: datetime | None = None) -> dict[str, Timeline]:
        """Every item's timeline as known at an instant (now unless said)."""
        known_at = known_at or self.store.known_at() or START
        found: dict[str, Timeline] = {}
        for name, at, amount, evidence in self.rows(
            _AS_KNOWN, k=to_micros(known_at), c=self.connector
        ):
            days = (int(str(at)) - to_micros(START)) // 86_400_000_000
            found.setdefault(str(name), {})[days] = (int(str(amount)) // 10**6, Evidence(evidence))
        return found

    def writes(self) -> list[tuple[object, ...]]:
        """Every row of facts with its stamps: equal before and after means nothing was written."""
        facts = ("point", "customer_attribute", "item", "subscription", "customer", "observation")
        counted = " UNION ALL ".join(
            f"SELECT '{t}', count(*), max(recorded_at), {_CLOSED.get(t, '0')} FROM {t}"
            f"{_BESIDE.get(t, '')}"
            for t in facts
        )
        return self.rows(counted)


_CLOSED = dict.fromkeys(("point", "customer_attribute"), "count(superseded_at)")
_BESIDE = {"observation": " WHERE kind <> 'raw'"}
"""What pages hold is no fact, and neither are the pages."""
_AS_KNOWN = (
    "SELECT i.external_id, p.effective_at, p.amount, p.evidence FROM point AS p"
    " JOIN item AS i ON i.id = p.item_id JOIN customer AS c ON c.id = p.customer_id"
    " JOIN connector_state AS s ON s.id = c.connector_id"
    " WHERE s.name = :c AND p.recorded_at <= :k"
    " AND (p.superseded_at IS NULL OR p.superseded_at > :k)"
    " ORDER BY i.external_id, p.effective_at"
)
