"""What `check` says of a key: everything that it lacks, by Stripe's own names."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from stripe_lists import opened

from stripe_world.world import World
from tenure import ConfigError, TenureError
from tenure_connectors.stripe.check import check
from tenure_connectors.stripe.world.keys import LIVE, RESTRICTED, REVOKED, TEST, without
from tenure_connectors.stripe.world.server import serving

LACKING = "rk_live_51WorldLacksSomething"


@pytest.fixture(scope="module")
def world():
    return World(1)


@pytest.fixture(scope="module")
def url(world):
    with serving(world) as server:
        yield server.url


def said(url, key=LIVE, last_sync=None, **options):
    with opened(url, api_key=key, **options) as account:
        return list(check(replace(account.context, last_sync=last_sync), account.config))


@pytest.mark.parametrize("key", [LIVE, RESTRICTED])
def test_each_list_has_a_line(url, key):
    lines = said(url, key)
    assert "subscriptions: can be read" in lines
    assert sum("can be read" in line for line in lines) == 11


def test_one_record_of_each_is_enough(world):
    with serving(world) as server:
        said(server.url)
        assert len(server.asked) == 12
        assert all("limit=1&" in f"{asked}&" for asked in server.asked)


def test_meters_are_needed_only_where_usage_is_asked_for(world, url):
    world.keys[LACKING] = without("rak_billing_meter_read")
    assert said(url, LACKING)
    assert "billing/meters: can be read; there are none" in said(url, usage_so_far=True)
    with pytest.raises(ConfigError, match="rak_billing_meter_read"):
        said(url, LACKING, usage_so_far=True)


def test_every_missing_permission_is_named_at_once(world, url):
    world.keys[LACKING] = without("rak_invoice_read", "rak_plan_read")
    with pytest.raises(ConfigError) as caught:
        said(url, LACKING)
    assert "prices, invoices, invoiceitems" in str(caught.value)
    assert "Prices: Read (rak_plan_read), Invoices: Read (rak_invoice_read)" in str(caught.value)
    assert LACKING not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "word"), [("rk_live_nobodys", "Invalid API Key"), (REVOKED, "Expired API Key")]
)
def test_a_wrong_or_revoked_key_is_refused_without_being_shown(url, key, word):
    with pytest.raises(ConfigError, match=word) as caught:
        said(url, key)
    assert key not in str(caught.value)


def test_an_account_that_is_not_connected_is_named(url):
    with pytest.raises(ConfigError, match="no access to `account`"):
        said(url, account="acct_nobodys")


def test_a_key_of_test_mode_is_allowed_and_said(url):
    assert any("test mode" in line for line in said(url, TEST))
    assert not any("test mode" in line for line in said(url))


def test_an_old_account_with_an_empty_ledger_should_sync_early(url):
    assert any("sync early" in line for line in said(url))
    assert not any("sync early" in line for line in said(url, last_sync=datetime.now(UTC)))


def test_nobody_there_is_no_matter_of_permissions():
    with pytest.raises(TenureError, match="Check the network"):
        said("http://127.0.0.1:9", max_attempts=1)
