"""The ledger's rows of somebody who is forgotten."""

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from tenure.erasure import texts
from tenure.erasure.texts import Needles
from tenure.erasure.who import Person
from tenure.ledger.forgotten import readable, said_of, tells, token_of, tokens_of
from tenure.ledger.tables import (
    Account,
    ConnectorState,
    Customer,
    CustomerAttribute,
    ErasedId,
    Erasure,
    Item,
    Observation,
    Point,
    RawObject,
    SinkRemote,
    SinkValue,
    Subscription,
    table,
)

IDENTITY = ("name", "email", "domain")
"""Attributes that say who somebody is: even where figures are cut by one, it becomes the token."""

_CUSTOMER, _ATTRIBUTE, _ACCOUNT = table(Customer), table(CustomerAttribute), table(Account)
_SUBSCRIPTION, _ITEM, _POINT = table(Subscription), table(Item), table(Point)
_HELD, _RAW = table(Observation), table(RawObject)
_STATE = table(ConnectorState)
_ERASURE, _ERASED = table(Erasure), table(ErasedId)
_VALUE, _REMOTE = table(SinkValue), table(SinkRemote)
_DAMAGED = b"\xff"
_EDGE = 512
"""Bytes at the end of a chunk in which an id may begin that ends in the next one."""


@dataclass(slots=True)
class Work:
    """Somebody's rows on their way out, in one transaction."""

    connection: Connection
    stamp: datetime
    salt: str
    people: Sequence[Person]
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def keys(self) -> list[int]:
        """The customers' keys."""
        return [person.key for person in self.people]

    @property
    def connectors(self) -> list[int]:
        """The keys of their connectors."""
        return sorted({person.connector_id for person in self.people})

    @property
    def token(self) -> str:
        """What the first of them is called from now on."""
        return token_of(self.salt, self.people[0].id)

    def run(self, what: str, statement: Any) -> None:
        """Run a statement, and count its rows."""
        self.counts[what] += self.connection.execute(statement).rowcount


def erase(work: Work, kept: frozenset[str]) -> None:
    """Erase all of them; attributes that are `kept` stay, since figures are cut by them."""
    ids, own = _ids(work), tokens(work)
    needles = Needles.of([*ids, *_said(work)], work.token)
    _delete_pages(work, needles)
    _delete_observations(work, ids, needles)
    _delete_attributes(work, kept)
    work.counts["quarantined rows emptied"] = texts.blank(work.connection, needles, work.connectors)
    work.counts["texts replaced"] = texts.replace(work.connection, needles)
    work.run("sink values deleted", delete(_VALUE).where(_VALUE.c.target.in_(_targets(work))))
    work.connection.execute(delete(_REMOTE).where(_REMOTE.c.target.in_(_targets(work))))
    _begin_anew(work, needles)
    _rename(work)
    _write_down(work, own)


def tokens(work: Work) -> set[str]:
    """By what they will be known again: the tokens of their ids, names and addresses."""
    said = {said_of(work.salt, one) for one in _said(work)}
    return said.union(*(tokens_of(work.salt, id_) for id_ in _ids(work)))


def held_by_sinks(work: Work) -> Iterator[str]:
    """What sinks wrote where, of which the ledger remembers the place."""
    v = _VALUE.c
    query = (
        select(v.sink, v.target, func.count(v.field.distinct()))
        .where(v.target.in_(_targets(work)))
        .group_by(v.sink, v.target)
        .order_by(v.sink, v.target)
    )
    for sink, target, fields in work.connection.execute(query):
        yield f"{sink}: {fields} values at {target}"


def _targets(work: Work) -> list[str]:
    """What sinks write to for one of them: it has its id."""
    return [person.id for person in work.people]


def _ids(work: Work) -> set[str]:
    """Their ids, and those of their subscriptions and records that nobody else has."""
    s, c, p = _SUBSCRIPTION.c, _CUSTOMER.c, _POINT.c
    own = set(work.connection.scalars(select(s.external_id).where(s.customer_id.in_(work.keys))))
    shared = set(
        work.connection.scalars(
            select(s.external_id)
            .join(_CUSTOMER, c.id == s.customer_id)
            .where(c.connector_id.in_(work.connectors), c.id.not_in(work.keys))
            .where(s.external_id.in_(own))
        )
    )
    refs = work.connection.scalars(
        select(p.source_ref).where(p.customer_id.in_(work.keys)).distinct()
    )
    # Of `in_1/il_2` both; a part without a digit is rather a word of the plugin's.
    parts = {part for ref in refs if ":" not in ref for part in ref.split("/")}
    records = {one for one in parts if tells(one) and any(map(str.isdigit, one))}
    return {person.id for person in work.people} | (own - shared) | (records - shared)


def _said(work: Work) -> list[str]:
    a = _ATTRIBUTE.c
    query = select(a.value).where(a.customer_id.in_(work.keys), a.name.in_(IDENTITY))
    return [str(value) for value in work.connection.scalars(query.where(a.value.is_not(None)))]


