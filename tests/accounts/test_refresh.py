"""Links in the ledger: written once, closed and restored with their rules, restatements said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from facts import lasting
from ledgers import Ledger
from workspaces import workspace

from tenure import Attribute, Customer, Item, Subscription, Tombstone, TombstoneKind, micros
from tenure.accounts import listing, refresh, standing
from tenure.config import AccountsConfig
from tenure.errors import ConfigError
from tenure.explanation import Metric
from tenure.ledger.statements import LinkFact, change_links, last_link, state_links
from tenure.ledger.store import Store
from tenure.metrics import customers, explain, movements
from tenure.metrics.policy import Policy
from tenure.metrics.run import ReportRequest, build

LINKS = (
    "SELECT s.name || '/' || c.external_id, a.external_id, l.rule FROM account_link AS l"
    " JOIN account AS a ON a.id = l.account_id JOIN customer AS c ON c.id = l.customer_id"
    " JOIN connector_state AS s ON s.id = c.connector_id"
    " WHERE l.superseded_at IS NULL ORDER BY 1"
)
NOW = datetime(2026, 7, 1, tzinfo=UTC)


class Both:
    """A ledger of two connectors, and the workspace around it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.store = Store.open(url)
        self.folder = folder
        self.billing, self.crm = Ledger(self.store, "billing"), Ledger(self.store, "crm")
        self.config: AccountsConfig | None = AccountsConfig(match=("email", "domain"))
        self.policy = Policy()

    def pays(self, *people: Customer, since: str = "2025-01-01", amount: int = 100) -> None:
        point = lasting(since, amount=amount)
        for one in people:
            item = Item(id="1", points=point)
            mine = Subscription(id=f"of {one.id}", customer=one.id, items=[item])
            self.billing.pull([one, mine], complete=False)

    def knows(self, *records) -> None:
        self.crm.pull(records, complete=False)

    @property
    def workspace(self):
        ready = workspace(self.store.url, "billing", "crm", policy=self.policy)
        billing, crm = ready.connectors
        crm = replace(crm, provides=frozenset({"attributes"}))
        return replace(ready, connectors=(billing, crm), accounts=self.config, folder=self.folder)

    def refresh(self, since: datetime | None = None):
        return refresh(self.workspace, self.store, since)

    def links(self):
        return self.billing.rows(LINKS)

    def by_map(self, *rows: str) -> None:
        path = self.folder / "accounts.csv"
        path.write_text("\n".join(["connector,customer,account", *rows, ""]))
        self.config = AccountsConfig(map=path)


@pytest.fixture
def both(sqlite_database: str, tmp_path: Path) -> Both:
    made = Both(sqlite_database, tmp_path)
    made.pays(Customer(id="s1", email="ann@acme.com"), Customer(id="s2", email="bob@acme.com"))
    made.knows(
        Customer(id="h1", domain="acme.com", attributes=[Attribute(name="owner", value="eve")]),
        Customer(id="h2", domain="bee.io", attributes=[Attribute(name="owner", value="dan")]),
    )
    return made


ACME = [
    ("billing/s1", "crm/h1", "domain"),
    ("billing/s2", "crm/h1", "domain"),
    ("crm/h1", "crm/h1", "domain"),
]


def test_on_each_database(store_url: str, tmp_path: Path):
    made = Both(store_url, tmp_path)
    made.pays(Customer(id="s1", email="ann@acme.com"), Customer(id="s2", email="bob@acme.com"))
    made.knows(Customer(id="h1", domain="acme.com"))
    assert made.refresh().counts.written == 3
    assert made.links() == ACME
    made.config = AccountsConfig(match=("email",))
    assert made.refresh().counts.split == 1
    assert made.links() == []


def test_accounts_are_listed_by_name_on_each_database(store_url: str, tmp_path: Path):
    made = Both(store_url, tmp_path)
    made.pays(Customer(id="s1", name="Ann", email="ann@acme.com"))
    made.pays(Customer(id="s2", email="bob@dup.com"))
    made.knows(Customer(id="h1", name="Acme", domain="acme.com"))
    made.knows(Customer(id="h2", name="Dup", domain="dup.com"), Customer(id="h3", domain="dup.com"))
    found = listing.build(made.workspace, made.store)
    assert [[one.called for one in row.customers] for row in found.rows] == [
        [None],
        ["Ann", "Acme"],
    ]
    assert found.rows[0].reasons == ("domain dup.com of billing/s2 fits crm/h2 (Dup), crm/h3",)


