"""The life of a subscription: one rule a test, with figures computed by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
    proration,
    rebuilt,
    story,
    sub,
    tiered,
    when,
)

from tenure_connectors.stripe.events import sighting
from tenure_connectors.stripe.timeline import rebuild

SMALL, BIG = price("small", 10_00), price("big", 30_00)
YEARLY = price("yearly", 240_00, "year")


def month(n, of=SMALL, quantity=1, **more):
    """The line of the n-th month of 2025."""
    following = f"2025-{n + 1:02d}-01" if n < 12 else "2026-01-01"
    name = more.pop("name", f"il_{n}{more.get('item', '')}")
    return line(f"2025-{n:02d}-01", following, of, quantity=quantity, name=name, **more)


def bill(n, *lines, **more):
    return invoice(f"in_{n:02d}", *(lines or [month(n)]), **more)


def ends(made, name="si_1"):
    """When an end was asked for, and for when."""
    asked = [(when(p.effective_at), p.ends_at and when(p.ends_at)) for p in points(made, name)]
    return [one for n, one in enumerate(asked) if one[1] != (asked[n - 1][1] if n else None)]


# --- the current state and invoices


def test_without_any_evidence_the_current_state_is_projected_back():
    made = rebuilt(sub(item(of=SMALL, quantity=3), start="2024-05-02"))
    assert story(made) == ["2024-05-02 30 active assumed"]
    assert (points(made)[0].quantity, points(made)[0].source_ref) == (3_000_000, "sub_1")


def test_an_invoice_says_what_was_sold_from_the_start_of_its_period():
    made = rebuilt(sub(item(of=BIG)), invoices=[bill(1), bill(2), bill(3, month(3, BIG))])
    assert story(made) == ["2025-01-01 10 active inferred", "2025-03-01 30 active inferred"]
    assert [p.source_ref for p in points(made)] == ["in_01/il_1", "in_03/il_3"]


def test_a_change_that_no_invoice_has_seen_yet_is_assumed_to_follow_the_last_one():
    made = rebuilt(sub(item(of=BIG)), at="2025-02-20", invoices=[bill(1), bill(2)])
    assert story(made)[1:] == ["2025-02-01 00:00:01 30 active assumed"]


def test_plan_and_product_have_the_names_that_people_gave_them():
    named = SMALL | {"nickname": "Small"}
    made = rebuilt(sub(item(of=named)), products=[{"id": "prod_a", "name": "Boxes"}])
    assert (points(made)[0].plan, points(made)[0].product) == ("Small", "Boxes")
    nameless = rebuilt(sub(item(of=SMALL)))
    assert (points(nameless)[0].plan, points(nameless)[0].product) == ("small", "prod_a")


def test_what_is_billed_once_is_left_out():
    setup = line("2025-01-01", "2025-01-01", amount=500_00, name="il_x", type="invoiceitem")
    made = rebuilt(sub(item(of=SMALL)), invoices=[bill(1, month(1), setup)])
    assert story(made) == ["2025-01-01 10 active inferred"]


def test_lines_of_another_subscription_are_left_out():
    other = month(1, BIG, subscription="sub_2", name="il_x")
    made = rebuilt(sub(item(of=SMALL)), invoices=[bill(1, month(1), other)])
    assert story(made) == ["2025-01-01 10 active inferred"]


def test_a_graduated_price_has_a_line_for_each_tier_and_fees_without_quantity():
    of = tiered("graduated", (5, 100, None), (None, 80, 500))
    tiers = [
        month(1, of, 5, amount=500, name="il_1"),
        month(1, of, 3, amount=240, name="il_2"),
        month(1, of, 0, amount=500, name="il_3"),
    ]
    made = rebuilt(sub(item(of=of, quantity=8)), invoices=[bill(1, *tiers)])
    assert story(made) == ["2025-01-01 12.4 active inferred"]
    assert points(made)[0].quantity == 8_000_000


def test_where_the_tiers_are_not_known_the_invoice_says_the_amount():
    of = tiered("volume") | {"tiers": None}
    made = rebuilt(sub(item(of=of, quantity=8)), invoices=[bill(1, month(1, of, 8, amount=777))])
    assert story(made) == ["2025-01-01 7.77 active inferred"]


def test_an_item_that_cannot_be_priced_is_quarantined_and_the_others_stay():
    made = rebuilt(sub(item(of=SMALL), item("si_2", price("odd", None))))
    assert story(made) == ["2025-01-01 10 active assumed"]
    assert [(q.source_ref, q.reason) for q in made.quarantined] == [
        ("sub_1/si_2", "price odd has no unit amount")
    ]
    assert made.quarantined[0].raw.startswith('{"id":"si_2","price":{"id":"odd"')


def test_points_that_could_be_read_are_kept_of_an_item_that_is_not_complete():
    made = rebuilt(sub(item(of=price("odd", None))), invoices=[bill(1)])
    assert story(made) == ["2025-01-01 10 active inferred"]
    assert [one.complete for one in made.subscription.items] == [False]


def test_tax_in_the_price_is_taken_out_by_the_lines():
    taxed = month(1, tax_amounts=[{"amount": 160, "inclusive": True}])
    made = rebuilt(sub(item(of=SMALL)), invoices=[bill(1, taxed)])
    assert points(made)[0].amount == 8_400_000


def test_tax_on_top_of_the_price_is_not():
    taxed = month(1, tax_amounts=[{"amount": 160, "inclusive": False}])
    made = rebuilt(sub(item(of=SMALL)), invoices=[bill(1, taxed)])
    assert points(made)[0].amount == 10_000_000


def test_two_currencies_on_one_subscription_stay_apart():
    euro = item("si_2", price("euro", 20_00, currency="eur"))
    made = rebuilt(sub(item(of=SMALL), euro, currency=None))
    assert [points(made, name)[0].currency for name in ("si_1", "si_2")] == ["USD", "EUR"]


# --- changes


def test_g21_a_proration_dates_a_change_and_is_no_amount():
    of = price("seat", 10_00)
    added = [
        proration("2025-06-15", "2025-07-01", of, -5_00, 1, name="il_a"),
        proration("2025-06-15", "2025-07-01", of, 10_00, 2, name="il_b"),
    ]
    made = rebuilt(
        sub(item(of=of, quantity=2), start="2025-06-01"),
        at="2025-06-20",
        invoices=[bill(6, month(6, of))],
        invoice_items=[one | {"id": one["id"].replace("il", "ii")} for one in added],
    )
    assert story(made) == ["2025-06-01 10 active inferred", "2025-06-15 20 active inferred"]
    assert mrr(made, "2025-06-15") - mrr(made, "2025-06-14") == 10_000_000


def test_a_change_without_proration_is_known_by_the_next_invoice():
    made = rebuilt(
        sub(item(of=SMALL, quantity=5)), invoices=[bill(1), bill(2, month(2, quantity=5))]
    )
    assert story(made)[1:] == ["2025-02-01 50 active inferred"]


def test_a_credit_says_what_was_before():
    """Nothing dates the change from 1 to 3; the one from 3 to 4 says that it was 3."""
    change = [
        proration("2025-01-20", "2025-02-01", SMALL, -12_00, 3, name="il_a"),
        proration("2025-01-20", "2025-02-01", SMALL, 16_00, 4, name="il_b"),
    ]
    made = rebuilt(
        sub(item(of=SMALL, quantity=4)), invoices=[bill(1), bill(2, *change, month(2, quantity=4))]
    )
    assert story(made) == [
        "2025-01-01 10 active inferred",
        "2025-01-01 00:00:01 30 active assumed",
        "2025-01-20 40 active inferred",
    ]


def test_a_switch_from_month_to_year_is_two_prorations():
    switch = [
        proration("2025-01-15", "2025-02-01", SMALL, -5_48, name="il_a"),
        proration("2025-01-15", "2026-01-15", YEARLY, 240_00, name="il_b"),
    ]
    made = rebuilt(sub(item(of=YEARLY)), invoices=[bill(1), bill(2, *switch)])
    assert story(made) == ["2025-01-01 10 active inferred", "2025-01-15 240 active inferred"]
    assert mrr(made, "2025-02-01") == 20_000_000


def test_g42_an_item_that_is_taken_out():
    gone = proration(
        "2025-03-10", "2025-04-01", price("m", 20_00), -14_00, item="si_2", name="il_c"
    )
    made = rebuilt(
        sub(item(of=price("y", 1200_00, "year"))),
        at="2025-05-05",
        invoices=[
            bill(1, line("2025-01-01", "2026-01-01", price("y", 1200_00, "year")),
                 month(1, price("m", 20_00), item="si_2")),
            bill(2, month(2, price("m", 20_00), item="si_2")),
            bill(3, month(3, price("m", 20_00), item="si_2"), gone),
        ],
    )  # fmt: skip
    assert (mrr(made, "2025-03-09"), mrr(made, "2025-03-10")) == (120_000_000, 100_000_000)
    assert story(made, "si_2")[-1] == "2025-03-10 0 ended inferred"
    assert points(made, "si_2")[-1].cause == "requested"


def test_an_item_that_is_gone_without_a_trace_was_not_renewed():
    invoices = [bill(1, month(1), month(1, BIG, item="si_2")), bill(2), bill(3)]
    made = rebuilt(sub(item(of=SMALL)), invoices=invoices)
    assert story(made, "si_2") == ["2025-01-01 30 active inferred", "2025-02-01 0 ended inferred"]


def test_an_item_that_is_gone_may_have_been_billed_by_a_proration_last():
    switch = proration("2025-01-15", "2026-01-15", YEARLY, 240_00, item="si_2", name="il_s")
    invoices = [bill(1, month(1), month(1, item="si_2")), bill(2, month(2), switch), bill(3)]
    assert story(rebuilt(sub(item(of=SMALL)), invoices=invoices), "si_2")[1] == (
        "2025-01-15 240 active inferred"
    )


def test_an_item_that_only_a_credit_knows_was_not_there_at_the_last_renewal():
    gone = proration("2025-02-20", "2025-03-01", BIG, -9_00, item="si_2", name="il_c")
    made = rebuilt(sub(item(of=SMALL)), invoices=[bill(1), bill(2), bill(3, month(3), gone)])
    assert story(made, "si_2") == [
        "2025-02-01 00:00:01 30 active assumed",
        "2025-02-20 0 ended inferred",
    ]


def test_an_item_that_was_added_began_when_it_was_made():
    late = item("si_2", BIG, created=day("2025-03-10"))
    made = rebuilt(sub(item(of=SMALL, created=day("2025-01-01", 2)), late))
    assert [story(made, name)[0] for name in ("si_1", "si_2")] == [
        "2025-01-01 10 active assumed",
        "2025-03-10 30 active assumed",
    ]


def test_a_backdated_subscription_began_before_it_was_made():
    back = sub(item(of=SMALL, created=day("2025-03-01")), created=day("2025-03-01"))
    assert story(rebuilt(back)) == ["2025-01-01 10 active assumed"]


# --- events


def test_what_an_event_saw_is_observed_and_goes_before_what_an_invoice_says():
    change = event("evt_1", "2025-12-10", sub(item(of=BIG)), {"items": {"data": [item(of=SMALL)]}})
    made = rebuilt(sub(item(of=BIG)), events=[change], invoices=[bill(11), bill(12)])
    assert story(made) == [
        "2025-01-01 10 active assumed",
        "2025-11-01 10 active inferred",
        "2025-12-10 30 active observed",
    ]
    assert points(made)[-1].source_ref == "evt_1"


def test_a_change_is_of_its_proration_date_though_the_event_comes_later():
    moved = [
        proration("2025-12-05", "2026-01-01", SMALL, -8_00, name="ii_a"),
        proration("2025-12-05", "2026-01-01", BIG, 24_00, name="ii_b"),
    ]
    change = event("evt_1", "2025-12-10", sub(item(of=BIG)), {"items": {"data": [item(of=SMALL)]}})
    made = rebuilt(
        sub(item(of=BIG), start="2025-12-01"),
        events=[change],
        invoices=[bill(12)],
        invoice_items=moved,
    )
    assert story(made) == [
        "2025-12-01 10 active inferred",
        "2025-12-05 30 active inferred",
        "2025-12-10 30 active observed",
    ]


def test_a_subscription_that_only_events_know():
    new = event("evt_1", "2025-01-01", sub(item(of=SMALL)), kind="customer.subscription.created")
    over = sub(item(of=SMALL), status="canceled", ended_at=day("2025-01-20"))
    gone = event("evt_2", "2025-01-20", over, {"status": "active"}, "customer.subscription.deleted")
    made = rebuilt(None, events=[new, gone])
    assert story(made) == ["2025-01-01 10 active observed", "2025-01-20 0 ended observed"]


def test_of_nothing_but_an_id_nothing_is_made_up():
    made = rebuilt(None)
    assert (made.subscription, made.quarantined[0].source_ref) == (None, "sub_1")


# --- ends


def test_g37_an_end_is_asked_for_before_it_comes():
    now = sub(
        item(of=price(amount=100_00), current_period_end=day("2025-06-15")),
        cancel_at_period_end=True,
        canceled_at=day("2025-05-20"),
    )
    made = rebuilt(now, at="2025-06-01")
    assert ends(made) == [("2025-05-20", "2025-06-15"), ("2025-06-15", None)]
    assert story(made) == [
        "2025-01-01 100 active assumed",
        "2025-05-20 100 active assumed",
        "2025-06-15 0 ended assumed",
    ]
    assert points(made)[-1].cause == "requested"


def test_the_end_is_the_same_once_it_has_come():
    over = {"canceled_at": day("2025-05-20"), "ended_at": day("2025-06-15")}
    made = rebuilt(sub(item(of=SMALL), status="canceled", **over))
    assert ends(made) == [("2025-05-20", "2025-06-15"), ("2025-06-15", None)]


def test_an_end_that_was_asked_for_and_taken_back():
    now = sub(item(of=SMALL))
    asked = now | {"cancel_at": day("2026-01-01"), "canceled_at": day("2025-12-10")}
    events = [
        event("evt_1", "2025-12-10", asked, {"cancel_at": None, "canceled_at": None}),
        event("evt_2", "2025-12-20", now, {k: asked[k] for k in ("cancel_at", "canceled_at")}),
    ]
    made = rebuilt(now, events=events)
    assert ends(made) == [("2025-12-10", "2026-01-01"), ("2025-12-20", None)]
    assert points(made)[-1].state == "active"


def test_items_of_several_intervals_end_with_the_longest():
    items = (
        item(of=SMALL, current_period_end=day("2025-07-01")),
        item("si_2", YEARLY, current_period_end=day("2026-01-01")),
    )
    now = sub(*items, cancel_at_period_end=True, canceled_at=day("2025-06-10"))
    assert story(rebuilt(now, at="2025-06-20"))[-1] == "2026-01-01 0 ended assumed"


@pytest.mark.parametrize(
    ("reason", "cause"),
    [("cancellation_requested", "requested"), ("payment_failed", "payment_failed"),
     ("payment_disputed", "payment_failed"), (None, "other")],
)  # fmt: skip
def test_why_it_ended(reason, cause):
    at = day("2025-03-10")
    over = {"canceled_at": at, "ended_at": at, "cancellation_details": {"reason": reason}}
    made = rebuilt(sub(item(of=SMALL), status="canceled", **over))
    assert story(made)[-1] == "2025-03-10 0 ended observed"
    assert points(made)[-1].cause == cause
    assert ends(made) == []


def test_a_fixed_term_is_asked_for_by_nobody():
    made = rebuilt(sub(item(of=SMALL), cancel_at=day("2026-06-01")))
    assert ends(made) == []
    assert story(made)[-1] == "2026-06-01 0 ended assumed"


def test_an_item_that_no_event_saw_added_is_there_since_it_was_made():
    late = item("si_2", BIG, created=day("2025-12-10"))
    before = event("evt_1", "2025-12-05", sub(item(of=SMALL)))
    first = bill(12, line("2025-12-20", "2026-01-20", BIG, item="si_2"))
    made = rebuilt(sub(item(of=SMALL), late), events=[before], invoices=[first])
    assert story(made, "si_2")[:2] == [
        "2025-12-10 30 active assumed",
        "2025-12-20 30 active inferred",
    ]


# --- what it does meanwhile


def test_a_trial_ends_by_itself():
    now = sub(
        item(of=SMALL),
        status="trialing",
        trial_start=day("2025-01-01"),
        trial_end=day("2025-02-01"),
    )
    assert story(rebuilt(now, at="2025-01-10")) == [
        "2025-01-01 10 trial assumed",
        "2025-02-01 10 active assumed",
    ]


def test_a_trial_that_is_over():
    now = sub(item(of=SMALL), trial_start=day("2025-01-01"), trial_end=day("2025-02-01"))
    free = bill(
        1, month(1, amount=0, description="Trial period"), billing_reason="subscription_create"
    )
    assert story(rebuilt(now, invoices=[free, bill(2)])) == [
        "2025-01-01 10 trial inferred",
        "2025-02-01 10 active inferred",
    ]


def test_a_trial_that_was_ended_and_no_event_saw_it_never_becomes_active():
    trial = {"trial_start": day("2025-12-01"), "trial_end": day("2025-12-20")}
    began = sub(item(of=SMALL), start="2025-12-01", status="trialing", **trial)
    over = {"canceled_at": day("2025-12-10"), "ended_at": day("2025-12-10")}
    made = event("evt_1", "2025-12-01", began, kind="customer.subscription.created")
    free = invoice("in_1", line("2025-12-01", "2025-12-20", SMALL, 0))
    now = began | over | {"status": "canceled"}
    assert story(rebuilt(now, events=[made], invoices=[free])) == [
        "2025-12-01 10 trial observed",
        "2025-12-10 0 ended observed",
    ]


def test_a_trial_was_to_become_active_while_events_were_missed_and_did_not():
    paused = {"trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}}
    trial = {"trial_start": day("2025-12-01"), "trial_end": day("2025-12-20")} | paused
    began = sub(item(of=SMALL), start="2025-12-01", status="trialing", **trial)
    of = evidence(
        began | {"status": "paused"},
        at="2026-01-31",
        invoices=[invoice("in_1", line("2025-12-01", "2025-12-20", SMALL, 0))],
        events=[event("evt_1", "2025-12-01", began, kind="customer.subscription.created")],
    )
    seen = sighting(of.subscription, (of.now, of.now), (day("2025-12-05"), day("2026-01-02")))
    assert story(rebuild(replace(of, observations=[*of.observations, seen]))) == [
        "2025-12-01 10 trial observed",
        "2025-12-20 10 paused inferred",
        "2026-01-31 10 paused observed",
    ]


@pytest.mark.parametrize("was_read", [1, 3])
def test_what_changed_while_everything_was_read_is_known_from_its_event(was_read):
    """It says nothing of that time that it was read before the change, or after it."""
    grown = event("evt_2", "2026-02-02", sub(item(of=SMALL, quantity=3)),
                  {"items": {"data": [item(of=SMALL)]}})  # fmt: skip
    first = event("evt_1", "2025-12-01", sub(item(of=SMALL)))
    of = evidence(sub(item(of=SMALL, quantity=3)), at="2026-02-10", events=[first, grown])
    read = evidence(sub(item(of=SMALL, quantity=was_read))).subscription
    between = (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 3, tzinfo=UTC))
    seen = sighting(read, between, (day("2025-12-05"), day("2026-01-04")))
    assert story(rebuild(replace(of, observations=[*of.observations, seen]))) == [
        "2025-01-01 10 active assumed",
        "2025-12-01 10 active observed",
        "2026-02-02 30 active observed",
    ]


def test_a_trial_whose_end_was_moved():
    now = sub(item(of=SMALL), trial_start=day("2025-01-01"), trial_end=day("2025-02-15"))
    first = bill(1, month(1, amount=0), billing_reason="subscription_create")
    paid = invoice("in_2", line("2025-02-15", "2025-03-15", SMALL, name="il_2"))
    assert story(rebuilt(now, invoices=[first, paid])) == [
        "2025-01-01 10 trial inferred",
        "2025-02-15 10 active inferred",
    ]


def test_a_trial_without_a_payment_method_may_end_in_a_pause():
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    trial = {"trial_start": day("2025-01-01"), "trial_end": day("2025-02-01")}
    now = sub(item(of=SMALL), status="paused", trial_settings=settings, **trial)
    free = bill(1, month(1, amount=0), billing_reason="subscription_create")
    assert story(rebuilt(now, invoices=[free])) == [
        "2025-01-01 10 trial inferred",
        "2025-02-01 10 paused inferred",
    ]


def test_a_free_plan_is_no_trial():
    made = rebuilt(sub(item(of=price(amount=0))), invoices=[bill(1, month(1, price(amount=0)))])
    assert story(made) == ["2025-01-01 0 active inferred"]


def void(n):
    return bill(n, status="void", status_transitions={"voided_at": day(f"2025-{n:02d}-01", 3600)})


def written_off(n, days):
    at = day(f"2025-{n:02d}-{1 + days:02d}", 3600)
    return bill(
        n,
        status="uncollectible",
        status_transitions={"marked_uncollectible_at": at},
        attempt_count=0,
    )


def test_g41_a_pause_is_known_from_the_voided_invoices():
    made = rebuilt(sub(item(of=price(amount=100_00))), invoices=[
        *(bill(n, month(n, price(amount=100_00))) for n in (1, 2, 5)),
        *(void(n) | {"lines": {"data": [month(n, price(amount=100_00))]}} for n in (3, 4)),
    ])  # fmt: skip
    assert [mrr(made, f"2025-0{n}-01") // 1_000_000 for n in range(2, 6)] == [100, 0, 0, 100]
    assert story(made) == [
        "2025-01-01 100 active inferred",
        "2025-03-01 100 paused inferred",
        "2025-05-01 100 active inferred",
    ]


@pytest.mark.parametrize(("days", "state"), [(0, "paused"), (20, "active")])
def test_an_invoice_that_is_written_off_at_once_was_paused(days, state):
    made = rebuilt(sub(item(of=SMALL)), invoices=[bill(1), written_off(2, days), bill(3)])
    assert [p.state for p in points(made)] == (
        ["active", "paused", "active"] if days == 0 else ["active"]
    )
    assert state in {p.state for p in points(made)}


@pytest.mark.parametrize(
    ("reason", "states"),
    [("subscription_paused", ["active", "paused", "active"]), ("user_forgiven", ["active"])],
)
def test_an_invoice_that_was_written_off_says_why_since_2026(reason, states):
    told = {"status_details": {"uncollectible": {"reason": reason}}}
    made = rebuilt(sub(item(of=SMALL)), invoices=[bill(1), written_off(2, 0) | told, bill(3)])
    assert [p.state for p in points(made)] == states


def test_g22_nothing_billed_for_two_months_is_a_pause():
    made = rebuilt(
        sub(item(of=price(amount=75_00)), start="2025-01-01"),
        invoices=[
            *(bill(n, month(n, price("p", 50_00))) for n in (1, 4, 5)),
            *(bill(n, month(n, price(amount=75_00))) for n in (6, 7)),
        ],
    )
    assert story(made) == [
        "2025-01-01 50 active inferred",
        "2025-02-01 50 paused inferred",
        "2025-04-01 50 active inferred",
        "2025-06-01 75 active inferred",
    ]


def test_what_a_credit_gives_back_was_no_pause_until_then():
    """The year was never billed, as it was added without proration; its credit says it ran."""
    switch = [
        proration("2025-06-10", "2026-01-01", YEARLY, -130_00, item="si_2", name="il_a"),
        proration("2025-06-10", "2025-07-01", BIG, 20_00, item="si_2", name="il_b"),
    ]
    made = rebuilt(
        sub(item("si_2", BIG, created=day("2025-01-20"))),
        at="2025-06-20",
        invoices=[bill(1), bill(2), bill(6, *switch)],
    )
    assert {p.state for p in points(made, "si_2")} == {"active"}


def test_invoices_that_stay_drafts_are_a_pause_that_counts():
    left = bill(2, status="draft", status_transitions=None, attempt_count=0)
    made = rebuilt(sub(item(of=SMALL)), invoices=[bill(1), left, bill(3)])
    assert [p.state for p in points(made)] == ["active", "paused_draft", "active"]
    assert mrr(made, "2025-02-10") == 10_000_000


@pytest.mark.parametrize(
    ("behavior", "state"),
    [("void", "paused"), ("mark_uncollectible", "paused"), ("keep_as_draft", "paused_draft")],
)
def test_a_pause_that_resumes_by_itself(behavior, state):
    pause = {"behavior": behavior, "resumes_at": day("2026-02-01")}
    paused = sub(item(of=SMALL), pause_collection=pause)
    began = event("evt_1", "2025-12-10", paused, {"pause_collection": None})
    assert story(rebuilt(paused, events=[began])) == [
        "2025-01-01 10 active assumed",
        f"2025-12-10 10 {state} observed",
        "2026-02-01 10 active assumed",
    ]


def test_a_draft_that_was_just_made_says_nothing_of_a_pause():
    new = bill(2, status="draft", status_transitions=None, attempt_count=0, auto_advance=True)
    paused = sub(item(of=SMALL), pause_collection={"behavior": "keep_as_draft"})
    late = event("evt_1", day("2025-02-01", 60), paused, {"quantity": 2})
    made = rebuilt(paused, at="2025-02-01", invoices=[bill(1), new], events=[late])
    assert {p.state for p in points(made) if when(p.effective_at) >= "2025-02"} == {"paused_draft"}


@pytest.mark.parametrize(("ended", "states"), [
    (day("2025-02-01", 1800), ["active", "ended"]),
    (day("2025-02-20"), ["active", "paused_draft", "ended"]),
])  # fmt: skip
def test_a_draft_that_the_end_of_its_subscription_left_behind_says_nothing_of_a_pause(
    ended, states
):
    left = bill(2, status="draft", status_transitions=None, attempt_count=0)
    over = sub(item(of=SMALL), status="canceled", ended_at=ended, canceled_at=ended)
    made = rebuilt(over, invoices=[bill(1), left])
    assert [p.state for p in points(made)] == states


def test_a_bill_of_usage_alone_says_that_collection_was_paused_when_it_was_made():
    """A plan by the quarter beside usage by the month: each month's bill was collected, or not."""
    plan = price("price_q", 30_00, count=3)
    calls = price("price_c", 1, usage_type="metered")
    items = item(of=plan), item("si_c", calls, None)
    usage = [
        line(f"2025-0{n - 1}-01", f"2025-0{n}-01", calls, 500, 500, item="si_c", name=f"il_{n}")
        for n in (2, 3, 4)
    ]
    bills = [
        invoice("in_1", line("2025-01-01", "2025-04-01", plan, name="il_1")),
        bill(2, usage[0], created=day("2025-02-01", 40)),
        void(3) | {"lines": {"data": [usage[1]]}, "created": day("2025-03-01", 40)},
        bill(4, usage[2], line("2025-04-01", "2025-07-01", plan, name="il_5")),
    ]
    assert story(rebuilt(sub(*items), invoices=bills)) == [
        "2025-01-01 30 active inferred",
        "2025-03-01 30 paused inferred",
        "2025-04-01 30 active inferred",
    ]


