"""What runs when: once per due instant, in order, made up for once, tried again later."""

from datetime import timedelta

import pytest
from daemons import Rig, a_plan, at, job

from tenure.daemon.runs import KEPT, Runs, State
from tenure.ledger.store import Store

SYNC, CRM, REPORT, BOARD = "sync:billing", "sync:crm", "report", "push:board"


def everything() -> tuple:
    return job(BOARD), job(REPORT), job(CRM), job(SYNC)


def test_syncs_go_first_then_figures_then_sinks(rig):
    one = rig(*everything())
    assert one.tick() == [SYNC, CRM, REPORT, BOARD]


def test_what_ran_is_not_run_again_until_it_is_due(rig):
    one = rig(job(SYNC))
    assert (one.tick(), one.tick("2026-01-05T10:59"), one.tick("2026-01-05T11:00")) == (
        [SYNC],
        [],
        [SYNC],
    )


def test_what_was_missed_is_made_up_for_once(rig):
    one = rig(job(SYNC))
    one.tick()
    assert one.tick("2026-01-09T00:30") == [SYNC]
    assert one.states(SYNC) == ["done", "done"]


def test_a_sink_of_its_own_schedule_waits_for_its_first_time(rig):
    one = rig(job(BOARD, "0 9 1 * *", starts_missed=False))
    assert one.tick() == []
    assert one.tick("2026-02-03T00:00") == [BOARD]


def test_a_sink_that_missed_its_first_time_makes_up_for_it_after_a_restart(rig):
    rig(job(BOARD, "0 9 1 * *", starts_missed=False)).tick()
    later = rig(job(BOARD, "0 9 1 * *", starts_missed=False), instance="two")
    assert later.tick("2026-02-03T00:00") == [BOARD]


@pytest.mark.parametrize("store_url", ["sqlite", "postgres"], indirect=True)
def test_two_daemons_that_are_due_at_once_run_a_job_once(store_url):
    store = Store.open(store_url)
    one, two = (Rig(store, a_plan(job(SYNC)), instance=name) for name in ("one", "two"))
    one.hands.held.add(SYNC)
    assert (one.tick(), two.tick()) == ([SYNC], [])


def test_figures_wait_for_a_sync_that_still_runs(rig):
    one = rig(job(SYNC, "every 1d"), job(REPORT))
    one.hands.held.add(SYNC)
    assert one.tick() == [SYNC]
    one.hands.held.clear()
    assert one.tick("2026-01-05T10:20") == [REPORT]


def test_figures_that_waited_too_long_go_ahead_and_say_what_is_stale(rig):
    one = rig(job(SYNC, "every 1d"), job(REPORT))
    one.hands.held.add(SYNC)
    one.tick()
    assert one.tick("2026-01-05T10:31") == [REPORT]
    assert one.runs.recent(REPORT, 1)[0].message == "fine; stale: sync:billing still runs"


def test_figures_over_a_sync_that_failed_say_so(rig):
    one = rig(job(SYNC), job(REPORT))
    one.hands.results[SYNC] = (State.FAILED, "is down")
    assert one.tick() == [SYNC, REPORT]
    assert one.runs.recent(REPORT, 1)[0].message == "fine; stale: sync:billing failed"


def test_a_sync_waits_for_figures_that_are_being_made(rig):
    one = rig(job(SYNC, "every 15m"), job(REPORT, "every 1d"))
    one.hands.held.add(REPORT)
    one.tick()
    assert one.tick("2026-01-05T10:15") == []
    one.hands.held.clear()
    assert one.tick("2026-01-05T10:16") == [SYNC]


def test_figures_wait_for_a_sync_that_is_due_but_a_little_late(rig):
    one = rig(job(SYNC, jitter=timedelta(seconds=30)), job(REPORT))
    due = at("2026-01-05T11:00")
    assert timedelta(0) < one.plan.jobs[0].start(one.plan.zone, due) - due < timedelta(seconds=30)
    one.tick("2026-01-05T10:01")
    assert one.tick("2026-01-05T11:00") == []
    assert one.tick("2026-01-05T11:00:30") == [SYNC, REPORT]


def test_a_little_late_is_never_as_late_as_the_next_time(rig):
    one = rig(job(SYNC, "every 10s", jitter=timedelta(minutes=5)))
    one.tick("2026-01-05T10:00:01")
    assert [one.tick(f"2026-01-05T10:00:{second:02}") for second in (10, 11, 20, 21)] == [
        [],
        [SYNC],
        [],
        [SYNC],
    ]


def test_what_waits_longer_than_its_period_has_its_turn_at_last(rig):
    one = rig(job(SYNC, "every 10m"), job(REPORT, "every 1d"))
    one.hands.held.add(REPORT)
    one.tick()
    assert [one.tick(f"2026-01-05T10:{minute}") for minute in (10, 20, 30, 40, 41)] == [
        [],
        [],
        [],
        [],
        [SYNC],
    ]


def test_figures_that_were_missed_for_long_follow_syncs_that_were_not(rig):
    one = rig(job(REPORT, "every 1w"), job(SYNC, "every 1m"))
    assert one.tick() == [SYNC, REPORT]


def test_what_failed_is_tried_again_later_and_later(rig):
    one = rig(job(SYNC, "every 1d"))
    one.hands.results[SYNC] = (State.FAILED, "is down")
    minutes = [minute for minute in range(16) if one.tick(f"2026-01-05T10:{minute:02}")]
    assert minutes == [0, 1, 3, 7, 15]
    assert one.states(SYNC) == ["failed"]


