"""Who has got which figures, and the sending of what is missing.

A mail cannot be looked at again, nor taken back: what a server has accepted, for whom, is
remembered here. One that was cut off before the server's answer is sent again, under the same
Message-ID; so is a mail to those recipients alone whom a server refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.utils import parseaddr
from pathlib import Path

from pydantic import Field, field_validator

from tenure import (
    Alert,
    Change,
    ConfigError,
    Context,
    PluginConfig,
    Receipt,
    Report,
    Sink,
    SinkContext,
    Unwritten,
)
from tenure_sinks.mail.message import Envelope, of_alert, of_report
from tenure_sinks.mail.server import Server, hand_over, of_url, refused_by


class EmailConfig(PluginConfig):
    """Which server, from whom, to whom."""

    url: str = Field(repr=False, description="smtp://user:password@host:587, or smtps://…")
    sender: str = Field(alias="from", description="who it is from: revenue@example.com")
    to: tuple[str, ...] = Field(min_length=1, description="who gets it")
    timeout: float = Field(
        default=30.0, gt=0, allow_inf_nan=False, description="seconds to wait for an answer"
    )
    ca_bundle: Path | None = Field(
        default=None, description="certificates (PEM) trusted instead of the usual ones"
    )

    @field_validator("url")
    @classmethod
    def _is_server(cls, url: str) -> str:
        of_url(url, 1, None)
        return url

    @field_validator("sender")
    @classmethod
    def _is_address(cls, text: str) -> str:
        return _address(text)

    @field_validator("to")
    @classmethod
    def _are_addresses(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(_address, texts)))


class Email(Sink):
    """The report as a mail with its pictures, once per content and recipient."""

    name = "email"
    api = 1
    Config = EmailConfig
    config: EmailConfig
    remembers = True
    alerts = True

    def check(self, context: Context) -> Iterator[str]:
        """Log in, and ask whether the server takes the recipients; nothing is sent."""
        server, to = self._server(context), self.config.to
        with server.session() as client:
            refused = refused_by(client, self._sender(), [_bare(who) for who in to])
        if refused:
            said = "; ".join(f"{each.target}: {each.reason}" for each in refused)
            raise ConfigError(f"The mail server {server.host} refuses {said}", "Change `to`")
        yield f"can send to {len(to)} recipients by {server.host}:{server.port}"

    def preview(self, report: Report, context: SinkContext) -> Sequence[Change]:
        """Each recipient who has not got just these figures of the last complete month."""
        whole = _complete(report)
        if whole is None:
            return []
        period, new = whole.rows[-1].period, whole.content_hash[:16]
        to = [_bare(who) for who in self.config.to]
        begun, sure = context.memory.values(to), context.memory.confirmed(to)
        changes = []
        for who in to:
            old = sure.get(who, {}).get(period)
            if old != new:
                is_lost = period in begun.get(who, {}) and old is None
                note = "sent before, and not known to have arrived" if is_lost else ""
                changes.append(Change(target=who, field=period, old=old, new=new, note=note))
        return changes

    def deliver(self, report: Report, changes: Sequence[Change], context: SinkContext) -> Receipt:
        """One mail to those who have not got it."""
        period, to = changes[0].field, [change.target for change in changes]
        envelope = self._envelope(context)
        # Who got a mail of this period gets other figures now, whatever became of other attempts.
        earlier = context.memory.remote_ids([_mail(period, who) for who in to]).values()
        answers = next((one for one in earlier if one != envelope.message_id), None)
        envelope = replace(envelope, answers=answers)
        refused = self._send(context, to, of_report(report, period, envelope, context.dashboard))
        taken = set(to) - {each.target for each in refused}
        return Receipt(
            written=len(taken),
            remote_id=envelope.message_id,
            remote_ids={_mail(period, who): envelope.message_id for who in taken},
            unwritten=refused,
        )

    def alert(self, alert: Alert, context: SinkContext) -> Receipt:
        """A short mail to those who have not got it."""
        envelope = self._envelope(context)
        got = {_mail(alert.key, _bare(who)): _bare(who) for who in self.config.to}
        known = context.memory.remote_ids(got)
        to = [who for name, who in got.items() if name not in known]
        refused = self._send(context, to, of_alert(alert, envelope, context.dashboard))
        failed = {each.target for each in refused}
        taken = [name for name, who in got.items() if who not in failed]
        return Receipt(
            written=len(to) - len(refused),
            remote_id=envelope.message_id,
            remote_ids=dict.fromkeys(taken, envelope.message_id),
            unwritten=refused,
        )

    def _send(self, context: Context, to: Sequence[str], mail: bytes) -> list[Unwritten]:
        with self._server(context).session() as client:
            return hand_over(client, self._sender(), to, mail) if to else []

    def _envelope(self, context: SinkContext) -> Envelope:
        config = self.config
        return Envelope(sender=config.sender, to=config.to, at=context.clock(), key=context.key)

    def _server(self, context: Context) -> Server:
        bundle = self.config.ca_bundle and context.folder / self.config.ca_bundle
        return of_url(self.config.url, self.config.timeout, bundle)

    def _sender(self) -> str:
        return _bare(self.config.sender)


def _complete(report: Report) -> Report | None:
    """The report without a running period: a mail is not for what changes every day."""
    rows = tuple(row for row in report.rows if not row.partial)
    return replace(report, rows=rows) if rows else None


def _mail(what: str, who: str) -> str:
    """What the mail of a period or an alert to somebody is called in the sink's memory."""
    return f"{what} {who}"


def _bare(address: str) -> str:
    return parseaddr(address)[1]


def _address(text: str) -> str:
    local, _, domain = _bare(text).rpartition("@")
    if not (local and domain and domain.isascii() and local.isascii() and text.isprintable()):
        raise ValueError("not a mail address; write it as in ann@example.com")
    return text
