"""The movement log: the same classification as the bridge's, at every instant of a change."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tenure.ledger.store import Store
from tenure.ledger.tables import from_micros
from tenure.metrics import invariants
from tenure.metrics.figures import bridge
from tenure.metrics.frame import Frame
from tenure.metrics.run import ReportRequest, coverage_of, known, meta_of, opened
from tenure.metrics.segments import Segments
from tenure.money import decimal_string
from tenure.movements import Cause, Movement, MovementLog
from tenure.periods import periods

if TYPE_CHECKING:
    from tenure.config import Workspace

_LOG = """
    SELECT m.customer_id, m.instant, m.period, n.id, n.name, m.paid, m.pays, m.paid_before,
        m.before, m.after
    FROM moved AS m
    JOIN named AS n ON n.customer_id = m.customer_id
    ORDER BY m.instant, n.id, m.customer_id"""
_LINES = """
    SELECT customer_id, instant, period, subscription, item, plan, product, level - was_level,
        coalesce(reason, 'price'), cause, evidence, source_ref
    FROM line
    ORDER BY customer_id, instant, period, subscription, item"""

Key = tuple[int, int, int]
"""A customer's key, an instant in microseconds, a period's number."""


def build(workspace: "Workspace", store: Store, request: ReportRequest) -> MovementLog:
    """Every movement of the periods asked for; raises like a report."""
    with opened(workspace, store, request, detail=True) as ledger:
        ledger.basis.run("named")
        with Frame(ledger.basis, ledger.shown, cut=True) as frame:
            frame.log("all_moved" if request.where else "moved")
            states = Segments(frame, request.unit).filtered("state", request.where)
            if request.where:
                frame.run("moved_where", states=states)
            for script in ("facts", "pairs", "reasons"):
                frame.run(script, of_asked="")
            found = tuple(_movements(frame))
            _require_equal(frame, states, found)
        meta = meta_of(ledger, request, coverage_of(ledger))
    return MovementLog(meta=meta, movements=found)


def last_period(workspace: "Workspace", store: Store, request: ReportRequest) -> ReportRequest:
    """The same for the last complete period alone."""
    _, now = known(store, request)
    label = periods(request.range, workspace.timezone, now)[-1].label
    return replace(request, first=label, last=label)


def _movements(frame: Frame) -> Iterator[Movement]:
    causes = _causes(frame)
    duck = frame.basis.duck
    for customer, instant, period, id_, name, *pays, before, after in duck.execute(_LOG).fetchall():
        yield Movement(
            period=frame.shown[period - 1].label,
            at=from_micros(instant),
            customer=id_,
            name=name,
            kind=kind(pays, before, after),
            before=int(before),
            after=int(after),
            causes=tuple(causes.get((customer, instant, period), ())),
        )


def _causes(frame: Frame) -> Mapping[Key, Sequence[Cause]]:
    names = (
        "subscription", "item", "plan", "product", "change", "reason", "cause", "evidence",
        "source_ref",
    )  # fmt: skip
    found: dict[Key, list[Cause]] = defaultdict(list)
    for customer, instant, period, *values in frame.basis.duck.execute(_LINES).fetchall():
        line = dict(zip(names, values, strict=True))
        line["change"] = int(line["change"])
        found[customer, instant, period].append(Cause(**line))
    return found


def kind(pays: Sequence[bool], before: int, after: int) -> str:
    """What a movement is called: `pays` before, after, and ever before that (section 5)."""
    was, still, ever = pays
    if not was:
        return "reactivation" if ever else "new"
    if not still:
        return "churn"
    return "expansion" if after > before else "contraction"


def _require_equal(frame: Frame, states: str, found: Sequence[Movement]) -> None:
    """The log adds up to the bridge, and the causes to each movement."""
    logged: dict[str, int] = defaultdict(int)
    for movement in found:
        logged[movement.period] += movement.change
    breaches = [
        f"{m.customer} at {m.at:%Y-%m-%d %H:%M}: its causes add up to something else"
        for m in found
        if sum(cause.change for cause in m.causes) != m.change
    ]
    for period, row in zip(frame.shown, bridge(frame, states)[None], strict=True):
        moved = row.new + row.reactivation + row.expansion - row.contraction - row.churn
        if moved != logged[period.label]:
            wanted, got = decimal_string(moved), decimal_string(logged[period.label])
            breaches.append(f"{period.label}: the log adds up to {got}, the bridge to {wanted}")
    invariants.require_none(breaches)