def test_payments_that_failed_for_a_while():
    late = {"finalized_at": day("2025-02-01"), "paid_at": day("2025-02-09")}
    made = rebuilt(
        sub(item(of=SMALL)),
        invoices=[bill(1), bill(2, attempt_count=3, status_transitions=late), bill(3)],
    )
    assert story(made) == [
        "2025-01-01 10 active inferred",
        "2025-02-01 10 past_due inferred",
        "2025-02-09 10 active inferred",
    ]


def test_a_renewal_while_it_is_past_due_changes_nothing():
    unpaid = {"finalized_at": day("2025-02-01"), "paid_at": day("2025-03-09")}
    second = {"finalized_at": day("2025-03-01"), "paid_at": day("2025-03-09")}
    invoices = [
        bill(1),
        bill(2, attempt_count=3, status_transitions=unpaid),
        bill(3, attempt_count=2, status_transitions=second),
    ]
    made = rebuilt(sub(item(of=SMALL)), invoices=invoices)
    assert [(when(p.effective_at), p.state) for p in points(made)][1:] == [
        ("2025-02-01", "past_due"),
        ("2025-03-09", "active"),
    ]


def test_unpaid_is_a_draft_while_an_invoice_is_owed():
    owed = bill(
        2, status="open", attempt_count=4, status_transitions={"finalized_at": day("2025-02-01")}
    )
    left = bill(3, status="draft", status_transitions={}, attempt_count=0)
    made = rebuilt(
        sub(item(of=SMALL), status="unpaid"), at="2025-03-20", invoices=[bill(1), owed, left]
    )
    assert story(made)[1:] == ["2025-02-01 10 past_due inferred", "2025-03-01 10 unpaid inferred"]
    assert points(made)[-1].cause == "payment_failed"
    assert mrr(made, "2025-03-02") == 0


