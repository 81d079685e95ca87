"""Stripe's lists behind a mock of the wire, and an account that lives behind a loopback address."""

from collections.abc import Iterator

import pytest
from stripe_lists import HOST, Lists, opened
from stripe_worker import Worker, worker

from tenure_connectors.stripe.account import Account


@pytest.fixture
def lists(respx_mock) -> Lists:
    made = Lists()
    respx_mock.route(host=HOST).mock(side_effect=made)
    return made


@pytest.fixture(scope="session")
def work() -> Iterator[Worker]:
    """Syncs in processes that may die."""
    with worker() as found:
        yield found


@pytest.fixture
def account(lists: Lists) -> Iterator[Account]:
    """The connector's way to the lists, at a speed that no test waits for."""
    with opened(requests_per_second=1e6) as found:
        yield found
