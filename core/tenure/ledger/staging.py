"""The staging tables: what a pull stated since its last checkpoint, on disk, in rows.

They are temporary tables of one connection, so a killed pull leaves nothing behind, and a large
one needs no memory. Rows wait in small batches before they are written.
"""

import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, MetaData, Table, Text

from tenure.ledger import validate
from tenure.ledger.forgotten import Forgotten, token_of
from tenure.ledger.tables import KEY
from tenure.ledger.validate import (
    InvalidRecordError,
    enum,
    instant,
    item_rows,
    money,
    optional_text,
    text,
    whole,
)
from tenure.records import (
    Claim,
    Customer,
    Evidence,
    Excluded,
    Item,
    Observation,
    Quarantined,
    RawChunk,
    Subscription,
    Tombstone,
)

BATCH = 5_000
_ROWS_AT_ONCE = 10
"""In one statement: fewer calls into SQLite; with more, each row costs more again."""

_RAW_CHARACTERS = 2_000
_written = json.JSONEncoder(sort_keys=True).encode
_BROKEN = (TypeError, AttributeError, ValueError, ArithmeticError, LookupError, RecursionError)
"""What a record that breaks a rule may raise while it is taken apart."""

_metadata = MetaData()


def _stage(name: str, *columns: Column[Any]) -> Table:
    """A staging table; the columns behind the stated ones are keys that `resolve.sql` fills in."""
    one_key = sum(column.primary_key for column in columns) == 1
    return Table(
        f"stage_{name}", _metadata, *columns, prefixes=["TEMPORARY"], sqlite_with_rowid=one_key
    )


def _key(name: str = "no") -> Column[int]:
    return Column(name, KEY, primary_key=True, autoincrement=False)


SUBSCRIPTION = _stage(
    "subscription",
    _key(),
    Column("customer", Text),
    Column("subscription", Text),
    Column("customer_id", BigInteger),
    Column("subscription_id", BigInteger),
)
ITEM = _stage(
    "item",
    _key(),
    Column("subscription_no", BigInteger),
    Column("item", Text),
    Column("kind", Text),
    Column("rows", Integer),
    Column("complete", Integer),
    Column("item_id", BigInteger),
    Column("customer_id", BigInteger),
)
POINT = _stage(
    "point",
    _key("line_no"),
    _key("instant"),
    *(Column(n, BigInteger) for n in ("amount", "discount", "discount_once", "quantity")),
    Column("interval", Text),
    Column("interval_count", Integer),
    *(Column(n, Text) for n in ("currency", "plan", "product", "state")),
    Column("state_since", BigInteger),
    Column("ends_at", BigInteger),
    *(Column(n, Text) for n in ("cause", "evidence", "source_ref")),
)
CUSTOMER = _stage("customer", _key(), Column("customer", Text), Column("customer_id", BigInteger))
LINE = _stage(
    "line",
    _key(),
    Column("customer_no", BigInteger),
    Column("name", Text),
    Column("complete", Integer),
    Column("customer_id", BigInteger),
)
ATTRIBUTE = _stage(
    "attribute",
    _key("line_no"),
    _key("instant"),
    Column("value", Text),
    Column("evidence", Text),
)
SNAPSHOT = _stage(
    "snapshot",
    _key(),
    Column("customer_no", BigInteger),
    Column("name", Text),
    Column("value", Text),
    Column("customer_id", BigInteger),
)
OBSERVATION = _stage(
    "observation",
    _key(),
    *(Column(n, Text) for n in ("kind", "subject", "key")),
    Column("at", BigInteger),
    Column("data", Text),
)
RAW = _stage(
    "raw",
    _key(),
    Column("name", Text),
    Column("position", BigInteger),
    Column("content_hash", Text),
    Column("size", BigInteger),
    Column("data", LargeBinary),
)
QUARANTINE = _stage(
    "quarantine",
    _key(),
    *(Column(n, Text) for n in ("fingerprint", "source_ref", "column", "reason", "raw")),
    Column("rows", Integer),
)
TOMBSTONE = _stage("tombstone", _key(), Column("kind", Text), Column("external_id", Text))
FORGOTTEN = _stage("forgotten", _key(), Column("subject", Text), Column("token", Text))
CHANGED = _stage("changed", _key("line_no"))
RETRACT = _stage("retract", _key("item_id"))
VERDICT = _stage(
    "verdict",
    _key("line_no"),
    _key("instant"),
    Column("known_id", BigInteger),
    *(Column(n, Integer) for n in ("closes", "inserts", "contradicts")),
)


Values = dict[int, tuple[str | None, str]]
"""An attribute's value and evidence by the instant from which it holds."""


