"""A pull that ended early: what the next one may believe, and what it may not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from ledgers import Ledger, item, subscription

from tenure import Checkpoint, Evidence, Record
from tenure.ledger.lease import Ask, hold
from tenure.ledger.pull import Hold
from tenure.ledger.store import Store


class TornError(Exception):
    """Stands for whatever ends a pull."""


@pytest.fixture
def ledger(store_url: str) -> Iterator[Ledger]:
    store = Store.open(store_url)
    yield Ledger(store)
    store.engine.dispose()


def named(letter: str, count: int):
    amounts = {0: (1, Evidence.OBSERVED)}
    return [subscription(f"{letter}{n}", item(f"{letter}{n}", amounts)) for n in range(count)]


def torn(records: list[Record]) -> Iterator[Record]:
    yield from records
    raise TornError


def tear(ledger: Ledger, records: list[Record]) -> None:
    with pytest.raises(TornError):
        ledger.pull(torn(records))


def asked(ledger: Ledger, *, plugin: str = "test", full: bool = False):
    """What the next pull would be given."""
    with hold(ledger.store, Ask(name="test", plugin=plugin, full=full)) as lease:
        return lease.cursor, lease.watermark, lease.resumed


def test_what_is_not_committed_is_forgotten(ledger: Ledger):
    tear(ledger, [*named("a", 2), Checkpoint(cursor=1), *named("b", 2)])
    assert list(ledger.timelines()) == ["a0", "a1"]
    assert asked(ledger)[0] == 1


def test_what_was_said_before_the_end_is_not_retracted_by_the_rest(ledger: Ledger):
    ledger.pull([*named("a", 5), *named("b", 5)])
    tear(ledger, [*named("a", 5), Checkpoint(cursor=1)])
    assert ledger.pull(named("b", 4)).retracted == 1
    assert len(ledger.timelines()) == 9


def test_items_of_the_torn_part_do_not_make_a_great_loss_look_small(ledger: Ledger):
    ledger.pull(named("a", 10))
    tear(ledger, [*named("new", 100), Checkpoint(cursor=1)])
    counts = ledger.pull(named("a", 5))
    assert (counts.held, counts.held_by) == (5, Hold.LOSS)


def test_the_rest_of_a_source_is_not_held_against_its_count(ledger: Ledger):
    tear(ledger, [*named("a", 2), Checkpoint(cursor=1)])
    counts = ledger.pull(named("b", 2), source_count=4)
    assert (counts.read, counts.balanced) == (2, True)


def test_without_a_cursor_a_pull_begins_anew(ledger: Ledger):
    ledger.pull([*named("a", 9), *named("b", 1)])
    tear(ledger, [*named("b", 1), Checkpoint()])
    assert asked(ledger)[2] is False
    assert ledger.pull(named("a", 9), source_count=9).retracted == 1


def test_the_cursor_of_another_plugin_means_nothing(ledger: Ledger):
    ledger.pull(named("a", 1), cursor="theirs")
    assert asked(ledger)[0] == "theirs"
    assert asked(ledger, plugin="another") == (None, None, False)


def test_a_watermark_ahead_of_the_clock_is_not_believed(store_url: str):
    """It is from a time when the clock was wrong; what changed since would be missed."""
    clock = [datetime(2031, 1, 1, tzinfo=UTC)]
    ledger = Ledger(Store.open(store_url, clock=lambda: clock[0]))
    ledger.pull(named("a", 1), cursor="c")
    assert asked(ledger)[1] == clock[0]
    clock[0] -= timedelta(days=1)
    assert asked(ledger)[1] is None
