"""What stands on the page, from the figures of a report; how it looks is the template's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from tenure.cohorts import Measure
from tenure.currency import minor_digits
from tenure.html.pictures import Artist, Picture, moves_of, names_of
from tenure.html.tables import latest_cohorts, tables, trailing_rows
from tenure.html.words import terms
from tenure.meta import Variant
from tenure.printing import NOTHING, counted, label, money, percent, points, shares, when
from tenure.report import Report, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One headline figure."""

    name: str
    value: str
    change: tuple[str, ...]
    tone: str = ""
    note: str = ""


def page(made: Report) -> str:
    """The report as a whole HTML document."""
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    drawn = pictures_of(Artist(made), made)
    return template("page.html").render(style=style, pictures=drawn, **content(made)) + "\n"


_FOLDER = files("tenure.html")


def template(name: str) -> Template:
    """A template of this folder; whatever a name is made of is text in it."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string((_FOLDER / name).read_text(encoding="utf-8"))


def content(made: Report) -> dict[str, Any]:
    """What stands on the page besides the pictures."""
    totals = [row for row in made.rows if row.segment is None]
    names = names_of(made)
    shown = _headline(totals)
    meta = made.meta
    return {
        "meta": meta,
        "digest": made.digest,
        "title": _title(made),
        "period": label(shown),
        "cards": _cards(made, shown, _before(totals, shown)),
        "tables": list(tables(made, totals, shown)),
        "known_at": when(meta.known_at),
        "sources": [
            (one.name, when(one.last_complete_sync), one.incomplete) for one in meta.sources
        ],
        "shares": shares(meta),
        "left_out": list(_left_out(made)),
        "terms": list(terms(made, names)),
    }


def _title(made: Report) -> str:
    trailing = f", trailing {made.meta.trailing} months" if made.meta.trailing else ""
    variant = made.meta.variant
    reading = "" if variant in {Variant.COHORT, Variant.ALL} else f" ({variant})"
    return f"Net revenue retention{reading}{trailing}"


def _headline(totals: Sequence[Row]) -> Row:
    """The last complete period; the last at all where none is complete."""
    return next((row for row in reversed(totals) if not row.partial), totals[-1])


def _before(totals: Sequence[Row], shown: Row) -> Row | None:
    place = totals.index(shown)
    return totals[place - 1] if place else None


def _cards(made: Report, row: Row, before: Row | None) -> Iterator[Card]:
    digits = minor_digits(made.meta.currency)
    yield _ratio_card(made, "NRR", "nrr", (row, before))
    yield _ratio_card(made, "GRR", "grr", (row, before))
    yield Card(
        name=f"MRR at the end, {made.meta.currency}",
        value=money(row.end_mrr, digits),
        change=(_signed(money(row.end_mrr - row.start_mrr, digits)), "in the period"),
        note=f"ARR {money(row.arr, digits)}",
    )
    yield _ratio_card(made, "Logo retention", "logo_retention", (row, before))
    yield Card(
        name="Customers at the end",
        value=f"{row.customers_end:,}",
        change=(f"{row.customers_end - row.customers_start:+,}", "in the period"),
    )


def _ratio_card(made: Report, name: str, field: str, rows: tuple[Row, Row | None]) -> Card:
    row, before = rows
    change = points(getattr(row, field), getattr(before, field, None))
    lasting = next((one for one in trailing_rows(made) if one.period == row.period), None)
    note = "" if lasting is None else f"12 months: {percent(getattr(lasting, field))}"
    value = percent(getattr(row, field))
    if before is None or change == NOTHING:
        return Card(name=name, value=value, change=("nothing to compare with",), note=note)
    tone = "worse" if change.startswith("-") else "better" if change != _SAME else ""
    against = (change, f"against {label(before)}")
    return Card(name=name, value=value, change=against, tone=tone, note=note)


_SAME = "+0.00 pp"


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def pictures_of(artist: Artist, made: Report) -> list[list[Picture]]:
    """The charts of the periods, and those of the cohorts."""
    totals = [row for row in made.rows if row.segment is None]
    shown = _headline(totals)
    return [list(_of_periods(artist, made, totals, shown)), list(_of_cohorts(artist, made))]


def _of_periods(
    artist: Artist, made: Report, totals: Sequence[Row], shown: Row
) -> Iterator[Picture]:
    names, lasting = names_of(made), trailing_rows(made)
    are_many, have_lasted = len(totals) > 1, len(lasting) > 1
    if are_many:
        yield artist.trend("NRR and GRR by period", totals)
    if have_lasted:
        yield artist.trend("NRR and GRR, trailing twelve months", lasting)
    yield artist.waterfall(shown, names, broad=not are_many)
    if are_many:
        yield artist.movements(totals, list(moves_of(names)), broad=not have_lasted)


def _of_cohorts(artist: Artist, made: Report) -> Iterator[Picture]:
    cohorts, cut = latest_cohorts(made)
    if cohorts:
        for measure, remark in _REMARKS.items():
            yield artist.triangle(cohorts, measure, f"{remark}{cut}")


_REMARKS = {
    Measure.REVENUE: "Percent of what the cohort paid first: blue is more, red is less.",
    Measure.LOGOS: "Percent of the customers who joined: the redder, the fewer.",
}


def _left_out(made: Report) -> Iterator[str]:
    meta = made.meta
    yield f"{counted(meta.quarantined, 'row')} that could not be read (quarantined)"
    yield f"{counted(meta.excluded, 'row')} left out by their connector's rule"
    yield f"{counted(meta.excluded_customers, 'customer')} left out by the policy"
    if meta.ignored_connectors:
        yield f"connectors that plugins.toml does not name: {', '.join(meta.ignored_connectors)}"
