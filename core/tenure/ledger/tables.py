"""The tables of the ledger.

Facts are append-only and bitemporal: `effective_at` / `valid_from` is business time,
`recorded_at` / `superseded_at` is when the ledger knew (metrics.md section 8). Times are
microseconds since 1970 in one BIGINT column type on every database, so that SQL compares
integers everywhere and no engine's time zone can touch them; Python sees aware UTC instants.

    connector_state ─< customer ─< subscription ─< item ─< point
                          ├─< customer_attribute
                          └─< account_link >─ account
"""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_IN_FORCE = text("superseded_at IS NULL")
_CLOSED = text("superseded_at IS NOT NULL")
_KEPT = text("deleted_at IS NULL")
KEY = BigInteger().with_variant(Integer(), "sqlite")  # SQLite's rowid wants INTEGER


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (instant - EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """The aware UTC instant of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=value)


def table(model: type[SQLModel]) -> Table:
    """The table behind a model, for statements over its columns."""
    return cast("Table", model.__table__)  # type: ignore[attr-defined]  # SQLModel declares none


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, kept as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """To microseconds; a naive time raises `TypeError`."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From microseconds."""
        return None if value is None else from_micros(value)


def _key() -> Any:
    return Field(default=None, primary_key=True, sa_type=KEY)


def _ref(target: str, **options: Any) -> Any:
    return Field(foreign_key=target, sa_type=KEY, **options)


def _big(**options: Any) -> Any:
    return Field(sa_type=BigInteger, **options)


def _instant(**options: Any) -> Any:
    return Field(sa_type=Instant, **options)


def _text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


def _one_in_force(*columns: str) -> Index:
    """At most one row per `columns` that is not superseded."""
    name = f"{columns[0].removesuffix('_id')}_{columns[-1]}_in_force"
    return Index(name, *columns, unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE)


def _by_closing(table: str) -> Index:
    """Finds the rows that were superseded after a stamp; most rows never are."""
    return Index(
        f"{table}_superseded_at",
        "superseded_at",
        sqlite_where=_CLOSED,
        postgresql_where=_CLOSED,
    )


class LedgerClock(SQLModel, table=True):
    """One row: the last stamp given. Stamps are commit order, whatever the wall clock does."""

    __tablename__ = "ledger_clock"
    id: int = Field(default=1, primary_key=True)
    last_stamp: datetime = _instant()
    salt: str | None = _text(default=None)  # of the tokens of forgotten ids


class ConnectorState(SQLModel, table=True):
    """One row per connector ever synced: its cursor, its freshness, its lease."""

    __tablename__ = "connector_state"
    id: int | None = _key()
    name: str = _text(unique=True)
    plugin: str = _text()
    cursor: str | None = _text(default=None)  # JSON of the last checkpoint
    watermark: datetime | None = _instant(default=None)  # start of the last complete pull
    last_sync_at: datetime | None = _instant(default=None)  # end of the last pull, any outcome
    last_complete_at: datetime | None = _instant(default=None)  # end of the last complete pull
    pull_started_at: datetime | None = _instant(default=None)  # set while a pull is unfinished
    held_retractions: int = Field(default=0)
    lease_holder: str | None = _text(default=None)
    lease_until: datetime | None = _instant(default=None)


class Customer(SQLModel, table=True):
    """Who pays, as one connector knows them; `erased_at` is when they were forgotten."""

    __tablename__ = "customer"
    __table_args__ = (UniqueConstraint("connector_id", "external_id"),)
    id: int | None = _key()
    connector_id: int = _ref("connector_state.id")
    external_id: str = _text()
    recorded_at: datetime = _instant()
    erased_at: datetime | None = _instant(default=None)


class CustomerAttribute(SQLModel, table=True):
    """From `valid_from` on the customer's attribute has `value` (null: none any more)."""

    __tablename__ = "customer_attribute"
    __table_args__ = (
        _one_in_force("customer_id", "name", "valid_from"),
        _by_closing("customer_attribute"),
    )
    id: int | None = _key()
    customer_id: int = _ref("customer.id")
    name: str = _text()
    value: str | None = _text(default=None)
    valid_from: datetime = _instant()
    evidence: str = _text()
    recorded_at: datetime = _instant()
    superseded_at: datetime | None = _instant(default=None)


class Account(SQLModel, table=True):
    """One customer across connectors."""

    __tablename__ = "account"
    id: int | None = _key()
    external_id: str = _text(unique=True)
    recorded_at: datetime = _instant()


class AccountLink(SQLModel, table=True):
    """The customer belongs to the account, by `rule`. A customer without a link is its own."""

    __tablename__ = "account_link"
    __table_args__ = (_one_in_force("customer_id"),)
    id: int | None = _key()
    customer_id: int = _ref("customer.id")
    account_id: int = _ref("account.id")
    rule: str = _text()
    recorded_at: datetime = _instant()
    superseded_at: datetime | None = _instant(default=None)


class Subscription(SQLModel, table=True):
    """A subscription of a customer."""

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("customer_id", "external_id"),)
    id: int | None = _key()
    customer_id: int = _ref("customer.id")
    external_id: str = _text()
    recorded_at: datetime = _instant()


