"""What discounts take off, and when they were in force."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe_objects import (
    coupon,
    day,
    discount,
    event,
    evidence,
    invoice,
    item,
    line,
    mrr,
    points,
    price,
    rebuilt,
    story,
    sub,
)

from tenure_connectors.stripe.events import sighting
from tenure_connectors.stripe.life.discounts import Deal, Due, deductions, spread
from tenure_connectors.stripe.timeline import rebuild

YEARLY = price("price_y", 120_00, "year")
BIG = price("price_big", 6000_00, "year")


def with_discount(*discounts, items=(), **more):
    return sub(*items, discounts=list(discounts), **more)


def forever(percent, name="PCT"):
    return coupon(name, percent_off=percent)


def off(amount, name="AMT", **more):
    return coupon(name, amount_off=amount, currency="usd", **more)


# --- worked examples of metrics.md section 10


def test_g10_a_percentage_on_every_item():
    plan, seats = item("si_1", price("p", 100_00)), item("si_2", price("q", 100_00), 3)
    made = rebuilt(with_discount(discount("di_1", forever(50)), items=(plan, seats)))
    assert mrr(made, "2025-02-01") == 200_000_000


def test_g12_a_percentage_of_a_year():
    made = rebuilt(with_discount(discount("di_1", forever(10)), items=(item(of=YEARLY),)))
    assert mrr(made, "2025-02-01") == 9_000_000


def test_g18_what_is_off_once_is_no_lower_level():
    first = discount("di_1", off(14_00, duration="once"))
    bill = line("2025-01-01", "2025-02-01", price(amount=15_00),
                discount_amounts=[{"amount": 14_00, "discount": first}])  # fmt: skip
    made = rebuilt(sub(item(of=price(amount=15_00))), invoices=[invoice("in_1", bill)])
    assert 77 * mrr(made, "2025-01-15") == 1_155_000_000
    assert [(p.discount, p.discount_once) for p in points(made)] == [(0, 14_000_000), (0, 0)]


def test_g19_an_amount_off_each_year():
    made = rebuilt(with_discount(discount("di_1", off(500_00)), items=(item(of=BIG),)))
    assert mrr(made, "2025-02-01") == 458_333_333


# --- how much


def test_discounts_compound_in_their_order():
    ten, five = Deal(percent=Fraction(10)), Deal(amount=500)
    due = [Due("a", Fraction(10_000))]
    assert deductions(due, [ten, five])["a"].running == 1_000 + 500
    assert deductions(due, [five, ten])["a"].running == 500 + 950


def test_an_items_own_discount_comes_before_the_subscriptions():
    own = Deal(amount=500, of_item=True, items=frozenset("a"))
    due = [Due("a", Fraction(10_000))]
    assert deductions(due, [Deal(percent=Fraction(10)), own])["a"].running == 500 + 950


def test_what_is_off_once_is_counted_in_its_place():
    once = Deal(amount=500, once=True)
    taken = deductions([Due("a", Fraction(10_000))], [once, Deal(percent=Fraction(10))])["a"]
    assert (taken.running, taken.total) == (1_000, 500 + 950)


def test_only_the_products_of_the_coupon():
    deal = Deal(percent=Fraction(50), products=frozenset({"prod_a"}))
    due = [Due("a", Fraction(100), "prod_a"), Due("b", Fraction(100), "prod_b")]
    assert [d.running for d in deductions(due, [deal]).values()] == [50, 0]


def test_ties_go_to_the_first_item():
    assert spread(2, {"b": Fraction(1), "a": Fraction(1), "c": Fraction(1)}) == {
        "a": 1, "b": 1, "c": 0,
    }  # fmt: skip


def test_an_amount_comes_off_each_intervals_own_bill():
    items = (item("si_1", price("m", 20_00)), item("si_2", price("y", 120_00, "year")))
    made = rebuilt(with_discount(discount("di_1", off(6_00)), items=items))
    assert [points(made, name)[0].discount for name in ("si_1", "si_2")] == [6_000_000] * 2
    assert mrr(made, "2025-02-01") == 14_000_000 + 9_500_000


def test_an_amount_in_another_currency_is_not_taken_for_this_one():
    made = rebuilt(with_discount(discount("di_1", off(6_00) | {"currency": "eur"})))
    assert made.quarantined[0].reason == "what discount di_1 takes off is not known"
    both = off(6_00) | {"currency": "eur", "currency_options": {"usd": {"amount_off": 500}}}
    assert story(rebuilt(with_discount(discount("di_1", both)))) == ["2025-01-01 5 active assumed"]


amounts = st.dictionaries(
    st.sampled_from("abcdef"), st.integers(0, 10**9).map(Fraction), min_size=1
)
percents = st.builds(Deal, percent=st.integers(0, 120).map(Fraction), once=st.booleans())
flats = st.builds(Deal, amount=st.integers(0, 10**9), once=st.booleans())


@given(amounts, st.integers(0, 10**10))
def test_shares_add_up_to_the_amount_and_none_is_more_than_its_item(weights, amount):
    shares = spread(amount, weights)
    assert sum(shares.values()) == min(amount, sum(weights.values()))
    assert all(0 <= shares[name] <= weights[name] for name in weights)


@given(amounts, st.lists(percents | flats, max_size=5))
def test_nothing_falls_below_zero_or_rises(weights, deals):
    due = [Due(name, amount) for name, amount in weights.items()]
    for one, taken in zip(due, deductions(due, deals).values(), strict=True):
        assert 0 <= taken.running <= one.amount
        assert 0 <= taken.total <= one.amount


# --- when


def test_a_repeating_discount_ends_by_itself():
    of = coupon("Q", "repeating", percent_off=50, duration_in_months=3)
    given_ = discount("di_1", of, "2025-02-01", "2025-05-01")
    assert story(rebuilt(with_discount(given_), at="2025-03-01")) == [
        "2025-01-01 10 active assumed",
        "2025-02-01 5 active assumed",
        "2025-05-01 10 active assumed",
    ]


def test_a_discount_that_is_over_is_known_from_the_invoices():
    of = coupon("Q", "repeating", percent_off=50, duration_in_months=2)
    was = discount("di_1", of, end="2025-03-01")
    bills = [
        invoice(f"in_{n}", line(f"2025-0{n}-01", f"2025-0{n + 1}-01", name=f"il_{n}"),
                discounts=[was] if n < 3 else [])
        for n in range(1, 5)
    ]  # fmt: skip
    assert story(rebuilt(sub(), invoices=bills)) == [
        "2025-01-01 5 active inferred",
        "2025-03-01 10 active inferred",
    ]


def test_a_discount_taken_away_by_hand_ends_with_the_next_invoice():
    bills = [
        invoice(f"in_{n}", line(f"2025-0{n}-01", f"2025-0{n + 1}-01", name=f"il_{n}"),
                discounts=[discount("di_1", forever(50))] if n < 3 else [])
        for n in range(1, 5)
    ]  # fmt: skip
    assert story(rebuilt(sub(), invoices=bills))[1:] == ["2025-03-01 10 active inferred"]


@pytest.mark.parametrize(
    "given_",
    [
        discount("di_1", "HALF"),
        {"id": "di_1", "source": {"coupon": "HALF", "type": "coupon"}, "start": day("2025-01-01")},
        {"coupon": {"id": "HALF"}, "start": day("2025-01-01")},
    ],
)
def test_a_coupon_that_is_named_is_looked_up(given_):
    made = rebuilt(with_discount(given_), coupons=[forever(50, "HALF")])
    assert story(made) == ["2025-01-01 5 active assumed"]


def test_a_coupon_for_one_product_is_gone_when_that_product_is_billed_without_it():
    of = forever(50) | {"applies_to": {"products": ["prod_a"]}}
    other = price("other", 20_00, product="prod_b")
    bills = [
        invoice("in_1", line("2025-01-01", "2025-02-01", name="il_1"),
                discounts=[discount("di_1", of)]),
        invoice("in_2", line("2025-02-01", "2025-03-01", other, item="si_2", name="il_2")),
        invoice("in_3", line("2025-03-01", "2025-04-01", name="il_3")),
    ]  # fmt: skip
    made = rebuilt(sub(item(), item("si_2", other)), invoices=bills)
    assert story(made) == ["2025-01-01 5 active inferred", "2025-03-01 10 active inferred"]
    assert {p.discount for p in points(made, "si_2")} == {0}


def test_the_discount_of_old():
    now = sub() | {"discount": discount("di_1", forever(50))}
    assert story(rebuilt(now)) == ["2025-01-01 5 active assumed"]


def test_a_deleted_coupon_is_what_it_last_took_off():
    bills = [
        invoice(
            f"in_{n}",
            line(f"2025-0{n}-01", f"2025-0{n + 1}-01", name=f"il_{n}",
                 discount_amounts=[{"amount": 300, "discount": "di_gone"}]),
            discounts=["di_gone"],
        )
        for n in (1, 2)
    ]  # fmt: skip
    made = rebuilt(with_discount("di_gone"), invoices=bills)
    assert story(made) == ["2025-01-01 7 active assumed"]


def test_a_discount_that_nobody_explains_is_quarantined():
    made = rebuilt(with_discount("di_gone"))
    assert made.subscription is None
    assert made.quarantined[0].reason == "what discount di_gone takes off is not known"


def test_the_customers_discount_is_replaced_by_the_subscriptions():
    customer = {"id": "cus_1", "discount": discount("di_c", forever(20), subscription=None)}
    assert story(rebuilt(sub(), customer=customer)) == ["2025-01-01 8 active assumed"]
    both = with_discount(discount("di_1", forever(50), "2025-03-01", "2025-05-01"))
    assert story(rebuilt(both, at="2025-04-01", customer=customer)) == [
        "2025-01-01 8 active assumed",
        "2025-03-01 5 active assumed",
        "2025-05-01 8 active assumed",
    ]


def test_a_bill_with_the_customers_says_that_there_is_none_that_would_replace_it():
    """Also of one that was for another product than what is billed."""
    customer = {"id": "cus_1", "discount": discount("di_c", forever(20), subscription=None)}
    other = forever(50) | {"applies_to": {"products": ["prod_b"]}}
    bills = [
        invoice("in_1", line("2025-01-01", "2025-02-01"), discounts=[discount("di_1", other)]),
        invoice("in_2", line("2025-02-01", "2025-03-01"), discounts=[customer["discount"]]),
    ]
    assert story(rebuilt(sub(), customer=customer, invoices=bills)) == [
        "2025-01-01 10 active inferred",
        "2025-02-01 8 active inferred",
    ]


def test_one_that_is_there_was_there_all_the_time_though_events_were_missed():
    """None comes back: a bill of another item than the one that has its own says nothing of it."""
    customer = {"id": "cus_1", "discount": discount("di_c", forever(20), subscription=None)}
    own = discount("di_1", forever(50), "2025-01-01", "2025-06-01", subscription_item="si_2")
    now = sub(item(), item("si_2", YEARLY, discounts=[own]))
    bill = invoice("in_1", line("2025-03-01", "2025-04-01"))
    of = evidence(now, at="2025-04-01", customer=customer, invoices=[bill])
    seen = sighting(of.subscription, (of.now, of.now), (day("2025-02-10"), day("2025-03-10")))
    assert story(rebuild(replace(of, observations=[seen])))[-2:] == [
        "2025-04-01 10 active observed",
        "2025-06-01 8 active assumed",
    ]


def test_one_that_waits_for_its_invoice_replaces_the_customers_too():
    customer = {"id": "cus_1", "discount": discount("di_c", forever(20), subscription=None)}
    waits = discount("di_1", off(1_00, duration="once"), "2025-03-10")
    bill = line("2025-04-01", "2025-05-01", discount_amounts=[{"amount": 100, "discount": waits}])
    made = rebuilt(sub(), customer=customer, invoices=[invoice("in_1", bill, discounts=[waits])])
    assert [(str(p.effective_at.date()), p.discount, p.discount_once) for p in points(made)] == [
        ("2025-01-01", 2_000_000, 0),
        ("2025-03-10", 0, 0),
        ("2025-04-01", 0, 1_000_000),
        ("2025-05-01", 2_000_000, 0),
    ]


def test_one_that_a_bill_of_nothing_used_up_replaces_the_customers_as_long_as_that_is_for():
    customer = {"id": "cus_1", "discount": discount("di_c", forever(20), subscription=None)}
    used = discount("di_1", off(1_00, duration="once"), "2025-03-10")
    free = line("2025-04-01", "2025-05-01", price("free", 0), item="si_2",
                discount_amounts=[{"amount": 0, "discount": used}])  # fmt: skip
    now = sub(item(of=YEARLY), item("si_2", price("free", 0)))
    made = rebuilt(now, customer=customer, invoices=[invoice("in_1", free, discounts=[used])])
    assert [(str(p.effective_at.date()), p.discount) for p in points(made)] == [
        ("2025-01-01", 24_000_000),
        ("2025-03-10", 0),
        ("2025-05-01", 24_000_000),
    ]


def test_one_that_a_bill_names_and_takes_off_no_line_is_not_used_up_by_it():
    """It is for another product, which the item becomes one of before the next bill."""
    once = discount("di_1", off(1_00, duration="once") | {"applies_to": {"products": ["prod_b"]}})
    bill = invoice("in_1", line("2025-01-01", "2026-01-01", YEARLY), discounts=[once])
    now = sub(item(of=price("other", 240_00, "year", product="prod_b")))
    assert {p.discount_once for p in points(rebuilt(now, at="2025-06-01", invoices=[bill]))} == {0}


def test_what_is_off_once_is_off_the_items_of_its_bill_alone():
    once = discount("di_1", forever(50) | {"duration": "once"})
    items = (item("si_1", price("m", 20_00)), item("si_2", YEARLY))
    bill = line("2025-02-01", "2025-03-01", price("m", 20_00),
                discount_amounts=[{"amount": 10_00, "discount": once}])  # fmt: skip
    made = rebuilt(sub(*items), invoices=[invoice("in_1", bill)])
    assert [p.discount_once for p in points(made, "si_1")] == [0, 10_000_000, 0]
    assert [p.discount_once for p in points(made, "si_2")] == [0]


def test_a_customers_discount_that_was_given_and_taken_away():
    given_ = discount("di_c", forever(20), "2025-12-05", subscription=None)
    events = [
        event("evt_1", "2025-12-05", given_, kind="customer.discount.created"),
        event("evt_2", "2025-12-20", given_, kind="customer.discount.deleted"),
    ]
    assert story(rebuilt(sub(), customer={"id": "cus_1"}, events=events)) == [
        "2025-01-01 10 active assumed",
        "2025-12-05 8 active assumed",
        "2025-12-20 10 active assumed",
    ]


def test_a_discount_goes_with_its_item():
    """The item is gone from the snapshot; that its discount is, too, says nothing of before."""
    own = item("si_2", price("q", 20_00), discounts=[discount("di_1", forever(50))])
    gone = event("evt_1", "2025-12-10", sub(), {"items": {"data": [item(), own]}})
    assert story(rebuilt(sub(), events=[gone]), "si_2") == [
        "2025-01-01 10 active assumed",
        "2025-12-10 0 ended observed",
    ]


@pytest.mark.parametrize("held", [discount("di_1", forever(50)), "di_1"])
def test_the_discount_of_an_item_that_is_gone_replaces_nothing(held):
    """Nor is anything known less well for it, where nobody tells more of it than its id."""
    customer = {"id": "cus_1", "discount": discount("di_c", forever(20), subscription=None)}
    own = item("si_2", price("q", 20_00), discounts=[held])
    gone = event("evt_1", "2025-12-10", sub(), {"items": {"data": [item(), own]}})
    assert story(rebuilt(sub(), events=[gone], customer=customer)) == [
        "2025-01-01 10 active assumed",
        "2025-12-10 8 active observed",
    ]


def test_a_deleted_coupon_that_one_bill_carried_was_for_once():
    bills = [
        invoice(
            f"in_{n}",
            line(
                f"2025-0{n}-01",
                f"2025-0{n + 1}-01",
                name=f"il_{n}",
                discount_amounts=[{"amount": 300, "discount": "di_gone"}] if n == 1 else [],
            ),
        )
        for n in (1, 2)
    ]
    assert [(p.discount, p.discount_once) for p in points(rebuilt(sub(), invoices=bills))] == [
        (0, 3_000_000),
        (0, 0),
    ]


def test_nothing_off_a_free_period_says_nothing_of_what_a_coupon_takes_off():
    free = line("2025-01-01", "2025-02-01", amount=0,
                discount_amounts=[{"amount": 0, "discount": "di_gone"}])  # fmt: skip
    made = rebuilt(with_discount("di_gone"), invoices=[invoice("in_1", free)])
    assert made.quarantined[0].reason == "what discount di_gone takes off is not known"


def test_a_customers_discount_may_be_older_than_the_subscription():
    old = discount("di_c", forever(20), "2024-06-01", subscription=None)
    bills = [
        invoice("in_1", line("2025-01-01", "2025-02-01", amount=0, name="il_1")),
        invoice("in_2", line("2025-02-01", "2025-03-01", name="il_2"), discounts=[old]),
    ]
    assert [p.discount for p in points(rebuilt(sub(), invoices=bills))] == [2_000_000] * 2


def test_a_customers_discount_that_was_over_before_the_subscription_began_was_never_on_it():
    over = discount("di_c", forever(20), "2024-06-01", "2024-12-01", subscription=None)
    gone = event("evt_1", "2025-12-05", over, kind="customer.discount.deleted")
    made = rebuilt(sub(), customer={"id": "cus_1"}, events=[gone])
    assert {p.discount for p in points(made)} == {0}


@pytest.mark.parametrize(("kind", "off"), [("deleted", 0), ("created", 2)])
def test_a_backdated_subscription_has_the_customers_of_the_day_on_which_it_was_made(kind, off):
    """Which was taken away, or given, since its service began: it is billed for all of that."""
    since = "2025-10-01" if kind == "deleted" else "2025-12-05"
    given_ = discount("di_c", forever(20), since, subscription=None)
    told = event("evt_1", "2025-12-05", given_, kind=f"customer.discount.{kind}")
    customer = {"id": "cus_1"} | ({"discount": given_} if off else {})
    now = sub(start="2025-11-01", created=day("2025-12-10"))
    made = rebuilt(now, customer=customer, events=[told])
    assert {p.discount for p in points(made)} == {off * 1_000_000}


def test_what_is_off_once_counts_for_the_bill_that_it_took_something_off():
    """An invoice names all its discounts, those too that none of its lines is eligible for."""
    once = discount("di_1", off(3_00, duration="once"))
    bills = [
        invoice("in_1", line("2025-01-01", "2025-02-01", name="il_1"), discounts=[once]),
        invoice("in_2", line("2025-02-01", "2025-03-01", name="il_2",
                             discount_amounts=[{"amount": 3_00, "discount": "di_1"}]),
                discounts=[once]),
    ]  # fmt: skip
    made = points(rebuilt(sub(), invoices=bills))
    assert [(p.effective_at.month, p.discount_once) for p in made] == [
        (1, 0), (2, 3_000_000), (3, 0),
    ]  # fmt: skip
