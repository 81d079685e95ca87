"""(a) Won deals with line items: renewals, additions, churn, and what cannot be read."""

from datetime import date, timedelta

import pytest
from hubspot_objects import Stub, deal, held, line, stated, terms
from hypothesis import given
from hypothesis import strategies as st

from tenure_connectors.hubspot.deals import LineItems

PERIOD, STARTS = "hs_recurring_billing_period", "hs_recurring_billing_start_date"


def made(*many, **options):
    return stated(LineItems(terms(**options)), *many)


def year(key: str, start: str, price: str = "100", **more):
    """A deal with one line of a year from a day on."""
    own = {STARTS: start, PERIOD: "P12M", "price": price} | more
    return held(deal(key, f"{start}T10:00:00Z"), line(f"9{key}", **own))


def test_a_line_runs_from_its_start_to_the_end_of_its_term():
    found = made(year("1", "2025-02-01"))
    assert found.steps("name:pro") == [
        ("2025-02-01", "100", "active"),
        ("2026-02-01", "0", "ended"),
    ]
    refs = [point.source_ref for point in found.items["name:pro"].points]
    assert refs == [f"line_item:91/{STARTS}", f"line_item:91/{PERIOD}"]


def test_a_day_begins_at_midnight_of_the_workspace():
    found = made(year("1", "2025-07-01"), zone="America/New_York")
    assert found.steps("name:pro")[0][0] == "2025-07-01 04:00"


def test_a_renewal_on_time_is_the_same_item():
    found = made(year("1", "2025-02-01"), year("2", "2026-02-01", "120"))
    assert found.steps("name:pro") == [
        ("2025-02-01", "100", "active"),
        ("2026-02-01", "120", "active"),
        ("2027-02-01", "0", "ended"),
    ]
    assert found.items["name:pro"].rows == 2


def test_an_early_renewal_does_not_count_twice():
    found = made(year("1", "2025-02-01"), year("2", "2025-11-01", "120"))
    assert [step[:2] for step in found.steps("name:pro")] == [
        ("2025-02-01", "100"),
        ("2025-11-01", "120"),
        ("2026-11-01", "0"),
    ]


def test_a_late_renewal_within_the_gap_continues_as_assumed():
    found = made(year("1", "2025-02-01"), year("2", "2026-05-02", "120"))
    assert found.steps("name:pro~line_item:91") == [
        ("2026-02-01", "100", "active assumed"),
        ("2026-05-02", "0", "ended assumed"),
    ]
    assert found.steps("name:pro")[1:3] == [
        ("2026-02-01", "0", "ended"),
        ("2026-05-02", "120", "active"),
    ]


@pytest.mark.parametrize(
    ("options", "start"), [({}, "2026-05-03"), ({"renewal_gap_days": 0}, "2026-02-02")]
)
def test_a_renewal_later_than_the_gap_comes_back(options, start):
    found = made(year("1", "2025-02-01"), year("2", start), **options)
    assert set(found.items) == {"name:pro"}


def test_two_lines_of_one_deal_stand_beside_each_other():
    both = held(deal("1"), line("91"), line("92", price="30"))
    found = made(both, year("2", "2025-06-01", "150"))
    assert [s[:2] for s in found.steps("name:pro")] == [
        ("2025-01-10", "100"),
        ("2025-06-01", "150"),
        ("2026-06-01", "0"),
    ]
    assert [s[:2] for s in found.steps("name:pro#2")] == [("2025-01-10", "30"), ("2025-06-01", "0")]


def test_two_deals_that_start_on_one_day_stand_beside_each_other():
    found = made(year("1", "2025-02-01"), year("2", "2025-02-01", "30"))
    assert [s[:2] for s in found.steps("name:pro#2")] == [("2025-02-01", "30"), ("2026-02-01", "0")]


def test_a_ramp_within_one_deal_is_one_item():
    first = line("91", **{STARTS: "2025-01-01", PERIOD: "P12M"})
    second = line("92", price="150", **{STARTS: "2026-01-01", PERIOD: "P12M"})
    found = made(held(deal("1"), second, first))
    assert [s[:2] for s in found.steps("name:pro")] == [
        ("2025-01-01", "100"),
        ("2026-01-01", "150"),
        ("2027-01-01", "0"),
    ]


def test_the_product_makes_the_item_else_the_name_in_any_spelling():
    one = line("91", hs_product_id="5")
    other, third = line("92", name="Add  on"), line("93", name="add on", **{STARTS: "2025-05-01"})
    found = made(held(deal("1"), one, other), held(deal("2"), third))
    assert set(found.items) == {"product:5", "name:add on"}


def test_an_addition_counts_beside():
    rules = [{"kind": "addition", "deal_type": "existingbusiness"}]
    more = held(deal("2", "2025-03-01", dealtype="existingbusiness"), line("92", price="10"))
    found = made(held(deal("1"), line("91")), more, rules=rules)
    assert set(found.items) == {"name:pro", "name:pro+2"}
    assert found.steps("name:pro") == [("2025-01-10", "100", "active")]


