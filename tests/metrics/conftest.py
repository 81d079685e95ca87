"""An empty ledger in SQLite for tests of figures, and DuckDB with the macros."""

from collections.abc import Iterator
from importlib.resources import files
from string import Template

import duckdb
import pytest
from books import Book

from tenure.ledger.store import Store


@pytest.fixture
def book(sqlite_database: str) -> Book:
    """Records in, reports out."""
    return Book(Store.open(sqlite_database))


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the macros of the SQL files."""
    macros = files("tenure.metrics").joinpath("sql", "macros.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(Template(macros).substitute(money="DECIMAL(38, 0)"))
        yield connection
