"""Bringing the account links of the ledger up to what the map and the rules say now.

Links are bitemporal like all facts: one that changes is closed and written anew, and figures as
known before stay as they were. What unites accounts that were known apart, or parts one, restates
figures: it is counted, logged and kept with the run.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from tenure.accounts import mapping
from tenure.accounts.mapping import Bad, Map
from tenure.config.sections import PROPERTY
from tenure.errors import StoreError
from tenure.ledger.statements import change_links, last_link
from tenure.ledger.tables import AccountLink, Run, table
from tenure.printing import counted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tenure.config import Workspace
    from tenure.ledger.store import Store

KIND = "accounts"
"""The kind and subject of its runs."""

log = logging.getLogger("tenure.accounts")

_RUN, _LINK = table(Run), table(AccountLink)
_ATTEMPTS = 3
_SHOWN = 5
_BATCH = 10_000

_CHANGED = """
    CREATE TABLE changed AS
    SELECT coalesce(l.customer, k.customer), l.account, l.rule
    FROM link AS l
    FULL JOIN known AS k ON k.customer = l.customer
    WHERE l.account IS DISTINCT FROM k.account OR l.rule IS DISTINCT FROM k.rule"""
_MOVED = """
    CREATE TABLE moved AS
    SELECT f.connector || '/' || f.external AS name,
        coalesce('a' || k.account, 'c' || f.customer) AS before,
        coalesce('a' || l.account, 'c' || f.customer) AS after
    FROM found AS f
    LEFT JOIN known AS k ON k.customer = f.customer
    LEFT JOIN link AS l ON l.customer = f.customer
    WHERE f.old"""
_RESTATED = """
    SELECT string_agg(name, ', ' ORDER BY name)
    FROM (
        SELECT {now} AS account, min(name) AS name FROM moved
        WHERE {now} IN (
            SELECT {now} FROM moved GROUP BY {now} HAVING min({then}) <> max({then}))
        GROUP BY {now}, {then}
    ) AS parts
    GROUP BY account
    ORDER BY 1"""
_COUNTS = """
    SELECT
        (SELECT count(DISTINCT account) FROM link), (SELECT count(*) FROM link),
        (SELECT count(DISTINCT customer) FROM ambiguous), (SELECT count(*) FROM unmatched),
        (SELECT count(*) FROM changed)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How the accounts stand, and what the last change of the links did to those known before."""

    accounts: int = 0
    customers: int = 0
    ambiguous: int = 0
    unmatched: int = 0
    written: int = 0
    merged: int = 0
    split: int = 0
    bad_rows: int = 0

    def __str__(self) -> str:
        return (
            f"{counted(self.accounts, 'account')} of {counted(self.customers, 'customer')},"
            f" {self.ambiguous:,} ambiguous, {self.unmatched:,} unmatched"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh did: `remarks` name the rows of the map and the rules that cannot be used."""

    counts: Counts
    remarks: tuple[str, ...] = ()
    restated: tuple[str, ...] = ()
    fresh: bool = True
    """Whether anything had to be matched anew."""

    def __str__(self) -> str:
        c = self.counts
        if not self.fresh:
            return f"{c}; nothing new"
        changed = f"; {counted(c.written, 'link')} changed" if c.written else "; nothing changed"
        restated = [f"{c.merged:,} merged"] * bool(c.merged) + [f"{c.split:,} split"] * bool(
            c.split
        )
        return f"{c}{changed}" + (f", restated: {' and '.join(restated)}" if restated else "")


def refresh(
    workspace: "Workspace", store: "Store", since: datetime | None = None
) -> Refreshed | None:
    """Match anew where anything changed, and write the links that did; None without accounts.

    Customers recorded until `since` (now, unless said) were known: joining or parting them is a
    restatement. Raises `ConfigError` for a map that cannot be read; nothing is changed then.
    """
    config = workspace.accounts
    if config is None and not _has_links(store):
        return None
    names = [entry.name for entry in workspace.connectors]
    chart = mapping.read(config.map if config else None, names)
    for _ in range(_ATTEMPTS):
        if (done := _refresh(workspace, store, chart, since or store.clock())) is not None:
            return done
    raise StoreError(
        "Other programs change the accounts at the same time", "Run `tenure accounts` again"
    )


def _refresh(
    workspace: "Workspace", store: "Store", chart: Map, since: datetime
) -> Refreshed | None:
    """None where somebody else wrote links meanwhile."""
    from tenure.accounts.reading import state_of  # noqa: PLC0415 - with DuckDB, see `matched`

    state, links = state_of(store, workspace, chart.digest), last_link(store)
    last = last_run(store)
    if last and last["state"] == [state, *links]:
        remarks = tuple(last["remarks"])
        return Refreshed(counts=Counts(**last["counts"]), remarks=remarks, fresh=False)
    started = store.clock()
    with matched(workspace, store, chart, since) as duck:
        bad, idle = unusable(duck), idle_rules(duck, workspace)
        duck.execute(_CHANGED)
        accounts, customers, ambiguous, unmatched, written = duck.execute(_COUNTS).fetchall()[0]
        merged, split = _restated(duck) if written else ([], [])
        if written and not change_links(store, _rows(duck, "SELECT * FROM changed"), links):
            return None
    bad_rows = tuple(chart.remarks(bad))
    counts = Counts(
        accounts=accounts,
        customers=customers,
        ambiguous=ambiguous,
        unmatched=unmatched,
        written=written,
        merged=len(merged),
        split=len(split),
        bad_rows=len(bad_rows),
    )
    restated = (*_said("merged", merged), *_said("split", split))
    for line in restated:
        log.info("%s", line)
    done = Refreshed(counts=counts, remarks=(*bad_rows, *idle), restated=restated)
    _keep(store, started, done, [state, *last_link(store)])
    return done


