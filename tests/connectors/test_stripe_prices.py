"""What a price bills for a quantity: by hand, and against a sum over single units."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe_objects import decoded, item, mrr, price, rebuilt, sub, tiered

from tenure.money import half_even
from tenure_connectors.stripe import shapes
from tenure_connectors.stripe.life.prices import UnpricedError, charge, minor_unit, net_share


def cost(of, quantity=1, currency="USD"):
    return charge(decoded(of, shapes.Price), quantity, currency)


def monthly(of, quantity=1, **more):
    """The monthly level of one item in micro-units."""
    return mrr(rebuilt(sub(item(of=of, quantity=quantity), **more)), "2025-02-01")


@pytest.mark.parametrize(
    ("amount", "interval", "count", "level"),
    [
        (10000, "week", 1, 433_333_333),
        (10000, "week", 2, 216_666_667),
        (10000, "week", 4, 108_333_333),
        (1000, "day", 1, 304_166_667),
        (1000, "day", 7, 43_452_381),
        (1000, "day", 30, 10_138_889),
        (1000, "day", 365, 833_333),
        (30000, "month", 3, 100_000_000),
        (240000, "year", 2, 100_000_000),
    ],
)
def test_g14_intervals(amount, interval, count, level):
    assert monthly(price(amount=amount, interval=interval, count=count)) == level


@pytest.mark.parametrize(
    ("of", "quantity", "level"),
    [
        (tiered("volume", (1000, 10, None), (None, 5, None)), 500, 50),
        (tiered("graduated", (100, 100, None), (None, 50, None)), 250, 175),
        (tiered("volume", (100, 100, None), (None, 50, None)), 250, 125),
    ],
)
def test_g20_tiers(of, quantity, level):
    assert monthly(of, quantity) == level * 1_000_000


@pytest.mark.parametrize(
    ("quantity", "cents"),
    [(0, 500), (1, 600), (5, 1000), (6, 1000 + 300 + 80), (20, 1000 + 300 + 15 * 80)],
)
def test_a_flat_fee_of_each_tier_that_is_reached(quantity, cents):
    assert cost(tiered("graduated", (5, 100, 500), (None, 80, 300)), quantity) == cents


@pytest.mark.parametrize(("quantity", "cents"), [(5, 5 * 100 + 500), (6, 6 * 80 + 300)])
def test_the_flat_fee_of_the_one_tier_of_a_volume(quantity, cents):
    assert cost(tiered("volume", (5, 100, 500), ("inf", 80, 300)), quantity) == cents


def test_a_unit_amount_below_a_cent():
    assert cost(price(amount=None, unit_amount_decimal="0.055"), 1000) == 55


@pytest.mark.parametrize(("rounding", "packages"), [("up", 3), ("down", 2)])
def test_packages(rounding, packages):
    of = price(amount=1000, transform_quantity={"divide_by": 5, "round": rounding})
    assert cost(of, 11) == packages * 1000
    assert cost(of, 10) == 2000


def test_a_plan_is_a_price_under_other_names():
    plan = {"id": "gold", "currency": "usd", "amount": 900, "interval": "month",
            "interval_count": 1, "usage_type": "licensed"}  # fmt: skip
    assert cost(plan, 2) == 1800
    assert mrr(rebuilt(sub(item(price=None, plan=plan))), "2025-02-01") == 9_000_000


@pytest.mark.parametrize(
    ("currency", "amount", "micros"),
    [("usd", 1999, 19_990_000), ("jpy", 1999, 1_999_000_000), ("kwd", 1999, 1_999_000),
     ("isk", 50000, 500_000_000), ("ugx", 50000, 500_000_000)],
)  # fmt: skip
def test_the_minor_unit_that_stripe_counts_in(currency, amount, micros):
    assert monthly(price(amount=amount, currency=currency), currency=currency) == micros
    assert minor_unit(currency.upper()) * amount == micros


def test_a_price_in_several_currencies_bills_in_the_subscriptions():
    of = price(currency_options={"eur": {"unit_amount": 950}})
    assert monthly(of, currency="eur") == 9_500_000


def test_a_price_that_does_not_have_the_currency_is_not_taken_for_it():
    made = rebuilt(sub(item(), currency="eur"))
    assert made.subscription is None
    assert made.quarantined[0].reason == "price price_a is in USD, not in EUR"


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        (price(amount=None), "has no unit amount"),
        (tiered("volume", name="price_x"), "the tiers of price price_x are not known"),
        (tiered("stairs", (None, 1, 1)), "has tiers of mode 'stairs'"),
        (tiered("graduated", (5, 1, 0)), "has no tier for 6"),
        (tiered("volume", (5, 1, 0)), "has no tier for 6"),
    ],
)
def test_what_a_price_does_not_say(of, reason):
    with pytest.raises(UnpricedError, match=reason):
        cost(of, 6)


@pytest.mark.parametrize("interval", ["fortnight", None])
def test_an_interval_that_nobody_knows_is_quarantined(interval):
    made = rebuilt(
        sub(item(of=price(interval=interval) | {"recurring": None, "interval": interval}))
    )
    assert made.quarantined[0].source_ref == "sub_1/si_1"
    assert made.quarantined[0].reason == f"price price_a bills every {interval!r}"


def test_inclusive_taxes_add_up():
    rates = [
        decoded({"id": "a", "percentage": 15.0, "inclusive": True}, shapes.TaxRate),
        decoded({"id": "b", "percentage": 10.0, "inclusive": True}, shapes.TaxRate),
        decoded({"id": "c", "percentage": 7.7, "inclusive": False}, shapes.TaxRate),
    ]
    assert net_share(rates) == Fraction(100, 125)


def test_a_price_with_its_tax_in_it():
    vat = {"id": "txr_1", "percentage": 19.0, "inclusive": True}
    assert monthly(price(amount=1000), default_tax_rates=[vat]) == half_even(10_000_000 * 100, 119)


sizes = st.integers(min_value=1, max_value=8)
cents = st.integers(min_value=0, max_value=500)


@given(
    st.lists(st.tuples(sizes, cents, cents), min_size=1, max_size=4),
    st.tuples(cents, cents),
    st.integers(min_value=1, max_value=40),
)
def test_graduated_tiers_are_a_sum_over_units(tiers, rest, quantity):
    tops = [sum(size for size, *_ in tiers[: n + 1]) for n in range(len(tiers))]
    made = [(top, unit, flat) for top, (_, unit, flat) in zip(tops, tiers, strict=True)]
    made.append((None, *rest))
    total, reached = 0, set()
    for unit_no in range(1, quantity + 1):
        place = next(n for n, (top, *_) in enumerate(made) if top is None or unit_no <= top)
        total += made[place][1]
        reached.add(place)
    total += sum(made[n][2] for n in reached)
    assert cost(tiered("graduated", *made), quantity) == total
