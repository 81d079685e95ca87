"""What Slack refuses, and what the user is told to do about it."""

import httpx
import pytest
from slack_world import HOOK, TOKEN

from tenure import ConfigError, TransientError

USERS = [
    ("invalid_auth", "Install the app again"),
    ("token_revoked", "Install the app again"),
    ("is_archived", "Unarchive it"),
    ("not_in_channel", "/invite @"),
    ("channel_not_found", "Check `channel`"),
    ("restricted_action", "administers"),
]


def answering(world, method, **body):
    answer = httpx.Response(200, json={"ok": False, **body})
    world.fail = lambda asked: answer if asked == method else None


@pytest.mark.parametrize(("code", "remedy"), USERS)
def test_what_only_the_user_can_mend_says_how(desk, world, code, remedy):
    answering(world, "conversations.history", error=code)
    error = desk.push().error
    assert isinstance(error, ConfigError)
    assert (code in error.reason, remedy in error.instruction) == (True, True)


def test_a_missing_scope_is_named(desk, world):
    world.scopes = "chat:write,channels:read,groups:read,channels:history"
    assert "lacks the scope files:write" in str(desk.push().error)


@pytest.mark.parametrize("code", ["fatal_error", "internal_error", "ratelimited"])
def test_what_may_be_over_later_is_tried_later(desk, world, code):
    answering(world, "conversations.history", error=code)
    assert isinstance(desk.push().error, TransientError)


def test_a_rate_limit_is_waited_for(desk, world):
    left = [httpx.Response(429, json={"ok": False}, headers={"retry-after": "0"})]
    world.fail = lambda method: left.pop() if method == "chat.postMessage" and left else None
    assert desk.push().error is None
    assert len(world.parents()) == 1


def test_another_refusal_is_told_in_slacks_words(desk, world):
    why = ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]
    body = {"error": "msg_too_long", "response_metadata": {"messages": why}}
    answering(world, "conversations.history", **body)
    error = desk.push().error
    assert "msg_too_long ([ERROR] no more than 50 items allowed" in error.reason


def test_an_answer_that_is_no_json_is_said(desk, world):
    world.fail = lambda _: httpx.Response(200, text="<html>proxy</html>")
    assert "no JSON object" in str(desk.push().error)


@pytest.mark.parametrize(("status", "word", "told"), [
    (404, "no_service", "Make a new one"),
    (410, "channel_is_archived", "Unarchive it"),
    (403, "action_prohibited", "a rule of the workspace"),
    (400, "invalid_blocks", "invalid_blocks"),
])  # fmt: skip
def test_a_webhook_says_in_a_word_what_is_wrong(desk, world, status, word, told):
    desk.use_hook()
    world.fail = lambda _: httpx.Response(status, text=word)
    assert told in str(desk.push().error)


def test_no_secret_is_in_an_error(desk, world, caplog):
    caplog.set_level("DEBUG")
    failures = []
    said = f"{TOKEN} {world.base}{HOOK}"
    for refuse in (httpx.Response(500, text=said), httpx.Response(404, text=said)):
        world.fail = lambda _, answer=refuse: answer
        desk.options |= {"max_attempts": 1}
        failures.append(str(desk.push().error))
        desk.use_hook()
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("tenure")]
    for said in (*failures, *ours):
        assert (TOKEN in said, "hooks3cret" in said) == (False, False)
