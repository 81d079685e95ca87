"""The charts of a page: drawn twice, for a wide and a narrow screen, in the page's own colours."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from tenure import charts
from tenure.charts import Look, Mark, Palette, Share, Spec
from tenure.cohorts import Cohorts, Measure
from tenure.currency import minor_digits
from tenure.printing import MONEY, counted, label, money, percent
from tenure.report import Report, Row

PAGE = Palette(**{name: f"var(--{name})" for name in Palette.__slots__})
"""Colours that the style sheet sets, once for a light and once for a dark screen."""

_LOOKS = {
    broad: {
        "wide": Look(palette=PAGE, width=960 if broad else 440, height=200),
        "narrow": Look(palette=PAGE, width=265, height=180),
    }
    for broad in (False, True)
}
"""By screen, in half of the page and in all of its width."""
_AGES = 12
"""So many ages have room in half of the page."""
_LOSSES = {"down", "lost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One chart: its title, what it shows in words, a remark, and its SVG by screen."""

    title: str
    words: str
    remark: str = ""
    broad: bool = False
    """It takes the width of the page."""
    svgs: dict[str, str]


class Artist:
    """Draws the charts of one page; the ids inside them are told apart."""

    def __init__(self, made: Report) -> None:
        self._digits = minor_digits(made.meta.currency)
        self._currency = made.meta.currency
        self._numbers = count(1)

    def trend(self, title: str, rows: Sequence[Row]) -> Picture:
        """NRR and GRR over the periods."""
        lines = {
            name: [
                Share(label(row), getattr(row, field), percent(getattr(row, field))) for row in rows
            ]
            for name, field in (("NRR", "nrr"), ("GRR", "grr"))
        }
        ends = (
            f"{name} from {line[0].printed} to {line[-1].printed}" for name, line in lines.items()
        )
        words = f"Lines over {counted(len(rows), 'period')}, {_span(rows)}: {', '.join(ends)}."
        return self._drawn(title, words, lambda look: charts.trend(lines, look))

    def waterfall(self, row: Row, names: Sequence[str], *, broad: bool) -> Picture:
        """The bridge of one period."""
        title = f"What moved MRR in {label(row)}"
        bridge = {name: self._mark(name, row, name) for name in names}
        told = ", ".join(f"{name} {mark.printed}" for name, mark in bridge.items())
        words = f"Waterfall of MRR in {self._currency} in {label(row)}: {told}."
        return self._drawn(title, words, lambda look: charts.waterfall(bridge, look), broad=broad)

    def movements(self, rows: Sequence[Row], names: Sequence[str], *, broad: bool) -> Picture:
        """What came and went, by period."""
        title = "What came and went, by period"
        stacks = {name: [self._mark(label(row), row, name) for row in rows] for name in names}
        words = (
            f"Stacked bars over {counted(len(rows), 'period')}, {_span(rows)}: {', '.join(names)}, "
            f"in {self._currency}; the figures are in the table of periods."
        )
        return self._drawn(title, words, lambda look: charts.movements(stacks, look), broad=broad)

    def triangle(self, made: Cohorts, measure: Measure, remark: str) -> Picture:
        """What is left of each cohort, by its age."""
        kept = {cohort.label: cohort.kept(measure) for cohort in made.cohorts}
        lines = {
            name: [
                Share(f"{age}", ratio, percent(ratio, 1).removesuffix(" %"))
                for age, ratio in enumerate(line)
            ]
            for name, line in kept.items()
        }
        names = list(kept)
        oldest, line = names[0], kept[names[0]]
        what = {Measure.REVENUE: "Revenue", Measure.LOGOS: "Customers"}[measure]
        later = f"{counted(len(line) - 1, made.unit)} later"
        words = (
            f"Heat map of {what.lower()} kept by {counted(len(kept), 'cohort')}, {oldest} to "
            f"{names[-1]}: {oldest} is at {percent(line[-1])} {later}; the figures are in a table "
            "below."
        )
        broad = max(map(len, kept.values())) > _AGES
        title = f"{what} kept by cohort, age in {made.unit}s"
        drawn = self._drawn(title, words, lambda look: charts.heat(lines, look), broad=broad)
        return replace(drawn, remark=remark)

    def _mark(self, at: str, row: Row, name: str) -> Mark:
        value = getattr(row, MONEY[name])
        signed = -value if name in _LOSSES else value
        return Mark(at, signed, money(signed, self._digits))

    def _drawn(
        self, title: str, words: str, spec: Callable[[Look], Spec], *, broad: bool = False
    ) -> Picture:
        specs = {screen: spec(look) for screen, look in _LOOKS[broad].items()}
        svgs = {screen: self._inline(charts.svg(one)) for screen, one in specs.items()}
        return replace(titled(title, words, specs.values()), broad=broad, svgs=svgs)

    def _inline(self, svg: str) -> str:
        """The picture as part of a page that has others: ids of its own, and one role."""
        prefix = f"p{next(self._numbers)}-"
        svg = re.sub(r'\bid="', f'id="{prefix}', svg)
        svg = re.sub(r"url\((['\"]?)#", rf"url(\1#{prefix}", svg)
        svg = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", svg)
        return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def titled(title: str, words: str, specs: Iterable[Spec]) -> Picture:
    """A picture of these that is not drawn yet, with a remark where an axis is cut."""
    cut = any(one.get("usermeta", {}).get("cut") for one in specs)
    remark = "The axis does not begin at 0: start and end are cut." if cut else ""
    return Picture(title=title, words=words, remark=remark, svgs={})


def _span(rows: Sequence[Row]) -> str:
    return f"{label(rows[0])} to {label(rows[-1])}"


def names_of(made: Report) -> list[str]:
    """The parts of the bridge, without `fx` where there is one currency."""
    moved = any(row.fx for row in made.rows)
    return [name for name in MONEY if name != "fx" or moved]


def moves_of(names: Sequence[str]) -> Iterator[str]:
    """What is between start and end."""
    return (name for name in names if name not in {"start", "end"})
