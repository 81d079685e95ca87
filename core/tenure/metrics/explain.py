"""What is behind a figure: the states that were summed, or the points of one customer."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tenure.errors import InvariantError, UsageError
from tenure.explanation import Explanation, Fact, Metric, Part, Timeline
from tenure.ledger.store import Store
from tenure.ledger.tables import from_micros
from tenure.metrics.figures import lines_of
from tenure.metrics.frame import Frame
from tenure.metrics.movements import kind
from tenure.metrics.origin import Ref, origins
from tenure.metrics.run import Opened, ReportRequest, coverage_of, meta_of, opened
from tenure.metrics.segments import Segments
from tenure.money import decimal_string

if TYPE_CHECKING:
    from tenure.config import Workspace


def build(
    workspace: "Workspace", store: Store, request: ReportRequest, metric: Metric
) -> Explanation:
    """The customers behind a figure of the request's first period; raises like a report."""
    with opened(workspace, store, request) as ledger:
        ledger.basis.run("named")
        with Frame(ledger.basis, ledger.shown[:1], cut=True) as frame:
            states = Segments(frame, request.unit).filtered("state", request.where)
            row = lines_of(frame, states)[0]
            moved = frame.run("explained", states=states, period=1).fetchall()
        meta = meta_of(ledger, request, coverage_of(ledger))
    parts = [part for line in moved if (part := _part(metric, *line)).contribution]
    gone = sum(opened_ for _, _, opened_, *_ in moved)
    made = Explanation(
        meta=meta,
        row=row,
        metric=metric,
        parts=tuple(sorted(parts, key=lambda part: (-abs(part.contribution), part.customer))),
        unchanged=row.customers_start - gone,
        unchanged_mrr=row.start_mrr - sum(int(line[5]) for line in moved),
    )
    _require_equal(made)
    return made


def _part(metric: Metric, id_: str, name: str | None, *state: Any) -> Part:
    was, pays, paid_before, *money = state
    m0, m1, own = map(int, money)
    what = kind((was, pays, paid_before), m0, m1) if was != pays or m0 != m1 else None
    contributions = {
        Metric.NRR: (m1 - m0) * bool(was),
        Metric.GRR: min(m1 - m0, 0) * bool(was),
        Metric.LOGO_RETENTION: -int(bool(was and not pays)),
        Metric.START_MRR: m0,
        Metric.END_MRR: own,
        Metric.FX: own - m1,
    }
    plain = abs(m1 - m0) if what == metric.value else 0
    return Part(
        customer=id_,
        name=name,
        kind=what,
        m0=m0,
        m1=m1,
        fx=own - m1,
        contribution=contributions.get(metric, plain),
    )


def _require_equal(made: Explanation) -> None:
    """The parts add up to the figure, with the customers that did not change."""
    figure = made.figure
    held = made.unchanged_mrr if made.metric in {Metric.START_MRR, Metric.END_MRR} else 0
    wanted = figure if isinstance(figure, int) else figure[0] - figure[1]
    if made.total + held != wanted:
        found, said = decimal_string(made.total + held), decimal_string(wanted)
        raise InvariantError(
            "An explanation contradicts its figure",
            [f"{made.row.period} {made.metric}: the customers add up to {found}, it is {said}"],
        )


_CALLED = """
    SELECT DISTINCT n.customer_id, n.name
    FROM known_customer AS c
    JOIN payer AS y ON y.customer_id = c.customer_id
    JOIN named AS n ON n.customer_id = y.payer_id
    WHERE c.external_id = $asked OR y.source || '/' || c.external_id = $asked
    ORDER BY n.customer_id"""
"""Who has a customer of this id, which may be written as `CONNECTOR/ID`: an account answers to the
ids of all its customers."""


def timeline(
    workspace: "Workspace", store: Store, customer: str, known_at: datetime | None
) -> Timeline:
    """All that is known of a customer; raises `UsageError` where there is no such one."""
    request = replace(ReportRequest(), known_at=known_at)
    with opened(workspace, store, request, detail=True) as ledger:
        basis = ledger.basis
        basis.run("named")
        found = basis.duck.execute(_CALLED, {"asked": customer}).fetchall()
        if not found:
            raise _unknown(ledger, customer)
        basis.table("asked", "customer_id BIGINT", [(key,) for key, _ in found])
        for script in ("facts", "own_pairs", "reasons"):
            basis.run(script, of_asked="WHERE p.customer_id IN (SELECT customer_id FROM asked)")
        points = basis.run("timeline").fetchall()
        attributes = basis.run("attributes").fetchall()
    return Timeline(
        customer=customer,
        name=found[0][1],
        known_at=ledger.known_at,
        attributes=dict(attributes),
        facts=tuple(_facts(store, points)),
    )


def _unknown(ledger: Opened, customer: str) -> UsageError:
    ids = [id_ for (id_,) in ledger.basis.duck.execute("SELECT id FROM named").fetchall()]
    near = get_close_matches(customer, ids, 1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return UsageError(
        f"There is no customer {customer!r}", f"{hint}`tenure customers --format csv` lists them"
    )


def _facts(store: Store, points: Iterable[tuple[Any, ...]]) -> Iterator[Fact]:
    names = (
        "at", "connector", "subscription", "item", "plan", "product", "state", "amount", "discount",
        "quantity", "interval", "interval_count", "currency", "level", "ends_at", "reason", "cause",
        "evidence", "source_ref", "recorded_at",
    )  # fmt: skip
    found = [dict(zip(names, values, strict=True)) for values in points]
    for point in found:
        for name in ("at", "ends_at", "recorded_at"):
            point[name] = None if point[name] is None else from_micros(point[name])
    refs = [Ref(p["connector"], p["source_ref"], p["recorded_at"]) for p in found]
    kept = origins(store, refs)
    for point, ref in zip(found, refs, strict=True):
        raw = kept.of(ref)
        yield Fact(**point, raw=raw, raw_deleted_at=kept.deleted.get((ref.connector, raw or "")))
