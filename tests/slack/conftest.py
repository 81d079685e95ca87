"""A small Slack and a sink that speaks to it, for tests in one process."""

import pytest
import respx
from slack_desk import Desk
from slack_world import World


@pytest.fixture
def world():
    made = World()
    with respx.mock(base_url=made.base, assert_all_called=False) as routes:
        routes.route().mock(side_effect=made)
        yield made


@pytest.fixture
def desk(sqlite_database, world) -> Desk:
    return Desk(sqlite_database, world)