class Stage:
    """Takes records of a pull on one connection until they are committed.

    `clean` takes secrets out of what is kept of an unreadable row; what is said of somebody
    `forgotten` is left out.
    """

    def __init__(
        self,
        connection: Connection,
        clean: Callable[[str], str] = str,
        forgotten: Forgotten | None = None,
    ) -> None:
        self.connection = connection
        self.rows_read = 0
        self.rows_quarantined = 0
        self.rows_excluded = 0
        self._clean = clean
        self._forgotten = forgotten
        self._no = 0
        self._unwritten = 0
        self._waiting: dict[Table, list[tuple[Any, ...]]] = defaultdict(list)
        self._take: dict[type, Callable[[Any], None]] = {
            Subscription: self._subscription,
            Customer: self._customer,
            Observation: self._observation,
            Claim: self._claim,
            Tombstone: self._tombstone,
            RawChunk: self._raw,
            Quarantined: self.quarantine,
            Excluded: self._exclude,
        }
        make(connection, *_metadata.sorted_tables)

    def add(self, record: Any) -> None:
        """Stage a record; one that breaks a rule is quarantined."""
        take = self._take.get(type(record), _refuse)
        if self._unwritten >= BATCH:
            self.flush()
        try:
            if self._forgotten is not None and self._forgotten.names(record):
                take = self._leave_out
            take(record)
        except _BROKEN as error:
            self._refuse(record, error, _ref(record))

    def flush(self) -> None:
        """Write all waiting rows to the temporary tables."""
        with self.connection.begin():
            for table, rows in self._waiting.items():
                insert_rows(self.connection, table, rows)
        self._waiting.clear()
        self._unwritten = 0

    def clear(self) -> None:
        """Empty the tables inside the caller's transaction, and count from nothing."""
        for table in _metadata.sorted_tables:
            self.connection.execute(table.delete())
        self.rows_read = self.rows_quarantined = self.rows_excluded = 0

    def forget_verdicts(self) -> None:
        """Make room for the next kind of timeline."""
        self.connection.execute(CHANGED.delete())
        self.connection.execute(VERDICT.delete())

    def forget_retractions(self) -> None:
        """Hold back what would be retracted."""
        self.connection.execute(RETRACT.delete())

    def quarantine(self, row: Quarantined, rows: int = 1) -> None:
        """Stage a row that could not be read."""
        self.rows_read += rows
        self.rows_quarantined += rows
        raw = self._printable(row.raw)[:_RAW_CHARACTERS]
        reason = self._printable(row.reason)
        column = None if row.column is None else self._printable(row.column)
        fingerprint = hashlib.sha256(repr((reason, column, raw)).encode()).hexdigest()
        ref = self._printable(row.source_ref)
        self._put(QUARANTINE, self._next(), fingerprint, ref, column, reason, raw, rows)

    def _refuse(self, record: object, error: Exception, ref: str) -> None:
        self.quarantine(
            Quarantined(source_ref=ref, reason=str(error), raw=repr(record)), _rows(record)
        )

    def _printable(self, value: str) -> str:
        clean = self._clean(str(value)).replace("\0", "\\0")
        return clean.encode(errors="backslashreplace").decode()

    def _next(self) -> int:
        self._no += 1
        return self._no

    def _put(self, table: Table, *row: Any) -> None:
        self._waiting[table].append(row)
        self._unwritten += 1

    def _exclude(self, record: Excluded) -> None:
        rows = validate.rows(record.rows)
        self.rows_read += rows
        self.rows_excluded += rows

    def _leave_out(self, record: Any) -> None:
        """Of somebody forgotten: counted where it stands for rows, and nothing else of it kept."""
        if isinstance(record, Subscription | Quarantined):
            self._exclude(Excluded(reason="forgotten", rows=_rows(record)))
        if isinstance(record, Subscription) and self._forgotten is not None:
            token = token_of(self._forgotten.salt, record.id)
            self._put(FORGOTTEN, self._next(), record.id, token)

    def _subscription(self, record: Subscription) -> None:
        for item in record.items:
            if type(item) is not Item:
                raise InvalidRecordError(f"subscription {record.id!r} holds {item!r} as an item")
        if len({item.id for item in record.items}) < len(record.items):
            raise InvalidRecordError(f"subscription {record.id!r} states one item id twice")
        customer, name = text(record.customer, "customer"), text(record.id, "subscription id")
        no = self._next()
        self._put(SUBSCRIPTION, no, customer, name)
        for item in record.items:
            self._item(no, item, f"{name}/{item.id}")

    def _item(self, subscription: int, item: Item, ref: str) -> None:
        no = self._next()
        try:
            points, rows = item_rows(no, item), validate.rows(item.rows)
            kind, complete = item.kind._value_, int(item.complete)
            self._put(ITEM, no, subscription, item.id, kind, rows, complete)
        except _BROKEN as error:
            self._refuse(item, error, _ref(item) or ref)
            return
        self.rows_read += rows
        self._waiting[POINT] += points
        self._unwritten += len(points)

    def _customer(self, record: Customer) -> None:
        no = self._next()
        now: list[tuple[str, str | None]]
        now = [(n, text(v, n)) for n in ("name", "email", "domain") if (v := getattr(record, n))]
        lines: dict[str, Values] = defaultdict(dict)
        for a in record.attributes:
            name, value = text(a.name, "attribute name"), optional_text(a.value, a.name)
            if a.valid_from is None:
                now.append((name, value))
            else:
                at = instant(a.valid_from, "valid_from")
                lines[name][at] = (value, enum(a.evidence, Evidence, "evidence"))
        self._put(CUSTOMER, no, text(record.id, "customer id"))
        for name, value in now:
            if name not in lines:  # a history says it better
                self._put(SNAPSHOT, self._next(), no, name, value)
        for name, values in lines.items():
            self._line(no, name, values)

    def _line(self, customer: int, name: str, values: Values) -> None:
        no = self._next()
        self._put(LINE, no, customer, name, 1)
        for at in sorted(values):
            self._put(ATTRIBUTE, no, at, *values[at])

    def _observation(self, record: Observation) -> None:
        data = _written(record.data)
        at = instant(record.at, "at")
        subject, key = text(record.subject, "subject"), text(record.key, "key")
        self._put(OBSERVATION, self._next(), "event", subject, key, at, data)

    def _claim(self, record: Claim) -> None:
        money(abs(record.amount), "amount")
        at = instant(record.at, "at")
        claim = {"amount": record.amount, "currency": record.currency, "ref": record.source_ref}
        subject, key = text(record.subject, "subject"), text(f"{record.measure}@{at}", "measure")
        self._put(OBSERVATION, self._next(), "claim", subject, key, at, json.dumps(claim))

    def _tombstone(self, record: Tombstone) -> None:
        self._put(TOMBSTONE, self._next(), record.kind.value, text(record.id, "id"))

    def _raw(self, record: RawChunk) -> None:
        digest = hashlib.sha256(record.data).hexdigest()
        packed = zlib.compress(record.data, 1)
        name, position = text(record.name, "name"), whole(record.position, "position")
        self._put(RAW, self._next(), name, position, digest, len(record.data), packed)
        if record.holds:
            ids = json.dumps(" ".join(map(self._printable, record.holds)))
            self._put(OBSERVATION, self._next(), "raw", name, f"{position}:{digest}", 0, ids)
        if len(self._waiting[RAW]) >= 8:  # noqa: PLR2004 - a few MB of compressed chunks
            self.flush()


