"""A report from the ledger: what to ask, the SQL in its order, rows from its integers."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tenure import status
from tenure._version import __version__
from tenure.errors import TenureError, UsageError
from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros
from tenure.meta import Meta, SourceState, Variant, instant_string
from tenure.metrics import invariants, kept, measures, variants
from tenure.metrics.figures import bridge, lines, lines_of
from tenure.metrics.frame import Basis, Frame
from tenure.metrics.rates import RATE_ONE, missing_rates
from tenure.metrics.segments import Segments
from tenure.metrics.source import Source, attached
from tenure.money import Ratio, half_even, ratio_string
from tenure.periods import Period, Range, Unit, periods
from tenure.printing import counted
from tenure.records import Evidence
from tenure.report import Report, Row

if TYPE_CHECKING:
    from tenure.config import Workspace

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What a report shows. `now` is `known_at` where that is said alone, else the clock's."""

    unit: Unit = Unit.MONTH
    first: str | None = None
    last: str | None = None
    trailing: int | None = None
    count: int | None = None
    """So many complete periods, where no first one is said."""
    running: bool = False
    """With the running one besides."""
    by: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    variant: Variant = Variant.COHORT
    known_at: datetime | None = None
    now: datetime | None = None
    horizon: timedelta | None = None
    """How much later contracted MRR is looked at; None: not at all."""
    gross_margin: Ratio | None = None
    """For the lifetime value; None: it is not asked for."""
    attach: Callable[[Source], AbstractContextManager[Any]] = attached
    """What makes the ledger's tables and runs statements on them."""

    @property
    def range(self) -> Range:
        """The periods asked for."""
        return Range(
            unit=self.unit,
            first=self.first,
            last=self.last,
            trailing=self.trailing,
            count=self.count,
            running=self.running,
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """An attached ledger with what was asked of it."""

    basis: Basis
    source: Source
    shown: tuple[Period, ...]
    sources: tuple[status.ConnectorStatus, ...]

    @property
    def known_at(self) -> datetime:
        """As known when."""
        return self.source.known_at

    @property
    def now(self) -> datetime:
        """The last instant that is behind us."""
        return self.source.now


def build(workspace: "Workspace", store: Store, request: ReportRequest) -> Report:
    """Compute a report and check it.

    Raises `UsageError` for a period, attribute or value that does not exist, `ConfigError` for a
    currency without a rate, `TenureError` for an empty ledger, `InvariantError` when figures
    contradict each other.
    """
    asked = _asked(workspace, store, request)
    made = _refreshed(asked) if asked.is_kept else None
    if made is not None:
        return made
    with _opened(asked, asked.source) as ledger:
        return report_of(ledger, store, request)


def report_of(ledger: Opened, store: Store, request: ReportRequest) -> Report:
    """The report of an open ledger, checked; see `build`."""
    basis = ledger.basis
    rows = rows_of(ledger, request, ledger.shown)
    graded = _graded(ledger)
    asked = kept.Asked(basis.workspace, request, ledger.source, ledger.shown)
    asked.keep(basis, kept.of_rows(rows, graded, basis.excluded()))
    rows = variants.added(ledger, request, rows)
    rows = measures.contracted(ledger, store, request, rows)
    return _report(ledger, request, rows, coverage_of(ledger, graded))


def _report(
    ledger: Opened, request: ReportRequest, rows: Iterable[Row], coverage: Mapping[str, str | None]
) -> Report:
    made = tuple(replace(row, gross_margin=request.gross_margin) for row in rows)
    invariants.check(made, [one for one in ledger.sources if one.configured])
    return Report(meta=meta_of(ledger, request, coverage), rows=made)


def _refreshed(asked: kept.Asked) -> Report | None:
    """The report from figures that were kept; None where it has to be made from scratch."""
    request = asked.request
    with request.attach(asked.source) as duck:
        found = asked.kept()  # only here: attaching removes the figures of another ledger
        only = kept.touched(duck, found[0], asked.source) if found else None
    if found is None or only is None:
        return None
    then, sums = found
    try:
        before = _part(asked, replace(then, only=only))
        with _opened(asked, replace(asked.source, only=only)) as ledger:
            if ledger.basis.rates.foreign:
                return None
            sums = sums + -before + _sums(ledger, request)
            rows = variants.added(ledger, request, kept.to_rows(sums, asked.shown, request.by))
            made = _report(ledger, request, rows, coverage_of(ledger, sums.coverage))
    except TenureError:  # what is wrong with a part need not be wrong with the whole
        return None
    asked.keep(ledger.basis, sums)
    _LOG.debug("%s summed anew, the others as kept", counted(len(only), "customer"))
    return replace(made, meta=replace(made.meta, excluded_customers=sums.excluded))


def _part(asked: kept.Asked, source: Source) -> kept.Sums:
    with _opened(asked, source) as ledger:
        return _sums(ledger, asked.request)


def _sums(ledger: Opened, request: ReportRequest) -> kept.Sums:
    rows = rows_of(ledger, request, ledger.shown, strict=False)
    return kept.of_rows(rows, _graded(ledger), ledger.basis.excluded())


def _asked(workspace: "Workspace", store: Store, request: ReportRequest) -> kept.Asked:
    source = source_of(workspace, store, request)
    shown = periods(request.range, workspace.timezone, source.now)
    return kept.Asked(workspace, request, source, shown)


def source_of(workspace: "Workspace", store: Store, request: ReportRequest) -> Source:
    """What of the ledger the request is about; raises for an empty one, see `build`."""
    known_at, now = known(store, request)
    connectors = tuple(entry.name for entry in workspace.connectors)
    if request.known_at is not None:
        _require_begun(store, connectors, known_at)
    return Source(
        store=store,
        known_at=known_at,
        now=now,
        currency=workspace.currency,
        connectors=connectors,
    )


def _require_begun(store: Store, connectors: Sequence[str], known_at: datetime) -> None:
    """Zeros would say that nobody paid; it is that nobody had looked."""
    began = store.began_at(connectors)
    if began is not None and known_at < began:
        raise TenureError(
            f"Nothing was known yet at {instant_string(known_at)}",
            f"The first sync was recorded at {instant_string(began)}: "
            "use that as --known-at, or a later instant",
        )


@contextmanager
def opened(
    workspace: "Workspace",
    store: Store,
    request: ReportRequest,
    *,
    detail: bool = False,
    history: bool = False,
) -> Iterator[Opened]:
    """Attach the ledger as known when the request says; see `build`, and `Source` for the rest."""
    asked = _asked(workspace, store, request)
    with _opened(asked, replace(asked.source, detail=detail, history=history)) as ledger:
        yield ledger


@contextmanager
def _opened(asked: kept.Asked, source: Source) -> Iterator[Opened]:
    """The ledger that a source says, for the question that is asked."""
    workspace = asked.workspace
    shown = periods(asked.request.range, workspace.timezone, source.now)
    with asked.request.attach(source) as duck:
        basis = Basis(duck, workspace, to_micros(source.now))
        sources = tuple(status.connectors(source.store, source.connectors))
        yield Opened(basis, source, shown, sources)


def known(store: Store, request: ReportRequest) -> tuple[datetime, datetime]:
    """As known when, and which instant is now."""
    last_stamp = store.known_at()
    if last_stamp is None:
        raise TenureError("The ledger is empty", "Run `tenure sync` first")
    latest = request.now or max(store.clock(), last_stamp)
    known_at = request.known_at or latest
    if known_at > latest:
        raise UsageError(
            f"{known_at:%Y-%m-%d %H:%M} UTC has not come yet", "Use an earlier --known-at"
        )
    return request.known_at or last_stamp, request.now or known_at


def rows_of(
    ledger: Opened, request: ReportRequest, shown: Sequence[Period], *, strict: bool = True
) -> tuple[Row, ...]:
    """The rows of some periods, cut as the request says."""
    with Frame(ledger.basis, shown, cut=_is_cut(request)) as frame:
        return _rows(frame, request, strict=strict)


def _is_cut(request: ReportRequest) -> bool:
    return bool(request.by or request.where)


def _rows(frame: Frame, request: ReportRequest, *, strict: bool) -> tuple[Row, ...]:
    """The total, and every segment of every attribute, by period."""
    leaves = measures.leave(frame)
    made: list[Row] = []
    for states, group, rows in bridges(frame, request, strict=strict):
        whole = group == "NULL" and not request.where
        going = measures.leaving(frame, None if whole else states, group) if leaves else []
        made += measures.committed(frame, rows, going)
    order = {period.label: number for number, period in enumerate(frame.shown)}
    return tuple(sorted(made, key=lambda row: order[row.period]))  # stable: the total first


def bridges(
    frame: Frame, request: ReportRequest, *, strict: bool = True
) -> Iterator[tuple[str, str, list[Row]]]:
    """The states of the total and of each attribute, what they are grouped by, and the rows."""
    segments = Segments(frame, request.unit)
    states = segments.filtered("state", request.where, strict=strict)
    yield states, "NULL", lines_of(frame, states)
    for attribute in request.by:
        table = segments.attach(states, attribute, "value")
        series = bridge(frame, table, "value", segments.steady(table))
        yield table, "value", list(lines(frame.shown, attribute, series))


def _graded(ledger: Opened) -> dict[tuple[str, str], int]:
    """The last period's opening MRR by evidence and currency."""
    found = ledger.basis.run("coverage", opens=to_micros(ledger.shown[-1].opens)).fetchall()
    return {(grade, currency): int(mrr) for grade, currency, mrr in found if mrr}


def coverage_of(
    ledger: Opened, graded: Mapping[tuple[str, str], int] | None = None
) -> dict[str, str | None]:
    """The share of each grade of evidence in the last period's opening MRR."""
    last, basis = ledger.shown[-1], ledger.basis
    amounts: dict[str, int] = defaultdict(int)
    for (grade, currency), mrr in (_graded(ledger) if graded is None else graded).items():
        if mrr:
            day, rate = basis.rates.before(currency, last.opens)
            if rate is None:
                raise missing_rates([(currency, day)], basis.workspace.currency)
            amounts[grade] += half_even(int(mrr) * rate, RATE_ONE)
    whole = sum(amounts.values())
    return {
        grade.value: ratio_string(amounts[grade.value], whole) if whole else None
        for grade in Evidence
    }


def meta_of(ledger: Opened, request: ReportRequest, coverage: Mapping[str, str | None]) -> Meta:
    """All that is needed to defend the figures."""
    workspace, sources = ledger.basis.workspace, ledger.sources
    counted = [one for one in sources if one.configured]
    # Who was switched off before it was ever read is missed by nobody.
    off = {entry.name for entry in workspace.connectors if not entry.enabled}
    unread = {one.name for one in counted if one.name in off and one.last_run is None}
    gives = {entry.name for entry in workspace.connectors if not entry.is_directory}
    nothing = {o.name for o in counted if o.only_quarantined and o.name in gives}
    excluded = (one.counts.get("excluded", 0) for one in counted)
    return Meta(
        currency=workspace.currency,
        timezone=str(workspace.timezone),
        known_at=ledger.known_at,
        policy=workspace.metrics.policy.hash,
        preset=workspace.metrics.preset,
        variant=request.variant,
        trailing=request.trailing,
        where=dict(request.where),
        horizon_days=None if request.horizon is None else request.horizon.days,
        gross_margin=request.gross_margin,
        version=__version__,
        coverage=coverage,
        sources=tuple(
            SourceState(
                name=one.name,
                last_complete_sync=one.last_complete_sync,
                incomplete=one.name in nothing or (one.incomplete and one.name not in unread),
                unreadable=one.name in nothing,
            )
            for one in counted
        ),
        quarantined=sum(one.quarantined for one in counted),
        excluded=sum(int(str(number)) for number in excluded),
        excluded_customers=ledger.basis.excluded(),
        ignored_connectors=tuple(one.name for one in sources if not one.configured),
    )
