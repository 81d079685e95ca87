"""Rates on their way into the ledger: checked, rounded once, kept bitemporally."""

import logging
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rates_bank import UNREADABLE, Books, rate

from tenure import Rate, SourceError
from tenure.errors import PluginError


def counted(pulled) -> tuple[int, ...]:
    c = pulled.counts
    return c.read, c.stored, c.unchanged, c.quarantined, c.excluded


def test_rates_are_kept_with_ten_places_and_their_source(books: Books):
    assert counted(books.state(rate("EUR", 1, "1.1"), rate("JPY", 2, "0.0064"))) == (2, 2, 0, 0, 0)
    rows = books.rows(
        "SELECT reporting, currency, day, rate, source_ref, superseded_at FROM rate ORDER BY id"
    )
    assert rows == [
        ("USD", "EUR", 20089, 11_000_000_000, "bank: made:1", None),
        ("USD", "JPY", 20090, 64_000_000, "bank: made:1", None),
    ]


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        (Fraction(1, 3), 3_333_333_333),
        (Fraction(2, 3), 6_666_666_667),
        ("1.00000000005", 10_000_000_000),
        ("1.00000000015", 10_000_000_002),
        (Fraction("1.00000000005"), 10_000_000_000),
        (Fraction("1.00000000015"), 10_000_000_002),
        ("1.000000000149999999999999999999999999", 10_000_000_001),
        ("922337203.6854775807", 2**63 - 1),
        ("0.0000000001", 1),
    ],
)
def test_a_rate_is_rounded_once_half_to_even(embedded: Books, stated, kept: int):
    embedded.state(rate(value=stated))
    assert embedded.known() == {("EUR", 1): kept}


def test_the_same_again_writes_nothing(books: Books):
    books.state(rate())
    before = books.written()
    assert counted(books.state(rate())) == (1, 0, 1, 0, 0)
    assert books.written() == before


def test_a_restated_day_is_known_as_it_was_and_other_days_stay(books: Books):
    books.state(rate(day=1), rate(day=2))
    then = books.store.known_at()
    assert counted(books.state(rate(day=2, value="1.2"))) == (1, 1, 0, 0, 0)
    assert books.known(then) == {("EUR", 1): 11_000_000_000, ("EUR", 2): 11_000_000_000}
    assert books.known() == {("EUR", 1): 11_000_000_000, ("EUR", 2): 12_000_000_000}


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (rate("EURO"), "made:1: currency: 'EURO' is not a currency code of ISO 4217; did you mean"),
        (rate("eur"), "made:1: currency: 'eur' is not a currency code of ISO 4217; did you mean"),
        (rate("XXX"), "made:1: currency: 'XXX' is not a currency code of ISO 4217"),
        (rate(value="0"), "made:1: rate: 0 is not above zero"),
        (rate(value=Fraction(0)), "made:1: rate: 0 is not above zero"),
        (rate(value="-1.1"), "made:1: rate: -1.1 is not above zero"),
        (rate(value="-Infinity"), "made:1: rate: -Infinity is not above zero"),
        (rate(value="NaN"), "made:1: rate: NaN is no number"),
        (rate(value="sNaN"), "made:1: rate: sNaN is no number"),
        (rate(value="Infinity"), "made:1: rate: Infinity is too large"),
        (rate(value="1E+999999"), "made:1: rate: 1E+999999 is too large"),
        (rate(value="922337203.6854775808"), "is too large to be kept with 10 places"),
        (rate(value="1E-999999"), "made:1: rate: 1E-999999 is too small"),
        (rate(value="0.00000000005"), "is too small to be kept with 10 places"),
        (rate(value=1.1), "made:1: rate: 1.1 is a float, not an exact number"),
        (rate("USD", 1, "1.1"), "made:1: rate: one USD is 1 USD, not 1.1"),
        (rate(ref="a\0b"), "source_ref 'a\\x00b' contains a NUL character"),
        (rate(ref=""), "source_ref '' is not a text"),
        ("EUR 1.1", "?: rate: a str is no tenure.Rate"),
        (UNREADABLE, "made:9: rate: smudged"),
    ],
)
def test_what_cannot_be_believed_is_named_and_the_rest_is_kept(embedded: Books, stated, said: str):
    pulled = embedded.state(stated, rate("GBP"))
    assert said in pulled.remarks[0]
    assert counted(pulled) == (2, 1, 0, 1, 0)
    assert list(embedded.known()) == [("GBP", 1)]


def test_a_day_is_a_date_and_no_instant(embedded: Books):
    noon = Rate(
        currency="EUR",
        day=datetime(2025, 1, 1, 12, tzinfo=UTC),
        rate=Decimal(1),
        source_ref="made:1",
    )
    assert "is no date" in embedded.state(noon).remarks[0]


