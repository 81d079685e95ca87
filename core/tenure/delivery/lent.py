"""What a sink is lent: its HTTP client, its memory, and figures as of the report's `known_at`.

The figures are made when a sink asks for them: one that writes the report alone pays for nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tenure.cohorts import Cohorts
from tenure.customers import Standing
from tenure.delivery.memory import SinkMemory
from tenure.ledger.store import Store
from tenure.lending import lend
from tenure.movements import MovementLog
from tenure.periods import Unit, unit_of
from tenure.plugin import Context, SinkContext
from tenure.report import Report

if TYPE_CHECKING:
    from tenure.config import Entry, Workspace
    from tenure.metrics.run import ReportRequest
    from tenure.metrics.streams import Streams


def context_for(
    workspace: "Workspace", store: Store, entry: "Entry", known_at: datetime
) -> SinkContext:
    """The context of one sink; `tenure.lending.give_back` closes what it opened."""
    plain, figures = lend(workspace, entry), _Figures(workspace, store, entry, known_at)
    return SinkContext(
        **{field.name: getattr(plain, field.name) for field in fields(Context)},
        known_at=known_at,
        connectors={each.name: each.use for each in workspace.connectors},
        reports=entry.reports,
        segments=workspace.segments_of(entry),
        when=entry.when,
        dashboard=workspace.dashboard,
        memory=SinkMemory(store, entry.name),
        report=figures.report,
        customers=figures.customers,
        movements=figures.movements,
        cohorts=figures.cohorts,
        streams=figures.streams,
    )


@dataclass(frozen=True, slots=True)
class _Figures:
    workspace: "Workspace"
    store: Store
    entry: "Entry"
    known_at: datetime

    def report(  # noqa: PLR0913 - as the options of `tenure report`
        self,
        unit: str = "month",
        *,
        by: Sequence[str] = (),
        first: str | None = None,
        last: str | None = None,
        trailing: int | None = None,
        count: int | None = None,
    ) -> Report:
        from tenure.metrics import run  # noqa: PLC0415 - DuckDB only where figures are made

        asked = replace(
            self._asked(),
            unit=Unit(unit),
            by=tuple(by),
            first=first,
            last=last,
            trailing=trailing,
            count=count,
            running=self.entry.when == "provisional" and last is None,
        )
        return run.build(self.workspace, self.store, asked)

    def customers(self, *, attributes: Sequence[str] = ()) -> Iterator[Standing]:
        from tenure.metrics import standing  # noqa: PLC0415 - likewise

        asked = replace(self._asked(), now=None)
        return standing.build(self.workspace, self.store, asked, attributes)

    def movements(self, period: str, last: str | None = None) -> MovementLog:
        from tenure.metrics import movements  # noqa: PLC0415 - likewise

        asked = replace(self._asked(period), last=last or period)
        return movements.build(self.workspace, self.store, asked)

    def cohorts(self, *, first: str | None = None) -> Cohorts:
        from tenure.metrics import cohorts  # noqa: PLC0415 - likewise

        return cohorts.build(self.workspace, self.store, replace(self._asked(), first=first))

    def streams(self, unit: str = "month", *, first: str | None = None) -> "Streams":
        from tenure.metrics.streams import Streams  # noqa: PLC0415 - likewise

        running = self.entry.when == "provisional"
        asked = replace(self._asked(), unit=Unit(unit), first=first, running=running)
        return Streams(workspace=self.workspace, store=self.store, request=asked)

    def _asked(self, period: str | None = None) -> "ReportRequest":
        from tenure.metrics.run import ReportRequest  # noqa: PLC0415 - likewise

        unit = unit_of(period) if period else Unit.MONTH
        # A month that ended since the last sync is complete, as it is in the report.
        now = max(self.store.clock(), self.known_at)
        return ReportRequest(unit=unit, first=period, last=period, known_at=self.known_at, now=now)
