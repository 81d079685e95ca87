"""How well what is paid now is known: items and MRR of each connector by grade of evidence.

Only the point in force of each item is looked at, so no history is summed for it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros
from tenure.metrics.frame import Counted
from tenure.metrics.rates import RATE_ONE
from tenure.metrics.run import ReportRequest, source_of
from tenure.money import decimal_string
from tenure.records import Evidence, Json

if TYPE_CHECKING:
    from tenure.config import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What stands on one grade: items that have not ended, and what they pay a month now.

    Micro-units of the reporting currency; `unconverted` is what has no rate, by its currency.
    """

    items: int = 0
    mrr: int = 0
    unconverted: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """As `tenure status --format json` prints it."""
        return {
            "items": self.items,
            "mrr": decimal_string(self.mrr),
            "unconverted": {name: decimal_string(mrr) for name, mrr in self.unconverted.items()},
        }


NOTHING = Grade()
"""No item stands on it."""


def build(
    workspace: "Workspace", store: Store, request: ReportRequest
) -> dict[str, dict[Evidence, Grade]]:
    """Every grade of every connector in plugins.toml, by its name; without usage, as MRR is."""
    grades = {entry.name: dict.fromkeys(Evidence, NOTHING) for entry in workspace.connectors}
    if store.known_at() is None:
        return grades
    found = defaultdict[tuple[str, Evidence], list[tuple[str, int, int]]](list)
    source = source_of(workspace, store, request)
    with request.attach(source) as duck:
        counted = Counted(duck, workspace, to_micros(source.now))
        rates = {name: counted.rates.before(name, source.now)[1] for name in counted.rates.foreign}
        rows = [(workspace.currency, RATE_ONE), *rates.items()]
        counted.table("rate_now", "currency VARCHAR, rate BIGINT", rows)
        for name, grade, currency, items, mrr in counted.run("graded").fetchall():
            found[name, Evidence(grade)].append((currency, int(items), int(mrr)))
    for (name, grade), parts in found.items():
        grades[name][grade] = _added(parts, workspace.currency)
    return grades


def _added(parts: list[tuple[str, int, int]], home: str) -> Grade:
    return Grade(
        items=sum(items for _, items, _ in parts),
        mrr=sum(mrr for currency, _, mrr in parts if currency == home),
        unconverted={currency: mrr for currency, _, mrr in parts if currency != home and mrr},
    )