def test_how_long_it_has_been_past_due_is_said_of_an_item_that_came_later():
    owed = bill(
        2, status="open", attempt_count=2, status_transitions={"finalized_at": day("2025-02-01")}
    )
    late = item("si_2", BIG, created=day("2025-02-10"))
    made = rebuilt(
        sub(item(of=SMALL), late, status="past_due"), at="2025-02-20", invoices=[bill(1), owed]
    )
    assert when(points(made, "si_2")[0].state_since) == "2025-02-01"


@pytest.mark.parametrize(
    ("at", "last"),
    [
        ("2025-02-20", "2025-02-15 10 past_due inferred"),
        ("2025-02-10", "2025-01-01 10 active inferred"),
    ],
)
def test_an_invoice_that_is_sent_is_late_after_its_due_date(at, last):
    sent = bill(
        2,
        status="open",
        collection_method="send_invoice",
        due_date=day("2025-02-15"),
        status_transitions={"finalized_at": day("2025-02-01")},
        attempt_count=0,
    )
    now = sub(item(of=SMALL), status="past_due" if at > "2025-02-15" else "active")
    assert story(rebuilt(now, at=at, invoices=[bill(1), sent]))[-1] == last


def test_an_invoice_that_is_late_after_the_next_was_made_changes_nothing():
    """A subscription is what its latest invoice is."""
    sent = {"collection_method": "send_invoice", "attempt_count": 0}
    late = {"finalized_at": day("2025-02-01"), "paid_at": day("2025-03-20")}
    good = {"finalized_at": day("2025-03-01"), "paid_at": day("2025-03-05")}
    invoices = [
        bill(1),
        bill(2, due_date=day("2025-03-10"), status_transitions=late, **sent),
        bill(3, due_date=day("2025-04-10"), status_transitions=good, **sent),
    ]
    assert story(rebuilt(sub(item(of=SMALL)), invoices=invoices)) == [
        "2025-01-01 10 active inferred"
    ]


