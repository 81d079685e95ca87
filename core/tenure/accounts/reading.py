"""What the ledger knows of customers, read into DuckDB for matching."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from tenure.accounts.mapping import Mapped
from tenure.config.sections import PROPERTY
from tenure.ledger.tables import to_micros

if TYPE_CHECKING:
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from tenure.config import Workspace
    from tenure.ledger.store import Store
    from tenure.metrics.columns import Read

_TABLES = """
    CREATE TABLE counted (name VARCHAR, rank INTEGER, directory BOOLEAN);
    CREATE TABLE found (customer BIGINT, connector VARCHAR, external VARCHAR, old BOOLEAN);
    CREATE TABLE stated (customer BIGINT, name VARCHAR, value VARCHAR, valid_from BIGINT);
    CREATE TABLE billed (customer BIGINT);
    CREATE TABLE known (customer BIGINT, account VARCHAR, rule VARCHAR, recorded_at BIGINT);
    CREATE TABLE map_row (line BIGINT, connector VARCHAR, customer VARCHAR, account VARCHAR);"""
_QUERIES = {
    "found": """
        SELECT c.id, s.name, c.external_id, CASE WHEN c.recorded_at <= {since} THEN 1 ELSE 0 END
        FROM customer AS c JOIN connector_state AS s ON s.id = c.connector_id
        WHERE c.erased_at IS NULL""",
    "stated": """
        SELECT customer_id, name, coalesce(value, '') AS value, valid_from
        FROM customer_attribute WHERE superseded_at IS NULL AND name IN ({names})""",
    "billed": "SELECT DISTINCT customer_id FROM item",
    "known": """
        SELECT l.customer_id, a.external_id, l.rule, l.recorded_at
        FROM account_link AS l
        JOIN account AS a ON a.id = l.account_id
        JOIN customer AS c ON c.id = l.customer_id
        WHERE l.superseded_at IS NULL AND c.erased_at IS NULL""",
}
_LAST = text("""
    SELECT (SELECT coalesce(max(id), 0) FROM customer),
        (SELECT coalesce(max(id), 0) FROM item),
        (SELECT coalesce(max(id), 0) FROM customer_attribute),
        (SELECT coalesce(max(superseded_at), 0) FROM customer_attribute
            WHERE superseded_at IS NOT NULL)""")


def attributes_of(rules: Iterable[str]) -> list[str]:
    """The attributes that rules look at, and the domain and e-mail that people know one by."""
    named = [rule.removeprefix(PROPERTY) for rule in rules if rule.startswith(PROPERTY)]
    return list(dict.fromkeys(["email", "domain", "parent", *named]))


def state_of(store: "Store", workspace: "Workspace", map_digest: str) -> str:
    """Names all that the accounts follow from: as long as it is the same, so are they."""
    config = workspace.accounts
    with store.read() as connection:
        last = list(connection.execute(_LAST).one())
    asked = [
        [[entry.name, sorted(entry.provides)] for entry in workspace.connectors],
        None if config is None else [config.match, config.shared_domains],
        map_digest,
    ]
    return hashlib.sha256(json.dumps([*asked, last]).encode()).hexdigest()


def load(
    duck: "DuckDBPyConnection",
    read: "Read",
    workspace: "Workspace",
    rows: Sequence[Mapped],
    since: "datetime",
) -> None:
    """Make the tables that matching starts from; customers from before `since` are old."""
    duck.execute(_TABLES)
    config = workspace.accounts
    names = ", ".join(f"'{_escaped(n)}'" for n in attributes_of(config.match if config else ()))
    for name, query in _QUERIES.items():
        stream = read(query.format(since=to_micros(since), names=names))  # noqa: F841 - by its name
        duck.execute(f"INSERT INTO {name} SELECT * FROM stream")  # noqa: S608 - ours
    entries = workspace.connectors
    _insert(
        duck,
        "counted",
        [
            [entry.name for entry in entries],
            list(range(len(entries))),
            [entry.is_directory for entry in entries],
        ],
    )
    columns = [[getattr(row, name) for row in rows] for name in Mapped.__slots__]
    _insert(duck, "map_row", columns)


def _insert(duck: "DuckDBPyConnection", table: str, columns: list[list[Any]]) -> None:
    if columns[0]:
        marks = ", ".join("unnest(?)" for _ in columns)
        duck.execute(f"INSERT INTO {table} SELECT {marks}", columns)


def _escaped(text_: str) -> str:
    return text_.replace("'", "''")
