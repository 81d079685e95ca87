"""A daemon without processes over a real store."""

from collections.abc import Callable

import pytest
from daemons import Rig, a_plan

from tenure.daemon.jobs import Job
from tenure.ledger.store import Store


@pytest.fixture
def rig(sqlite_database: str) -> Callable[..., Rig]:
    store = Store.open(sqlite_database)

    def make(*jobs: Job, instance: str = "one", **settings) -> Rig:
        return Rig(store, a_plan(*jobs, **settings), instance=instance)

    return make
