"""The sink `slack`: each period stands once, is updated in place, and is found again."""

import json
from dataclasses import replace

import httpx
import pytest
from slack_desk import moved, row

from tenure.ledger.store import Store

LOST = httpx.ConnectError
WRITES = [
    "files.completeUploadExternal", "upload/F00000001", "chat.postMessage",
    "second chat.postMessage", "second files.completeUploadExternal",
]  # fmt: skip


def lost(request=None):
    raise httpx.ReadError("the answer was lost")


def losing(world, which):
    """Let the answer of a write be lost, once; the write itself was carried out."""
    number, _, method = which.rpartition(" ")
    left = [2 if number else 1]

    def lose(asked):
        left[0] -= asked == method
        if asked == method and left[0] == 0:
            lost()

    world.lose = lose


def stands(world, restatements=0):
    """One message with a whole thread for each version of its figures."""
    (parent,) = world.parents()
    thread = world.thread(parent["ts"])
    files = [each["name"] for one in thread for each in one.get("files", ())]
    details = [one for one in thread if one.get("metadata")]
    versions = 1 + restatements
    return (len(files), len(set(files)), len(details)) == (versions, versions, versions)


def test_a_period_is_posted_with_its_picture_and_a_thread(desk, world):
    done = desk.push()
    assert (done.error, len(done.changes)) == (None, 1)
    (parent,) = world.parents()
    assert stands(world)
    assert world.files[pictured(parent)]["content"].startswith(b"\x89PNG")
    assert parent["text"].startswith("November 2025: NRR 98.50 %, GRR 96.50 %")


def pictured(message):
    (image,) = [block for block in message["blocks"] if block["type"] == "image"]
    return image["slack_file"]["id"]


def test_an_unchanged_push_asks_slack_nothing(desk, world):
    desk.push()
    world.asked.clear()
    assert desk.push().changes == ()
    assert world.asked == []


def test_a_dry_run_says_what_the_push_does_and_writes_nothing(desk, world):
    looked = desk.preview()
    assert world.writes() == []
    assert desk.push().changes == looked.changes
    (change,) = looked.changes
    assert (change.target, change.old, change.note) == (
        "#revenue monthly 2025-11", None, "new message",
    )  # fmt: skip


def test_restated_figures_are_updated_in_place_and_told(desk, world):
    desk.push()
    desk.rows[-1] = row(churn=460, end_mrr=20_540)
    desk.later(days=4)
    looked = desk.preview()
    assert desk.push().changes == looked.changes
    (change,) = looked.changes
    assert "NRR 98.50 %" in change.old
    assert "NRR 98.70 %" in change.new
    assert change.note.startswith("updated in place: NRR 98.50 % → 98.70 %, GRR 96.50 % → 96.70 %")
    (parent,) = world.parents()
    said = json.dumps(parent["blocks"], ensure_ascii=False)
    assert "_Restated on 2025-12-05: NRR 98.50 % → 98.70 %" in said
    assert stands(world, restatements=1)


def test_each_restatement_is_a_reply(desk, world):
    for churn in (500, 480, 460):
        desk.rows[-1] = row(churn=churn, end_mrr=21_000 - churn)
        desk.push()
    assert stands(world, restatements=2)
    told = json.dumps(world.messages["C00000002"], ensure_ascii=False)
    assert "*Restated on 2025-12-01: NRR 98.60 % → 98.70 %" in told


@pytest.mark.parametrize("which", WRITES)
def test_a_lost_answer_doubles_nothing(desk, world, which):
    losing(world, which)
    assert "the answer was lost" in str(desk.push().error)
    assert desk.push().error is None
    assert stands(world)
    assert desk.push().changes == ()


@pytest.mark.parametrize("which", ["chat.update", *WRITES[:3:2]])
def test_a_lost_answer_of_a_restatement_doubles_nothing(desk, world, which):
    desk.push()
    desk.rows[-1] = row(churn=460, end_mrr=20_540)
    losing(world, which)
    assert desk.push().error is not None
    assert desk.push().error is None
    assert stands(world, restatements=1)
    assert "NRR 98.50 % → 98.70 %" in json.dumps(world.messages["C00000002"], ensure_ascii=False)


def test_a_server_error_after_the_message_was_taken_doubles_nothing(desk, world):
    answers = iter([httpx.Response(200, json={"ok": False, "error": "fatal_error"})])
    world.lose = lambda method: next(answers, None) if method == "chat.postMessage" else None
    assert "fatal_error" in str(desk.push().error)
    assert desk.push().error is None
    assert stands(world)


def test_a_ledger_that_forgot_finds_the_message_again(desk, world, tmp_path):
    desk.push()
    desk.store = Store.open(f"sqlite:///{tmp_path / 'other.db'}")
    (change,) = desk.push().changes
    assert change.note == "stands already; its thread is looked at"
    assert stands(world)
    desk.store.engine.dispose()


def test_the_search_goes_through_a_busy_channel(desk, world):
    desk.push()
    for number in range(5):
        world._add("C00000002", {"text": f"chatter {number}"})
    world.page = 2
    with desk.store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM sink_remote")
    desk.push()
    assert len([one for one in world.parents() if one.get("metadata")]) == 1