def test_incomplete_until_the_first_payment():
    paid = {"finalized_at": day("2025-01-01"), "paid_at": day("2025-01-01", 7200)}
    first = bill(1, billing_reason="subscription_create", status_transitions=paid)
    assert story(rebuilt(sub(item(of=SMALL)), invoices=[first])) == [
        "2025-01-01 10 incomplete inferred",
        "2025-01-01 02:00:00 10 active inferred",
    ]


def test_a_first_payment_that_never_came():
    over = {"ended_at": day("2025-01-01", 82800), "canceled_at": day("2025-01-01", 82800)}
    made = rebuilt(sub(item(of=SMALL), status="incomplete_expired", **over))
    assert story(made) == [
        "2025-01-01 10 incomplete assumed",
        "2025-01-01 23:00:00 0 ended observed",
    ]
    assert points(made)[-1].cause == "payment_failed"


def test_one_subscription_after_the_other_is_two():
    """Joining what a customer cancels and takes up anew is the policy's business."""
    over = sub(item(of=SMALL), status="canceled", ended_at=day("2025-03-01"))
    following = sub(item("si_9", BIG), start="2025-03-01") | {"id": "sub_2"}
    assert story(rebuilt(over))[-1] == "2025-03-01 0 ended observed"
    assert story(rebuilt(following, id="sub_2"), "si_9") == ["2025-03-01 30 active assumed"]


