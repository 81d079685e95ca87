"""Whole pulls of an account that lives: everything, then what changed, then everything again."""

import json
import zlib
from collections import Counter

import pytest
from stripe_syncs import synced

from stripe_world.market import Level
from stripe_world.world import World
from tenure.ledger.tables import from_micros
from tenure.metrics.origin import Ref, origins
from tenure_connectors.stripe.world.keys import LIVE

DAY = 86_400


def world(seed=3, level=Level.ITEMS, **more):
    return World(seed, level, customers=12, **more)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """An account after its first sync, to be looked at, and what became of that."""
    with synced(world(), tmp_path_factory.mktemp("first")) as account:
        yield account, account.sync()


def test_the_first_sync_finds_the_truth(first):
    account, outcome = first
    assert (outcome.exit_code, outcome.counts.balanced) == (0, True)
    result = account.compared()
    assert result.total > 100
    assert not result.differences


def test_the_same_ledger_after_a_second_full_sync(tmp_path):
    with synced(world(), tmp_path) as account:
        account.sync()
        before = account.ledger.writes()
        assert account.sync(full=True).counts.stored == 0
        assert [row[:2] for row in account.ledger.writes()] == [row[:2] for row in before]


def test_nothing_new_takes_at_most_five_requests(tmp_path):
    with synced(world(), tmp_path) as account:
        account.sync()
        for _ in range(3):
            account.sync()
            assert account.asked <= 5
        before = account.ledger.writes()
        assert account.sync().counts.read == 0
        assert account.ledger.writes() == before


@pytest.mark.parametrize("level", [Level.DISCOUNTS, Level.PRICES, Level.ITEMS])
def test_increments_leave_nothing_for_a_full_sync_to_write(tmp_path, level):
    with synced(world(seed=5, level=level), tmp_path) as account:
        account.sync()
        for _ in range(3):
            account.world.advance(2)
            account.sync()
            assert account.asked < 10
        facts = Counter(account.ledger.writes())
        outcome = account.sync(full=True)
        assert outcome.counts.stored == 0
        assert Counter(account.ledger.writes()) == facts
        assert not account.compared().differences


