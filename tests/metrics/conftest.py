"""An empty ledger in SQLite for tests of figures, and DuckDB with the macros."""

import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Template

import duckdb
import pytest
from books import Book
from ledgers import Ledger

from tenure.cli import main
from tenure.ledger.store import Store


@pytest.fixture
def book(sqlite_database: str) -> Book:
    """Records in, reports out."""
    return Book(Store.open(sqlite_database))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first test of a module synced."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def synced(request: pytest.FixtureRequest, kept: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    """In a folder with the FILES of the module, which its first test syncs for all."""
    monkeypatch.chdir(tmp_path)
    if not any(kept.iterdir()):
        for name, text in request.module.FILES.items():
            Path(name).write_text(text)
        assert main(["sync", "--quiet"]) == 0
        capsys.readouterr()
        shutil.copytree(tmp_path, kept, dirs_exist_ok=True)
    else:
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the macros of the SQL files."""
    macros = files("tenure.metrics").joinpath("sql", "macros.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(Template(macros).substitute(money="DECIMAL(38, 0)"))
        yield connection


@pytest.fixture
def fresh(store_url: str):
    """A connector of its own for each example, in one store."""
    yield from _connectors(store_url)


@pytest.fixture
def growing(sqlite_database: str):
    """The same in SQLite alone, for what comes after the ledger."""
    yield from _connectors(sqlite_database)


def _connectors(url: str):
    store = Store.open(url)
    numbers = iter(range(10**6))
    yield lambda: Ledger(store, f"c{next(numbers)}")
    store.engine.dispose()
