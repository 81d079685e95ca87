"""The tables of a page, and which of a report's figures have a place on it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tenure.cohorts import Cohorts, Measure
from tenure.folding import TOP, folded
from tenure.printing import columns, label, triangle, triangle_of
from tenure.report import Report, Row

MOST = 24
"""So many cohorts, and so many ages of each, are on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One table: columns, the first of which names the row."""

    title: str
    note: str = ""
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def breadth(self) -> int:
        """How many characters stand side by side, so that paper gets a type that fits."""
        lines = zip(self.columns, *self.rows, strict=True)
        return sum(min(24, max(map(len, cells))) for cells in lines)


def tables(made: Report, totals: Sequence[Row], shown: Row) -> Iterator[Grid]:
    """Every period, the segments of the one in the headline, twelve months, cohorts."""
    currency = f"Money in {made.meta.currency}."
    yield _grid("Every period", currency, replace(made, rows=tuple(totals)))
    for attribute, rows in _segments(made, shown).items():
        kept = folded(rows)
        rest = f" The {len(rows) - TOP:,} smallest are one line." if len(rows) > TOP else ""
        note = f"{currency} Largest at the start first.{rest}"
        title = f"By {attribute}, {label(shown)}"
        table = _grid(title, note, replace(made, rows=(*kept, shown)))
        yield replace(table, columns=(attribute, *table.columns[2:]), rows=_without_period(table))
    lasting = trailing_rows(made)
    if lasting:
        note = "Each line opens twelve months before the period's end."
        cells = columns(replace(made, rows=lasting))
        yield _of_columns("Trailing twelve months", note, {name: cells[name] for name in _LASTING})
    cohorts, cut = latest_cohorts(made)
    if cohorts:
        for measure, title in _KEPT.items():
            note = f"{currency} By age, {triangle_of(cohorts, measure)}.{cut}"
            yield _of_columns(title, note, triangle(cohorts, measure))


_LASTING = ("period", "start", "NRR", "GRR", "logos")
_KEPT = {
    Measure.REVENUE: "Revenue kept by cohort",
    Measure.LOGOS: "Customers kept by cohort",
}


def trailing_rows(made: Report) -> tuple[Row, ...]:
    """The periods that have twelve months of history."""
    rows = () if made.trailing is None else made.trailing.rows
    return tuple(row for row in rows if row.start_mrr)


def latest_cohorts(made: Report) -> tuple[Cohorts | None, str]:
    """The latest cohorts, where any has a history, and in words what is left out."""
    if made.cohorts is None:
        return None, ""
    count, latest = len(made.cohorts.cohorts), made.cohorts.cohorts[-MOST:]
    ages = max((len(one.revenue) for one in latest), default=0)
    if ages < 2:  # noqa: PLR2004 - one age is no history
        return None, ""
    cut = [f"the last {MOST} of {count:,} cohorts"] * (count > MOST)
    cut += [f"the first {MOST} of {ages:,} ages"] * (ages > MOST)
    return made.cohorts.latest(MOST), f" Here: {', '.join(cut)}." if cut else ""


def _segments(made: Report, shown: Row) -> dict[str, list[Row]]:
    """The segments of the headline's period, by attribute."""
    found: dict[str, list[Row]] = {}
    for row in made.rows:
        if row.segment and row.period == shown.period:
            found.setdefault(", ".join(row.segment), []).append(row)
    return found


def _grid(title: str, note: str, made: Report) -> Grid:
    return _of_columns(title, note, columns(made))


def _of_columns(title: str, note: str, cells: Mapping[str, Sequence[str]]) -> Grid:
    rows = list(zip(*cells.values(), strict=True))
    return Grid(title=title, note=note, columns=list(cells), rows=rows)


def _without_period(table: Grid) -> list[Sequence[str]]:
    return [row[1:] for row in table.rows]
