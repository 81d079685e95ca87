"""Every customer as of now, from the last change of what it pays."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from tenure.customers import CustomerRow, Customers, LastMovement, Sort
from tenure.ledger.store import Store
from tenure.ledger.tables import from_micros
from tenure.metrics.frame import Frame
from tenure.metrics.movements import kind
from tenure.metrics.rates import missing_rates
from tenure.metrics.run import Opened, ReportRequest, coverage_of, meta_of, opened
from tenure.metrics.segments import Segments
from tenure.periods import Period, Unit

if TYPE_CHECKING:
    from tenure.config import Workspace

_MISSING = """
    SELECT DISTINCT currency, day FROM foreign_item
    WHERE pays AND rate IS NULL
    ORDER BY currency, day"""
_BEGAN = """
    SELECT y.payer_id FROM known_point AS p JOIN payer AS y ON y.customer_id = p.customer_id
    WHERE y.source NOT IN (SELECT name FROM directory)"""
_ROWS = f"""
    SELECT n.id, n.name, s.customer_id, c.connector, s.opening, s.is_valued, s.instant,
        s.first_instant, s.paid, s.pays, s.before, s.level{{columns}}
    FROM {{states}} AS s
    JOIN named AS n ON n.customer_id = s.customer_id
    JOIN (
        SELECT payer_id, min(source) AS connector FROM payer GROUP BY payer_id
    ) AS c ON c.payer_id = s.customer_id
    WHERE s.customer_id IN ({_BEGAN})
    ORDER BY s.opening DESC, n.id, s.customer_id"""  # noqa: S608 - ours
_SEVERAL = """
    SELECT DISTINCT payer_id, source, rank FROM payer
    WHERE payer_id IN (
        SELECT payer_id FROM payer GROUP BY payer_id HAVING min(source) <> max(source))
    ORDER BY payer_id, rank"""
"""The connectors of the few accounts that more than one knows, in the order of plugins.toml."""


def build(
    workspace: "Workspace", store: Store, request: ReportRequest, sort: Sort = Sort.MRR
) -> Customers:
    """All customers as of now; raises like a report, for rates of what is paid now.

    Who has no subscription that ever began, a prospect of the CRM, is none and is only counted.
    """
    asked = replace(request, unit=Unit.MONTH, first=None, last=None, trailing=None, by=())
    with opened(workspace, store, asked) as ledger:
        shown = (present(ledger),)
        ledger.basis.run("named")
        with NowFrame(ledger.basis, shown, cut=True) as frame:
            names, rows, all_of_them = _rows(frame, asked)
        at_once = replace(ledger, shown=shown)
        meta = meta_of(at_once, asked, coverage_of(at_once))
    if sort is Sort.NAME:
        rows = sorted(rows, key=lambda row: ((row.name or row.id).casefold(), row.id))
    prospects = all_of_them - len(rows)
    return Customers(meta=meta, rows=tuple(rows), attributes=names, prospects=prospects)


def present(ledger: Opened) -> Period:
    """A period that begins and ends now."""
    today = ledger.now.astimezone(ledger.basis.workspace.timezone).date()
    return Period(label="now", start=today, end=today, opens=ledger.now, closes=ledger.now)


class NowFrame(Frame):
    """A frame of one instant, whose states are all customers."""

    def _states(self) -> None:
        self._rates()
        self.run("everyone")
        self.run("foreign_step", valued="everyone")
        self.run("customers", valued="everyone")
        if missing := self.basis.duck.execute(_MISSING).fetchall():
            raise missing_rates(missing, self.basis.workspace.currency)


def _rows(frame: Frame, request: ReportRequest) -> tuple[tuple[str, ...], list[CustomerRow], int]:
    """The attributes that customers have, the customers, and how many there are with prospects."""
    segments = Segments(frame, Unit.MONTH)
    states = segments.filtered("customer_state", request.where)
    names = frame.basis.workspace.metrics.segments
    stated = segments.known()
    columns = {name: f"attribute_{n}" for n, name in enumerate(names) if name in stated}
    for name, column in columns.items():
        states = segments.attach(states, name, column)
    query = _ROWS.format(states=states, columns="".join(f", s.{c}" for c in columns.values()))
    found = frame.basis.duck.execute(query).fetchall()
    several: defaultdict[int, list[str]] = defaultdict(list)
    for customer, connector, _ in frame.basis.duck.execute(_SEVERAL).fetchall():
        several[customer].append(connector)
    lines = ((id_, name, several.get(key, [one]), *rest) for id_, name, key, one, *rest in found)
    rows = [_row(frame, names, tuple(columns), line) for line in lines]
    return names, rows, frame.basis.number(f"SELECT count(*) FROM {states}")  # noqa: S608 - ours


def _row(
    frame: Frame, names: tuple[str, ...], stated: tuple[str, ...], line: tuple[Any, ...]
) -> CustomerRow:
    id_, name, connectors, mrr, is_valued, instant, first, *moved = line
    paid, pays, before, after, *values = moved
    return CustomerRow(
        id=id_,
        name=name,
        connectors=tuple(connectors),
        mrr=int(mrr),
        since=None if first is None else day_of(frame, first),
        last=last_movement(frame, first, (is_valued, instant, paid, pays, before, after)),
        attributes=dict.fromkeys(names) | dict(zip(stated, values, strict=True)),
    )


def last_movement(frame: Frame, first: int | None, step: Sequence[Any]) -> LastMovement | None:
    """From whether it is valued, its instant, paid and pays, before and after; None without any."""
    is_valued, instant, paid, pays, before, after = step
    if instant is None:
        return None
    before, after = int(before or 0), int(after or 0)
    return LastMovement(
        kind=kind((paid, pays, first is not None and first < instant), before, after),
        day=day_of(frame, instant),
        amount=after - before if is_valued else None,
    )


def day_of(frame: Frame, instant: int) -> date:
    """The day that an instant lies in, in the workspace's zone."""
    return from_micros(instant).astimezone(frame.basis.workspace.timezone).date()