def _refuse(record: object) -> None:
    raise InvalidRecordError(f"a {type(record).__name__} is no record")


def make(connection: Connection, *tables: Table) -> None:
    """Make temporary tables anew, whatever tables of these names others have in the database."""
    with connection.begin():
        if connection.dialect.name == "postgresql":  # a pooled connection still has the last ones
            connection.exec_driver_sql("DISCARD TEMP")
        else:
            connection.exec_driver_sql("PRAGMA temp.cache_size = -16000")
        for table in tables:
            table.create(connection, checkfirst=False)


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows as the driver does it fastest; they may leave out the last columns."""
    if not rows:
        return
    columns = ", ".join(f'"{column.name}"' for column in list(table.columns)[: len(rows[0])])
    into = f"{table.name} ({columns})"
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    row_marks = f"({', '.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % _ROWS_AT_ONCE
    insert = f"INSERT INTO {into} VALUES "  # noqa: S608 - names of our own tables
    if whole:
        at_once = [
            tuple(chain.from_iterable(rows[at : at + _ROWS_AT_ONCE]))
            for at in range(0, whole, _ROWS_AT_ONCE)
        ]
        connection.exec_driver_sql(insert + ", ".join([row_marks] * _ROWS_AT_ONCE), at_once)
    if whole < len(rows):
        connection.exec_driver_sql(insert + row_marks, list(rows[whole:]))


def _rows(record: object) -> int:
    """How many source rows a broken record stands for, as far as it can be told."""
    items = getattr(record, "items", None)
    parts = items if isinstance(items, list | tuple) else [record]
    counts = [getattr(part, "rows", 1) for part in parts]
    return sum(n for n in counts if type(n) is int and 0 < n < 2**31) or 1


def _ref(record: Any) -> str:
    """Where a record says that it comes from, as far as it can be read."""
    if isinstance(record, Item) and record.points:
        return str(record.points[0].source_ref)
    return str(getattr(record, "source_ref", None) or getattr(record, "id", "") or "?")