class Item(SQLModel, table=True):
    """One priced line of a subscription; what is known of it are its points."""

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("subscription_id", "external_id"),)
    id: int | None = _key()
    subscription_id: int = _ref("subscription.id")
    customer_id: int = _ref("customer.id")
    external_id: str = _text()
    kind: str = _text()
    recorded_at: datetime = _instant()


class Point(SQLModel, table=True):
    """From `effective_at` on the item bills `amount` per interval (metrics.md section 2).

    Money in micro-units of `currency`, `quantity` in millionths.
    """

    __tablename__ = "point"
    __table_args__ = (_one_in_force("item_id", "effective_at"), _by_closing("point"))
    id: int | None = _key()
    item_id: int = _ref("item.id")
    customer_id: int = _ref("customer.id")
    effective_at: datetime = _instant()
    amount: int = _big()
    discount: int = _big()
    discount_once: int = _big()
    quantity: int = _big()
    interval: str = _text()
    interval_count: int = Field()
    currency: str = _text()
    plan: str | None = _text(default=None)
    product: str | None = _text(default=None)
    state: str = _text()
    state_since: datetime = _instant()
    ends_at: datetime | None = _instant(default=None)
    cause: str | None = _text(default=None)
    evidence: str = _text()
    source_ref: str = _text()
    recorded_at: datetime = _instant()
    superseded_at: datetime | None = _instant(default=None)


class Rate(SQLModel, table=True):
    """Units of the reporting currency per unit of `currency` on `day`, times 10**10."""

    __tablename__ = "rate"
    __table_args__ = (_one_in_force("reporting", "currency", "day"),)
    id: int | None = _key()
    reporting: str = _text()
    currency: str = _text()
    day: int = Field()  # days since 1970
    rate: int = _big()
    source_ref: str = _text()
    recorded_at: datetime = _instant()
    superseded_at: datetime | None = _instant(default=None)


class Observation(SQLModel, table=True):
    """What a source said once, kept for good (`kind`: event or claim).

    Of the kind raw: which records a raw object of the name `subject` holds.
    """

    __tablename__ = "observation"
    __table_args__ = (UniqueConstraint("connector_id", "kind", "subject", "key"),)
    id: int | None = _key()
    connector_id: int = _ref("connector_state.id")
    kind: str = _text()
    subject: str = _text()
    key: str = _text()
    at: datetime = _instant()
    data: str = _text()  # JSON
    recorded_at: datetime = _instant()


class RawObject(SQLModel, table=True):
    """A chunk of what a source sent, compressed (zlib), once per content.

    Once it is older than `keep_raw` its `data` is empty, and `deleted_at` says since when.
    """

    __tablename__ = "raw_object"
    __table_args__ = (
        UniqueConstraint("connector_id", "name", "position", "content_hash"),
        Index("raw_object_kept", "recorded_at", sqlite_where=_KEPT, postgresql_where=_KEPT),
    )
    id: int | None = _key()
    connector_id: int = _ref("connector_state.id")
    name: str = _text()
    position: int = _big()
    content_hash: str = _text()  # SHA-256 of the uncompressed bytes, hex
    size: int = _big()
    data: bytes = Field(sa_type=LargeBinary)
    recorded_at: datetime = _instant()
    deleted_at: datetime | None = _instant(default=None)


class Quarantine(SQLModel, table=True):
    """A source row that could not be read. `fingerprint` knows it again when its line moves."""

    __tablename__ = "quarantine"
    __table_args__ = (UniqueConstraint("connector_id", "fingerprint"),)
    id: int | None = _key()
    connector_id: int = _ref("connector_state.id")
    fingerprint: str = _text()
    source_ref: str = _text()
    column: str | None = _text(default=None)
    reason: str = _text()
    raw: str = _text()
    rows: int = Field(default=1)
    pull_started_at: datetime = _instant()  # the last pull that met it
    recorded_at: datetime = _instant()
    resolved_at: datetime | None = _instant(default=None)
    accepted_at: datetime | None = _instant(default=None)


class PullItem(SQLModel, table=True):
    """What the unfinished pull of a connector said of an item: it exists, or it never did."""

    __tablename__ = "pull_item"
    item_id: int = _ref("item.id", primary_key=True)
    connector_id: int = _ref("connector_state.id", index=True)
    retracted: bool = Field(default=False)


