"""`tenure check` of the sink `slack`: the token, each scope, the channel; nothing is posted."""

import sys

import httpx
import pytest
from pydantic import SecretStr
from slack_world import TOKEN

from tenure import ConfigError, PluginError
from tenure.config import load
from tenure_sinks.slack import tenure_sinks


def test_everything_that_the_bot_may_do_is_said(desk, world):
    assert desk.check() == [
        "is signed in as tenure of Acme",
        "may post and update messages (chat:write)",
        "may bring the picture and the list of movements (files:write)",
        "may find the channel (channels:read)",
        "may find a message again whose answer was lost (channels:history)",
        "is a member of #revenue",
    ]
    assert world.writes() == []


def test_missing_scopes_are_named_with_what_they_are_for(desk, world):
    world.scopes = "channels:read,groups:read"
    with pytest.raises(ConfigError, match=r"lacks the scopes chat:write \(to post.*files:write"):
        desk.check()


def test_a_private_channel_takes_scopes_of_its_own(desk, world):
    world.channels["C00000002"]["is_private"] = True
    assert "may find the channel (groups:read)" in desk.check()
    world.scopes = world.scopes.replace(",groups:history", "")
    with pytest.raises(ConfigError, match="groups:history"):
        desk.check()


def test_a_channel_that_nobody_sees_is_named(desk):
    desk.options["channel"] = "#nowhere"
    with pytest.raises(ConfigError, match="no channel '#nowhere' that the bot can see"):
        desk.check()


def test_an_archived_channel_and_a_bot_outside_are_said(desk, world):
    world.members.clear()
    with pytest.raises(ConfigError, match="not a member of Slack's channel #revenue") as outside:
        desk.check()
    assert "/invite @" in str(outside.value)
    world.channels["C00000002"]["is_archived"] = True
    with pytest.raises(ConfigError, match="#revenue is archived"):
        desk.check()


def test_a_webhook_is_tried_without_a_message(desk, world):
    desk.use_hook()
    assert "no picture, no update and no thread" in " ".join(desk.check())
    assert world.hook_messages == []
    world.fail = lambda _: httpx.Response(404, text="no_service")
    with pytest.raises(ConfigError, match="was removed"):
        desk.check()


def test_a_missing_extra_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "slack_sdk", None)
    with pytest.raises(PluginError, match="slack-sdk") as missing:
        tenure_sinks()
    assert "pip install 'tenure[slack]'" in missing.value.instruction


def test_a_token_is_stripped_of_the_line_it_came_on(desk):
    desk.options["token"] = SecretStr(f" {TOKEN}\n")
    assert desk.check()


CONFIG = """[tenure]
store = "sqlite:///x.db"
[sinks.board]
use = "slack"
"""


@pytest.mark.parametrize(("lines", "said"), [
    ('token = "x"', "needs `token` and `channel`, or `webhook_url`"),
    ('token = "x"\nchannel = "y"\nwebhook_url = "https://z.test"', "either `token` and `channel`"),
    ('webhook_url = "https://z.test"\nreports = ["monthy"]', "monthly"),
])  # fmt: skip
def test_a_mistake_in_the_table_is_said(tmp_path, lines, said):
    (tmp_path / "plugins.toml").write_text(CONFIG + lines)
    with pytest.raises(ConfigError) as mistakes:
        load(tmp_path / "plugins.toml")
    assert said in str(mistakes.value)
