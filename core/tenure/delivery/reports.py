"""The report that each sink gets, cut and closed as its table says; each is made once."""

from typing import TYPE_CHECKING

from tenure.ledger.store import Store
from tenure.report import Report

if TYPE_CHECKING:
    from tenure.config import Entry, Workspace


def usual(workspace: "Workspace", store: Store) -> Report:
    """The complete months, of the total and of every segment that the workspace names."""
    from tenure.metrics import page, run  # noqa: PLC0415 - DuckDB only where figures are made

    return page.build(workspace, store, run.ReportRequest(by=workspace.metrics.segments))


class Reports:
    """The reports of one push, all as known when the usual one is."""

    def __init__(self, workspace: "Workspace", store: Store, usual: Report) -> None:
        self._workspace = workspace
        self._store = store
        self._known_at = usual.meta.known_at
        self._made = {(workspace.metrics.segments, "closed"): usual}

    def of(self, sink: "Entry") -> Report:
        """The sink's report; raises as a report does."""
        key = (self._workspace.segments_of(sink), sink.when)
        if key not in self._made:
            self._made[key] = self._make(*key)
        return self._made[key]

    def _make(self, by: tuple[str, ...], when: str) -> Report:
        from tenure.metrics import page, run  # noqa: PLC0415 - DuckDB only where figures are made

        now = max(self._store.clock(), self._known_at)
        asked = run.ReportRequest(
            by=by, running=when == "provisional", known_at=self._known_at, now=now
        )
        return page.build(self._workspace, self._store, asked)
