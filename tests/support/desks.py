"""A ledger, and one sink over it that is told how customers stand and pushed again and again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from books import NOW, Book
from pushes import Pushes
from reports import META, REPORT
from workspaces import workspace

from tenure import LastMovement, Standing, micros
from tenure.config import Entry
from tenure.delivery import undo
from tenure.ledger.store import Store

GROWN = Standing(
    id="", name=None, ids={}, mrr=micros("150.5"), committed_mrr=micros("150.5"),
    mrr_year_ago=micros(100), nrr=(micros("150.5"), micros(100)), since=date(2025, 1, 10),
    last=LastMovement(kind="expansion", day=date(2026, 2, 10), amount=micros(50), reason="plan"),
    acv_band="<12k",
)  # fmt: skip


class Told:
    """A sink, told how customers stand where that is not what a test is about; before the sink."""

    stand: dict[str, Standing]

    def preview(self, report, context):
        if self.stand:
            context = replace(context, customers=lambda **_: iter(self.stand.values()))
        return super().preview(report, context)


class Desk(Pushes):
    """The sink is made of `options`, for each push anew; `stand` is how customers stand."""

    def __init__(self, url: str, make: Callable[..., Told], secret: str) -> None:
        self.now = NOW
        self.store = Store.open(url, clock=lambda: self.now)
        self.book = Book(self.store)
        self.make, self.secret = make, secret
        self.stand: dict[str, Standing] = {}
        self.options: dict[str, object] = {}

    def pays(self, customer: str, *points, **facts) -> None:
        self.book.add(customer, list(points), **facts)

    def stands(self, *customers: str, **more) -> None:
        for each in customers:
            self.stand[each] = replace(GROWN, id=each, ids={"test": (each,)}, **more)

    def ready(self):
        sink = self.make(**self.options)
        sink.stand = self.stand
        entry = Entry(name="crm", kind="sink", use=sink.name, plugin=sink, secrets=(self.secret,))
        return replace(workspace(self.store.url), sinks=(entry,))

    def report(self):
        self.now += timedelta(seconds=1)
        if self.book.records:
            self.book.ledger.pull(self.book.records)
        return replace(REPORT, meta=replace(META, known_at=self.store.known_at() or self.now))

    def undo(self, number: int, *, dry_run: bool = False):
        return undo(self.ready(), self.store, "crm", number, dry_run=dry_run)