# --- schedules


def phase(start, end, *items, **more):
    return {"start_date": day(start), "end_date": day(end), "items": list(items)} | more


def schedule(*phases, **more):
    told = {"id": "sub_sched_1", "status": "active", "end_behavior": "release", "customer": "cus_1"}
    return told | {"phases": list(phases)} | more


NOW = phase("2025-01-01", "2026-01-01", {"price": "small", "quantity": 1})


def planned(*phases, **more):
    listed = [SMALL, BIG, YEARLY]
    return rebuilt(sub(item(of=SMALL)), prices=listed, schedule=schedule(NOW, *phases, **more))


def test_a_phase_to_come_changes_quantity_and_price():
    more = phase("2026-01-01", "2027-01-01", {"price": "small", "quantity": 5})
    dear = phase("2027-01-01", "2028-01-01", {"price": "big", "quantity": 5})
    made = planned(more, dear)
    assert story(made)[1:] == ["2026-01-01 50 active assumed", "2027-01-01 150 active assumed"]
    assert points(made)[-1].source_ref == "sub_sched_1"


def test_a_phase_to_come_adds_and_takes_out():
    two = phase("2026-01-01", "2027-01-01", {"price": "small"}, {"price": "big"})
    one = phase("2027-01-01", "2028-01-01", {"price": "small"})
    made = planned(two, one)
    assert story(made, "sub_sched_1/big") == [
        "2026-01-01 30 active assumed",
        "2027-01-01 0 ended assumed",
    ]