def test_what_failed_is_forgotten_when_it_is_due_anew(rig):
    one = rig(job(SYNC))
    one.hands.results[SYNC] = (State.FAILED, "is down")
    one.tick("2026-01-05T10:58")
    del one.hands.results[SYNC]
    assert one.tick("2026-01-05T11:00") == [SYNC]
    assert one.tick("2026-01-05T11:30") == []


def test_what_a_sync_left_for_somebody_to_look_at_is_not_tried_again(rig):
    one = rig(job(SYNC, "every 1d"))
    one.hands.results[SYNC] = (State.PARTIAL, "3 rows could not be read")
    one.tick()
    assert one.tick("2026-01-05T20:00") == []


def test_a_job_never_overlaps_itself(rig):
    one = rig(job(SYNC))
    one.hands.held.add(SYNC)
    assert (one.tick(), one.tick("2026-01-05T11:00"), one.tick("2026-01-05T12:00")) == (
        [SYNC],
        [],
        [],
    )
    one.hands.held.clear()
    assert one.tick("2026-01-05T12:10") == [SYNC]
    assert one.states(SYNC) == ["done", "skipped", "done"]


def test_alerts_wait_for_nobody(rig):
    one = rig(job(SYNC), job("alerts", "every 15m"), job(REPORT))
    one.hands.held.add(SYNC)
    assert one.tick() == ["alerts", SYNC]
    assert one.tick("2026-01-05T10:15") == ["alerts"]


def test_alerts_say_themselves_what_is_stale(rig):
    one = rig(job(SYNC), job("alerts", "every 15m"))
    one.hands.results[SYNC] = (State.FAILED, "is down")
    one.tick()
    one.tick("2026-01-05T10:15")
    assert one.runs.recent("alerts", 1)[0].message == "fine"


def test_no_more_workers_than_are_allowed(rig):
    one = rig(*(job(f"sync:{name}") for name in "abc"), workers=2)
    one.hands.held = {f"sync:{name}" for name in "abc"}
    assert one.tick() == ["sync:a", "sync:b"]


def test_a_new_leader_goes_on_with_what_the_old_one_was_at(rig):
    old = rig(job(SYNC, "every 1d"))
    old.hands.held.add(SYNC)
    old.tick()
    new = rig(job(SYNC, "every 1d"), instance="two")
    assert new.tick() == []
    assert new.runs.take_over(new.now) == 1
    assert new.tick() == [SYNC]
    # The old one was not dead after all: its word does not count any more.
    old.hands.results[SYNC], old.hands.held = (State.FAILED, "cut off"), set()
    old.turn.tick(old.now)
    assert new.states(SYNC) == ["done"]


def test_what_an_old_leader_began_when_it_led_no_more_is_run_again(rig):
    new, old = (rig(job(SYNC, "every 1d"), instance=name) for name in ("new", "old"))
    new.runs.take_over(new.now)
    old.hands.held.add(SYNC)
    assert old.tick() == [SYNC]
    # Not at once: who led before might take the new one's runs for lost, in its last moments.
    assert [new.tick(f"2026-01-05T10:0{minute}") for minute in (5, 6, 7)] == [[], [SYNC], []]


def test_what_nobody_is_at_is_given_up_though_the_next_is_due_by_then(rig):
    one = rig(job(SYNC))
    one.hands.held.add(SYNC)
    one.tick()
    one.hands.open.clear()  # the ledger said no when it was to be begun, and had begun it
    one.hands.held.clear()
    assert one.tick("2026-01-05T11:00") == [SYNC]
    assert one.states(SYNC) == ["interrupted", "done"]


def test_a_clock_that_was_wrong_by_a_month_loses_nothing(rig):
    one = rig(job(BOARD, "0 9 1 * *", starts_missed=False))
    one.tick()
    assert one.tick("2026-02-05T10:00") == [BOARD]
    assert one.tick("2026-01-06T10:00") == []
    assert one.tick("2026-02-01T09:00") == [BOARD]


def test_a_clock_that_is_set_back_a_little_fires_nothing_twice(rig):
    one = rig(job(SYNC))
    assert one.tick("2026-01-05T11:00:01") == [SYNC]
    assert one.tick("2026-01-05T10:59:58") + one.tick("2026-01-05T11:00:00") == []


def test_old_runs_are_forgotten_but_the_last_of_each_job(rig):
    one = rig(job(SYNC, "every 1d"), job(BOARD, "0 9 5 1 *"))
    for day in range(3):
        one.tick(f"2026-01-0{5 + day}T10:00")
    one.runs.prune(one.now + KEPT - timedelta(days=2))
    assert (len(one.states(SYNC)), len(one.states(BOARD))) == (2, 1)


def test_a_failed_run_says_when_it_is_tried_again(rig):
    one = rig(job(SYNC, "every 1d"))
    one.hands.results[SYNC] = (State.FAILED, "is down")
    one.tick()
    assert one.turn.soonest == timedelta(minutes=1)
    assert Runs(one.store, "x").recent(SYNC, 1)[0].as_json() == {
        "id": 1,
        "job": SYNC,
        "due": "2026-01-05T00:00:00Z",
        "start": "2026-01-05T10:00:00Z",
        "end": "2026-01-05T10:00:00Z",
        "result": "failed",
        "attempt": 1,
        "next_attempt": "2026-01-05T10:01:00Z",
        "instance": "one",
        "message": "is down",
    }


def test_times_are_read_in_the_zone_of_the_workspace(rig):
    one = rig(job(REPORT, "5 0 * * *"), zone="America/New_York")
    one.tick("2026-03-08T05:00")
    assert one.runs.recent(REPORT, 1)[0].due_at == at("2026-03-07T05:05")