def test_what_was_used_since_the_last_bill_is_kept_where_it_is_asked_for(tmp_path):
    made = world(seed=6, level=Level.ADVANCED)
    metered = [
        (item.id, item.period[0])
        for life in made.lives
        for sub in life.book.shelf.subs
        for item in sub.items
        if sub.live and item.price.metered and life.book.person.livemode
    ]
    query = "SELECT subject, data FROM observation WHERE key LIKE 'usage:%' ORDER BY subject"
    with synced(made, tmp_path / "without") as account:
        account.sync()
        assert not summaries(account)
        assert not account.ledger.rows(query)
        without = [row[:4] for row in account.ledger.rows("SELECT * FROM point")]
    with synced(made, tmp_path / "with", usage_so_far=True) as account:
        account.sync()
        assert len(summaries(account)) == len(metered) > 1
        kept = [(item, json.loads(str(data))) for item, data in account.ledger.rows(query)]
        assert [(item, data["start"] // 60) for item, data in kept] == [
            (item, start // 60) for item, start in sorted(metered)
        ]
        assert all(int(data["value"]) > 0 for _, data in kept)
        assert [row[:4] for row in account.ledger.rows("SELECT * FROM point")] == without
        account.sync()
        assert not summaries(account)


def test_every_point_leads_to_the_page_that_its_record_came_in(tmp_path):
    pages = "SELECT name, position, content_hash, data FROM raw_object"
    with synced(world(level=Level.SCHEDULES), tmp_path) as account:
        account.sync()
        account.world.advance(5)
        account.sync()
        kept = {
            f"{name}:{position}:{digest}": zlib.decompress(data)
            for name, position, digest, data in account.ledger.rows(pages)
        }
        points = [
            Ref("billing", str(ref), from_micros(int(str(at))))
            for ref, at in account.ledger.rows("SELECT source_ref, recorded_at FROM point")
        ]
        found = origins(account.store, points)
    assert {ref.record.partition("_")[0] for ref in points} >= {"in", "evt", "sub"}
    for ref in points:
        page = found.of(ref)
        assert page, ref
        assert f'"{ref.ids[0]}"'.encode() in kept[page], ref


def test_every_credit_note_is_kept(tmp_path):
    made = world(seed=6, level=Level.ADVANCED)
    with synced(made, tmp_path) as account:
        account.sync()
        query = "SELECT key FROM observation WHERE key LIKE 'cn_%' ORDER BY key"
        kept = [str(key).partition(":")[0] for (key,) in account.ledger.rows(query)]
    there = [note.id for life in made.lives for note in life.book.shelf.credit_notes]
    assert kept == sorted(there)
    assert kept


def test_a_pull_of_what_changed_leaves_the_ledger_up_to_date(tmp_path):
    query = "SELECT last_complete_at FROM connector_state"
    with synced(world(), tmp_path) as account:
        account.sync()
        before = account.ledger.rows(query)
        account.world.advance(2)
        account.sync()
        assert account.ledger.rows(query) > before


def test_once_a_week_everything_is_read_again(tmp_path):
    with synced(world(), tmp_path) as account:
        account.sync()
        account.world.advance(4)
        account.sync()
        assert not asked(account, "/v1/invoices")
        account.world.advance(4)
        account.sync()
        assert asked(account, "/v1/invoices")
        assert account.note() == ""


def test_a_cursor_older_than_stripes_events_means_everything_and_says_so(tmp_path):
    with synced(world(), tmp_path) as account:
        account.sync()
        account.world.advance(45)
        assert account.sync().exit_code == 0
        assert "Stripe keeps events for 30 days" in account.note()
        assert not account.compared().differences


def test_events_that_were_forgotten_are_noticed_whatever_the_clock_says(tmp_path):
    with synced(world(), tmp_path) as account:
        account.sync()
        account.sync()  # which remembers events
        account.world.advance(45)
        with account.later(days=-45):
            account.sync()
        assert "has forgotten some" in account.note()


def test_a_change_without_an_event_is_found_by_the_weekly_sweep_and_said(tmp_path):
    with synced(world(), tmp_path) as account:
        account.sync()
        sub = busy(account.world)
        sub.items[0].quantity += 3
        account.world.__dict__.pop("account", None)  # what it showed so far
        account.sync()
        assert account.note() == ""
        with account.later(days=8):
            assert account.sync().counts.stored == 1
        assert "1 subscription was not as the increments" in account.note()
        assert sub.id in account.note()
        kept = account.ledger.rows("SELECT subject FROM observation WHERE key LIKE 'differed:%'")
        assert kept == [(sub.id,)]


def test_test_mode_is_left_out_and_counted(tmp_path):
    with synced(World(3, Level.ADVANCED, customers=20, mixed_modes=True), tmp_path) as account:
        outcome = account.sync()
        assert outcome.counts.excluded > 0
        assert outcome.counts.quarantined == 0
        assert outcome.counts.balanced


def test_pages_are_kept_as_they_came(first):
    rows = first[0].ledger.rows("SELECT data FROM raw_object WHERE name = 'subscriptions'")
    found = [one["id"] for (data,) in rows for one in json.loads(zlib.decompress(data))["data"]]
    known = first[0].ledger.rows("SELECT external_id FROM subscription")
    assert sorted(found) == sorted(str(key) for (key,) in known)


def test_the_key_is_nowhere_in_the_folder(first):
    files = [file for file in first[0].folder.rglob("*.*") if file.is_file()]
    assert {"ledger.db", "plugins.toml"} <= {file.name for file in files}
    for file in files:
        if file.name != "plugins.toml":
            assert LIVE.encode() not in file.read_bytes()


def busy(world):
    """A live subscription with a licensed item."""
    return next(
        sub
        for life in world.lives
        for sub in life.book.shelf.subs
        if sub.live and sub.status == "active" and not sub.items[0].price.metered
    )


def summaries(account):
    return [target for target in account.server.asked if "/event_summaries?" in target]


def asked(account, path):
    return [target for target in account.server.asked if target.partition("?")[0] == path]
