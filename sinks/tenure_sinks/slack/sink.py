"""The sink: which messages are due, and one way or the other to let them stand."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from tenure import Change, Context, Receipt, Report, Sink, SinkContext, TenureError, Unwritten
from tenure_sinks.slack.api import Api
from tenure_sinks.slack.bot import Bot
from tenure_sinks.slack.channel import Message, Posted
from tenure_sinks.slack.checking import check_token
from tenure_sinks.slack.editions import REPORTS, Edition, difference, editions
from tenure_sinks.slack.hook import Hook, try_hook
from tenure_sinks.slack.options import SlackConfig
from tenure_sinks.slack.template import Templates

if TYPE_CHECKING:
    from tenure import Alert


class _Way(Protocol):
    """A bot, or a webhook."""

    def look(self, edition: Edition, known: Posted | None) -> Message | None: ...
    def bring(self, edition: Edition, known: Posted | None) -> Posted: ...
    def alert(self, alert: "Alert") -> str | None: ...


@dataclass(frozen=True, slots=True)
class _Due:
    """An edition that does not stand for certain, and where it stood last."""

    edition: Edition
    target: str
    known: Posted | None


class Slack(Sink):
    """A monthly and a weekly message in a channel of Slack, and alerts."""

    name = "slack"
    api = 1
    Config = SlackConfig
    config: SlackConfig
    remembers = True
    alerts = True
    reports: ClassVar = REPORTS
    sleep: ClassVar = staticmethod(time.sleep)
    requests_per_second = 1.0  # what Slack lets an app post to one channel

    def check(self, context: Context) -> Iterator[str]:
        """Whether the token may do everything, or the webhook is alive; posts nothing."""
        yield from self._templates(context).check()
        hook = self.config.webhook_url
        if hook is None:
            yield from check_token(self._api(context), self.config)
            return
        try_hook(context, hook)
        yield "the webhook takes messages; a webhook has no picture, no update and no thread"

    def preview(self, report: Report, context: SinkContext) -> Sequence[Change]:
        """A change for each message that is new, is restated, or is not known to stand."""
        way = self._way(context)
        return [_change(way, due) for due in self._due(report, context)]

    def deliver(self, report: Report, changes: Sequence[Change], context: SinkContext) -> Receipt:
        """Bring each message to the channel; one that fails stops no other."""
        way, asked = self._way(context), {change.target for change in changes}
        ids: dict[str, str] = {}
        failed: dict[str, TenureError] = {}
        for due in self._due(report, context):
            if due.target not in asked:
                continue
            try:
                ids[due.target] = str(way.bring(due.edition, due.known))
            except TenureError as error:
                failed[due.target] = error
        if failed and not ids:
            raise next(iter(failed.values()))
        unwritten = [Unwritten(target=name, reason=str(error)) for name, error in failed.items()]
        return Receipt(written=len(ids), remote_ids=ids, unwritten=unwritten)

    def alert(self, alert: "Alert", context: SinkContext) -> Receipt:
        """Say it once, whether or not an answer was lost before."""
        return Receipt(written=1, remote_id=self._way(context).alert(alert))

    def _due(self, report: Report, context: SinkContext) -> Iterator[_Due]:
        """Of the last period each report, and earlier ones whose message says other figures."""
        every = {
            edition.target(self.config.place): edition for edition in editions(report, context)
        }
        known = context.memory.remote_ids(every)
        for target, edition in every.items():
            last = Posted.read(known.get(target))
            if (last or edition.is_latest) and (last is None or last.digest != edition.digest):
                yield _Due(edition, target, last)

    def _way(self, context: SinkContext) -> _Way:
        templates, hook = self._templates(context), self.config.webhook_url
        if hook is not None:
            return Hook(hook, self.config, templates, context)
        return Bot(self._api(context), self.config, templates, context, self.sleep)

    def _api(self, context: Context) -> Api:
        token = self.config.token
        return Api(context.http, context.name, token.get_secret_value().strip() if token else "")

    def _templates(self, context: Context) -> Templates:
        folder = self.config.templates
        path = context.folder / Path(folder).expanduser() if folder else None
        return Templates(context.name, path)


def _change(way: _Way, due: _Due) -> Change:
    """What a push does with an edition: from the old headline to the new one, and why."""
    there, new = way.look(due.edition, due.known), due.edition.headline
    old = there.payload.get("headline") if there else None
    note = _note(there, due)
    return Change(target=due.target, field="message", old=old, new=new, note=note)


def _note(there: Message | None, due: _Due) -> str:
    edition = due.edition
    if there is None:
        stays = due.known is not None and not edition.is_latest
        return "was deleted by hand, and stays so" if stays else "new message"
    figures = there.payload.get("figures")
    if there.payload.get("digest") == edition.digest:
        return "stands already; its thread is looked at"
    if not figures:
        return "restated, as a new message"
    changed = difference(figures, edition.figures)
    return f"updated in place: {changed or 'its period is over'}"
