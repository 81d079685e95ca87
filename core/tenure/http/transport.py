"""One request: limited, tried again, logged.

Below the httpx client and above its connection pool, so that a mock of the pool sees every
attempt, and an SDK that brings its own httpx client gets the same treatment.
"""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import stamina

from tenure.http import retry
from tenure.http.failures import Words
from tenure.http.limit import RateLimit
from tenure.http.options import Clock, HttpOptions
from tenure.http.route import Route

_log = logging.getLogger("tenure.http")

_OF_THE_WIRE = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
"""Headers that are no longer true of a body that was read and unpacked."""

_LONGEST_BODY = 600.0
"""Seconds in which an answer has to end: one that comes byte by byte meets no other timeout."""

# stamina would log each retry with a wait of 0 s: the waiting is done here, by the given clock.
logging.getLogger("stamina").setLevel(logging.ERROR)


class _AgainError(Exception):
    """An attempt failed and another one may not; `wait` is what the service asks for."""

    def __init__(
        self, failure: httpx.Response | httpx.TransportError, wait: float | None = None
    ) -> None:
        super().__init__()
        self.failure = failure
        self.wait = wait


class Transport(httpx.BaseTransport):
    """Sends each request as often as makes sense, no faster than allowed.

    Returns the last answer whatever its status; without one it raises a `TenureError`.
    """

    def __init__(self, name: str, options: HttpOptions, clock: Clock | None = None) -> None:
        self.words = Words(options.table(name), options.secrets)
        self.clock = clock or Clock(sleep=self._rest)
        self._attempts = options.max_attempts
        self._largest_body = options.largest_body
        self._limit = RateLimit(options.requests_per_second, self.clock)
        self._inner = Route(options.table(name), options)
        self._closing = threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, and again while that makes sense."""
        request.read()  # a body that can be sent only once could not be sent again
        try:
            return self._repeated(request)
        except _AgainError as error:
            if isinstance(error.failure, httpx.Response):
                return error.failure
            raise self.words.unanswered(request, error.failure, self._attempts) from None
        except httpx.TransportError as error:
            raise self.words.unanswered(request, error, 1) from None

    def close(self) -> None:
        """Close all connections; other threads wait for nothing more, and try nothing again."""
        self._closing.set()
        self._inner.close()

    def _rest(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise httpx.ConnectError("the client was closed")

    def _repeated(self, request: httpx.Request) -> httpx.Response:
        pause = _Pause(self.clock.sleep)
        for attempt in stamina.retry_context(
            pause.note, self._attempts, timeout=None, wait_initial=0.5, wait_max=30.0, wait_jitter=0
        ):
            with attempt:
                pause.before(attempt)
                return self._once(request, attempt.num)
        raise AssertionError  # the last attempt returns or raises

    def _once(self, request: httpx.Request, number: int) -> httpx.Response:
        self._limit.acquire()
        if callable(prepare := retry.wish(request, "prepare")):
            prepare(request)
        start = self.clock.monotonic()
        try:
            response = self._answer(request)
        except httpx.TransportError as error:
            self._record(request, type(error).__name__, start, number)
            if retry.again_after_error(request, error) and not self._closing.is_set():
                raise _AgainError(error) from None
            raise
        expected = response.is_success or response.status_code in retry.accepted(request)
        self._record(request, str(response.status_code), start, number, expected=expected)
        response.extensions["tenure.attempt"] = number
        return self._judged(request, response)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """The answer with its body unpacked, so that one which breaks off is a failed attempt."""
        response = self._inner.handle_request(request)
        if retry.wish(request, "stream") and not response.is_error:
            return response
        body, start = bytearray(), self.clock.monotonic()
        try:
            for part in response.iter_bytes():
                body += part
                if self.clock.monotonic() - start > _LONGEST_BODY:
                    raise httpx.ReadTimeout(f"the answer did not end in {_LONGEST_BODY:.0f} s")
                if len(body) > self._largest_body:
                    raise self.words.too_large(request, self._largest_body)
        finally:
            response.close()
        return httpx.Response(
            response.status_code,
            headers=[(k, v) for k, v in response.headers.raw if k.lower() not in _OF_THE_WIRE],
            stream=httpx.ByteStream(bytes(body)),
            extensions=response.extensions,
        )

    def _judged(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        self._limit.learn(response.headers)
        wait = retry.retry_after(response, self.clock.wall())
        if response.status_code in retry.TRANSIENT and wait:
            self._limit.hold(wait)
        again = retry.again_after_status(request, response) and not self._closing.is_set()
        if again and (wait or 0) <= retry.LONGEST_WAIT:
            raise _AgainError(response, wait)
        return response

    def _record(
        self,
        request: httpx.Request,
        outcome: str,
        start: float,
        number: int,
        *,
        expected: bool = False,
    ) -> None:
        spent = (self.clock.monotonic() - start) * 1000
        # A long pull has thousands that went well; what did not is worth a line to everybody.
        level = logging.DEBUG if expected and number == 1 else logging.INFO
        if _log.isEnabledFor(level):
            called = self.words.called(request)
            _log.log(level, "%s: %s, %.0f ms, attempt %d", called, outcome, spent, number)


@dataclass(slots=True)
class _Pause:
    """The wait between two attempts: what the service asked for, else longer each time."""

    sleep: Callable[[float], None]
    asked: float | None = None
    backoff: float = field(default=0.0, init=False)

    def note(self, error: Exception) -> bool | float:
        """Tell stamina whether to go on, without a wait of its own."""
        if not isinstance(error, _AgainError):
            return False
        self.asked = error.wait
        return 0.0

    def before(self, attempt: stamina.Attempt) -> None:
        """Wait, but not before the first attempt; a little at random keeps many callers apart."""
        if attempt.num > 1:
            # A service that asks for no wait, or one that is over, gets the usual one.
            wait = self.asked or self.backoff
            self.sleep(wait + random.uniform(0, 0.5))  # noqa: S311 - not cryptography
        self.backoff = attempt.next_wait
