"""Requests to one org, signed in by the client credentials flow, and again when that has expired.

The version of the API is known here and nowhere else.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tenure import ConfigError, SourceError, TenureError, TransientError

if TYPE_CHECKING:
    import httpx

API = "/services/data/v65.0"

_TOKEN = "/services/oauth2/token"  # noqa: S105 - a path
BAD, _UNAUTHORIZED, _FORBIDDEN, NOT_FOUND = 400, 401, 403, 404
_APP = "docs/salesforce.md says how the app is set up"
_HINTS = {
    "no client credentials user": "Name the user that the app runs as, in its policies under "
    "Client Credentials Flow",
    "not supported on this domain": "Write your own domain into `api_base`, as in "
    "https://acme.my.salesforce.com",
    "client": "Check `client_id` and `client_secret`: the consumer key and secret of the app",
}
"""What to do about a token that was not given, by what is said of it; the first that fits."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What Salesforce says went wrong, with a request or with one record."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


class Session:
    """Requests through the client that tenure lends."""

    def __init__(self, http: "httpx.Client", client_id: str, client_secret: str) -> None:
        self._http = http
        self._credentials = {"client_id": client_id, "client_secret": client_secret}
        self._token = ""
        self.user = ""
        """The id of the user that the app runs as, once a request was sent."""

    def json(self, method: str, path: str, **what: Any) -> Any:
        """The answer; a number in it is a Decimal or an int, never a float."""
        return parsed(self.send(method, path, **what))

    def send(
        self, method: str, path: str, *, accept: Sequence[int] = (), **what: Any
    ) -> "httpx.Response":
        """The answer to a request that may be sent twice; raises unless it is good or accepted."""
        answer = self._once(method, path, **what)
        if answer.status_code == _UNAUTHORIZED:
            self._token = ""
            answer = self._once(method, path, **what)
        if answer.is_error and answer.status_code not in accept:
            error = _error(answer)
            error.hide((self._token, self._credentials["client_secret"]))
            raise error
        return answer

    def _once(self, method: str, path: str, **what: Any) -> "httpx.Response":
        self._token = self._token or self._signed_in()
        headers = {"Authorization": f"Bearer {self._token}", **what.pop("headers", {})}
        return self._http.request(method, path, headers=headers, extensions=_asking(), **what)

    def _signed_in(self) -> str:
        form = {"grant_type": "client_credentials", **self._credentials}
        answer = self._http.request("POST", _TOKEN, data=form, extensions=_asking())
        said = parsed(answer)
        said = said if isinstance(said, dict) else {}
        if answer.is_error or not said.get("access_token"):
            error = _no_token(said)
            error.hide(self._credentials.values())
            raise error
        self.user = str(said.get("id", "")).rpartition("/")[2]
        return str(said["access_token"])


def _asking() -> dict[str, Any]:
    # What this sink sends can be sent twice: it reads, or writes the same values again.
    return {
        "tenure": {
            "idempotent": True,
            "accept": (BAD, _UNAUTHORIZED, _FORBIDDEN, NOT_FOUND),
        }
    }


def problems(body: Any) -> list[Problem]:
    """The errors in an answer, or in what it says of one record."""
    found = body if isinstance(body, list) else [body]
    return [
        Problem(str(each.get("errorCode") or each.get("statusCode")), str(each.get("message")))
        for each in found
        if isinstance(each, Mapping)
    ]


def parsed(answer: "httpx.Response") -> Any:
    """The JSON of an answer, without floats."""
    try:
        return json.loads(answer.text, parse_float=Decimal)
    except ValueError:
        raise SourceError(
            f"{answer.request.url.path} was answered {answer.status_code} with something that is "
            "no JSON",
            "Check `api_base`, or try again later",
        ) from None


def _no_token(said: Mapping[str, Any]) -> TenureError:
    words = f"{said.get('error_description', 'no reason was given')} ({said.get('error')})"
    hint = next((hint for part, hint in _HINTS.items() if part in words), _APP)
    return ConfigError(f"Salesforce let nobody in: {words}", hint)


def _error(answer: "httpx.Response") -> TenureError:
    found = problems(parsed(answer))
    said = "; ".join(map(str, found)) or f"answer {answer.status_code}"
    if any(each.code == "REQUEST_LIMIT_EXCEEDED" for each in found):
        return _limited(said, answer.headers)
    if answer.status_code == _UNAUTHORIZED:
        return ConfigError(f"Salesforce refused the token that it gave: {said}", _APP)
    if answer.status_code == _FORBIDDEN:
        return ConfigError(
            f"Salesforce refused: {said}",
            "Give the user that the app runs as what is missing: docs/salesforce.md lists all",
        )
    return SourceError(f"Salesforce refused: {said}", "Check this table of plugins.toml")


def _limited(said: str, headers: Mapping[str, str]) -> TenureError:
    if "TotalRequests" not in said:
        return TransientError(f"Salesforce is busy with this org: {said}", "Try again in a minute")
    usage = re.search(r"api-usage=(\d+)/(\d+)", headers.get("sforce-limit-info", ""))
    counted = f": {int(usage[1]):,} of {int(usage[2]):,} requests" if usage else ""
    return TransientError(
        f"The org has used up its API requests of the last 24 hours{counted}. {said}",
        "Wait an hour or more: each request counts for 24 hours. What is written stays, and the "
        "next push sends the rest",
    )


def pages(session: Session, path: str, **what: Any) -> Iterator[Any]:
    """The records of an answer and of those that follow it."""
    body = session.json("GET", path, **what)
    yield from body["records"]
    while not body.get("done", True) and body.get("nextRecordsUrl"):
        body = session.json("GET", str(body["nextRecordsUrl"]))
        yield from body["records"]
