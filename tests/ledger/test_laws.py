"""The laws of the ledger (metrics.md sections 2 and 8), on both databases."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers import Ledger, Timeline, item, subscription

from tenure import Evidence
from tenure.ledger.store import Store

STRENGTH = {Evidence.OBSERVED: 3, Evidence.INFERRED: 2, Evidence.ASSUMED: 1}

amounts = st.integers(1, 4)
evidences = st.sampled_from(Evidence)
timelines = st.dictionaries(st.integers(0, 5), st.tuples(amounts, evidences), max_size=5)
portfolios = st.dictionaries(st.sampled_from("abcdefgh"), timelines, min_size=1, max_size=8)
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

KINDS = ["sqlite", "postgres"] if os.environ.get("TENURE_SOAK") else ["sqlite"]
follows = pytest.mark.parametrize("store_url", KINDS, indirect=True)
"""Laws that follow from the rules, which both databases are held to by the first one here."""


@pytest.fixture
def ledgers(store_url: str):
    """Fresh connectors of one store: an example each."""
    store = Store.open(store_url)
    numbers = iter(range(10**6))
    yield lambda: Ledger(store, f"c{next(numbers)}")
    store.engine.dispose()


def state(portfolio: dict[str, Timeline]):
    """Every item of the portfolio, each in a subscription of its own."""
    return [subscription(f"s{name}", item(name, line)) for name, line in portfolio.items()]


def merged(known: Timeline, stated: Timeline) -> Timeline:
    """What the ledger must know afterwards, point by point, from the words of the design."""
    kept = {at: fact for at, fact in known.items() if _keeps(at, fact, stated)}
    landed = {at: fact for at, fact in stated.items() if _lands(at, stated, kept)}
    overruled = {at: known[at] for at in stated if at in known and at not in landed}
    return overruled | kept | landed


def _keeps(at: int, fact, stated: Timeline) -> bool:
    """A known point stays where the statement speaks more weakly than it."""
    if not stated:
        return False
    before = [t for t in sorted(stated) if t <= at] or [min(stated)]
    spoken = stated[at] if at in stated else stated[before[-1]]
    return STRENGTH[fact[1]] > STRENGTH[spoken[1]]


def _lands(at: int, stated: Timeline, kept: Timeline) -> bool:
    """A stated point is taken unless a stronger kept one governs its instant."""
    if at in kept:
        return False
    rulers = [t for t in sorted(kept) if t < at]
    ruler = rulers[-1] if rulers else min(kept, default=None)
    if ruler is None:
        return True
    since = [t for t in stated if t <= at and t not in kept and (not rulers or t > ruler)]
    return max(STRENGTH[stated[t][1]] for t in since) >= STRENGTH[kept[ruler][1]]


@shared
@given(first=portfolios, second=portfolios)
def test_two_statements_give_what_the_rules_say(ledgers, first, second):
    ledger = ledgers()
    ledger.pull(state(first), complete=False, accept_loss=True)
    ledger.pull(state(second), complete=False, accept_loss=True)
    expected = {
        name: merged(first.get(name, {}), second[name]) if name in second else first[name]
        for name in first | second
    }
    assert ledger.timelines() == {name: line for name, line in expected.items() if line}


@follows
@shared
@given(history=st.lists(portfolios, min_size=1, max_size=3))
def test_replaying_a_statement_writes_nothing(ledgers, history):
    ledger = ledgers()
    for portfolio in history:
        ledger.pull(state(portfolio), complete=False, accept_loss=True)
    before = ledger.writes()
    counts = ledger.pull(state(history[-1]), complete=False, accept_loss=True)
    assert ledger.writes() == before
    assert (counts.stored, counts.unchanged) == (0, counts.read)


@follows
@shared
@given(data=st.data(), grades=st.permutations(list(Evidence)))
def test_the_order_of_arrival_of_differing_grades_does_not_matter(ledgers, data, grades):
    days = st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True)
    stated = {
        grade: {at: (data.draw(amounts), grade) for at in data.draw(days)} for grade in Evidence
    }
    results = []
    for order in (list(Evidence), grades):
        ledger = ledgers()
        for grade in order:
            ledger.pull(state({"a": stated[grade]}), complete=False, accept_loss=True)
        results.append(ledger.timelines())
    assert results[0] == results[1] == {"a": stated[Evidence.OBSERVED]}


@follows
@shared
@given(portfolio=portfolios, order=st.randoms(use_true_random=False))
def test_the_order_of_records_in_a_pull_does_not_matter(ledgers, portfolio, order):
    plain, shuffled = ledgers(), ledgers()
    records = state(portfolio)
    plain.pull(records)
    order.shuffle(records)
    shuffled.pull(records)
    assert plain.timelines() == shuffled.timelines()


@follows
@shared
@given(history=st.lists(portfolios, min_size=2, max_size=4))
def test_weaker_evidence_never_closes_stronger(ledgers, history):
    ledger = ledgers()
    for portfolio in history:
        before = ledger.timelines()
        ledger.pull(state(portfolio), complete=False, accept_loss=True)
        for name, line in portfolio.items():
            weakest = max((STRENGTH[e] for _, e in line.values()), default=3)
            strong = {t: f for t, f in before.get(name, {}).items() if STRENGTH[f[1]] > weakest}
            assert strong.items() <= ledger.timelines().get(name, {}).items()


@shared
@given(
    history=st.lists(portfolios, min_size=2, max_size=4),
    jumps=st.lists(st.integers(-(10**6), 10**6), min_size=4, max_size=4),
)
def test_what_was_known_then_never_changes(store_url, history, jumps):
    """Also when the clock goes backwards between the pulls."""
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    store = Store.open(store_url, clock=lambda: clock[0])
    ledger = Ledger(store, f"c{id(history)}-{jumps}")
    remembered = []
    for portfolio, jump in zip(history, jumps, strict=False):
        ledger.pull(state(portfolio), complete=False, accept_loss=True)
        remembered.append((store.known_at(), ledger.timelines()))
        clock[0] += timedelta(seconds=jump)
    stamps = [stamp for stamp, _ in remembered]
    assert stamps == sorted(set(stamps))
    assert all(ledger.timelines(stamp) == seen for stamp, seen in remembered)
    store.engine.dispose()


def test_two_writers_at_once_give_stamps_in_order_of_commit(store_url):
    store = Store.open(store_url)
    seen: list[tuple[datetime, dict[str, dict[str, Timeline]]]] = []
    barrier = Barrier(2)
    names = ("left", "right")

    def write(name: str) -> None:
        barrier.wait()
        for amount in range(1, 9):
            ledger = Ledger(store, name)
            ledger.pull(state({"a": {0: (amount, Evidence.OBSERVED)}}))
            stamp = store.known_at()
            assert stamp is not None
            seen.append((stamp, _everything(store, names, stamp)))

    threads = [Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 16
    assert all(_everything(store, names, stamp) == then for stamp, then in seen)
    store.engine.dispose()


def _everything(store: Store, names: Sequence[str], stamp: datetime):
    return {name: Ledger(store, name).timelines(stamp) for name in names}
