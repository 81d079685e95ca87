"""What a line item bills: price, quantity, discounts, tiers, and edits in place."""

from datetime import UTC, datetime

import msgspec
import pytest
from hubspot_objects import line, version, when

from tenure_connectors.hubspot.levels import edits, level
from tenure_connectors.hubspot.shapes import Object

START = datetime(2025, 1, 1, tzinfo=UTC)


def net(**properties: str) -> str:
    found = level({"recurringbillingfrequency": "monthly", **properties})
    return f"{(found.amount - found.discount) / 10**6:g}"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"price": "100"}, "100"),
        ({"price": "100", "quantity": "2.5"}, "250"),
        ({"price": "6000.00", "quantity": "2"}, "12000"),
        ({"price": "100", "quantity": "3", "hs_discount_percentage": "10"}, "270"),
        ({"price": "100", "quantity": "3", "discount": "5"}, "285"),
        ({"price": "100", "discount": "500"}, "0"),
        ({"price": "100", "quantity": "0"}, "0"),
    ],
)
def test_price_quantity_and_discount(properties, expected):
    assert net(**properties) == expected


TIERS = {
    "hs_tier_prices": '[{"index":0,"price":100},{"index":1,"price":90},{"index":2,"price":80}]',
    "hs_tier_ranges": '[{"start":0,"end":99},{"start":100,"end":199},{"start":200}]',
}


@pytest.mark.parametrize(
    ("model", "quantity", "expected"),
    [
        ("graduated", "99", 99 * 100),
        ("graduated", "100", 99 * 100 + 90),
        ("graduated", "250", 99 * 100 + 100 * 90 + 51 * 80),
        ("volume", "99", 99 * 100),
        ("volume", "100", 100 * 90),
        ("volume", "250", 250 * 80),
    ],
)
def test_tiers(model, quantity, expected):
    assert net(hs_pricing_model=model, quantity=quantity, **TIERS) == f"{expected:g}"


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({}, "has no price"),
        ({"price": "a lot"}, "'a lot' is no number"),
        ({"price": "NaN"}, "is no number"),
        ({"price": "-5"}, "below zero"),
        ({"price": "5", "hs_discount_percentage": "120"}, "is none"),
        ({"hs_pricing_model": "volume", "hs_tier_prices": "[{]"}, "tiers cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(properties, said):
    with pytest.raises(ValueError, match=said):
        net(**properties)


def changes(base: datetime = START, **properties):
    one = msgspec.convert(line("7", **properties), Object)
    return [
        (when(step.at), step.level and step.level.amount // 10**6, step.source)
        for step in edits(one, START, base)
    ]


def test_an_edit_in_place_is_a_change_at_its_time():
    past = {
        "price": [version("120", "2025-03-05T10:00:00Z"), version("100", "2024-12-01T09:00:00Z")]
    }
    assert changes(price="120", history=past) == [
        ("2025-01-01", 100, "price"),
        ("2025-03-05 10:00", 120, "price"),
    ]


def test_an_edit_before_the_base_is_a_correction():
    past = {
        "price": [version("120", "2024-12-20T10:00:00Z"), version("100", "2024-12-01T09:00:00Z")]
    }
    assert changes(price="120", history=past) == [("2025-01-01", 120, "price")]


def test_without_history_the_value_of_now_has_always_been():
    assert changes(price="120") == [("2025-01-01", 120, "price")]


def test_a_price_that_came_late_has_counted_from_the_start():
    past = {"price": [version("100", "2025-02-01T00:00:00Z")]}
    assert changes(history=past) == [("2025-01-01", 100, "price")]


def test_a_discount_that_came_late_counts_from_then_on():
    past = {
        "price": [version("100", "2024-12-01T09:00:00Z")],
        "discount": [version("10", "2025-02-01T00:00:00Z")],
    }
    one = msgspec.convert(line("7", discount="10", history=past), Object)
    found = edits(one, START, START)
    assert [step.level.discount // 10**6 for step in found] == [0, 10]
    assert found[1].source == "discount"


def test_a_line_that_no_longer_recurs_ends_there():
    past = {
        "recurringbillingfrequency": [
            version("", "2025-02-01T00:00:00Z"),
            version("monthly", "2024-12-01T09:00:00Z"),
        ]
    }
    found = changes(recurringbillingfrequency=None, history=past)
    assert [(at, amount) for at, amount, _ in found] == [("2025-01-01", 100), ("2025-02-01", None)]


def test_a_history_that_contradicts_the_value_is_refused():
    past = {"price": [version("120", "2025-03-05T10:00:00Z")]}
    with pytest.raises(ValueError, match="history of price ends with '120', but its value is '90'"):
        changes(price="90", history=past)


def test_the_same_number_written_otherwise_is_no_contradiction():
    assert changes(price="100.0", history={"price": [version("100", "2024-12-01T09:00:00Z")]})
