"""What the docs show of the connector is so: its options, its permissions, the pictured life."""

import re
import tomllib
from pathlib import Path

import pytest
from stripe_objects import (
    coupon,
    day,
    discount,
    event,
    invoice,
    item,
    line,
    points,
    price,
    proration,
    rebuilt,
    sub,
    when,
)

from tenure.config.sections import EntryKeys
from tenure_connectors.stripe.check import NAMES
from tenure_connectors.stripe.options import StripeConfig

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/stripe.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [README, DOCS], ids=["README", "docs"])
def test_its_tables_have_only_options_that_there_are(text):
    blocks = [tomllib.loads(one) for one in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]
    tables = [table for block in blocks for table in block.get("connectors", {}).values()]
    found = [table for table in tables if table["use"] == "stripe"]
    assert found
    for table in found:
        own = {key: value for key, value in table.items() if key not in EntryKeys.model_fields}
        assert StripeConfig.model_validate(own).is_test is False


def test_its_options_and_permissions_are_those_of_the_code():
    options = set(re.findall(r"`(\w+)`", re.search(r"\| option.*?(?=##)", DOCS, re.DOTALL)[0]))
    assert set(StripeConfig.model_fields) <= options
    rows = re.findall(r"^\| ([\w ]+) \| `(rak_\w+)` \|", DOCS, re.MULTILINE)
    assert set(rows) == set(NAMES.values())


def test_the_life_in_the_picture():
    yearly, half = price("yearly", 240_00, "year"), coupon("HALF", "repeating", percent_off=50)
    off = discount("di_1", half, "2024-01-10", "2024-10-10")
    taken = [{"amount": 360_00, "discount": "di_1"}]
    first = line("2024-01-10", "2025-01-10", yearly, quantity=3, discount_amounts=taken)
    change = [
        proration("2024-06-20", "2025-01-10", yearly, -401_00, 3, name="il_2"),
        proration("2024-06-20", "2025-01-10", yearly, 669_00, 5, name="il_3"),
    ]
    second = line("2025-01-10", "2026-01-10", yearly, quantity=5, name="il_4")
    asked = {"cancel_at": day("2026-01-10"), "canceled_at": day("2025-08-01")}
    now = sub(item(of=yearly, quantity=6), start="2024-01-10", **asked)
    made = rebuilt(
        now,
        "2025-08-15",
        invoices=[
            invoice("in_1", first, discounts=[off]),
            invoice("in_2", *change, discounts=[off]),
            invoice("in_3", second),
        ],
        events=[event("evt_1", "2025-08-01", now, dict.fromkeys(asked))],
        coupons=[half],
    )
    assert [
        (when(p.effective_at), (p.amount - p.discount) // 12_000_000, p.state, p.evidence)
        for p in points(made)
    ] == [
        ("2024-01-10", 30, "active", "inferred"),
        ("2024-06-20", 50, "active", "inferred"),
        ("2024-10-10", 100, "active", "inferred"),
        ("2025-01-10 00:00:01", 120, "active", "assumed"),
        ("2025-08-01", 120, "active", "observed"),
        ("2026-01-10", 0, "ended", "assumed"),
    ]