def test_a_churn_deal_ends_what_the_company_has():
    rules = [{"kind": "churn", "pipeline": "Renewals", "stage": "Left"}]
    left = held(deal("2", "2025-09-01T08:00:00Z", pipeline="42", dealstage="left"))
    found = made(year("1", "2025-02-01"), left, year("3", "2025-10-01"), rules=rules)
    assert found.steps("name:pro")[:3] == [
        ("2025-02-01", "100", "active"),
        ("2025-09-01", "0", "ended"),
        ("2025-10-01", "100", "active"),
    ]
    end = found.items["name:pro"].points[1]
    assert (end.cause, end.source_ref) == ("requested", "deal:2/closedate")
    assert set(found.items) == {"name:pro"}  # nobody who left went on


def test_what_is_billed_once_is_no_item_and_is_counted():
    found = made(held(deal("1"), line("91", recurringbillingfrequency=None)))
    assert not found.items
    assert (found.refused, found.excluded) == ({}, 1)


@pytest.mark.parametrize(
    ("bad", "ref", "said"),
    [
        ({"price": "much"}, "line_item:92", "is no number"),
        ({"recurringbillingfrequency": "hourly"}, "line_item:92", "is none of"),
        ({STARTS: "0225-01-01"}, "line_item:92", "year 225"),
        ({"hs_line_item_currency_code": "XXY"}, "line_item:92", "'XXY' is none"),
    ],
)
def test_a_bad_line_costs_no_other(bad, ref, said):
    found = made(held(deal("1"), line("91"), line("92", name="Other", **bad)))
    assert set(found.items) == {"name:pro"}
    assert said in found.refused[ref]


def test_a_deal_without_a_close_date_is_refused():
    assert made(held(deal("1", None), line("91"))).refused == {"deal:1": "it has no close date"}


def test_the_currency_is_the_deals_else_the_lines_else_the_portals():
    def currency(one, other, **options):
        found = made(held(deal("1", **one), line("91", **other)), **options)
        return found.items["name:pro"].points[0].currency

    own, other = {"deal_currency_code": "EUR"}, {"hs_line_item_currency_code": "JPY"}
    assert currency(own, other) == "EUR"
    assert currency({}, other) == "JPY"
    assert currency({}, {}) == "USD"
    assert currency({}, {}, portal=Stub(None), currency="CHF") == "CHF"
    assert currency({"paid_in": "GBP"}, {}, currency_property="paid_in") == "GBP"


def test_a_currency_that_nobody_names_is_never_guessed():
    found = made(held(deal("1"), line("91")), portal=Stub(None))
    assert "nothing names its currency" in found.refused["line_item:91"]


def test_hubspots_own_figures_are_claims():
    one = held(deal("1", hs_mrr="99.50", hs_arr="1194"), line("91"))
    said = [(c.subject, c.measure, c.amount, c.source_ref) for c in made(one).claims]
    assert said == [
        ("deal:1", "mrr", 99_500_000, "deal:1/hs_mrr"),
        ("deal:1", "arr", 1_194_000_000, "deal:1/hs_arr"),
    ]


@pytest.mark.parametrize(
    ("options", "properties", "kind"),
    [
        ({}, {}, "renewal"),
        ({}, {"dealstage": "lost"}, None),
        ({}, {"dealstage": "open"}, None),
        ({"pipelines": ["Renewals"]}, {}, None),
        ({"pipelines": ["default"]}, {}, "renewal"),
        ({"stages": ["Open"]}, {"dealstage": "open"}, "renewal"),
        ({"stages": ["open"]}, {}, None),
        ({"rules": [{"kind": "ignore", "stage": "won"}]}, {}, None),
        (
            {"rules": [{"kind": "new", "deal_type": "newbusiness"}]},
            {"dealtype": "newbusiness"},
            "new",
        ),
        ({}, {"pipeline": "deleted", "hs_is_closed_won": "true"}, "renewal"),
        ({}, {"pipeline": "deleted", "hs_is_closed_won": "false"}, None),
    ],
)
def test_what_a_deal_is(options, properties, kind):
    found = terms(**options).directory.kind(held(deal("1", **properties)).object)
    assert found == kind


spans = st.lists(
    st.tuples(st.integers(0, 1500), st.integers(1, 24), st.integers(1, 500)),
    min_size=1,
    max_size=6,
    unique_by=lambda span: span[0],
)


@given(spans, st.randoms(use_true_random=False))
def test_one_product_is_never_counted_twice_in_whatever_order_deals_come(terms_sold, shuffled):
    deals = [
        year(str(n + 1), str(date(2020, 1, 1) + timedelta(days=first)), str(price))
        for n, (first, _, price) in enumerate(terms_sold)
    ]
    expected = made(*deals)
    assert "name:pro" in expected.items
    assert not [key for key in expected.items if "#" in key]
    shuffled.shuffle(deals)
    again = made(*deals)
    assert {k: i.points for k, i in again.items.items()} == {
        k: i.points for k, i in expected.items.items()
    }
