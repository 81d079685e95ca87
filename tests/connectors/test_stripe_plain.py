"""Lives of which nothing is special: what is known of them beforehand is what the tracks say."""

from hypothesis import given, settings
from hypothesis import strategies as st
from stripe_objects import coupon, day, discount, event, evidence, invoice, item, line, price, sub

from tenure_connectors.stripe.life.conditions import UnreadableError
from tenure_connectors.stripe.life.plain import plain
from tenure_connectors.stripe.timeline import rebuild, weighed

TAX = {"id": "txr_1", "percentage": "20", "inclusive": True}
ON_TOP = {"id": "txr_2", "percentage": "20", "inclusive": False}
FREE, METERED = price(amount=0), price(usage_type="metered")
HALF = discount("di_1", coupon(percent_off=50))
LATER = day("2025-06-20")

SUBSCRIPTIONS = (
    {"status": "canceled", "ended_at": LATER, "canceled_at": LATER},
    {"status": "canceled", "ended_at": LATER, "canceled_at": LATER - 1},
    {"status": "canceled", "cancel_at_period_end": True, "canceled_at": LATER},
    {"status": "canceled", "ended_at": day("2026-02-01")},
    {"status": "canceled"},
    {"status": "past_due"},
    {"status": "other"},
    {"trial_start": day("2025-01-01"), "trial_end": day("2025-02-01")},
    {"pause_collection": {"behavior": "void"}},
    {"cancel_at": LATER},
    {"default_tax_rates": [TAX]},
    {"default_tax_rates": [ON_TOP]},
    {"discounts": [HALF]},
    {"start_date": day("2025-03-05")},
    {"start_date": day("2026-03-05")},
    {"currency": None},
    {"currency": "eur"},
)
ITEMS = (
    {"quantity": 2},
    {"quantity": 0},
    {"created": day("2025-03-01")},
    {"price": FREE},
    {"price": METERED},
    {"price": price("euro", currency="eur")},
    {"tax_rates": [TAX]},
    {"discounts": [HALF]},
    {"deleted": True},
)
LINES = (
    {"quantity": 2},
    {"amount": 0},
    {"amount": -1000},
    {"proration": True},
    {"price": FREE},
    {"price": price("price_b")},
    {"subscription_item": "si_2"},
    {"subscription_item": None},
    {"subscription": "sub_2"},
    {"type": "invoiceitem"},
    {"discounts": [HALF]},
    {"discount_amounts": [{"amount": 500, "discount": "di_1"}]},
    {"tax_amounts": [{"amount": 160, "inclusive": True}]},
    {"tax_amounts": [{"amount": 160, "inclusive": False}]},
    {"period": {"start": day("2025-02-01"), "end": day("2025-02-01")}},
    {"period": {"start": day("2025-07-01"), "end": day("2025-06-01")}},
    {"period": {"start": day("2024-12-01"), "end": day("2025-01-01")}},
    {"period": {"start": day("2027-01-01"), "end": day("2027-02-01")}},
)
INVOICES = (
    {"status": "void"},
    {"status": "draft"},
    {"status": "open"},
    {"status": "uncollectible"},
    {"attempt_count": 2},
    {"discounts": [HALF]},
    {"collection_method": "send_invoice", "due_date": day("2025-01-02")},
    {"billing_reason": "subscription_create"},
    {"created": day("2025-01-01")},
    {"status_transitions": None},
    {"status_transitions": {"finalized_at": day("2025-07-01"), "paid_at": day("2025-07-03")}},
)


def seen(name, at, now, *changes):
    """An event of the subscription, which was or became something else by some changes."""
    for change in changes:
        now = now | change
    return event(name, at, now, {"latest_invoice": "in_x"})


EVENTS = (
    {},
    {"status": "past_due"},
    {"discounts": [HALF]},
    {"cancel_at_period_end": True, "canceled_at": LATER},
    {"items": {"data": [item(quantity=2)]}},
    {"items": {"data": [item("si_2")]}},
    {"items": {"data": [item(), item("si_2")]}},
    {"default_tax_rates": [TAX]},
    {"trial_start": day("2025-01-01"), "trial_end": day("2025-02-01")},
)


def lived(months, *changes, events=(), **more):
    """A life billed in these months of 2025.

    `changes` are of the subscription, its item, the first line and the first invoice. Each event
    shows it as it is now, but for a change.
    """
    on_sub, on_item, on_line, on_invoice = (*changes, (), (), (), ())[:4]
    one = item()
    for change in on_item:
        one |= change
    bills = []
    for n, month in enumerate(months):
        its = line(f"2025-{month:02}-01", f"2025-{month + 1:02}-01", one["price"], name=f"il_{n}")
        made = invoice(f"in_{n}", its)
        for change in () if n else on_line:
            its |= change
        for change in () if n else on_invoice:
            made |= change
        bills.append(made)
    now = sub(one)
    for change in on_sub:
        now |= change
    told = [seen(f"evt_{n}", f"2025-{2 + n:02}-01", now, one) for n, one in enumerate(events)]
    priced = [p for p in (one["price"],) if isinstance(p, dict)]
    return evidence(now, invoices=bills, prices=priced, events=told, **more)


def records(made):
    return list(made.records())


def some(of):
    return st.lists(st.sampled_from(of), max_size=1)


months = st.lists(st.integers(1, 11), max_size=5).map(sorted)
lives = st.builds(
    lived,
    months,
    *(some(of) for of in (SUBSCRIPTIONS, ITEMS, LINES, INVOICES)),
    events=st.lists(st.sampled_from(EVENTS), max_size=3),
)


@settings(max_examples=max(60, settings.default.max_examples))
@given(lives)
def test_a_plain_life_is_what_the_tracks_make_of_it(said):
    if plain(said) is None:
        return
    assert records(rebuild(said)) == records(weighed(said))


def test_every_single_thing_that_may_be_special_is_no_other_life():
    plainly = 0
    for months in ([], [1], [1, 2, 3], [2, 3], [3]):
        for n, kinds in enumerate((SUBSCRIPTIONS, ITEMS, LINES, INVOICES, EVENTS)):
            for change in kinds:
                *changes, events = [[change] if n == place else [] for place in range(5)]
                said = lived(months, *changes, events=events)
                plainly += plain(said) is not None
                try:
                    expected = records(weighed(said))
                except UnreadableError:
                    assert plain(said) is None
                else:
                    assert records(rebuild(said)) == expected, (months, change)
    assert plainly > 50


def test_lives_without_anything_special_are_plain():
    ended = SUBSCRIPTIONS[0]
    for months in ([], [1], [1, 2, 3], [2, 3, 4]):
        for said in (lived(months), lived(months, [ended]), lived(months, events=[{}, {}])):
            assert plain(said) is not None


def test_more_evidence_than_the_state_and_invoices_is_weighed():
    held = {"id": "cus_1", "discount": HALF}
    assert plain(lived([1], customer=held)) is None
    assert plain(lived([1], customer={"id": "cus_1"})) is not None
    pending = line("2025-01-05", "2025-02-01", proration=True) | {"id": "ii_1"}
    assert plain(lived([1], invoice_items=[pending])) is None