def _delete_pages(work: Work, needles: Needles) -> None:
    """Delete every page with anything of theirs, and all that cannot be looked into."""
    r, gone, last = _RAW.c, list[tuple[int, str, str]](), (0, "", b"")
    query = (
        select(r.id, r.name, r.position, r.content_hash, r.data)
        .where(r.connector_id.in_(work.connectors), r.deleted_at.is_(None))
        .order_by(r.connector_id, r.id)
        .execution_options(yield_per=20)
    )
    for id_, name, position, digest, packed in work.connection.execute(query):
        data = _unpacked(packed)
        before = last if last[1] == name else (0, "", b"")
        text = readable(before[2] + data) or readable(data)
        if text is None or needles.in_text(text):
            gone.append((id_, name, f"{position}:{digest}"))
        last = (id_, name, data[-_EDGE:])
    for id_, name, key in gone:
        h = _HELD.c
        held = (h.connector_id.in_(work.connectors)) & (h.kind == "raw")
        work.connection.execute(delete(_HELD).where(held, h.subject == name, h.key == key))
        work.run("pages deleted", delete(_RAW).where(r.id == id_))


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompress(packed)
    except zlib.error:
        return _DAMAGED  # which cannot be looked into


def _delete_observations(work: Work, ids: set[str], needles: Needles) -> None:
    h = _HELD.c
    query = select(h.id, h.kind, h.subject, h.key, h.data).where(
        h.connector_id.in_(work.connectors)
    )
    found = work.connection.execute(query.execution_options(yield_per=1_000))
    gone = [
        id_
        for id_, _kind, subject, key, data in found
        if subject in ids or key in ids or needles.in_text(f"{subject}\n{key}\n{data}")
    ]
    for id_ in gone:
        work.run("observations deleted", delete(_HELD).where(h.id == id_))


def _begin_anew(work: Work, needles: Needles) -> None:
    """A pull that stopped at a record of theirs is begun anew: its cursor names it."""
    s = _STATE.c
    query = select(s.id, s.cursor).where(s.id.in_(work.connectors), s.cursor.is_not(None))
    for id_, cursor in work.connection.execute(query).all():
        if needles.in_text(cursor):
            work.connection.execute(update(_STATE).where(s.id == id_).values(cursor=None))


def _delete_attributes(work: Work, kept: frozenset[str]) -> None:
    a = _ATTRIBUTE.c
    mine, stays = a.customer_id.in_(work.keys), a.name.in_(kept)
    who = mine & stays & a.name.in_(IDENTITY) & a.value.is_not(None)
    work.run("attributes deleted", delete(_ATTRIBUTE).where(mine, ~stays))
    work.run("attributes replaced", update(_ATTRIBUTE).where(who).values(value=work.token))
    query = select(func.count()).select_from(_ATTRIBUTE).where(mine)
    work.counts["attributes kept"] = work.connection.scalar(query) or 0


def _rename(work: Work) -> None:
    """Tokens instead of ids, wherever a row is known by one."""
    accounts = {person.account for person in work.people} - {None}
    for each, mine in (
        (_CUSTOMER, _CUSTOMER.c.id.in_(work.keys)),
        (_SUBSCRIPTION, _SUBSCRIPTION.c.customer_id.in_(work.keys)),
        (_ITEM, _ITEM.c.customer_id.in_(work.keys)),
        (_ACCOUNT, _ACCOUNT.c.id.in_(accounts)),
    ):
        _rename_rows(work, each, mine)
    work.run(
        "customers",
        update(_CUSTOMER).where(_CUSTOMER.c.id.in_(work.keys)).values(erased_at=work.stamp),
    )
    points = update(_POINT).where(_POINT.c.customer_id.in_(work.keys))
    work.run("points kept", points.values(source_ref="forgotten"))


def _rename_rows(work: Work, each: Table, mine: Any) -> None:
    for id_, name in work.connection.execute(
        select(each.c.id, each.c.external_id).where(mine)
    ).all():
        new = {"external_id": token_of(work.salt, name)}
        work.connection.execute(update(each).where(each.c.id == id_).values(new))


def leave_out(connection: Connection, connector: int, tokens: set[str]) -> None:
    """Leave out what comes in under these tokens from now on."""
    known = connection.scalars(select(_ERASED.c.token).where(_ERASED.c.connector_id == connector))
    new = [{"connector_id": connector, "token": t} for t in sorted(tokens.difference(known))]
    if new:
        connection.execute(insert(_ERASED), new)


def _write_down(work: Work, own: set[str]) -> None:
    """That it was done, and under which tokens what comes in later is left out."""
    for connector in work.connectors:
        leave_out(work.connection, connector, own)
    said = {"token": work.token, "recorded_at": work.stamp, "counts": json.dumps(work.counts)}
    work.connection.execute(insert(_ERASURE).values(said))
