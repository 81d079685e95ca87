"""No faster than allowed, whatever the sequence of calls."""

import threading
import time as real
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import httpx
import pytest
from clocks import Time
from hypothesis import given
from hypothesis import strategies as st

from tenure.http import Clock
from tenure.http.limit import RateLimit

URL = "https://api.test/x"
SLACK = 1e-3  # of a request: what floats lose on instants of ten digits

actions = st.lists(
    st.one_of(
        st.just(("call", 0.0)),
        st.tuples(st.sampled_from(["idle", "hold"]), st.floats(0, 20)),
    ),
    max_size=60,
)


def instants(rate, burst, steps, time):
    """When the calls of a sequence are let through."""
    limit = RateLimit(rate, time.clock(), burst)
    seen = []
    for action, seconds in steps:
        if action == "call":
            limit.acquire()
            seen.append(time.now)
        elif action == "idle":
            time.now += seconds
        else:
            limit.hold(seconds)
    return seen


@given(st.floats(0.1, 200), st.integers(1, 20), actions)
def test_no_window_holds_more_than_the_rate_and_the_burst(rate, burst, steps):
    seen = instants(rate, burst, steps, Time(now=1000.0))
    for first, start in enumerate(seen):
        for last in range(first, len(seen)):
            assert last - first + 1 <= rate * (seen[last] - start) + burst + SLACK


@given(st.floats(0.1, 200), st.integers(1, 50))
def test_the_rate_is_used_up(rate, calls):
    seen = instants(rate, 1, [("call", 0)] * calls, Time(now=1000.0))
    assert seen[-1] - seen[0] == pytest.approx((calls - 1) / rate, abs=SLACK)


def test_no_rate_is_no_wait(time):
    assert len(set(instants(None, None, [("call", 0)] * 100, time))) == 1


def test_threads_share_one_limit():
    limit, seen, lock = RateLimit(200, Clock(), 1), [], threading.Lock()

    def call(_):
        limit.acquire()
        with lock:
            seen.append(real.monotonic())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(40)))
    assert max(seen) - min(seen) >= 0.9 * 39 / 200


def test_retries_count_as_requests(make, respx_mock, time):
    respx_mock.get(URL).mock(side_effect=[httpx.Response(500), httpx.Response(200)])
    start = time.now
    make(requests_per_second=0.1).get("/x")
    assert time.now - start >= 10


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "40"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000040"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000040000"},
        {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": formatdate(1_800_000_040)},
        {"RateLimit-Remaining": "0", "RateLimit-Reset": "40"},
        {"RateLimit": '"default";r=0;t=40'},
        {"RateLimit": "limit=100, remaining=0, reset=40"},
    ],
)
def test_used_up_quota_is_waited_for(http, respx_mock, time, headers):
    respx_mock.get(URL).respond(200, headers=headers)
    start = time.now
    http.get("/x")
    http.get("/x")
    assert time.now - start == pytest.approx(40)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "40"},
        {"X-RateLimit-Remaining": "0"},
        {"RateLimit": '"default";r=7;t=40'},
        {"RateLimit-Remaining": "0", "RateLimit-Reset": "whenever"},
    ],
)
def test_other_quotas_are_no_reason_to_wait(http, respx_mock, time, headers):
    respx_mock.get(URL).respond(200, headers=headers)
    http.get("/x")
    http.get("/x")
    assert time.waits == []


def test_absurd_quota_is_not_waited_for(http, respx_mock, time):
    absurd = {"RateLimit-Remaining": "0", "RateLimit-Reset": "999999"}
    respx_mock.get(URL).respond(200, headers=absurd)
    http.get("/x")
    http.get("/x")
    assert sum(time.waits) <= 300
