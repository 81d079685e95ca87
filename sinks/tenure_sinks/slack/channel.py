"""Which channel is meant, and what is said there already.

Every message carries what it is in its metadata: so one whose answer was lost is found again in
the channel, and nothing is posted twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from tenure import ConfigError
from tenure_sinks.slack.api import Api
from tenure_sinks.slack.options import SlackConfig

REPORT, DETAILS, ALERT = "tenure_report", "tenure_details", "tenure_alert"
"""What kind of message it is: `event_type` of its metadata."""

_KINDS = ("public_channel", "private_channel")
"""Asked one after the other: each takes a scope of its own."""

Payload = Mapping[str, Any]


class Posted(NamedTuple):
    """Where a message stands and which figures it says; the sink's memory keeps it as text.

    A webhook tells no ts: its headline is kept instead.
    """

    channel: str
    ts: str
    digest: str

    @classmethod
    def read(cls, text: str | None) -> "Posted | None":
        """Of the memory's text."""
        parts = (text or "").split("/")
        return cls(*parts) if len(parts) == 3 else None  # noqa: PLR2004 - its fields

    def __str__(self) -> str:
        return "/".join(self)


@dataclass(frozen=True, slots=True)
class Message:
    """One that stands in the channel, by its metadata."""

    ts: str
    kind: str
    payload: Payload
    files: tuple[str, ...] = ()
    """Names of the files in it."""


def find_channel(api: Api, config: SlackConfig) -> str:
    """The channel's id; raises `ConfigError` where no channel has that name."""
    if config.channel_id is not None:
        return config.channel_id
    name = str(config.channel).removeprefix("#")
    for kind in _KINDS:
        for each in api.pages("conversations.list", "channels", types=kind):
            if each.get("name") == name:
                return str(each["id"])
    raise ConfigError(
        f"Slack has no channel {config.channel!r} that the bot can see",
        "Check `channel`; a private one takes `/invite @` and the app's name there first",
    )


def message_at(api: Api, channel: str, ts: str) -> Message | None:
    """The message of that ts, unless it was deleted."""
    asked = {"channel": channel, "latest": ts, "oldest": ts, "inclusive": "true", "limit": "1"}
    body = api.read("conversations.history", include_all_metadata="true", **asked)
    found = [_message(each) for each in body.get("messages", ()) if each.get("ts") == ts]
    return found[0] if found else None


def messages_since(api: Api, channel: str, since: datetime) -> Iterator[Message]:
    """All messages of the channel since then, the newest first."""
    asked = {"channel": channel, "oldest": f"{since.timestamp():.6f}"}
    asked["include_all_metadata"] = "true"
    for each in api.pages("conversations.history", "messages", **asked):
        yield _message(each)


def replies(api: Api, posted: Posted) -> list[Message]:
    """Everything in a message's thread."""
    asked = {"channel": posted.channel, "ts": posted.ts, "include_all_metadata": "true"}
    return [_message(each) for each in api.pages("conversations.replies", "messages", **asked)]


def _message(body: Mapping[str, Any]) -> Message:
    metadata = body.get("metadata") or {}
    files = (str(each.get("name")) for each in body.get("files") or ())
    return Message(
        ts=str(body.get("ts")),
        kind=str(metadata.get("event_type")),
        payload=metadata.get("event_payload") or {},
        files=tuple(files),
    )


def a_day_before(day: Any) -> datetime:
    """An instant before that day begins anywhere."""
    return datetime.combine(day, time(), UTC) - timedelta(days=1)
