"""A bot with a token: each edition stands once in the channel, is updated in place, has a thread.

Whatever a push does not know for certain it asks the channel: a killed push, or one whose answer
was lost, is finished where it broke off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tenure import SinkContext, bridge_picture
from tenure_sinks.slack.api import Api, Upload
from tenure_sinks.slack.blocks import Shown, blocks
from tenure_sinks.slack.channel import (
    ALERT,
    DETAILS,
    REPORT,
    Message,
    Payload,
    Posted,
    a_day_before,
    find_channel,
    message_at,
    messages_since,
    replies,
)
from tenure_sinks.slack.editions import Edition, difference
from tenure_sinks.slack.errors import RefusedError
from tenure_sinks.slack.options import SlackConfig
from tenure_sinks.slack.story import Story, tell, tell_alert
from tenure_sinks.slack.template import Templates
from tenure_sinks.slack.texts import escaped

if TYPE_CHECKING:
    from tenure import Alert

QUIET = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "parse": "none"}
"""Nothing in a message notifies anybody, nor shows a page behind a link."""

_LATELY = timedelta(days=2)
"""An alert whose answer was lost is looked for so far back: it is tried again for some hours."""

_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds: Slack takes a picture into a message only when it is done with it, moments later."""


@dataclass(frozen=True)
class Bot:
    """One push's hand in one channel."""

    api: Api
    config: SlackConfig
    templates: Templates
    context: SinkContext
    sleep: Callable[[float], None]

    @cached_property
    def channel(self) -> str:
        """The channel's id."""
        return find_channel(self.api, self.config)

    def look(self, edition: Edition, known: Posted | None) -> Message | None:
        """The edition's message, if it stands in the channel."""
        there = message_at(self.api, known.channel, known.ts) if known else None
        if there is None and (known is None or edition.is_latest):
            return self._searched(edition, known.channel if known else self.channel)
        return there

    def _searched(self, edition: Edition, channel: str) -> Message | None:
        first = edition.row.start if self.context.when == "provisional" else edition.row.end
        mine = self._payload(edition)
        for each in messages_since(self.api, channel, a_day_before(first)):
            same = all(each.payload.get(key) == mine[key] for key in ("sink", "report", "period"))
            if each.kind == REPORT and same:
                return each
        return None

    def bring(self, edition: Edition, known: Posted | None) -> Posted:
        """Let the edition stand in the channel, with its thread; what stands already is left."""
        there = self.look(edition, known)
        if there is None and known is not None and not edition.is_latest:
            return known._replace(digest=edition.digest)  # deleted by hand, and stays so
        story = tell(edition, self.context, self.config, self._restated(edition, there))
        channel = known.channel if known else self.channel
        if there is None or there.payload.get("digest") != edition.digest:
            said = self._say(edition, story, channel, there)
        else:
            said = there
        posted = Posted(channel, said.ts, edition.digest)
        if not edition.row.partial:
            found = [] if there is None else replies(self.api, posted)
            self._reply(edition, story, _Thread(posted, str(said.payload.get("key")), found))
        return posted

    def _restated(self, edition: Edition, there: Message | None) -> str:
        """What the message has to say of its earlier figures, if it had any for good."""
        if there is None:
            return ""
        if there.payload.get("digest") == edition.digest:
            return str(there.payload.get("restated") or "")
        if there.payload.get("partial"):
            return ""
        changed = difference(there.payload.get("figures") or {}, edition.figures)
        today = self.context.clock().astimezone(self.context.timezone)
        return f"{today:%Y-%m-%d}: {changed}"

    def _payload(self, edition: Edition, **more: Any) -> Payload:
        return {
            "sink": self.context.name, "report": edition.report, "period": edition.row.period,
            "digest": edition.digest, "key": self.context.key, **more,
        }  # fmt: skip

    def _say(self, edition: Edition, story: Story, channel: str, there: Message | None) -> Message:
        text = self.templates.render(edition.report, story.values())
        payload = self._payload(
            edition, headline=edition.headline, figures=edition.figures,
            partial=edition.row.partial, restated=story.restated,
        )  # fmt: skip
        body = {"channel": channel, "text": f"{story.title}: {edition.headline}", **QUIET}
        body["metadata"] = {"event_type": REPORT, "event_payload": payload}
        method = "chat.postMessage"
        if there is not None:
            method, body["ts"] = "chat.update", there.ts
        ts = self._shown(
            method, body, text, self._picture(edition) if "[picture]" in text else None
        )
        return Message(ts, REPORT, payload)

    def _picture(self, edition: Edition) -> tuple[str, str]:
        made = bridge_picture(edition.row, edition.made.meta.currency)
        name = f"bridge-{edition.row.period}.png"
        return self.api.upload(Upload(name, made.png, made.words)), made.words

    def _shown(
        self, method: str, body: dict[str, Any], text: str, picture: tuple[str, str] | None
    ) -> str:
        """Write the message, as soon as Slack is done with its picture; its ts."""
        for wait in (*_WAITS, None):
            try:
                body["blocks"] = blocks(text, Shown(picture=picture))
                return str(self.api.write(method, body)["ts"])
            except RefusedError as error:
                if error.code != "invalid_blocks" or "slack_file" not in error.details:
                    raise
                if wait is not None:
                    self.sleep(wait)
        self.context.warn("the message has no picture: Slack did not take it in time")
        body["blocks"] = blocks(text, Shown())
        return str(self.api.write(method, body)["ts"])

    def alert(self, alert: "Alert") -> str:
        """Say it, unless this delivery of it was: its key is in the metadata; its ts."""
        mine = {"sink": self.context.name, "alert": alert.key, "key": self.context.key}
        lately = self.context.clock() - _LATELY
        for each in messages_since(self.api, self.channel, lately):
            if each.kind == ALERT and each.payload == mine:
                return each.ts
        values = tell_alert(alert, self.context)
        said = blocks(self.templates.render("alert", values), Shown())
        about = {"event_type": ALERT, "event_payload": mine}
        text = escaped(values["title"])
        body = {"channel": self.channel, "text": text, "blocks": said, "metadata": about, **QUIET}
        return str(self.api.write("chat.postMessage", body)["ts"])

    # --- the thread: for each version of the figures one reply, and a file of all movements

    def _reply(self, edition: Edition, story: Story, thread: "_Thread") -> None:
        if not thread.has_details:
            self._details(edition, story, thread)
        name = f"movements-{edition.row.period}-{thread.version[:8]}.csv"
        if story.movements and not thread.has_file(name):
            log, title = story.log.as_csv().encode(), f"All movements, {story.title}"
            self.api.upload(Upload(name, log, title, thread.of.channel, thread.of.ts))

    def _details(self, edition: Edition, story: Story, thread: "_Thread") -> None:
        text = self.templates.render("details", story.values())
        payload = {**self._payload(edition), "key": thread.version}
        body = {
            "channel": thread.of.channel,
            "thread_ts": thread.of.ts,
            "text": f"{story.title}: details",
            "blocks": blocks(text, Shown(segments=story.segments)),
            "metadata": {"event_type": DETAILS, "event_payload": payload},
        }
        self.api.write("chat.postMessage", body | QUIET)


@dataclass(frozen=True, slots=True)
class _Thread:
    """What stands under a message; `version` is the key of the delivery that wrote it last."""

    of: Posted
    version: str
    there: Sequence[Message]

    @property
    def has_details(self) -> bool:
        return any(m.kind == DETAILS and m.payload.get("key") == self.version for m in self.there)

    def has_file(self, name: str) -> bool:
        return any(name in message.files for message in self.there)