def test_a_schedule_that_cancels_ends_with_its_last_phase():
    made = planned(end_behavior="cancel")
    assert story(made)[-1] == "2026-01-01 0 ended assumed"
    assert (points(made)[-1].cause, ends(made)) == ("other", [])


def test_what_was_planned_and_canceled_is_not_to_come():
    more = phase("2026-01-01", "2027-01-01", {"price": "small", "quantity": 5})
    assert len(story(planned(more, status="canceled"))) == 1


def test_a_schedule_that_has_not_begun_is_a_subscription_to_come():
    future = schedule(phase("2026-03-01", "2027-03-01", {"price": "big"}), status="not_started")
    made = rebuilt(None, id="sub_sched_1", schedule=future, prices=[BIG])
    assert made.subscription.customer == "cus_1"
    assert story(made, "sub_sched_1/big") == ["2026-03-01 30 active assumed"]


# --- usage


METERED = price("metered", None, usage_type="metered", unit_amount_decimal="0.5")


def used(n, amount, quantity):
    """Billed in arrears, with the renewal of the month after."""
    return month(n, METERED, quantity, amount=amount, item="si_2")


def test_usage_is_a_point_at_the_end_of_each_period():
    invoices = [bill(1), bill(2, month(2), used(1, 12_50, 2500)), bill(3, month(3), used(2, 0, 0))]
    made = rebuilt(sub(item(of=SMALL), item("si_2", METERED, None)), invoices=invoices)
    assert story(made, "si_2") == [
        "2025-02-01 12.5 active inferred",
        "2025-03-01 0 active inferred",
    ]
    assert points(made, "si_2")[0].quantity == 2_500_000_000
    assert [one.kind for one in made.subscription.items] == ["licensed", "usage"]
    assert mrr(made, "2025-02-10") == 10_000_000