class Run(SQLModel, table=True):
    """A sync, report or push: when, how it ended, what it counted (JSON)."""

    __tablename__ = "run"
    id: int | None = _key()
    kind: str = _text()
    subject: str = _text()
    started_at: datetime = _instant()
    ended_at: datetime | None = _instant(default=None)
    outcome: str | None = _text(default=None)
    counts: str = _text(default="{}")
    message: str = _text(default="")


class DaemonRun(SQLModel, table=True):
    """What the daemon ran, or is to run: a row per job and due instant, of the last attempt."""

    __tablename__ = "daemon_run"
    __table_args__ = (UniqueConstraint("job", "due_at"),)
    id: int | None = _key()
    job: str = _text()
    due_at: datetime = _instant()
    state: str = _text()  # of tenure.daemon.runs
    attempt: int = Field(default=0)
    instance: str = _text()  # the daemon that claimed it, or runs it
    claimed_at: datetime = _instant()
    not_before: datetime = _instant()  # of the next attempt
    started_at: datetime | None = _instant(default=None)
    ended_at: datetime | None = _instant(default=None)
    message: str = _text(default="")


class Policy(SQLModel, table=True):
    """Every policy that figures were published under, by hash."""

    __tablename__ = "policy"
    hash: str = _text(primary_key=True)
    document: str = _text()  # canonical JSON
    recorded_at: datetime = _instant()


class Publication(SQLModel, table=True):
    """Figures as they were published."""

    __tablename__ = "publication"
    id: int | None = _key()
    content_hash: str = _text(unique=True)
    policy_hash: str = Field(foreign_key="policy.hash", sa_type=Text)
    known_at: datetime = _instant()
    document: str = _text()  # the report as JSON
    recorded_at: datetime = _instant()


class Delivery(SQLModel, table=True):
    """The outbox: a row per delivery to a sink, written before anything is sent.

    Of an alert, content_hash is `alert:` and its key; it may be of figures that were not published.
    """

    __tablename__ = "delivery"
    __table_args__ = (Index("delivery_sink", "sink", "id"),)
    id: int | None = _key()
    sink: str = _text()
    content_hash: str = _text()
    publication_id: int | None = _ref("publication.id", default=None)
    key: str = _text()  # the idempotency key, the same for every attempt
    undoes: int | None = _ref("delivery.id", default=None)
    state: str = _text()  # of tenure.delivery.outbox
    attempts: int = Field(default=0)
    written: int = Field(default=0)
    message: str = _text(default="")
    remote_id: str | None = _text(default=None)
    recorded_at: datetime = _instant()
    next_attempt_at: datetime | None = _instant(default=None)  # of a failed one
    delivered_at: datetime | None = _instant(default=None)
    over_at: datetime | None = _instant(default=None)  # when an alert was due no more


class SinkValue(SQLModel, table=True):
    """What a sink wrote into a field, and what stood there before; the newest is in force."""

    __tablename__ = "sink_value"
    __table_args__ = (
        _one_in_force("sink", "target", "field"),
        Index("sink_value_delivery", "delivery_id"),
    )
    id: int | None = _key()
    sink: str = _text()
    target: str = _text()
    field: str = _text()
    value: str | None = _text(default=None)
    previous: str | None = _text(default=None)
    delivery_id: int = _ref("delivery.id")
    recorded_at: datetime = _instant()  # before it was sent
    confirmed_at: datetime | None = _instant(default=None)  # once it was written for sure
    superseded_at: datetime | None = _instant(default=None)


class SinkRemote(SQLModel, table=True):
    """What the other side calls a target of a sink, as it said last."""

    __tablename__ = "sink_remote"
    sink: str = _text(primary_key=True)
    target: str = _text(primary_key=True)
    remote_id: str = _text()
    delivery_id: int = _ref("delivery.id")


class SinkLease(SQLModel, table=True):
    """Who pushes to a sink, and until when that is theirs alone."""

    __tablename__ = "sink_lease"
    sink: str = _text(primary_key=True)
    holder: str = _text()
    until: datetime = _instant()


class Erasure(SQLModel, table=True):
    """Somebody was forgotten: when, as which token, and how much was deleted (JSON). No more."""

    __tablename__ = "erasure"
    id: int | None = _key()
    token: str = _text()
    recorded_at: datetime = _instant()
    counts: str = _text()


class ErasedId(SQLModel, table=True):
    """The token of an id of somebody forgotten: what comes in under that id is left out."""

    __tablename__ = "erased_id"
    connector_id: int = _ref("connector_state.id", primary_key=True)
    token: str = _text(primary_key=True)
