"""Reading HubSpot: the official SDK signs and addresses, tenure's client sends, msgspec decodes.

Only this module knows the SDK and the version of the API: v3, and v4 for associations. Its own
conversion of a body into objects is slower than HubSpot's limit, so the SDK hands it on unread.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, Generic, TypeVar, cast

import httpx
import msgspec
from hubspot import HubSpot

from tenure import ConfigError, Context, SourceError, TransientError
from tenure_connectors.decoding import decoder
from tenure_connectors.hubspot.options import HubSpotConfig
from tenure_connectors.hubspot.pace import Pace
from tenure_connectors.hubspot.shapes import (
    Described,
    Links,
    Owner,
    Page,
    Pipeline,
    Portal,
    Refusal,
)

LIST_PAGE, HISTORY_PAGE, SEARCH_PAGE = 100, 50, 200
"""Objects of a page or batch, of one with the history of properties, and of a search."""

TRIES = 4
"""How often something is asked for that comes as something else than JSON."""

SEARCH_CEILING = 10_000
"""No search gives more results than this."""

_ESCAPES = re.compile(
    r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
"""Escapes in JSON, those that are half of a character apart."""

_FORBIDDEN, _TOO_MANY = httpx.codes.FORBIDDEN, httpx.codes.TOO_MANY_REQUESTS
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What of an object is asked for: properties, and those of which every value is."""

    object: str
    properties: tuple[str, ...]
    history: tuple[str, ...] = ()

    @property
    def page(self) -> int:
        """How many objects one request may bring."""
        return HISTORY_PAGE if self.history else LIST_PAGE


@dataclass(frozen=True, slots=True)
class Answer(Generic[_T]):
    """What was answered, and the bytes it was."""

    read: _T
    body: bytes


class ScopeError(ConfigError):
    """The token lacks a scope; `scopes` are those that HubSpot names."""

    def __init__(self, table: str, what: str, scopes: Sequence[str]) -> None:
        self.scopes = tuple(dict.fromkeys(scopes))
        named = f": it lacks {', '.join(self.scopes)}" if self.scopes else ""
        super().__init__(
            f"{table} the token may not read {what}{named}",
            "Add the scope to the private app or service key in HubSpot's settings",
        )


class _Response:
    """What the SDK takes for an answer of urllib3's: it looks at the status alone."""

    status = httpx.codes.OK

    def __init__(self, response: httpx.Response) -> None:
        self.response = response


class _Pool:
    """What the SDK sends with instead of urllib3: tenure's client, which limits and repeats."""

    def __init__(self, http: httpx.Client, pace: Pace) -> None:
        self._http, self._pace = http, pace

    def request(
        self,
        method: str,
        url: str,
        fields: Sequence[tuple[str, Any]] | None = None,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        **_how: Any,
    ) -> _Response:
        """Send it. A POST only reads here, so it may be repeated."""
        self._pace.before(search=url.endswith("/search"))
        response = self._http.request(
            method,
            url,
            params=list(fields) if fields else None,
            content=body,
            headers=headers,
            extensions={"tenure": {"accept": (_FORBIDDEN, _TOO_MANY), "idempotent": True}},
        )
        self._pace.learn(response.headers)
        return _Response(response)


