"""Exchange rates and account links: bitemporal, and written only when they change."""

from datetime import date

import pytest
from ledgers import Ledger, item, subscription

from tenure import Evidence
from tenure.ledger.statements import LinkFact, RateFact, state_links, state_rates
from tenure.ledger.store import Store

RATES = "SELECT day, rate, superseded_at IS NULL FROM rate ORDER BY id"
LINKS = (
    "SELECT l.customer_id, a.external_id, l.superseded_at IS NULL"
    " FROM account_link AS l JOIN account AS a ON a.id = l.account_id ORDER BY l.id"
)


@pytest.fixture
def ledger(store_url: str):
    ledger = Ledger(Store.open(store_url))
    ledger.pull([subscription(n, item(n, {0: (1, Evidence.OBSERVED)})) for n in "ab"])
    yield ledger
    ledger.store.engine.dispose()


def rate(day: int, value: int) -> RateFact:
    return RateFact(
        reporting="USD", currency="EUR", day=date(1970, 1, day), rate=value, source_ref="test"
    )


def link(customer: int, account: str) -> LinkFact:
    return LinkFact(customer_id=customer, account=account, rule="map")


def test_a_corrected_rate_closes_the_old_one_and_leaves_other_days(ledger: Ledger):
    state_rates(ledger.store, [rate(1, 11), rate(2, 12)])
    state_rates(ledger.store, [rate(2, 13)])
    assert ledger.rows(RATES) == [(0, 11, True), (1, 12, False), (1, 13, True)]


def test_the_same_rates_again_write_nothing(ledger: Ledger):
    for _ in range(2):
        state_rates(ledger.store, [rate(1, 11)])
    assert ledger.rows(RATES) == [(0, 11, True)]


def test_a_link_that_is_not_stated_any_more_is_closed(ledger: Ledger):
    state_links(ledger.store, [link(1, "acme"), link(2, "acme")])
    state_links(ledger.store, [link(1, "acme")])
    assert ledger.rows(LINKS) == [(1, "acme", True), (2, "acme", False)]


def test_a_customer_that_moves_to_another_account_keeps_its_past(ledger: Ledger):
    state_links(ledger.store, [link(1, "acme")])
    state_links(ledger.store, [link(1, "zenith")])
    assert ledger.rows(LINKS) == [(1, "acme", False), (1, "zenith", True)]
