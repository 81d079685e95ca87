"""`tenure check`: the token, each of its scopes, the channel; nothing is posted."""

from collections.abc import Iterator, Mapping
from typing import Any

from tenure import ConfigError
from tenure_sinks.slack.api import Api
from tenure_sinks.slack.channel import find_channel
from tenure_sinks.slack.options import SlackConfig

SCOPES: Mapping[str, str] = {
    "chat:write": "post and update messages",
    "files:write": "bring the picture and the list of movements",
    "{kind}:read": "find the channel",
    "{kind}:history": "find a message again whose answer was lost",
}
"""What the bot needs, and for what; `{kind}` is `channels`, or `groups` of a private channel."""


def check_token(api: Api, config: SlackConfig) -> Iterator[str]:
    """Raise for what is missing; a line for what is there."""
    answer = api.asked("auth.test")
    who = api.ok("auth.test", answer)
    yield f"is signed in as {who.get('user', '?')} of {who.get('team', '?')}"
    granted = {each.strip() for each in answer.headers.get("x-oauth-scopes", "").split(",")}
    _require(granted, _needed("channels", ("chat:write", "files:write")))
    channel = api.read("conversations.info", channel=find_channel(api, config))["channel"]
    kind = "groups" if channel.get("is_private") else "channels"
    needed = _needed(kind)
    _require(granted, needed)
    yield from (f"may {use} ({scope})" for scope, use in needed.items())
    yield _joined(channel)


def _needed(kind: str, only: tuple[str, ...] = tuple(SCOPES)) -> dict[str, str]:
    return {scope.format(kind=kind): SCOPES[scope] for scope in only}


def _require(granted: set[str], needed: Mapping[str, str]) -> None:
    missing = [f"{scope} (to {use})" for scope, use in needed.items() if scope not in granted]
    if missing:
        raise ConfigError(
            f"The Slack token lacks the scope{'s' * (len(missing) > 1)} {', '.join(missing)}",
            "Add them under OAuth & Permissions of the app, and install the app again",
        )


def _joined(channel: Mapping[str, Any]) -> str:
    name = f"#{channel.get('name', channel.get('id'))}"
    if channel.get("is_archived"):
        raise ConfigError(
            f"Slack's channel {name} is archived", "Unarchive it, or change `channel`"
        )
    if channel.get("is_member") is False:
        raise ConfigError(
            f"The bot is not a member of Slack's channel {name}",
            "Write `/invite @` and the app's name (@tenure in the manifest of the docs) there",
        )
    return f"is a member of {name}"