def test_the_same_again_writes_nothing_and_looks_at_nothing(both: Both):
    both.refresh()
    before = both.billing.rows("SELECT count(*) FROM account_link")
    assert not both.refresh().fresh
    both.pays(Customer(id="s9", email="x@nowhere.org"))
    done = both.refresh()
    assert done.fresh
    assert (done.counts.written, done.counts.unmatched) == (0, 1)
    assert both.billing.rows("SELECT count(*) FROM account_link") == before


def test_a_rule_that_goes_and_comes_restores_the_same_links(both: Both):
    both.refresh()
    both.config = None
    both.refresh()
    assert both.links() == []
    assert both.refresh() is None
    both.config = AccountsConfig(match=("email", "domain"))
    both.refresh()
    assert both.links() == ACME


def test_what_unites_and_parts_known_customers_is_a_restatement(both: Both):
    first = both.refresh()
    assert (first.counts.merged, first.restated) == (
        1,
        ("accounts merged: billing/s1, billing/s2, crm/h1",),
    )
    both.by_map("billing,s1,acme", "billing,s2,zeta")
    done = both.refresh()
    assert (done.counts.merged, done.counts.split) == (0, 1)
    assert "restated: 1 split" in str(done)
    said = both.billing.rows("SELECT message FROM run WHERE kind = 'accounts' ORDER BY id DESC")
    assert said[0] == ("accounts split: billing/s1, billing/s2, crm/h1",)


def test_a_new_customer_that_joins_restates_nothing(both: Both):
    both.refresh()
    began = both.store.known_at()
    both.pays(Customer(id="s3", email="cy@acme.com"))
    counts = both.refresh(began).counts
    assert (counts.written, counts.merged, counts.split) == (1, 0, 0)


def test_as_known_before_the_accounts_were_apart(both: Both):
    before = both.store.known_at()
    both.refresh()
    request = ReportRequest(first="2026-01", last="2026-01")
    (then,) = build(both.workspace, both.store, replace(request, known_at=before)).rows
    (now,) = build(both.workspace, both.store, request).rows
    assert (then.customers_start, now.customers_start) == (2, 1)
    assert then.start_mrr == now.start_mrr == micros(200)


def test_whatever_is_joined_the_total_stays(both: Both):
    both.pays(Customer(id="s3", email="cy@bee.io"), amount=7)
    both.by_map("billing,s1,acme", "billing,s3,acme")
    apart, by_map = AccountsConfig(match=("email",)), both.config
    by_rule = AccountsConfig(match=("domain", "parent"))
    found = []
    for config in (apart, by_map, by_rule):
        both.config = config
        both.refresh()
        rows = customers.build(both.workspace, both.store, ReportRequest()).rows
        found.append((len(rows), sum(row.mrr for row in rows)))
    assert found == [(3, micros(207)), (2, micros(207)), (2, micros(207))]


def test_money_of_one_and_people_of_the_other(both: Both):
    both.pays(Customer(id="s3", email="cy@bee.io"), since="2026-01-10", amount=7)
    both.refresh()
    request = ReportRequest(first="2026-01", last="2026-01", by=("owner",), now=NOW)
    _, *rows = build(both.workspace, both.store, request).rows
    assert {row.segment["owner"]: (row.start_mrr, row.new) for row in rows} == {
        "eve": (micros(200), 0),
        "dan": (0, micros(7)),
    }
    log = movements.build(
        both.workspace, both.store, replace(request, by=(), where={"owner": "dan"})
    )
    assert [(m.customer, m.change) for m in log.movements] == [("s3", micros(7))]
    why = explain.build(
        both.workspace, both.store, replace(request, by=(), where={"owner": "dan"}), Metric.NEW
    )
    assert [part.customer for part in why.parts] == ["s3"]
    for id_ in ("s1", "s2", "h1"):
        line = explain.timeline(both.workspace, both.store, id_, None)
        assert (line.attributes["owner"], len(line.facts)) == ("eve", 2)


