"""What is tried again, and how long the service asks to wait."""

import math
from email.utils import parsedate_to_datetime

import httpx

LONGEST_WAIT = 300.0
"""Seconds that a service may ask for; for longer ones the pull ends and is resumed later."""

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
_NEVER_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_LOST = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, *_NEVER_ARRIVED)
_EPOCH = 1e9
_EPOCH_MS = 1e12


def repeatable(request: httpx.Request) -> bool:
    """Whether sending it twice is as good as once."""
    return (
        request.method in _IDEMPOTENT
        or "idempotency-key" in request.headers
        or bool(wish(request, "idempotent"))
    )


def wish(request: httpx.Request, key: str) -> object:
    """What the plugin asked for this one request."""
    return request.extensions.get("tenure", {}).get(key)


def again_after_status(request: httpx.Request, response: httpx.Response) -> bool:
    """Whether an answer is a reason to send the request again.

    A request that must not run twice is repeated only if the answer says that it did not run.
    """
    refused = response.status_code == httpx.codes.TOO_MANY_REQUESTS or (
        response.status_code == httpx.codes.SERVICE_UNAVAILABLE
        and "retry-after" in response.headers
    )
    return refused or (response.status_code in TRANSIENT and repeatable(request))


def again_after_error(request: httpx.Request, error: httpx.TransportError) -> bool:
    """Whether a broken connection is a reason to send the request again."""
    if misconfigured(error):
        return False
    return isinstance(error, _NEVER_ARRIVED) or (isinstance(error, _LOST) and repeatable(request))


def misconfigured(error: httpx.TransportError) -> bool:
    """Whether only the user can mend it: a wrong URL, header, proxy password or certificate."""
    text = str(error)
    return (
        isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError)
        or "CERTIFICATE_VERIFY_FAILED" in text
        or (isinstance(error, httpx.ProxyError) and text.startswith("407"))
    )


def retry_after(response: httpx.Response, wall: float) -> float | None:
    """Seconds that the answer's Retry-After asks for, None without a readable one."""
    return seconds_until(response.headers.get("retry-after"), wall)


def seconds_until(text: str | None, wall: float) -> float | None:
    """Seconds from now: services write a delay, an instant since 1970 (also in ms) or a date."""
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        return _until_date(text, wall)
    if not math.isfinite(number):
        return None
    if number >= _EPOCH_MS:
        number /= 1000
    return max(0.0, number - wall if number >= _EPOCH else number)


def _until_date(text: str, wall: float) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - wall)
    except (ValueError, OverflowError):
        return None


def accepted(request: httpx.Request) -> tuple[int, ...]:
    """The statuses that the request takes as an answer, though they are errors."""
    statuses = wish(request, "accept")
    return tuple(statuses) if isinstance(statuses, list | tuple | set | frozenset) else ()