def test_rows_that_contradict_each_other_are_all_out(books: Books):
    books.state(rate(value="1"))
    pulled = books.state(
        *(rate(value="1.1", ref="made:1"), rate(value="1.2", ref="made:2")),
        *(rate(value="1.1", ref="made:3"), rate(day=2)),
    )
    assert counted(pulled) == (4, 1, 0, 3, 0)
    assert pulled.remarks == (
        "made:1: rate: EUR 2025-01-01 1.1 contradicts 1.2 in made:2",
        "made:2: rate: EUR 2025-01-01 1.2 contradicts 1.1 in made:1",
        "made:3: rate: EUR 2025-01-01 1.1 contradicts 1.2 in made:2",
    )
    assert books.known() == {("EUR", 1): 10_000_000_000, ("EUR", 2): 11_000_000_000}


def test_rows_that_say_the_same_twice_are_one(books: Books):
    pulled = books.state(rate(value="1.10"), rate(value="1.1"), rate(value="1.10000000000"))
    assert counted(pulled) == (3, 1, 2, 0, 0)


def test_the_reporting_currency_at_one_is_left_out(books: Books):
    assert counted(books.state(rate("USD", 1, "1.000"), rate())) == (2, 1, 0, 0, 1)
    assert list(books.known()) == [("EUR", 1)]


def test_many_bad_rows_are_not_all_shown(embedded: Books):
    pulled = embedded.state(*(rate("???", ref=f"made:{n}") for n in range(1030)))
    assert (len(pulled.remarks), pulled.remarks[-1]) == (21, "and 1,010 more")


def test_rates_of_another_source_do_not_count_any_more(books: Books):
    books.state(rate(day=1), rate(day=2), use="ecb")
    then = books.store.known_at()
    pulled = books.state(rate(day=2), rate(day=3), use="file")
    assert pulled.remarks == ("1 rate of another source than file counted until now",)
    assert sorted(books.known()) == [("EUR", 2), ("EUR", 3)]
    assert sorted(books.known(then)) == [("EUR", 1), ("EUR", 2)]
    assert counted(books.state(rate(day=2), rate(day=3), use="file")) == (2, 0, 2, 0, 0)


@pytest.mark.parametrize("rows", [(), (rate(day=2), UNREADABLE)])
def test_they_do_while_the_new_source_is_doubtful(books: Books, rows):
    books.state(rate(day=1), use="ecb")
    books.state(*rows, use="file")
    assert ("EUR", 1) in books.known()


def test_each_reporting_currency_has_rates_of_its_own(books: Books):
    books.state(rate(value="1.1"))
    Books(books.store, "GBP").state(rate(value="0.8"), use="other")
    assert books.known() == {("EUR", 1): 11_000_000_000}


def test_a_source_that_fails_changes_nothing(books: Books):
    def fate(_request):
        raise SourceError("the bank is closed", "")

    books.state(rate())
    with pytest.raises(SourceError, match="the bank is closed"):
        books.state(rate(value="1.2"), fate=fate)
    assert books.known() == {("EUR", 1): 11_000_000_000}


def test_a_source_that_crashes_is_named_without_its_secret(books: Books):
    def fate(_request):
        raise ValueError("no entry with very-secret")

    with pytest.raises(PluginError) as caught:
        Books(books.store, secrets=("very-secret",)).state(fate=fate)
    assert str(caught.value).startswith("The rates plugin 'bank' failed: ValueError: no entry with")
    assert "very-secret" not in str(caught.value)


def test_a_warning_is_kept_and_logged_without_its_secret(books: Books, caplog):
    caplog.set_level(logging.INFO, "tenure.rates")
    pulled = Books(books.store, secrets=("very-secret",)).state(
        rate(), fate=lambda request: request.warn("old rates,\nby very-secret")
    )
    assert pulled.warnings == ("old rates, by ***",)
    assert [r.getMessage() for r in caplog.records if r.name == "tenure.rates"] == [
        "fx: old rates, by ***"
    ]


numbers = iter(range(10**6))
stated = st.dictionaries(
    st.tuples(st.sampled_from(["EUR", "GBP", "JPY"]), st.integers(1, 4)),
    st.decimals(min_value="0.1", max_value="9", places=10),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(stated, min_size=1, max_size=5))
def test_all_that_was_ever_known_stays_known(books: Books, statements):
    mine = Books(books.store, f"R{next(numbers)}")
    model: dict[tuple[str, int], int] = {}
    history = []
    for each in statements:
        rows = [rate(code, day, value) for (code, day), value in each.items()]
        mine.state(*rows)
        model = model | {key: int(value.scaleb(10)) for key, value in each.items()}
        history.append((mine.store.known_at(), model))
        before = mine.written()
        mine.state(*reversed(rows))
        assert mine.written() == before
    assert [(at, mine.known(at)) for at, _ in history] == history
