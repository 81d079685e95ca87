"""An SMTP server: encrypted where it can be, a password never in the clear, errors in words."""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tenure import ConfigError, SourceError, TransientError, Unwritten

_PORTS = {"smtp": 587, "smtps": 465}
_LATER = range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where it is, and who we are there."""

    host: str
    port: int
    is_tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float
    ca_bundle: Path | None = None

    @contextmanager
    def session(self) -> Iterator[smtplib.SMTP]:
        """A connection that is encrypted where the server can, and logged in.

        Whatever goes wrong while it is open is a `TenureError`.
        """
        with self._said():
            client = self._connected()
            try:
                self._secured(client)
                if self.user is not None:
                    client.login(self.user, self.password or "")
                yield client
            finally:
                # What was accepted stays so, whatever becomes of the goodbye.
                with suppress(smtplib.SMTPException, OSError):
                    client.quit()
                client.close()

    def _connected(self) -> smtplib.SMTP:
        if self.is_tls:
            tls = self._tls()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=tls)
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout)

    def _secured(self, client: smtplib.SMTP) -> None:
        client.ehlo_or_helo_if_needed()
        if self.is_tls:
            return
        if client.has_extn("starttls"):
            client.starttls(context=self._tls())
            client.ehlo()
        elif self.user is not None:
            raise ConfigError(
                f"The mail server {self.host} offers no encryption, so it gets no password",
                "Use smtps://, or another port, or leave user and password out",
            )

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_bundle)

    @contextmanager
    def _said(self) -> Iterator[None]:
        named = f"The mail server {self.host}:{self.port}"
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            raise ConfigError(
                f"{named} refused user and password ({_answer(error)})",
                "Check `url`: many services want a password of its own for each program",
            ) from None
        except smtplib.SMTPResponseException as error:
            kind = TransientError if error.smtp_code in _LATER else SourceError
            raise kind(f"{named} refused the mail ({_answer(error)})", _AGAIN) from None
        except ssl.SSLError as error:
            raise ConfigError(
                f"{named} cannot be trusted: {getattr(error, 'verify_message', '') or error}",
                "Check the host's name, and smtps:// against smtp://; name your own CA in "
                "`ca_bundle`",
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise TransientError(f"{named} gave no answer: {reason}", _AGAIN) from None


_AGAIN = "Check `url`, or try again later"


def of_url(url: str, timeout: float, ca_bundle: Path | None) -> Server:
    """The server of `smtp://user:password@host:587`; raises `ValueError` for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("not a mail server; write smtp://host:587, with USER:PASSWORD@ if any")
    return Server(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        timeout=timeout,
        ca_bundle=ca_bundle,
    )


def hand_over(
    client: smtplib.SMTP, sender: str, recipients: Sequence[str], mail: bytes
) -> list[Unwritten]:
    """Send one mail; whom the server refuses while it takes it for others, or for nobody."""
    try:
        refused = client.sendmail(sender, list(recipients), mail)
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    return [
        Unwritten(target=who, reason=_said(code, text)) for who, (code, text) in refused.items()
    ]


def refused_by(client: smtplib.SMTP, sender: str, recipients: Sequence[str]) -> list[Unwritten]:
    """Whom the server would refuse; nothing is sent."""
    answers = {"": client.mail(sender)} | {who: client.rcpt(who) for who in recipients}
    client.rset()
    code, text = answers.pop("")
    if code not in _GOOD:
        raise smtplib.SMTPSenderRefused(code, text, sender)
    return [
        Unwritten(target=who, reason=_said(code, text))
        for who, (code, text) in answers.items()
        if code not in _GOOD
    ]


_GOOD = (250, 251)


def _answer(error: smtplib.SMTPResponseException) -> str:
    return _said(error.smtp_code, error.smtp_error)


def _said(code: int, text: bytes | str) -> str:
    """A server's answer in one line, without what could drive a terminal."""
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(f"{code} {''.join(c if c.isprintable() else ' ' for c in shown)}".split())[:300]
