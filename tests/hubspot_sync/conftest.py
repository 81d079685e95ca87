"""A portal behind a mock of the wire, and the connector that reads it."""

import pytest
from hubspot_lists import HOST, Lists, Puller


@pytest.fixture
def lists(respx_mock) -> Lists:
    made = Lists()
    respx_mock.route(host=HOST).mock(side_effect=made)
    return made


@pytest.fixture
def puller(lists: Lists) -> Puller:
    return Puller(lists)