def test_usage_ends_with_its_subscription():
    over = sub(item("si_2", METERED, None), status="canceled", ended_at=day("2025-03-10"))
    made = rebuilt(over, invoices=[bill(2, used(1, 12_50, 2500))])
    assert story(made, "si_2") == ["2025-02-01 12.5 active inferred", "2025-03-10 0 ended observed"]


def test_the_end_of_usage_is_assumed_as_long_as_it_is_to_come():
    """No bill says as much, and the next one has to take it back if it does not come."""
    now = sub(item("si_2", METERED, None), cancel_at=day("2025-04-01"))
    made = rebuilt(now, at="2025-03-10", invoices=[bill(2, used(1, 12_50, 2500))])
    assert story(made, "si_2") == ["2025-02-01 12.5 active inferred", "2025-04-01 0 ended assumed"]


def test_usage_ends_when_its_item_is_taken_out():
    gone = event("evt_1", "2025-12-10", sub(), {"items": {"data": [item(), item("si_2", METERED)]}})
    made = rebuilt(sub(), invoices=[bill(2, used(1, 12_50, 2500))], events=[gone])
    assert story(made, "si_2")[-1] == "2025-12-10 0 ended observed"


def test_usage_that_was_never_billed_is_no_point_and_no_loss():
    made = rebuilt(sub(item("si_2", METERED, None)))
    assert points(made, "si_2") == []
    assert made.quarantined == []