def test_a_message_deleted_by_hand_is_posted_anew_when_figures_change(desk, world):
    desk.push()
    world.messages["C00000002"].clear()
    assert desk.push().changes == ()
    desk.rows[-1] = row(churn=460, end_mrr=20_540)
    desk.push()
    assert stands(world)


def test_only_the_last_period_is_posted_and_an_earlier_one_is_kept_right(desk, world):
    desk.push()
    desk.rows = [row("2025-11", churn=460, end_mrr=20_540), row("2025-12", start_mrr=20_540)]
    assert [change.target[-7:] for change in desk.push().changes] == ["2025-11", "2025-12"]
    november, december = world.parents()
    assert "NRR 98.70 %" in november["text"]
    assert december["text"].startswith("December 2025")


def test_an_earlier_message_deleted_by_hand_stays_deleted(desk, world):
    desk.push()
    world.messages["C00000002"].clear()
    desk.rows = [row("2025-11", churn=460, end_mrr=20_540), row("2025-12", start_mrr=20_540)]
    november, december = desk.push().changes
    assert (november.note, december.note) == ("was deleted by hand, and stays so", "new message")
    assert len(world.parents()) == 1
    assert desk.push().changes == ()


def test_figures_that_go_back_to_what_they_were_are_told_too(desk, world):
    for churn in (500, 460, 500):
        desk.rows[-1] = row(churn=churn, end_mrr=21_000 - churn)
        desk.push()
    assert stands(world, restatements=2)


def test_a_running_period_is_updated_quietly_and_gets_its_thread_when_it_is_over(desk, world):
    desk.when = "provisional"
    desk.rows = [replace(row(), partial=True)]
    desk.push()
    desk.rows = [replace(row(churn=460, end_mrr=20_540), partial=True)]
    desk.push()
    (parent,) = world.parents()
    assert world.thread(parent["ts"]) == []
    desk.rows = [row(churn=440, end_mrr=20_560)]
    desk.push()
    assert stands(world)
    assert "Restated" not in json.dumps(world.messages["C00000002"])


def test_a_period_that_ends_as_it_stood_is_said_to_be_over(desk):
    desk.when, desk.rows = "provisional", [replace(row(), partial=True)]
    desk.push()
    desk.rows = [row()]
    assert [change.note for change in desk.preview().changes] == [
        "updated in place: its period is over"
    ]


def test_a_week_has_a_message_of_its_own(desk, world):
    desk.keys = {"reports": ("monthly", "weekly")}
    desk.weeks = [replace(row(), period="2025-W47"), replace(row(churn=0), period="2025-W48")]
    assert [change.target for change in desk.push().changes] == [
        "#revenue monthly 2025-11", "#revenue weekly 2025-W48",
    ]  # fmt: skip
    _, week = world.parents()
    assert "Net revenue retention, week 48 of 2025" in json.dumps(week["blocks"])


def test_one_message_that_fails_does_not_lose_the_other(desk, world):
    desk.keys = {"reports": ("monthly", "weekly")}
    desk.weeks = [replace(row(), period="2025-W48")]
    losing(world, "second chat.postMessage")
    failed = desk.push()
    assert "monthly 2025-11" in str(failed.error)
    assert desk.push().error is None
    assert len(world.parents()) == 2


def test_another_channel_gets_the_message_too(desk, world):
    desk.push()
    desk.options["channel"] = "C00000001"
    desk.push()
    assert len(world.parents("C00000001")) == 1


def test_slack_may_take_its_time_with_a_picture(desk, world):
    world.slow_files = 2
    assert desk.push().error is None
    assert desk.waited == [0.5, 1.0]
    assert pictured(world.parents()[0])


def test_a_picture_that_slack_never_takes_holds_the_message_up_no_longer(desk, world):
    world.slow_files = 100
    assert desk.push().error is None
    assert desk.warnings == ["the message has no picture: Slack did not take it in time"]
    assert "image" not in {block["type"] for block in world.parents()[0]["blocks"]}


def test_the_file_in_the_thread_is_the_whole_log(desk, world):
    desk.movements = [moved(f"customer {number}", number + 1) for number in range(400)]
    desk.push()
    (log,) = [file for file in world.files.values() if file["name"].endswith(".csv")]
    assert log["content"].decode().count("\n") == 401


def test_within_slacks_limits_a_push_needs_no_second_try(desk, world):
    world.limits = True
    assert desk.push().error is None


# --- an incoming webhook


def test_a_webhook_posts_once_and_restated_figures_anew(desk, world):
    desk.use_hook()
    assert desk.push().error is None
    assert desk.push().changes == ()
    desk.rows[-1] = row(churn=460, end_mrr=20_540)
    (change,) = desk.push().changes
    assert (change.note, len(world.hook_messages)) == ("restated, as a new message", 2)
    said = json.dumps(world.hook_messages, ensure_ascii=False)
    assert "_Restated on 2025-12-01; it was NRR 98.50 %" in said
    assert '"image"' not in said


def test_what_a_webhook_may_not_have_got_is_posted_again(desk, world):
    desk.use_hook()
    world.fail = lost
    assert "the answer was lost" in str(desk.push().error)
    world.fail = lambda _: None
    assert desk.push().error is None
    assert len(world.hook_messages) == 1
