"""A report or an alert as a mail: text, HTML with its pictures inline, the rows as csv.

Whatever a name is made of, a header stays one line.
"""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from tenure import Alert, Report

_LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is the same of every mail of a delivery. `key` makes it known again when sent twice."""

    sender: str
    to: tuple[str, ...]
    at: datetime
    key: str
    answers: str | None = None
    """The Message-ID of the mail that this one replaces."""

    @property
    def message_id(self) -> str:
        """The same for each attempt of one delivery."""
        return f"<{self.key}@{parseaddr(self.sender)[1].rpartition('@')[2]}>"


def of_report(report: Report, period: str, envelope: Envelope, dashboard: str | None) -> bytes:
    """The mail of a report whose headline is `period`."""
    restated = envelope.answers is not None
    note = "Figures that were sent before have changed since; these replace them." * restated
    letter = report.as_letter(note)
    mail = _begun(f"Net revenue retention, {period}{' (restated)' * restated}", envelope)
    link = f"\n{dashboard}\n" if dashboard else ""
    mail.set_content(_plain(letter.text + link))
    mail.add_alternative(_plain(letter.html), subtype="html")
    html = mail.get_payload()[1]  # type: ignore[index]  # the second of two alternatives
    for name, png in letter.pictures.items():
        html.add_related(png, "image", "png", cid=f"<{name}>", disposition="inline")  # type: ignore[union-attr]
    rows = _plain(report.as_csv())
    mail.add_attachment(rows, subtype="csv", filename=f"retention-{period}.csv")
    return mail.as_bytes()


def of_alert(alert: Alert, envelope: Envelope, dashboard: str | None) -> bytes:
    """The mail of an alert."""
    mail = _begun(alert.title, envelope)
    mail.set_content(_plain(f"{alert.text}\n" + (f"\n{dashboard}\n" if dashboard else "")))
    return mail.as_bytes()


def _begun(subject: str, envelope: Envelope) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = envelope.sender
    mail["To"] = ", ".join(envelope.to)
    mail["Subject"] = _line(subject)
    mail["Date"] = format_datetime(envelope.at)
    mail["Message-ID"] = envelope.message_id
    if envelope.answers is not None:
        mail["In-Reply-To"] = mail["References"] = envelope.answers
    mail["Auto-Submitted"] = "auto-generated"  # else an absent reader's answer comes back
    return mail


def _line(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in _plain(text))
    return " ".join(plain.split())[:_LONGEST_SUBJECT]


def _plain(text: str) -> str:
    """Without what UTF-8 cannot say."""
    return text.encode("utf-8", "replace").decode()
