"""The accounts as people see them: who is in each, by which rule, since when, and what is open."""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tenure.accounts import mapping
from tenure.accounts.refreshing import Counts, matched, refresh
from tenure.errors import UsageError
from tenure.ledger.tables import from_micros
from tenure.records import Json
from tenure.sheet import csv_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tenure.config import Workspace
    from tenure.ledger.store import Store


class State(StrEnum):
    """Whether anything about an account is open."""

    JOINED = "joined"
    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"


_STATES = tuple(State)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A customer of an account; one that is alone has no rule."""

    connector: str
    customer: str
    rule: str | None
    since: datetime | None
    called: str | None = None

    @property
    def name(self) -> str:
        """How the map names it."""
        return f"{self.connector}/{self.customer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account; `settle` is a row for the map that would settle what is open."""

    account: str
    state: State
    customers: tuple[Member, ...]
    reasons: tuple[str, ...] = ()
    settle: str | None = None

    def as_json(self) -> dict[str, Json]:
        """The row as `tenure accounts --format json` prints it."""
        return {
            "account": self.account,
            "state": self.state.value,
            "customers": [
                {
                    "connector": one.connector,
                    "customer": one.customer,
                    "name": one.called,
                    "rule": one.rule,
                    "since": _when(one.since),
                }
                for one in self.customers
            ],
            "reasons": list(self.reasons),
            "settle": self.settle,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Accounts, those with something open first, then by name; and how many there are of all."""

    counts: Counts
    rows: tuple[AccountRow, ...]
    remarks: tuple[str, ...]
    total: int
    """How many rows there are with those that were not asked for."""

    def as_json(self) -> dict[str, Json]:
        """The document that `tenure accounts --format json` prints."""
        return {
            "counts": asdict(self.counts),
            "remarks": list(self.remarks),
            "rows": [row.as_json() for row in self.rows],
        }

    def as_csv(self) -> str:
        """A line for each customer."""
        head = ["account", "state", "connector", "customer", "name", "rule", "since"]
        head += ["reasons", "settle"]
        return csv_text((dict(zip(head, cells, strict=True)) for cells in self._cells()), head)

    def _cells(self) -> Iterator[list[str | None]]:
        for row in self.rows:
            said = ["; ".join(row.reasons), row.settle]
            for one in row.customers:
                cells = [one.connector, one.customer, one.called, one.rule, _when(one.since)]
                yield [row.account, row.state, *cells, *said]


def build(
    workspace: "Workspace", store: "Store", states: Collection[State] = (), limit: int | None = None
) -> Accounts:
    """Bring the links up to date and list the accounts in these states, all unless said.

    Raises `UsageError` without a table [accounts], `ConfigError` for a map that cannot be read.
    """
    if workspace.accounts is None:
        refresh(workspace, store)
        raise UsageError(
            f"{workspace.path.name} has no table [accounts]",
            'Write one, such as match = ["email", "domain"]; see docs/accounts.md',
        )
    done = refresh(workspace, store)
    chart = mapping.read(workspace.accounts.map, [entry.name for entry in workspace.connectors])
    with matched(workspace, store, chart, store.clock()) as duck:
        from tenure.accounts.matching import run  # noqa: PLC0415 - with DuckDB

        _names(duck, store)
        run(duck, "listing")
        wanted = [number for number, state in enumerate(_STATES) if not states or state in states]
        return Accounts(
            counts=done.counts if done else Counts(),
            rows=tuple(_rows(duck, wanted, limit)),
            remarks=done.remarks if done else (),
            total=_total(duck, wanted),
        )


_LISTED = """
    SELECT account, state FROM listed WHERE state IN (SELECT unnest(?::INTEGER[]))
    ORDER BY state DESC, account LIMIT {limit}"""
_MEMBERS = """
    SELECT a.account, a.state, s.customer, c.name, s.connector, s.external, s.rule, s.since
    FROM ({listed}) AS a JOIN shown AS s ON s.account = a.account
    LEFT JOIN called AS c ON c.id = s.connector || '/' || s.external
    ORDER BY a.state DESC, a.account, s.source, s.external"""
_NAMES = """
    SELECT customer_id, value, valid_from FROM customer_attribute
    WHERE name = 'name' AND superseded_at IS NULL"""
_CALLED = """
    CREATE TABLE called AS
    SELECT p.connector || '/' || p.external AS id,
        arg_max(n.value::VARCHAR, n.valid_from) AS name
    FROM stream AS n JOIN person AS p ON p.customer = n.customer_id
    WHERE n.value::VARCHAR <> '' GROUP BY ALL"""
_REASONS = """
    SELECT r.* FROM reason AS r JOIN shown AS s ON s.customer = r.customer
    JOIN ({listed}) AS a ON a.account = s.account
    ORDER BY r.customer, r.rule, r.key"""


def _total(duck: "DuckDBPyConnection", wanted: Sequence[int]) -> int:
    query = "SELECT count(*) FROM listed WHERE state IN (SELECT unnest(?::INTEGER[]))"
    return int(duck.execute(query, [list(wanted)]).fetchall()[0][0])


def _rows(
    duck: "DuckDBPyConnection", wanted: Sequence[int], limit: int | None
) -> Iterator[AccountRow]:
    listed = _LISTED.format(limit="ALL" if limit is None else limit)
    reasons: dict[int, list[tuple[Any, ...]]] = {}
    for customer, *why in duck.execute(_REASONS.format(listed=listed), [list(wanted)]).fetchall():
        reasons.setdefault(customer, []).append(tuple(why))
    found = duck.execute(_MEMBERS.format(listed=listed), [list(wanted)]).fetchall()
    for (account, state), lines in groupby(found, lambda line: line[:2]):
        members = [(customer, _member(line)) for _, _, customer, *line in lines]
        open_ = [(one, why) for customer, one in members for why in reasons.get(customer, ())]
        yield AccountRow(
            account=account,
            state=_STATES[state],
            customers=tuple(one for _, one in members),
            reasons=tuple(_reason(one, why) for one, why in open_),
            settle=next((_settle(one, why) for one, why in open_), None),
        )


def _names(duck: "DuckDBPyConnection", store: "Store") -> None:
    from tenure.metrics.source import reader  # noqa: PLC0415 - with DuckDB

    with reader(store) as read:
        stream = read(_NAMES)  # noqa: F841 - by its name
        duck.execute(_CALLED)


def _member(line: Sequence[Any]) -> Member:
    called, connector, external, rule, since = line
    at = None if since is None else from_micros(since)
    return Member(connector=connector, customer=external, rule=rule, since=at, called=called)


def _reason(one: Member, why: tuple[Any, ...]) -> str:
    rule, key, candidates, names, called = why
    if rule is None:
        return f"nobody else has {key}" if key else "has no e-mail and no domain"
    if not candidates:
        return f"{rule} of {one.name} names {key}, whom no other connector has"
    fitting = dict(zip(names, called, strict=True))
    others = [
        f"{name} ({label})" if label else name
        for name, label in fitting.items()
        if name != one.name
    ][:3]
    more = candidates - len(others) - (one.name in names)
    rest = f" and {more:,} more" if more else ""
    return f"{rule} {key} of {one.name} fits {', '.join(others)}{rest}"


def _settle(one: Member, why: tuple[Any, ...]) -> str | None:
    """The map's row, with the first of those that would do or a word for them."""
    rule, _, candidates, names, _ = why
    if rule is not None and not candidates:
        return None  # an attribute to mend at its source
    others = [name for name in names if not name.startswith(f"{one.connector}/")]
    cells = (one.connector, one.customer, others[0] if others else "ACCOUNT")
    return ",".join(_quoted(cell) for cell in cells)


def _quoted(cell: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([cell])
    return text.getvalue()


def _when(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
