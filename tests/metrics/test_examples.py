"""The worked examples of metrics.md section 10 that the default policy can express, by their id."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from books import Book, at, lasting, point

from tenure import Interval, State, micros
from tenure.ledger.statements import RateFact, state_rates
from tenure.meta import Variant
from tenure.money import ratio_string

JAN = "2026-01-15"
WEEK, DAY, MONTH, YEAR = Interval.WEEK, Interval.DAY, Interval.MONTH, Interval.YEAR


def percent(ratio) -> str:
    """The ratio times 100 with 2 places; None where it has no base."""
    numerator, denominator = ratio
    return ratio_string(100 * numerator, denominator)[:-4] if denominator else "none"


def retention(row) -> tuple[str, str]:
    return percent(row.nrr), percent(row.grr)


def mrr(book: Book, *items) -> int:
    book.add("one", *items)
    return book.rows()[0].end_mrr


def cohort(book: Book, *changes: tuple[int, int | None]) -> tuple[str, str]:
    """NRR and GRR of January over customers that go from one amount to another in it."""
    for number, (before, after) in enumerate(changes):
        book.add(str(number), [point("2025-01-01", before), point(JAN, after)])
    return retention(book.rows()[0])


def test_G01(book):
    for number in range(100):
        book.add(f"m{number}", lasting(amount=100))
    for number in range(50):
        book.add(f"y{number}", lasting(amount=600, interval=YEAR))
    assert book.rows()[0].end_mrr == micros(12_500)


def test_G02_without_currencies(book):
    book.add("new", lasting(JAN, 100))
    book.add("stays", lasting(amount=740))
    assert cohort(book, (100, 150), (100, 60), (60, None)) == ("95.00", "90.00")
    assert book.rows()[0].end_mrr == micros(1050)


def rates(book: Book, **by_day: str) -> None:
    """Dollars per euro: `y2025_12_31="1.10"`."""
    facts = [
        RateFact(
            reporting="USD",
            currency="EUR",
            day=date.fromisoformat(day[1:].replace("_", "-")),
            rate=int(Decimal(rate).scaleb(10)),
            source_ref="made",
        )
        for day, rate in by_day.items()
    ]
    state_rates(book.store, facts)


def in_euros(book: Book, **asked):
    """100 euros all along, while the euro falls from 1.10 to 1.05."""
    rates(book, y2025_12_31="1.10", y2026_01_31="1.05")
    book.add("E", lasting(currency="EUR"))
    return book.rows(**asked)[0]


def test_who_joins_in_another_currency_is_in_the_band_of_what_it_pays_in_ours(book):
    rates(book, y2025_12_31="0.01", y2026_01_31="0.01")
    book.add("E", lasting("2026-01-15", 50_000, currency="EUR"))
    _, row = book.rows(by=("acv_band",))
    assert (row.segment, row.new) == ({"acv_band": "<12k"}, micros(500))


def test_G02_with_currencies(book):
    book.add("new", lasting(JAN, 100))
    book.add("stays", lasting(amount=630))
    for name, before, after in (("A", 100, 150), ("B", 100, 60), ("C", 60, None)):
        book.add(name, [point("2025-01-01", before), point(JAN, after)])
    row = in_euros(book, variant=Variant.AS_REPORTED_FX)
    assert (row.start_mrr, row.fx, row.end_mrr) == (micros(1000), -micros(5), micros(1045))
    assert tuple(map(percent, row.cohort)) == ("95.00", "90.00")
    assert percent(row.nrr) == "94.50"


def test_G34(book):
    row = in_euros(book, variant=Variant.AS_REPORTED_FX)
    assert (row.start_mrr, row.fx, row.end_mrr) == (micros(110), -micros(5), micros(105))
    assert (percent(row.cohort.nrr), percent(row.nrr)) == ("100.00", "95.45")


def test_G04(book):
    changes = [(10, None)] * 10 + [(10, 25)] * 5 + [(10, 10)] * 85
    assert cohort(book, *changes) == ("97.50", "90.00")


def test_G09(book):
    assert cohort(book, (100, 130), (100, 80)) == ("105.00", "90.00")


def test_G10(book):
    plan = lasting(amount=100, discount=micros(50))
    assert mrr(book, plan, lasting(amount=300, discount=micros(150))) == micros(200)


def test_G12(book):
    assert mrr(book, lasting(amount=120, interval=YEAR, discount=micros(12))) == micros(9)


@pytest.mark.parametrize(
    ("amount", "interval", "count", "expected"),
    [
        (100, WEEK, 1, "433.333333"),
        (100, WEEK, 2, "216.666667"),
        (100, WEEK, 4, "108.333333"),
        (10, DAY, 1, "304.166667"),
        (10, DAY, 7, "43.452381"),
        (10, DAY, 30, "10.138889"),
        (10, DAY, 365, "0.833333"),
        (300, MONTH, 3, "100"),
        (2400, YEAR, 2, "100"),
    ],
)
def test_G14(book, amount, interval, count, expected):
    line = lasting(amount=amount, interval=interval, interval_count=count)
    assert mrr(book, line) == micros(expected)


def test_G15_mrr(book):
    asked = point("2026-02-10", 100, ends_at=at("2026-03-01"))
    book.add("one", lasting("2026-01-01"))
    book.add("two", [point("2026-02-01", 100), asked, point("2026-03-01", None)])
    found = [row.end_mrr for row in book.rows("2026-01", "2026-03")]
    assert found == [micros(100), micros(200), micros(100)]


def test_G18(book):
    lines = [lasting(amount=15, discount_once=micros(14)) for _ in range(77)]
    assert mrr(book, *lines) == micros(1155)


def test_G19(book):
    line = lasting(amount=6000, interval=YEAR, discount=micros(500))
    assert mrr(book, line) == micros("458.333333")


def test_G21(book):
    seats = [point("2025-01-01", 100), point("2026-06-15", 110)]
    book.add("one", seats)
    assert book.rows("2026-06")[0].expansion == micros(10)


def test_G22(book):
    first = [point("2025-11-01", 50), point("2026-02-01", None)]
    again = [point("2026-04-01", 50), point("2026-06-01", 75), point("2026-08-01", None)]
    book.add("one", first, again)
    rows = book.rows("2025-11", "2026-08", now=at("2026-09-01"))
    names = ("new", "reactivation", "expansion", "contraction", "churn")
    moved = [(r.period, n, getattr(r, n)) for r in rows for n in names if getattr(r, n)]
    assert moved == [
        ("2025-11", "new", micros(50)),
        ("2026-02", "churn", micros(50)),
        ("2026-04", "reactivation", micros(50)),
        ("2026-06", "expansion", micros(25)),
        ("2026-08", "churn", micros(75)),
    ]


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ((100, 20, 5, 10), ("105.00", "85.00")),
        ((100, 15, 3, 5), ("107.00", "92.00")),
        ((100, 20, 0, 10), ("110.00", "90.00")),
        ((2000, 300, 50, 100), ("107.50", "92.50")),
        ((600, 30, 60, 70), ("83.33", "78.33")),
        ((200, 4, 1, 2), ("100.50", "98.50")),
    ],
)
def test_G28(book, figures, expected):
    start, up, down, lost = figures
    rest = start - 2 - down - lost
    changes = [(1, 1 + up), (1 + down, 1), (rest, rest), (lost, None)]
    assert cohort(book, *changes) == expected


def test_G29(book):
    book.add("A", lasting())
    book.add("B", [point("2026-02-05", 50), point("2026-03-05", 150)])
    (row,) = book.rows("2026-Q1", unit="quarter")
    assert retention(row) == ("100.00", "100.00")


def test_G30(book):
    book.add("A", [*lasting(), point("2026-01-05", 150), point("2026-01-20", 100)])
    assert retention(book.rows()[0]) == ("100.00", "100.00")
    assert percent(book.rows(variant=Variant.FLOW)[0].grr) == "50.00"


def test_G31(book):
    book.add("A", [*lasting(), point("2026-01-05", None)], [*lasting(amount=50), point(JAN, 120)])
    (row,) = book.rows()
    assert (row.contraction, row.churn, row.expansion) == (micros(30), 0, 0)
    assert retention(row) == ("80.00", "80.00")


def test_G32(book):
    book.add("A", [*lasting(), point("2026-02-03", None), point("2026-03-03", 80)])
    (quarter,) = book.rows("2026-Q1", unit="quarter")
    assert retention(quarter) == ("80.00", "80.00")
    february, march = book.rows("2026-02", "2026-03")
    assert (percent(february.nrr), percent(march.nrr)) == ("0.00", "none")


def test_G33(book):
    book.add("A", [point("2024-01-01", 50), point("2025-03-01", None), point(JAN, 50)])
    book.add("B", lasting())
    (row,) = book.rows()
    assert percent(row.nrr) == "100.00"
    assert (row.new, row.reactivation) == (0, micros(50))
    assert percent(book.rows(variant=Variant.INCL_WINBACK)[0].nrr) == "150.00"


def test_G37_by_service_end(book):
    asked = point("2026-05-20", 100, ends_at=at("2026-06-15"))
    book.add("A", [*lasting(), asked, point("2026-06-15", None)])
    assert [row.churn for row in book.rows("2026-05", "2026-06")] == [0, micros(100)]


def test_G39_in_the_bridge(book):
    book.add("A", [*lasting(amount=50), point("2026-01-05", 80), point("2026-01-25", 120)])
    assert book.rows()[0].expansion == micros(70)


def test_G41(book):
    paused = point("2026-03-01", 100, state=State.PAUSED)
    book.add("A", [*lasting(), paused, point("2026-05-01", 100)])
    found = [row.end_mrr for row in book.rows("2026-02", "2026-05")]
    assert found == [micros(100), 0, 0, micros(100)]


def test_G42(book):
    addon = [*lasting(amount=20), point(JAN, None)]
    book.add("A", lasting(amount=1200, interval=YEAR), addon)
    (row,) = book.rows()
    assert (row.start_mrr, row.end_mrr) == (micros(120), micros(100))
    assert row.contraction == micros(20)


def test_G43(book):
    end = at("2025-11-01") + timedelta(hours=4)  # midnight in New York
    book.add("A", [*lasting(), point(end.replace(tzinfo=None).isoformat(), None)])
    october, november = book.rows("2025-10", "2025-11", zone="America/New_York")
    assert (october.end_mrr, october.churn) == (micros(100), 0)
    assert november.churn == micros(100)


def test_G44(book):
    book.add("A", [point("2026-03-05", 50), point("2026-03-25", None)])
    book.add("B", lasting())
    (row,) = book.rows("2026-03")
    assert (row.new, row.churn, percent(row.nrr)) == (0, 0, "100.00")