def test_who_never_paid_and_only_the_crm_knows_is_no_customer(both: Both):
    both.refresh()
    found = customers.build(both.workspace, both.store, ReportRequest(now=NOW))
    assert [(row.id, row.connectors) for row in found.rows] == [("s1", ("billing", "crm"))]


def test_an_exclusion_leaves_out_the_whole_account_once(both: Both):
    both.pays(Customer(id="s3", email="cy@bee.io"))
    both.refresh()
    both.policy = Policy(exclude=("attribute:owner=eve",))
    report = build(
        both.workspace, both.store, ReportRequest(first="2026-01", last="2026-01", now=NOW)
    )
    assert report.rows[0].start_mrr == micros(100)
    assert report.meta.excluded_customers == 1


def test_a_parent_speaks_before_its_child(both: Both):
    both.config = AccountsConfig(match=("domain", "parent"))
    both.knows(Customer(id="h1", attributes=[Attribute(name="parent", value="h2")]))
    both.refresh()
    request = ReportRequest(first="2026-01", last="2026-01", by=("owner",), now=NOW)
    _, row = build(both.workspace, both.store, request).rows
    assert (row.segment, row.start_mrr) == ({"owner": "dan"}, micros(200))
    assert {account for _, account, _ in both.links()} == {"crm/h2"}


def test_a_company_that_was_merged_away_is_no_second_one(both: Both):
    both.knows(Customer(id="h3", domain="acme.com"))
    assert both.refresh().counts.ambiguous == 2
    both.knows(Tombstone(kind=TombstoneKind.CUSTOMER, id="h3"))
    assert both.refresh().counts.ambiguous == 0
    assert both.links() == ACME


def test_bad_rows_of_the_map_are_named_and_the_good_ones_count(both: Both):
    both.by_map(
        "billing,s1,acme", "billing,s2,acme", "", "bill,s1,acme", "billing,,x", "billing,s7,x",
        "crm,h2,billing/none", "crm,h1,a", "crm,h1,b", "crm,h1",
    )  # fmt: skip
    done = both.refresh()
    assert done.remarks == (
        "accounts.csv:5: connector: there is no connector 'bill'; did you mean 'billing'?",
        "accounts.csv:6: customer: is empty",
        "accounts.csv:7: customer: billing has no customer 's7'",
        "accounts.csv:8: account: there is no customer 'billing/none'; name it without `/`",
        "accounts.csv:9: account: another account than 'a' stands in line 10",
        "accounts.csv:10: account: another account than 'b' stands in line 9",
        "accounts.csv:11: account: is empty",
    )
    assert both.links() == [("billing/s1", "acme", "map"), ("billing/s2", "acme", "map")]
    assert both.refresh().remarks == done.remarks


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "There is no file "),
        (b"a,b\n", "has no column connector and no column customer and no column account"),
        (b'connector,customer,account\nbilling,"s1,x\n', "is not csv in UTF-8"),
        (b"\xff\xfe", "is not csv in UTF-8"),
    ],
)
def test_a_map_that_cannot_be_read_changes_nothing(both: Both, data: bytes | None, said: str):
    both.refresh()
    path = both.folder / "accounts.csv"
    if data is not None:
        path.write_bytes(data)
    both.config = AccountsConfig(map=path)
    with pytest.raises(ConfigError, match=said):
        both.refresh()
    assert both.links() == ACME


def test_links_that_others_wrote_meanwhile_are_not_overwritten(both: Both):
    expected = last_link(both.store)
    state_links(both.store, [LinkFact(customer_id=1, account="x", rule="map")])
    assert not change_links(both.store, [(2, "x", "map")], expected)
    assert change_links(both.store, [(1, None, None), (2, "x", "map")], last_link(both.store))
    assert both.links() == [("billing/s2", "x", "map")]


def test_a_rule_that_looks_at_what_nobody_states_is_named(both: Both):
    both.config = AccountsConfig(match=("property:owner", "property:stripe_id", "domain"))
    done = both.refresh()
    (said,) = done.remarks
    assert said.startswith("match = 'property:stripe_id': no customer has the attribute")
    assert done.counts.bad_rows == 0
    assert both.links() == ACME


def test_how_the_accounts_stand_is_kept(both: Both):
    assert standing(both.store) is None
    both.refresh(both.store.known_at() - timedelta(days=1))
    assert str(standing(both.store)) == "1 account of 3 customers, 0 ambiguous, 0 unmatched"
