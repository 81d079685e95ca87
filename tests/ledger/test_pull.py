"""One pull: counts, retraction, quarantine, attributes, observations, checkpoints."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from ledgers import Ledger, day, item, point, subscription

from tenure import (
    BEGINNING,
    Attribute,
    Cause,
    Checkpoint,
    Claim,
    Customer,
    Evidence,
    Excluded,
    Item,
    ItemKind,
    Observation,
    Quarantined,
    RawChunk,
    State,
    Subscription,
    Tombstone,
    TombstoneKind,
)
from tenure.ledger.pull import Hold
from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros

O = Evidence.OBSERVED  # noqa: E741 - reads as a grade in the tables below


@pytest.fixture
def ledger(store_url: str):
    store = Store.open(store_url)
    yield Ledger(store)
    store.engine.dispose()


def many(count: int, amount: int = 100):
    return [subscription(f"s{n}", item(f"i{n}", {0: (amount, O)})) for n in range(count)]


def test_every_row_read_is_accounted_for(ledger: Ledger):
    bad = subscription(
        "bad", replace(item("bad", {0: (1, O)}), points=[replace(point(0, 1), amount=-1)])
    )
    records = [
        *many(3),
        bad,
        Excluded(reason="test mode", rows=2),
        Quarantined(source_ref="f:9", reason="?"),
    ]
    counts = ledger.pull(records, source_count=7)
    assert (counts.read, counts.stored, counts.quarantined, counts.excluded) == (7, 3, 2, 2)
    assert counts.balanced


def test_a_source_that_counts_more_rows_is_not_balanced(ledger: Ledger):
    assert not ledger.pull(many(3), source_count=4).balanced


def test_customers_are_counted_where_a_source_knows_nothing_else(ledger: Ledger):
    records = [Customer(id=f"c{n}", name="Ada", attributes=[]) for n in range(3)]
    counts = ledger.pull([records[0], Checkpoint(), *records[1:]])
    assert (counts.customers, counts.read, counts.balanced) == (3, 0, True)


def test_an_item_counts_the_rows_it_was_made_of(ledger: Ledger):
    records = [subscription("s", replace(item("i", {0: (1, O), 3: (2, O)}), rows=2))]
    assert ledger.pull(records).stored == 2
    assert ledger.pull(records).unchanged == 2


def test_of_a_subscription_stated_twice_the_last_statement_counts(ledger: Ledger):
    first, last = (subscription("s", item("i", {0: (amount, O)})) for amount in (1, 2))
    counts = ledger.pull([first, last])
    assert ledger.timelines() == {"i": {0: (2, O)}}
    assert (counts.read, counts.stored, counts.unchanged) == (2, 1, 1)


def test_of_two_points_at_one_instant_the_last_wins(ledger: Ledger):
    ledger.pull([subscription("s", Item(id="i", points=[point(0, 1), point(0, 2)]))])
    assert ledger.timelines() == {"i": {0: (2, O)}}


def test_only_the_source_ref_changed_is_no_change(ledger: Ledger):
    ledger.pull(many(1))
    moved = subscription("s0", Item(id="i0", points=[replace(point(0, 100), source_ref="moved:2")]))
    assert ledger.pull([moved]).unchanged == 1


def test_a_better_grade_of_the_same_fact_is_a_new_point(ledger: Ledger):
    ledger.pull([subscription("s", item("i", {0: (5, Evidence.ASSUMED)}))])
    assert ledger.pull([subscription("s", item("i", {0: (5, O)}))]).stored == 1
    assert ledger.timelines() == {"i": {0: (5, O)}}


def test_a_contradiction_of_weaker_evidence_is_counted_and_changes_nothing(ledger: Ledger):
    ledger.pull(many(1))
    weaker = [subscription("s0", item("i0", {0: (7, Evidence.INFERRED)}))]
    assert ledger.pull(weaker).contradictions == 1
    assert ledger.timelines() == {"i0": {0: (100, O)}}


def test_state_since_follows_the_unbroken_run_of_a_state(ledger: Ledger):
    states = [State.TRIAL, State.ACTIVE, State.ACTIVE, State.ENDED]
    points = [
        replace(point(n, 0 if s is State.ENDED else 9), state=s) for n, s in enumerate(states)
    ]
    ledger.pull([subscription("s", Item(id="i", points=points))])
    since = [row[0] for row in ledger.rows("SELECT state_since FROM point ORDER BY effective_at")]
    assert since == [to_micros(day(n)) for n in (0, 1, 1, 3)]


# --- retraction ---------------------------------------------------------------------------------


def test_an_item_left_out_of_a_complete_pull_never_existed(ledger: Ledger):
    ledger.pull(many(10))
    counts = ledger.pull(many(9))
    assert (counts.retracted, counts.held) == (1, 0)
    assert len(ledger.timelines()) == 9


def test_an_item_left_out_of_an_incomplete_pull_stays(ledger: Ledger):
    ledger.pull(many(10))
    assert ledger.pull(many(1), complete=False).retracted == 0
    assert len(ledger.timelines()) == 10


def test_an_item_left_out_of_its_subscription_never_existed(ledger: Ledger):
    both = [item("a", {0: (1, O)}), item("b", {0: (1, O)})]
    ledger.pull([*many(9), subscription("s", *both)])
    assert ledger.pull([subscription("s", both[0])], complete=False).retracted == 1
    assert "b" not in ledger.timelines()


@pytest.mark.parametrize(
    "tombstone",
    [
        Tombstone(kind=TombstoneKind.SUBSCRIPTION, id="s3"),
        Tombstone(kind=TombstoneKind.CUSTOMER, id="customer of s3"),
    ],
)
def test_a_tombstone_retracts(ledger: Ledger, tombstone: Tombstone):
    ledger.pull(many(9))
    assert ledger.pull([tombstone], complete=False).retracted == 1
    assert "i3" not in ledger.timelines()


def test_what_is_stated_after_a_tombstone_exists(ledger: Ledger):
    ledger.pull(many(9))
    gone = Tombstone(kind=TombstoneKind.SUBSCRIPTION, id="s3")
    moved = subscription("s3", item("i3", {0: (5, O)}), customer="another")
    assert ledger.pull([gone, many(4)[3]], complete=False).retracted == 0
    assert ledger.pull([many(4)[3], gone, moved], complete=False).retracted == 1
    assert ledger.timelines()["i3"] == {0: (5, O)}


def test_an_item_without_a_point_is_retracted_like_any_other(ledger: Ledger):
    ledger.pull(many(10))
    empty = [subscription(f"s{n}", item(f"i{n}", {})) for n in range(10)]
    assert (ledger.pull(empty, complete=False).held, len(ledger.timelines())) == (10, 10)
    assert ledger.pull([*empty[:1], *many(10)[1:]]).retracted == 1
    assert len(ledger.timelines()) == 9


def test_an_item_that_is_not_complete_is_not_retracted_by_saying_nothing(ledger: Ledger):
    ledger.pull(many(10))
    assert ledger.pull([subscription("s0", item("i0", {}, complete=False))]).held == 9
    assert (
        ledger.pull([subscription("s0", item("i0", {}, complete=False)), *many(10)[1:]]).held == 0
    )
    assert len(ledger.timelines()) == 10


def test_what_was_held_in_an_incremental_pull_is_read_again(ledger: Ledger):
    ledger.pull(many(2), cursor="all")
    gone = Tombstone(kind=TombstoneKind.SUBSCRIPTION, id="s1")
    held = ledger.pull([gone, Checkpoint(cursor="later")], complete=False)
    assert (held.held, held.held_by) == (1, Hold.LOSS)
    assert ledger.rows("SELECT cursor, watermark FROM connector_state") == [(None, None)]


def test_too_great_a_loss_is_held_until_it_is_accepted(ledger: Ledger):
    ledger.pull(many(10), cursor="read")
    held = ledger.pull(many(7), cursor="read")
    assert (held.retracted, held.held, held.held_by) == (0, 3, Hold.LOSS)
    assert ledger.rows("SELECT cursor, held_retractions FROM connector_state") == [(None, 3)]
    assert ledger.pull(many(7), accept_loss=True).retracted == 3
    assert len(ledger.timelines()) == 7


def test_nothing_at_all_retracts_nothing(ledger: Ledger):
    ledger.pull(many(4))
    assert ledger.pull([]).held == 4
    assert len(ledger.timelines()) == 4


def test_a_loss_of_exactly_one_in_five_is_believed(ledger: Ledger):
    ledger.pull(many(10))
    assert ledger.pull(many(8)).retracted == 2


def test_new_items_do_not_make_a_great_loss_look_small(ledger: Ledger):
    ledger.pull(many(10))
    new = [subscription(f"n{n}", item(f"n{n}", {0: (1, O)})) for n in range(100)]
    assert ledger.pull([*many(5), *new]).held == 5


def test_nothing_is_retracted_while_a_row_could_not_be_read(ledger: Ledger):
    ledger.pull(many(10))
    torn = ledger.pull([*many(9), Quarantined(source_ref="f:10", reason="torn")])
    assert (torn.retracted, torn.held, torn.held_by) == (0, 1, Hold.QUARANTINE)
    assert len(ledger.timelines()) == 10


def test_a_retraction_said_before_a_checkpoint_is_remembered(ledger: Ledger):
    ledger.pull(many(10))
    gone = Tombstone(kind=TombstoneKind.SUBSCRIPTION, id="s3")
    counts = ledger.pull([gone, Checkpoint(cursor=1), *many(2)], complete=False)
    assert counts.retracted == 1


def test_items_seen_before_a_checkpoint_are_not_retracted(ledger: Ledger):
    records = many(10)
    ledger.pull([*records[:5], Checkpoint(), *records[5:]])
    assert ledger.pull([*records[:5], Checkpoint(), *records[5:]]).retracted == 0


def test_what_comes_back_is_known_again(ledger: Ledger):
    ledger.pull(many(10))
    ledger.pull(many(9))
    assert ledger.pull(many(10)).stored == 1
    assert len(ledger.timelines()) == 10


def test_an_incomplete_item_keeps_what_it_does_not_state(ledger: Ledger):
    ledger.pull([subscription("s", item("i", {0: (1, O), 5: (2, O)}))])
    ledger.pull([subscription("s", item("i", {0: (3, O)}, complete=False))])
    assert ledger.timelines() == {"i": {0: (3, O), 5: (2, O)}}


# --- quarantine ---------------------------------------------------------------------------------

BROKEN = {
    "below zero": {"amount": -1},
    "more than": {"amount": 10**17 + 1},
    "not an integer": {"amount": 1.5},
    "no time with a zone": {"effective_at": datetime(2025, 1, 1)},  # noqa: DTZ001 - that is the point
    "capitals": {"currency": "usd"},
    "none of": {"interval": "fortnight"},
    "from 1 to": {"interval_count": 0},
    "instead of 0": {"state": State.ENDED},
    "NUL": {"plan": "a\0b"},
    "Unicode": {"plan": "\ud800"},
    "not a text": {"source_ref": ""},
    "millionths": {"quantity": -1},
}


@pytest.mark.parametrize("reason", BROKEN)
def test_a_broken_point_is_quarantined_and_its_neighbour_stored(ledger: Ledger, reason: str):
    broken = replace(point(0, 1), **BROKEN[reason])
    ledger.pull([subscription("s", Item(id="bad", points=[broken]), item("good", {0: (1, O)}))])
    assert list(ledger.timelines()) == ["good"]
    assert reason in str(ledger.rows("SELECT reason FROM quarantine")[0][0])


@pytest.mark.parametrize(
    "record",
    [
        "text",
        None,
        subscription("s", item("i", {}), item("i", {})),
        subscription("", item("i", {})),
    ],
)
def test_what_is_no_record_is_quarantined(ledger: Ledger, record: object):
    assert ledger.pull([record]).quarantined >= 1  # type: ignore[list-item]


def test_a_row_that_can_be_read_again_is_resolved(ledger: Ledger):
    row = Quarantined(source_ref="f:3", reason="torn", raw="a,b")
    ledger.pull([row])
    ledger.pull([replace(row, source_ref="f:4")])
    assert ledger.rows("SELECT source_ref, resolved_at IS NULL FROM quarantine") == [("f:4", True)]
    ledger.pull([])
    assert ledger.rows("SELECT resolved_at IS NULL FROM quarantine") == [(False,)]


def test_equal_rows_are_one_entry_that_counts_them(ledger: Ledger):
    rows = [Quarantined(source_ref=f"f:{n}", reason="torn", raw="a,b") for n in range(3)]
    ledger.pull([rows[0], Checkpoint(), *rows[1:]])
    assert ledger.rows("SELECT rows FROM quarantine") == [(3,)]


# --- attributes, observations, raw chunks -------------------------------------------------------


def attributes(ledger: Ledger):
    return ledger.rows(
        "SELECT name, value, valid_from, evidence FROM customer_attribute"
        " WHERE superseded_at IS NULL ORDER BY id"
    )


def owner(value: str | None, at: int | None = None):
    valid_from = None if at is None else day(at)
    return Customer(
        id="c", attributes=[Attribute(name="owner", value=value, valid_from=valid_from)]
    )


def test_the_first_value_of_a_source_without_history_counts_from_the_beginning(ledger: Ledger):
    ledger.pull([owner("Ann")])
    assert attributes(ledger) == [("owner", "Ann", to_micros(BEGINNING), "assumed")]


def test_a_later_value_counts_from_when_it_was_read(ledger: Ledger):
    for value in ("Ann", "Ann", "Bob"):
        ledger.pull([owner(value)])
    now = ledger.store.known_at()
    assert now is not None
    later = attributes(ledger)[1:]
    assert [(row[1], row[3]) for row in later] == [("Bob", "observed")]
    assert 0 <= to_micros(now) - int(str(later[0][2])) < 10**9


def test_an_attribute_with_history_is_a_timeline(ledger: Ledger):
    both = (*owner("Ann", 0).attributes, *owner("Bob", 9).attributes)
    ledger.pull([Customer(id="c", attributes=both)])
    before = ledger.writes()
    ledger.pull([Customer(id="c", attributes=both)])
    assert ledger.writes() == before
    ledger.pull([owner("Cy", 0)])
    assert [row[1] for row in attributes(ledger)] == ["Cy"]


def test_a_history_says_more_than_the_value_now(ledger: Ledger):
    both = (*owner("Ann", 0).attributes, *owner("Bob").attributes)
    for _ in range(2):
        ledger.pull([Customer(id="c", attributes=both)])
    assert [row[1] for row in attributes(ledger)] == ["Ann"]
    assert ledger.rows("SELECT count(*) FROM customer_attribute") == [(1,)]


def test_the_name_of_a_customer_is_an_attribute(ledger: Ledger):
    ledger.pull([Customer(id="c", name="Acme", email="a@acme.example", domain="acme.example")])
    assert [row[:2] for row in attributes(ledger)] == [
        ("name", "Acme"), ("email", "a@acme.example"), ("domain", "acme.example"),
    ]  # fmt: skip


def test_observations_and_claims_are_kept_once_and_for_good(ledger: Ledger):
    said = Observation(subject="s", key="evt_1", at=day(1), data={"price": 5})
    claim = Claim(subject="d", measure="mrr", amount=5, currency="USD", at=day(1), source_ref="d:1")
    ledger.pull([said, claim])
    ledger.pull([replace(said, data={"price": 6}), claim])
    kept = ledger.rows("SELECT kind, data FROM observation ORDER BY id")
    assert [kind for kind, _ in kept] == ["event", "claim"]
    assert json.loads(str(kept[0][1])) == {"price": 5}


def test_a_raw_chunk_is_kept_once_per_content(ledger: Ledger):
    chunk = RawChunk(name="f.csv", position=0, data=b"a,b\n" * 1000)
    for content in (chunk, chunk, replace(chunk, data=b"c")):
        ledger.pull([content])
    assert [row[0] for row in ledger.rows("SELECT size FROM raw_object ORDER BY id")] == [4000, 1]


def test_usage_items_and_requested_ends_keep_their_facts(ledger: Ledger):
    asked = replace(point(0, 5), ends_at=day(9))
    ended = replace(point(9, 0), state=State.ENDED, cause=Cause.REQUESTED)
    ledger.pull(
        [
            Subscription(
                id="s",
                customer="c",
                items=[Item(id="i", points=[asked, ended], kind=ItemKind.USAGE)],
            )
        ]
    )
    facts = ledger.rows(
        "SELECT i.kind, p.ends_at, p.cause FROM point AS p"
        " JOIN item AS i ON i.id = p.item_id ORDER BY p.id"
    )
    assert facts == [("usage", to_micros(day(9)), None), ("usage", None, "requested")]
