"""A report by owner, over money from Stripe and people from HubSpot."""

import json
import os
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from hubspot_syncs import held
from ledgers import Ledger

from hubspot_world.compare import levels
from hubspot_world.mixed import Mixed
from tenure.cli import main
from tenure.config import load
from tenure.ledger.store import Store
from tenure_connectors.hubspot.world import TOKEN, serving
from tenure_connectors.stripe.world.keys import LIVE
from tenure_connectors.stripe.world.server import serving as stripe_serving

MIXES = 60 if os.environ.get("TENURE_SOAK") else 2

TOML = """
[tenure]
store = "sqlite:///ledger.db"
currency = "{currency}"

[connectors.billing]
use = "stripe"
api_key = "{key}"
api_base = "{stripe}"
requests_per_second = 1000

[connectors.crm]
use = "hubspot"
token = "{token}"
api_base = "{hubspot}"
provides = ["attributes"]
requests_per_second = 1000

[connectors.crm.attributes]
owner = {{ property = "hubspot_owner_id", history = true }}
stripe_customer_id = "stripe_customer_id"

[accounts]
match = ["property:stripe_customer_id"]
"""


@contextmanager
def workspace(mixed, folder, monkeypatch):
    """A folder to run commands in, at the time of both services."""
    monkeypatch.chdir(folder)
    with stripe_serving(mixed.stripe) as stripe, serving(mixed.portal) as portal:
        urls = {"stripe": stripe.url, "hubspot": portal.url}
        text = TOML.format(key=LIVE, token=TOKEN, currency=mixed.currency, **urls)
        (folder / "plugins.toml").write_text(text)
        with time_machine.travel(mixed.now, tick=True):
            yield lambda *words: main([*words])


@pytest.mark.parametrize("seed", range(MIXES))
def test_each_owner_has_what_their_customers_pay(tmp_path, monkeypatch, capsys, seed):
    mixed = Mixed(seed)
    with workspace(mixed, tmp_path, monkeypatch) as tenure:
        assert tenure("sync", "--quiet") == 0
        capsys.readouterr()
        range_ = ("--from", "2024-04", "--to", "2025-06")
        assert tenure("report", "--by", "owner", "--format", "json", *range_) == 0
        rows = json.loads(capsys.readouterr().out)["rows"]
    store = Store.open(load(tmp_path / "plugins.toml").store)
    paid = levels(held(Ledger(store, "billing")))
    store.engine.dispose()
    assert paid
    for start in sorted({row["start"] for row in rows}):
        found = {
            row["segment"]["owner"]: int(Decimal(row["start_mrr"]) * 10**6)
            for row in rows
            if row["segment"] and row["start"] == start and Decimal(row["start_mrr"])
        }
        assert found == mixed.by_owner(paid, date.fromisoformat(start))
