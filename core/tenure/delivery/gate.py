"""What may be published: figures over sources that were read to their end, and known well enough.

Figures that contradict each other never come as far as here: `tenure.metrics.invariants`.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from tenure.errors import WithheldError
from tenure.records import Evidence

if TYPE_CHECKING:
    from tenure.config import Workspace
    from tenure.report import Report


def require_publishable(workspace: "Workspace", report: "Report") -> None:
    """Raise `WithheldError` with every reason why the figures should not go out."""
    reasons = list(_reasons(workspace, report))
    if reasons:
        raise WithheldError(
            f"Nothing was published: {'; '.join(reasons)}",
            "Finish `tenure sync`, mend what `tenure quarantine` lists, "
            "or push them as they are with `tenure push --anyway`",
        )


def _reasons(workspace: "Workspace", report: "Report") -> Iterator[str]:
    for source in report.meta.sources:
        if source.unreadable:
            yield f"connector {source.name!r} gave only rows that cannot be read"
        elif source.incomplete:
            yield f"connector {source.name!r} is not read to its end"
    least = workspace.metrics.min_coverage
    assumed = report.meta.coverage.get(Evidence.ASSUMED.value)
    known = 1 - Decimal(assumed or 0)
    if known < least:
        yield f"only {known} of the opening MRR is observed or inferred, min_coverage is {least}"
