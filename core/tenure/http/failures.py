"""The words for what went wrong, without a secret in them.

401, 403, certificate, proxy password   ConfigError      the user mends plugins.toml
429, 5xx, no answer                     TransientError   later may help
other 3xx and 4xx, foreign redirect,
answer too large                        SourceError      this source fails
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx

from tenure.errors import ConfigError, SourceError, TenureError, TransientError
from tenure.http.retry import LONGEST_WAIT, TRANSIENT, misconfigured, retry_after
from tenure.redaction import redact

_SHOWN = 300
_SHOWN_URL = 120
_SENSITIVE = re.compile(
    r"auth|api.?key|hapikey|token|secret|passw|cookie|signature|^key$|^sig$", re.IGNORECASE
)
_QUERY = re.compile(r"(?<=[?&])([^=&#\s]+)=([^&#\s'\"]*)")


@dataclass(frozen=True, slots=True)
class Words:
    """Makes text and errors about the requests of one table."""

    table: str
    secrets: tuple[str, ...] = field(repr=False)

    def hide(self, text: str, request: httpx.Request) -> str:
        """The text without secrets, also those that only this request carries."""
        return redact(_QUERY.sub(_masked, text), (*self.secrets, *_carried(request)))

    def called(self, request: httpx.Request) -> str:
        """Method and URL, as they may be shown."""
        return f"{request.method} {self.hide(str(request.url), request)}"

    def briefly(self, request: httpx.Request) -> str:
        """As much of that as leaves what went wrong in sight; the log has all of it."""
        return _cut(self.called(request), _SHOWN_URL)

    def unanswered(self, request: httpx.Request, error: Exception, tries: int) -> TenureError:
        """No answer came, or none that can be read, or the URL is none."""
        said = _plain(self.hide(str(error), request)).rstrip(".") or type(error).__name__
        reason = f"{self.table} {self.briefly(request)} failed: {said}"
        if isinstance(error, httpx.TransportError) and misconfigured(error):
            return ConfigError(reason, _remedy(said))
        if not isinstance(error, httpx.TransportError):
            return SourceError(
                reason, "Check `api_base` in this table, or report it to the service"
            )
        return TransientError(
            f"{reason} ({_attempts(tries)})", "Check the network, or try again later"
        )

    def refused(self, response: httpx.Response, wall: float) -> TenureError:
        """The answer is an error."""
        status = response.status_code
        answer = f"{status} {response.reason_phrase}".strip()
        reason = f"{self.table} {self.briefly(response.request)} was answered {answer}"
        body = self._body(response)
        if status == httpx.codes.UNAUTHORIZED:
            return ConfigError(f"{reason}: the credential was refused{body}", _KEY)
        if status == httpx.codes.FORBIDDEN:
            return ConfigError(f"{reason}: the credential lacks a permission{body}", _PERMISSION)
        if status in TRANSIENT or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            tries = _attempts(response.extensions.get("tenure.attempt", 1))
            return TransientError(f"{reason} ({tries}){body}", _later(response, wall))
        return SourceError(f"{reason}{body}", "Check the options of this table in plugins.toml")

    def too_large(self, request: httpx.Request, limit: int) -> TenureError:
        """The answer would fill the memory."""
        return SourceError(
            f"{self.table} the answer to {self.briefly(request)} is larger than {limit} bytes",
            "Ask for less at a time, or for a stream: the plugin's author can do that",
        )

    def elsewhere(self, response: httpx.Response, target: httpx.URL) -> TenureError:
        """The answer sends us, and the credential, to another place."""
        shown, called = self.hide(str(target), response.request), self.briefly(response.request)
        return SourceError(
            f"{self.table} {called} was redirected to {shown}, another host",
            "If that is where the service lives now, set `api_base` in this table to it",
        )

    def _body(self, response: httpx.Response) -> str:
        # Hidden before it is cut: half a secret is still one.
        text = _plain(self.hide(response.text, response.request))
        return f": {_cut(text, _SHOWN)}" if text else ""


_KEY = "Check the key or token in this table of plugins.toml: wrong, expired or of another account"
_PERMISSION = "Give the key or token of this table the permission that the service names"


def _later(response: httpx.Response, wall: float) -> str:
    asked = retry_after(response, wall)
    if asked is not None and asked > LONGEST_WAIT:
        return f"The service asks to wait {asked:.0f} seconds; try again after that"
    return "Try again later; a lower `requests_per_second` in this table may help"


def _remedy(said: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return "If the certificate is your organisation's own, name its CA file in `ca_bundle`"
    if said.startswith("407"):
        return "Write user and password into `proxy` (or HTTPS_PROXY): http://user:password@host"
    return "Check `api_base` and the credential in this table of plugins.toml"


def _attempts(number: int) -> str:
    return f"{number} attempt{'s' if number > 1 else ''}"


def _plain(text: str) -> str:
    """One line without control characters: what a service sends must not drive a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _cut(text: str, length: int) -> str:
    return f"{text[:length]}…" if len(text) > length else text


def _masked(match: re.Match[str]) -> str:
    return f"{match[1]}=***" if _SENSITIVE.search(match[1]) else match[0]


def _carried(request: httpx.Request) -> Iterable[str]:
    """Credentials in the request's headers: whole, without their scheme, and decoded."""
    for name, value in request.headers.items():
        if _SENSITIVE.search(name):
            scheme, _, rest = value.partition(" ")
            yield from (value, rest)
            if scheme.lower() == "basic":
                yield from _basic(rest)


def _basic(encoded: str) -> Iterable[str]:
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return
    yield from (pair, *pair.split(":", 1))