@dataclass
class Api:
    """Requests to one portal, from any number of threads."""

    context: Context
    config: HubSpotConfig
    pace: Pace | None = None
    _made: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.table = f"[connectors.{self.context.name}]"
        self._pool = _Pool(self.context.http, self.pace or Pace(self.config.requests_per_second))
        self._sdk = HubSpot(
            access_token=self.config.token.get_secret_value(), api_factory=self._api
        ).crm

    # --- objects

    def page(
        self, asked: Asked, after: str | None = None, *, archived: bool = False, limit: int = 0
    ) -> Answer[Page[msgspec.Raw]]:
        """A page of the list of all objects."""
        send = partial(
            self._sdk.objects.basic_api.get_page,
            asked.object,
            limit=limit or asked.page,
            after=after,
            properties=list(asked.properties),
            properties_with_history=list(asked.history) or None,
            archived="true" if archived else "false",
        )
        return self._answer(send, Page[msgspec.Raw], asked.object)

    def batch(self, asked: Asked, ids: Sequence[str]) -> Answer[Page[msgspec.Raw]]:
        """Objects by their ids, at most `asked.page`; one that is gone is among the errors."""
        body: dict[str, Any] = {
            "inputs": [{"id": one} for one in ids],
            "properties": list(asked.properties),
            "propertiesWithHistory": list(asked.history),
        }
        send = partial(self._sdk.objects.batch_api.read, asked.object, body)
        return self._answer(send, Page[msgspec.Raw], asked.object)

    def search(self, name: str, query: Mapping[str, Any]) -> Answer[Page[msgspec.Raw]]:
        """A page of what a search finds, with how many there are."""
        body = {"after": "0", "filterGroups": [], "sorts": [], **query}
        send = partial(self._sdk.objects.search_api.do_search, name, body)
        return self._answer(send, Page[msgspec.Raw], name)

    def links(self, of: str, to: str, inputs: Sequence[Mapping[str, str]]) -> Answer[Page[Links]]:
        """What at most 100 objects are associated with."""
        body = {"inputs": list(inputs)}
        send = partial(self._sdk.associations.v4.batch_api.get_page, of, to, body)
        return self._answer(send, Page[Links], f"associations of {of} with {to}")

    # --- the portal

    def owners(self, after: str | None, *, archived: bool, limit: int = 500) -> Page[Owner]:
        """A page of the owners, those who left apart."""
        left = "true" if archived else "false"
        send = partial(
            self._sdk.owners.owners_api.get_page, after=after, limit=limit, archived=left
        )
        return self._answer(send, Page[Owner], "owners").read

    def pipelines(self, name: str) -> list[Pipeline]:
        """The pipelines of an object, with their stages."""
        send = partial(self._sdk.pipelines.pipelines_api.get_all, name)
        return self._answer(send, Page[Pipeline], f"pipelines of {name}").read.results

    def properties(self, name: str) -> list[Described]:
        """The properties that an object has in this portal."""
        send = partial(self._sdk.properties.core_api.get_all, name)
        return self._answer(send, Page[Described], f"properties of {name}").read.results

    def currency(self) -> str | None:
        """The portal's own currency; None where the token may not know it."""
        call = self._sdk.objects.basic_api.api_client.call_api
        send = partial(call, "/account-info/v3/details", "GET", auth_settings=["oauth2"])
        try:
            return self._answer(send, Portal, "account information").read.company_currency
        except ScopeError:
            return None

    # --- the wire

    def _api(self, package: Any, name: str, settings: Mapping[str, Any]) -> Any:
        """The SDK's `api_factory`: one of each of its classes, on our pool."""
        with self._lock:
            made = self._made.get((package.__name__, name))
            if made is None:
                configuration = package.Configuration(host=self.config.api_base.rstrip("/"))
                configuration.access_token = settings["access_token"]
                client = package.ApiClient(configuration=configuration)
                client.rest_client.pool_manager = self._pool
                client.default_headers.clear()  # tenure's client says who it is
                made = getattr(package, name)(api_client=client)
                self._made[package.__name__, name] = made
        return made

    def _answer(self, send: Callable[..., object], kind: type[_T], what: str) -> Answer[_T]:
        """What is answered, asked again where it comes as something else than JSON."""
        for _ in range(TRIES):
            response = cast("_Response", send(_preload_content=False)).response
            if response.status_code == _FORBIDDEN:
                raise ScopeError(self.table, what, refusal(response).scopes())
            if response.status_code == _TOO_MANY:
                raise self._too_many(refusal(response))
            try:
                return _read(kind, response.content)
            except msgspec.ValidationError as error:
                raise self._strange(SourceError, response, error) from None
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                broken = self._strange(TransientError, response, error)
        raise broken

    def _strange(
        self, kind: type[SourceError], response: httpx.Response, error: Exception
    ) -> SourceError:
        called = f"{response.request.method} {response.request.url.path}"
        return kind(
            f"{self.table} {called} was answered with what is none of HubSpot's: {error}",
            "Check `api_base` in this table, or try again later",
        )

    def _too_many(self, refused: Refusal) -> TransientError:
        if refused.policy_name.upper() == "DAILY":
            return TransientError(
                f"{self.table} HubSpot's daily limit of requests is used up",
                "It begins anew at midnight in the portal's time zone: sync again after that; what"
                " was read is kept",
            )
        policy = f" ({refused.policy_name})" if refused.policy_name else ""
        return TransientError(
            f"{self.table} HubSpot answers that there are too many requests{policy}",
            "Try again later; a lower `requests_per_second` in this table may help",
        )


def _read(kind: type[_T], body: bytes) -> Answer[_T]:
    decode = decoder(kind).decode
    try:
        body.decode()  # objects that are taken apart later are not looked at by msgspec
        return Answer(decode(body), body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        whole = _whole(body)
        return Answer(decode(whole), whole)


def _whole(body: bytes) -> bytes:
    """The text with a mark for each half of a character: one cut emoji must not hide a page."""
    text = body.decode(errors="replace")
    return _ESCAPES.sub(lambda found: r"\ufffd" if found["half"] else found[0], text).encode()


def refusal(response: httpx.Response) -> Refusal:
    """What a refusing answer says."""
    try:
        return decoder(Refusal).decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal()
