"""The ledger behind a bank."""

from collections.abc import Iterator

import pytest
from rates_bank import Books

from tenure.ledger.store import Store


@pytest.fixture
def books(store_url: str) -> Iterator[Books]:
    store = Store.open(store_url)
    yield Books(store)
    store.engine.dispose()


@pytest.fixture
def embedded(sqlite_database: str) -> Iterator[Books]:
    """For what happens before the database."""
    store = Store.open(sqlite_database)
    yield Books(store)
    store.engine.dispose()