@contextmanager
def matched(
    workspace: "Workspace", store: "Store", chart: Map, since: datetime
) -> "Iterator[DuckDBPyConnection]":
    """A DuckDB with everybody matched: `person`, `member`, `link`, `ambiguous`, `unmatched`."""
    from tenure.accounts import matching, reading  # noqa: PLC0415 - DuckDB only where it is needed
    from tenure.metrics.source import reader, scratch  # noqa: PLC0415 - likewise

    config = workspace.accounts
    with scratch() as duck:
        with reader(store) as read:
            reading.load(duck, read, workspace, chart.rows, since)
        rules, shared = (config.match, config.shared_domains) if config else ((), ())
        matching.match(duck, rules, shared)
        yield duck


def unusable(duck: "DuckDBPyConnection") -> list[Bad]:
    """The rows of the map that name customers whom nobody knows."""
    query = """
        SELECT m.line, r.connector, r.customer, m.customer IS NULL, r.account
        FROM mapped AS m JOIN map_row AS r ON r.line = m.line
        WHERE m.customer IS NULL OR m.lost ORDER BY m.line"""
    return [
        Bad(line, "customer", f"{connector} has no customer {customer[:60]!r}")
        if is_unknown
        else Bad(line, "account", f"there is no customer {account[:60]!r}; name it without `/`")
        for line, connector, customer, is_unknown, account in duck.execute(query).fetchall()
    ]


def idle_rules(duck: "DuckDBPyConnection", workspace: "Workspace") -> tuple[str, ...]:
    """The rules that look at an attribute which no customer has, and what to do about each."""
    known = {name for (name,) in duck.execute("SELECT DISTINCT name FROM stated").fetchall()}
    rules = workspace.accounts.match if workspace.accounts else ()
    return tuple(
        f"match = {rule!r}: no customer has the attribute {name!r}; "
        "name it in `attributes` of the connector that knows it, and sync"
        for rule in rules
        if rule.startswith(PROPERTY) and (name := rule.removeprefix(PROPERTY)) not in known
    )


def _rows(duck: "DuckDBPyConnection", query: str) -> Iterator[Any]:
    """The rows of a query, which may be too many for a list."""
    found = duck.execute(query)
    while batch := found.fetchmany(_BATCH):
        yield from batch


def standing(store: "Store") -> Counts | None:
    """How the accounts stood after the last refresh; None if there was none."""
    last = last_run(store)
    return Counts(**last["counts"]) if last else None


def last_run(store: "Store") -> dict[str, Any] | None:
    """What is kept of the last refresh: its `state`, `counts` and `remarks`."""
    query = select(_RUN.c.counts).where(_RUN.c.kind == KIND, _RUN.c.subject == KIND)
    with store.read() as connection:
        found = connection.scalar(query.order_by(_RUN.c.id.desc()).limit(1))
    return json.loads(found) if found else None


def _has_links(store: "Store") -> bool:
    query = select(_LINK.c.id).where(_LINK.c.superseded_at.is_(None)).limit(1)
    with store.read() as connection:
        return connection.scalar(query) is not None


def _restated(duck: "DuckDBPyConnection") -> tuple[list[str], list[str]]:
    """Accounts that unite what was apart, and that were parted: one customer of each part."""
    duck.execute(_MOVED)
    merged = duck.execute(_RESTATED.format(now="after", then="before")).fetchall()
    split = duck.execute(_RESTATED.format(now="before", then="after")).fetchall()
    return [names for (names,) in merged], [names for (names,) in split]


def _said(what: str, accounts: list[str]) -> Iterator[str]:
    for names in accounts[:_SHOWN]:
        yield f"accounts {what}: {names}"
    if len(accounts) > _SHOWN:
        yield f"accounts {what}: {len(accounts) - _SHOWN:,} more"


def _keep(store: "Store", started: datetime, done: Refreshed, state: list[Any]) -> None:
    kept = {"counts": asdict(done.counts), "state": state, "remarks": done.remarks}
    with store.write() as (connection, _):
        connection.execute(
            insert(_RUN).values(
                kind=KIND,
                subject=KIND,
                started_at=started,
                ended_at=store.clock(),
                outcome="done",
                message="\n".join((*done.restated, *done.remarks)),
                counts=json.dumps(kept),
            )
        )