# --- shapes, and what is left out


def test_before_there_were_items_the_subscription_was_its_own():
    """2013: a plan and a quantity, `start`, and lines that are named after the subscription."""
    plan = {"id": "gold", "name": "Gold", "amount": 900, "currency": "usd", "interval": "month",
            "interval_count": 1}  # fmt: skip
    old = {"id": "sub_1", "customer": "cus_1", "status": "active", "start": day("2025-01-01"),
           "plan": plan, "quantity": 2}  # fmt: skip
    of_old = {
        "id": "sub_1", "type": "subscription", "amount": 1800, "currency": "usd", "plan": plan,
        "quantity": 2, "period": {"start": day("2025-02-01"), "end": day("2025-03-01")},
    }  # fmt: skip
    made = rebuilt(old, invoices=[invoice("in_1", of_old)], livemode=None)
    assert story(made, "sub_1") == ["2025-01-01 18 active assumed", "2025-02-01 18 active inferred"]
    assert points(made, "sub_1")[0].plan == "Gold"


def test_since_2025_lines_name_their_parent_and_their_price():
    modern = {
        "id": "il_1", "amount": 3000, "currency": "usd", "quantity": 1,
        "period": {"start": day("2025-02-01"), "end": day("2025-03-01")},
        "parent": {"type": "subscription_item_details", "subscription_item_details": {
            "subscription": "sub_1", "subscription_item": "si_1", "proration": False}},
        "pricing": {"type": "price_details", "price_details": {"price": "big"}},
    }  # fmt: skip
    invoices = [bill(1), invoice("in_1", modern)]
    made = rebuilt(sub(item(of=BIG)), invoices=invoices, prices=[SMALL, BIG])
    assert story(made) == ["2025-01-01 10 active inferred", "2025-02-01 30 active inferred"]


def test_test_mode_is_left_out_and_counted():
    made = rebuilt(sub(item(), item("si_2"), livemode=False))
    assert (made.subscription, made.quarantined) == (None, ())
    assert [(one.reason, one.rows) for one in made.excluded] == [("test mode", 2)]


def test_a_deleted_customer_still_paid():
    made = rebuilt(sub(item(of=SMALL)), customer={"id": "cus_1", "deleted": True})
    assert made.subscription.customer == "cus_1"
    assert story(made) == ["2025-01-01 10 active assumed"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"status": "dormant"}, "its status is 'dormant'"),
        ({"items": {"data": []}}, "it has no item"),
        ({"start_date": None, "created": None}, "it has no start"),
    ],
)
def test_what_is_not_understood_is_quarantined(more, reason):
    made = rebuilt(sub() | more)
    assert made.subscription is None
    assert [(q.source_ref, q.reason) for q in made.quarantined] == [("sub_1", reason)]


def test_an_event_that_is_not_understood_says_nothing_of_the_rest():
    odd = sub(item(of=SMALL), status="dormant")
    events = [event("evt_1", "2025-12-10", odd, {"status": "active"})]
    made = rebuilt(sub(item(of=SMALL)), events=events)
    assert (story(made), made.quarantined) == (["2025-01-01 10 active assumed"], [])


# --- all of it together


ADDED = proration("2025-03-10", "2026-03-10", YEARLY, 240_00, item="si_2", name="il_y")


def everything():
    """A life with a bit of each: what the order of lists must not change."""
    now = sub(
        item(of=BIG, discounts=[discount("di_2", coupon("AMT", amount_off=100, currency="usd"))]),
        item("si_2", YEARLY, created=day("2025-03-10")),
        discounts=[discount("di_1", coupon(percent_off=25), "2025-02-01")],
        cancel_at=day("2026-03-10"), canceled_at=day("2025-12-20"),
    )  # fmt: skip
    return evidence(
        now,
        invoices=[
            bill(1), void(2), bill(3, month(3), month(3, price("m", 500), item="si_3")),
            bill(4, month(4), ADDED),
            *(bill(n, month(n, BIG)) for n in range(5, 13)),
        ],
        events=[
            event("evt_3", "2025-12-20", now, {"cancel_at": None, "canceled_at": None}),
            event("evt_2", "2025-12-10", now, {"discounts": []}),
            event("evt_1", "2025-12-10", now, {"quantity": 2}),
        ],
        invoice_items=[
            proration("2025-12-12", "2026-01-01", BIG, -20_00, name="ii_a"),
            proration("2025-12-12", "2026-01-01", BIG, 40_00, 2, name="ii_b"),
        ],
    )  # fmt: skip


@given(st.randoms(use_true_random=False))
def test_the_same_evidence_in_any_order_is_the_same_life(random):
    said = everything()

    def shuffled(listed):
        return random.sample(list(listed), len(listed))

    for one in said.invoices:
        one.lines.data = shuffled(one.lines.data)
    lists = ("invoices", "invoice_items", "observations")
    assert rebuild(
        replace(said, **{name: shuffled(getattr(said, name)) for name in lists})
    ) == rebuild(everything())


@given(st.integers(0, 60))
def test_the_same_life_read_later_is_the_same(days):
    """Nothing is dated by when it was read, or every sync would restate the past."""
    said = everything()
    assert rebuild(replace(said, now=said.now + timedelta(days=days))) == rebuild(said)
