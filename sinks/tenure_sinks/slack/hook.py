"""An incoming webhook: it posts and does nothing else.

It has no picture, no thread and no update, and tells no id: restated figures are a new message,
and one whose answer was lost is posted again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from tenure import Context, SinkContext
from tenure_sinks.slack.blocks import Shown, blocks
from tenure_sinks.slack.channel import Message, Posted
from tenure_sinks.slack.editions import Edition
from tenure_sinks.slack.errors import refused
from tenure_sinks.slack.options import SlackConfig
from tenure_sinks.slack.story import tell, tell_alert
from tenure_sinks.slack.template import Templates
from tenure_sinks.slack.texts import escaped

if TYPE_CHECKING:
    from tenure import Alert

_REFUSALS = (400, 403, 404, 410)
"""Statuses with which a webhook says in a word what is wrong."""
_ALIVE = {"no_text", "invalid_payload", "missing_text_or_fallback_or_attachments"}
"""What one that works says of a message without a text."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One push's hand on a webhook."""

    url: SecretStr
    config: SlackConfig
    templates: Templates
    context: SinkContext

    def look(self, edition: Edition, known: Posted | None) -> Message | None:
        """What it posted last of the edition, as the sink's memory has it."""
        if known is None:
            return None
        return Message("", edition.report, {"digest": known.digest, "headline": known.ts})

    def bring(self, edition: Edition, known: Posted | None) -> Posted:
        """Post the edition; one of other figures than before says what they were."""
        today = self.context.clock().astimezone(self.context.timezone)
        before = f"{today:%Y-%m-%d}; it was {known.ts}" if known else ""
        story = tell(edition, self.context, self.config, before)
        text = self.templates.render(edition.report, story.values())
        self._post(f"{story.title}: {edition.headline}", blocks(text, Shown()))
        return Posted("webhook", edition.headline, edition.digest)

    def alert(self, alert: "Alert") -> str | None:
        """Post it."""
        values = tell_alert(alert, self.context)
        self._post(
            escaped(values["title"]), blocks(self.templates.render("alert", values), Shown())
        )
        return None

    def _post(self, text: str, said: Sequence[Any]) -> None:
        post(self.context, self.url, {"text": text, "blocks": list(said)})


def post(context: Context, url: SecretStr, body: dict[str, Any]) -> None:
    """Send something to the webhook, which answers with a word."""
    ask = {"tenure": {"accept": _REFUSALS}}
    answer = context.http.post(url.get_secret_value().strip(), json=body, extensions=ask)
    if answer.is_error:
        raise refused(context.name, "the webhook's message", answer, {"error": answer.text.strip()})


def try_hook(context: Context, url: SecretStr) -> None:
    """Raise unless the webhook would take a message: it is sent one without a text."""
    ask = {"tenure": {"accept": _REFUSALS}}
    answer = context.http.post(url.get_secret_value().strip(), json={}, extensions=ask)
    said = answer.text.strip()
    if said not in _ALIVE:
        raise refused(context.name, "the webhook", answer, {"error": said or "an empty answer"})
