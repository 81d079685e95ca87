"""How figures are printed for people, the same in a terminal, on a page and in a chart.

Money has its currency's minor digits, a ratio is a percentage of two places; both are rounded half
to even from exact integers.
"""

from datetime import UTC, datetime

from tenure.cohorts import Cohorts, Measure
from tenure.currency import minor_digits
from tenure.meta import Meta, Variant
from tenure.money import MICRO, Ratio, half_even
from tenure.report import Report, Row, segment_names

NOTHING = "-"
"""Printed where a figure has no value."""

MONEY = {
    "start": "start_mrr",
    "new": "new",
    "back": "reactivation",
    "up": "expansion",
    "down": "contraction",
    "lost": "churn",
    "fx": "fx",
    "end": "end_mrr",
}
"""The columns of the bridge, by their short names."""

RATIOS = {"NRR": "nrr", "GRR": "grr", "logos": "logo_retention"}
"""The columns of ratios, by their short names."""


def money(value: int, digits: int, *, plus: str = "") -> str:
    """Micro-units as `1,234.50`, with so many digits; `plus` stands before a gain."""
    sign = "-" if value < 0 else plus * bool(value)
    whole, rest = divmod(half_even(abs(value) * 10**digits, MICRO), 10**digits)
    return f"{sign}{whole:,}.{rest:0{digits}d}" if digits else f"{sign}{whole:,}"


def in_currency(value: int, currency: str) -> str:
    """Micro-units as `1,234.50 USD`."""
    return f"{amount(value, currency)} {currency}"


def amount(value: int, currency: str, *, plus: str = "") -> str:
    """Micro-units as `1,234.50`, with the minor digits of their currency."""
    return money(value, minor_digits(currency), plus=plus)


def percent(ratio: Ratio | None, places: int = 2) -> str:
    """A ratio as `101.25 %`."""
    numerator, denominator = ratio or (0, 0)
    if not denominator:
        return NOTHING
    return f"{_rounded(numerator * 100, denominator, places)} %"


def points(now: Ratio | None, before: Ratio | None) -> str:
    """The change between two ratios as `+0.64 pp`, rounded from the exact ratios."""
    if now is None or before is None or not now[1] or not before[1]:
        return NOTHING
    numerator = (now[0] * before[1] - before[0] * now[1]) * 100
    text = _rounded(numerator, now[1] * before[1], 2)
    return f"{'' if text.startswith('-') else '+'}{text} pp"


def _rounded(numerator: int, denominator: int, places: int) -> str:
    value = half_even(numerator * 10**places, denominator)
    whole, rest = divmod(abs(value), 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{places}d}"


def counted(number: int, one: str, several: str = "") -> str:
    """`1 row`, `1,234 rows`; `several` where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def when(at: datetime | None) -> str:
    """An instant as `2026-03-05 12:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "never"


def label(row: Row) -> str:
    """The period's name, marked while it is not over."""
    return row.period + " (to date)" * row.partial


def shares(meta: Meta) -> list[tuple[str, str]]:
    """Grade of evidence and its share of the opening MRR, those that have one."""
    return [
        (grade, percent((int(share.replace(".", "")), 10**6)))
        for grade, share in meta.coverage.items()
        if share is not None and share != "0.000000"
    ]


def side_by_side(made: Report) -> list[Variant]:
    """The readings beside the canonical one, where all were asked for."""
    shown = made.rows[0].variants if made.rows and made.meta.variant is Variant.ALL else {}
    return list(shown)


def columns(made: Report) -> dict[str, list[str]]:
    """The cells of each column of the report's table, by its name."""
    digits = minor_digits(made.meta.currency)
    cells = {"period": [label(row) for row in made.rows]}
    if any(row.segment for row in made.rows):
        named = zip(made.rows, segment_names(made.rows), strict=True)
        cells["segment"] = [name if row.segment else "total" for row, name in named]
    for name, field in MONEY.items():
        if name == "fx" and not any(row.fx for row in made.rows):
            continue  # one currency
        cells[name] = [money(getattr(row, field), digits) for row in made.rows]
    for name, field in RATIOS.items():
        cells[name] = [percent(getattr(row, field)) for row in made.rows]
    for variant in side_by_side(made):
        cells[f"NRR {variant}"] = [percent(row.variants[variant].nrr) for row in made.rows]
    cells["customers"] = [f"{row.customers_end:,}" for row in made.rows]
    return cells


def measures(made: Report) -> dict[str, list[str]]:
    """The cells of the measures that a table shows when it is asked to."""
    digits = minor_digits(made.meta.currency)

    def amount(value: int | None) -> str:
        return NOTHING if value is None else money(value, digits)

    cells = {
        "churn": [percent(row.revenue_churn) for row in made.rows],
        "logos lost": [percent(row.logo_churn) for row in made.rows],
        "committed": [amount(row.committed_mrr) for row in made.rows],
    }
    if made.meta.horizon_days is not None:
        name = f"in {made.meta.horizon_days} days"
        cells[name] = [amount(row.contracted_mrr) for row in made.rows]
    if made.meta.gross_margin is not None:
        values = [row.ltv for row in made.rows]
        cells["LTV"] = [amount(half_even(*v) if v and v[1] else None) for v in values]
    return cells


def triangle(made: Cohorts, measure: Measure) -> dict[str, list[str]]:
    """The cells of each column of a table of cohorts; an age that has not come is empty."""
    digits = minor_digits(made.meta.currency)
    cells = {
        "cohort": [cohort.label for cohort in made.cohorts],
        "customers": [f"{cohort.customers:,}" for cohort in made.cohorts],
        "base": [money(cohort.base, digits) for cohort in made.cohorts],
    }
    kept = [cohort.kept(measure) for cohort in made.cohorts]
    for age in range(max(map(len, kept), default=0)):
        shares = (percent(line[age]) if age < len(line) else "" for line in kept)
        cells[f"{age}"] = [share.removesuffix(" %") for share in shares]
    return cells


def triangle_of(made: Cohorts, measure: Measure) -> str:
    """What the shares of a table of cohorts are."""
    kept = {
        Measure.REVENUE: "percent of the base that is paid",
        Measure.LOGOS: "percent of the customers who pay",
    }[measure]
    to_date = ", the last one as of now" if made.partial else ""
    return f"{kept} at the end of each {made.unit} since they joined (0: their own){to_date}"
