"""What each report says: a document, its rows flat, and a page where there is one.

retention   the rows of the report           movements   who moved in its periods, and why
cohorts     who joined when, what is left    customers   how everyone stands now
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tenure import Report, SinkContext, csv_text

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Content:
    """One report. `rows` are for parquet; what is nested there is JSON text.

    Two say the same where their `digest` is the same, whenever their sources were read.
    """

    name: str
    document: Mapping[str, Any]
    rows: Sequence[Row]
    text: Callable[[], str]
    """The csv."""
    attributes: Collection[str] = ()
    """Columns that hold text whatever they are called."""
    page: Callable[[], str] | None = None
    """The HTML, which says of itself that it shows `mark`."""
    mark: str = ""

    @cached_property
    def digest(self) -> str:
        """What is said."""
        return digest_of(self.document)


def digest_of(document: Mapping[str, Any]) -> str:
    """What a document says; of a running period the instant alone is no news."""
    rows = document.get("rows", document.get("movements"))
    plain = [{**row, "as_of": None} if isinstance(row, dict) else row for row in rows or ()]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def retention(report: Report, _context: SinkContext) -> Content:
    """The rows of the report, and its page."""
    document = report.as_json()
    return Content(
        name="retention",
        document=document,
        rows=_rows(document["rows"]),
        text=report.as_csv,
        page=report.as_html,
        mark=report.digest,
    )


def movements(report: Report, context: SinkContext) -> Content:
    """Every movement of the report's periods."""
    periods = [row.period for row in report.rows]
    log = context.movements(periods[0], periods[-1])
    document = log.as_json()
    rows = _rows(document["movements"])
    return Content(name="movements", document=document, rows=rows, text=log.as_csv)


def cohorts(_report: Report, context: SinkContext) -> Content:
    """Who joined in the last twelve months, a row for each age."""
    made = context.cohorts()
    rows = [cohort.head() | age for cohort in made.cohorts for age in cohort.ages()]
    return Content(name="cohorts", document=made.as_json(), rows=rows, text=made.as_csv)


def customers(report: Report, context: SinkContext) -> Content:
    """How every customer stands."""
    found = [each.as_json() for each in context.customers()]
    document = {"meta": report.meta.as_json(), "rows": found}
    rows = [_flat(each) for each in found]
    own = [name for name in (rows[0] if rows else ()) if name.startswith(_OWN)]
    return Content(
        name="customers",
        document=document,
        rows=rows,
        text=lambda: csv_text(rows),
        attributes=own,
    )


CONTENTS: dict[str, Callable[[Report, SinkContext], Content]] = {
    "retention": retention,
    "movements": movements,
    "cohorts": cohorts,
    "customers": customers,
}


def _rows(found: Any) -> list[Row]:
    """Rows without what is nested: that becomes JSON text."""
    return [
        {name: json.dumps(c) if isinstance(c, dict | list) else c for name, c in row.items()}
        for row in found
    ]


def _flat(standing: dict[str, Any]) -> Row:
    """One customer in one row."""
    last = standing["last_movement"] or {}
    row = {name: value for name, value in standing.items() if name not in _NESTED}
    row |= {"ids": json.dumps(standing["ids"])}
    row |= {f"last_movement_{name}": last.get(name) for name in _LAST}
    return row | {_own(name): value for name, value in standing["attributes"].items()}


_NESTED = ("attributes", "last_movement")
_LAST = ("kind", "date", "amount", "reason", "cause")


def _own(attribute: str) -> str:
    """The column of an attribute, which may be called like one of ours."""
    return f"{_OWN}{attribute}"


_OWN = "attribute."
