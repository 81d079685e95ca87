"""A ledger of the first schema, written by the program of then, gives the same figures today.

first_schema.sql is a dump of a small workspace with two syncs, a correction, a quarantined row and
a push; first_schema.json is what `tenure report` said of it then.
"""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from books import at
from sqlalchemy import MetaData, create_engine
from workspaces import workspace

from tenure.backup import restore, save
from tenure.errors import StoreError
from tenure.ledger import schema
from tenure.ledger.store import Store
from tenure.metrics.run import ReportRequest, build

HERE = Path(__file__).parent
THEN = json.loads((HERE / "first_schema.json").read_text())


@pytest.fixture
def old(store_url: str, tmp_path: Path) -> str:
    """The store of then, in either database."""
    file = tmp_path / ("store.db" if store_url.startswith("sqlite") else "dump.db")
    connection = sqlite3.connect(file)
    connection.executescript((HERE / "first_schema.sql").read_text())
    connection.close()
    if not store_url.startswith("sqlite"):
        carried(f"sqlite:///{file}", store_url)
    return store_url


def carried(from_: str, to: str) -> None:
    """Every row into the same schema of the other database."""
    store, tables = Store.bare(to), MetaData()
    source = create_engine(from_)
    tables.reflect(source)
    with source.connect() as reading, schema.writing(store.engine) as writing:
        schema.migrate(writing, "0001")
        for each in tables.sorted_tables:
            rows = [dict(row._mapping) for row in reading.execute(each.select())]
            writing.execute(each.delete())
            if rows:
                writing.execute(each.insert(), rows)
    source.dispose()


def figures(url: str) -> list[dict[str, object]]:
    """The same question, with what rows said then."""
    ready = workspace(url, "history", zone="Europe/Berlin")
    ready = replace(ready, currency="EUR")
    assert ready.timezone == ZoneInfo("Europe/Berlin")
    request = ReportRequest(
        first="2025-05", last="2025-10", by=("country", "owner"), now=at("2025-11-04")
    )
    rows = build(ready, Store.open(url), request).as_json()["rows"]
    return [{key: row[key] for key in THEN["rows"][0]} for row in rows]


def test_the_figures_are_those_of_then(old: str):
    with pytest.raises(StoreError, match="tenure db upgrade"):
        Store.open(old)
    assert Store.upgrade(old) == "upgraded from 0001"
    assert figures(old) == THEN["rows"]


def test_a_backup_of_then_is_upgraded_as_it_is_restored(old: str, tmp_path: Path):
    assert save(Store.bare(old), tmp_path / "old.zip").schema == "0001"
    restore(f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "old.zip")
    assert figures(f"sqlite:///{tmp_path / 'new.db'}") == THEN["rows"]


def test_an_upgraded_store_has_the_columns_of_a_new_one(old: str, tmp_path: Path):
    Store.upgrade(old)
    upgraded = save(Store.open(old), tmp_path / "old.zip")
    new = save(Store.open(f"sqlite:///{tmp_path / 'new.db'}"), tmp_path / "new.zip")
    assert {name: set(part.columns) for name, part in upgraded.tables.items()} == {
        name: set(part.columns) for name, part in new.tables.items()
    }
