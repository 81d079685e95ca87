"""Reading Stripe: the official SDK signs and addresses, tenure's client sends, msgspec decodes.

The SDK's own client would turn every body into its objects, which is slower than Stripe's own
limit, and every refusal into its own error. So both go around it: it is given an empty object, and
the answer travels with the headers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import httpx
import msgspec
import stripe

from tenure import Context, SourceError, TransientError
from tenure_connectors.decoding import decoder
from tenure_connectors.stripe.mending import whole
from tenure_connectors.stripe.options import StripeConfig

API_VERSION = "2026-10-28.endive"
"""The version in which objects are asked for. Events keep the one that the account had."""

TRIES = 4
"""How often a page is asked for that comes as something else than JSON."""

_MISSING = (httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND)
_FORBIDDEN = (httpx.codes.FORBIDDEN,)
_T = TypeVar("_T")

Params = Mapping[str, Any]


class Refusal(msgspec.Struct):
    """Why Stripe refused."""

    message: str = ""
    code: str | None = None
    param: str | None = None


class _Refused(msgspec.Struct):
    error: Refusal


class _Answer(httpx.Headers):
    """The headers of an answer, and the answer itself."""

    response: httpx.Response


class _Wire(stripe.HTTPClient):
    """What the SDK sends with: tenure's client, which limits, repeats and hides."""

    name = "tenure"

    def __init__(self, http: httpx.Client, accept: Sequence[int]) -> None:
        super().__init__()
        self._http = http
        self._wish = {"tenure": {"accept": accept}}

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send it; what comes back rides on the headers."""
        response = self._http.request(
            method.upper(), url, headers=headers, content=post_data, extensions=self._wish
        )
        answer = _Answer(response.headers)
        answer.response = response
        return "{}", httpx.codes.OK, answer


class Api:
    """GET requests to one account, from any number of threads."""

    def __init__(self, context: Context, config: StripeConfig) -> None:
        self.table = f"[connectors.{context.name}]"
        self._strict = _sdk(context, config, ())
        self._lenient = _sdk(context, config, _MISSING)
        self._asking = _sdk(context, config, _FORBIDDEN)

    def get(self, path: str, params: Params, kind: type[_T]) -> _T:
        """The object at `path`; raises a `TenureError` for every other answer."""
        return self._decoded(self._strict, path, params, decoder(kind).decode)

    def find(self, path: str, params: Params, decode: Callable[[bytes], _T]) -> _T | None:
        """What `decode` makes of the answer.

        None where the object, or one that a parameter names, is not there.
        """
        response = _send(self._lenient, path, params)
        if response.is_success:
            return self._decoded(self._lenient, path, params, decode, response)
        if refusal(response).code == "resource_missing":
            return None
        return self._decoded(self._strict, path, params, decode)  # says it in tenure's words

    def ask(self, path: str, params: Params, kind: type[_T]) -> _T | Refusal:
        """The object at `path`, or why the key may not read it; all else is raised."""
        response = _send(self._asking, path, params)
        if not response.is_success:
            return refusal(response)
        return self._decoded(self._asking, path, params, decoder(kind).decode, response)

    def _decoded(
        self,
        sdk: stripe.StripeClient,
        path: str,
        params: Params,
        decode: Callable[[bytes], _T],
        response: httpx.Response | None = None,
    ) -> _T:
        for _ in range(TRIES):
            answer = response or _send(sdk, path, params)
            response = None
            try:
                return decode(whole(answer.content))
            except msgspec.ValidationError as error:
                raise self._strange(SourceError, path, error) from None
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                broken = error
        raise self._strange(TransientError, path, broken)

    def _strange(self, kind: type[SourceError], path: str, error: Exception) -> SourceError:
        return kind(
            f"{self.table} GET {path} was answered with what is no object of Stripe's: {error}",
            "Check `api_base` in this table, or try again later",
        )


def refusal(response: httpx.Response) -> Refusal:
    """What a refusing answer says."""
    try:
        return decoder(_Refused).decode(response.content).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal()


def _send(sdk: stripe.StripeClient, path: str, params: Params) -> httpx.Response:
    answer = sdk.raw_request("get", path, **params).headers
    return cast("_Answer", answer).response


def _sdk(context: Context, config: StripeConfig, accept: Sequence[int]) -> stripe.StripeClient:
    stripe.enable_telemetry = False  # it would tell Stripe about this machine
    return stripe.StripeClient(
        config.api_key.get_secret_value(),
        stripe_account=config.account,
        stripe_version=API_VERSION,
        base_addresses={"api": config.api_base.rstrip("/")},
        max_network_retries=0,
        http_client=_Wire(context.http, accept),
    )
