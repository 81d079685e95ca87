"""Who is to be forgotten, and whether that may be."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, func, select

from tenure.delivery.lease import refuse_if_pushing
from tenure.errors import UsageError
from tenure.ledger.forgotten import token_of
from tenure.ledger.lease import refuse_if_held
from tenure.ledger.spelling import folded
from tenure.ledger.store import Store
from tenure.ledger.tables import (
    AccountLink,
    ConnectorState,
    Customer,
    CustomerAttribute,
    ErasedId,
    Item,
    Point,
    table,
)
from tenure.printing import counted
from tenure.records import ItemKind, State

if TYPE_CHECKING:
    from tenure.config import Workspace
    from tenure.erasure.rows import Work

_STATE, _CUSTOMER, _LINK = table(ConnectorState), table(Customer), table(AccountLink)
_ATTRIBUTE, _ITEM, _POINT, _ERASED = (
    table(CustomerAttribute),
    table(Item),
    table(Point),
    table(ErasedId),
)
_IN_FORCE = _LINK.c.superseded_at.is_(None)


class Person(NamedTuple):
    """One customer of one connector, and its account if it has one."""

    key: int
    connector_id: int
    connector: str
    id: str
    account: int | None


def find(connection: Connection, customer: str, connector: str | None) -> list[Person]:
    """Who has the id, which may be `CONNECTOR/ID`, and whoever is one account with them.

    Raises `UsageError` where several have it who are not one.
    """
    c, s = _CUSTOMER.c, _STATE.c
    alive = (
        select(c.id, c.connector_id, s.name, c.external_id, _LINK.c.account_id)
        .join(_STATE, s.id == c.connector_id)
        .outerjoin(_LINK, (_LINK.c.customer_id == c.id) & _IN_FORCE)
        .where(c.erased_at.is_(None))
        .order_by(c.id)
    )
    called = (c.external_id == customer) | (s.name + "/" + c.external_id == customer)
    asked = alive.where(called) if connector is None else alive.where(called, s.name == connector)
    found = [Person(*row) for row in connection.execute(asked)]
    if len({person.account or -person.key for person in found}) > 1:
        names = ", ".join(person.connector for person in found)
        raise UsageError(
            f"Several customers are called {customer!r}: of {names}", "Say which: --connector NAME"
        )
    if not found or found[0].account is None:
        return found
    joined = connection.execute(alive.where(_LINK.c.account_id == found[0].account))
    others = [Person(*row) for row in joined]
    return [*found, *(person for person in others if person not in found)]


def alike(work: "Work") -> Iterator[str]:
    """Customers who are another one by the ledger, and have a name or an e-mail of theirs."""
    c, s, a = _CUSTOMER.c, _STATE.c, _ATTRIBUTE.c
    named = a.name.in_(("name", "email")) & a.superseded_at.is_(None)
    query = (
        select(c.id, s.name, c.external_id, a.value)
        .join(_STATE, s.id == c.connector_id)
        .outerjoin(_ATTRIBUTE, (a.customer_id == c.id) & named)
        .where(c.erased_at.is_(None))
        .order_by(c.id)
    )
    rows = [(key, f"{name}/{id_}", {folded(id_), folded(said or id_)})
            for key, name, id_, said in work.connection.execute(query)]  # fmt: skip
    theirs = set[str]().union(*(said for key, _, said in rows if key in work.keys))
    found = {name: None for key, name, said in rows if key not in work.keys and said & theirs}
    yield from found


def token_before(connection: Connection, salt: str, customer: str) -> str | None:
    """The token of an id that was forgotten before."""
    tokens = [token_of(salt, text) for text in (customer, customer.partition("/")[2])]
    query = select(_ERASED.c.token).where(_ERASED.c.token.in_([*tokens, customer]))
    return connection.scalar(query)


def cut_by(workspace: "Workspace") -> frozenset[str]:
    """The attributes that figures depend on."""
    sinks = [name for entry in workspace.sinks for name in workspace.segments_of(entry)]
    rules = [rule.removeprefix("attribute:") for rule in workspace.metrics.policy.exclude]
    return frozenset(
        [*workspace.metrics.segments, *sinks, *(rule.partition("=")[0] for rule in rules)]
    )


def refuse(workspace: "Workspace", store: Store, work: "Work") -> None:
    """Raise where somebody reads the source or writes to a sink now, or figures would change."""
    connection = work.connection
    states = _STATE.select().where(_STATE.c.id.in_([p.connector_id for p in work.people]))
    for state in connection.execute(states):
        refuse_if_held(state, store.clock())
    refuse_if_pushing(connection, store.clock())
    if count := paying(connection, work.keys):
        raise UsageError(
            f"The customer still pays: {counted(count, 'item has', 'items have')} not ended",
            "End its subscriptions at the source and `tenure sync`; what comes in of a forgotten "
            "customer is left out, so that its revenue would never end",
        )
    excluded = set(_excluded(workspace, work))
    if excluded and f"customer:{work.token}" not in workspace.metrics.policy.exclude:
        raise UsageError(
            f"[metrics] exclude leaves the customer out by {', '.join(sorted(excluded))}",
            f'Write "customer:{work.token}" there besides, or it comes back into the figures',
        )


def paying(connection: Connection, customers: list[int]) -> int:
    """How many of their items have not ended by their last point."""
    p = _POINT.c
    mine = (p.customer_id.in_(customers)) & p.superseded_at.is_(None)
    last = select(p.item_id, func.max(p.effective_at).label("at")).where(mine).group_by(p.item_id)
    ends = last.subquery()
    query = (
        select(func.count())
        .select_from(_POINT)
        .join(ends, (ends.c.item_id == p.item_id) & (ends.c.at == p.effective_at))
        .join(_ITEM, _ITEM.c.id == p.item_id)
        .where(mine, p.state != State.ENDED.value, p.amount > 0)
        .where(_ITEM.c.kind != ItemKind.USAGE.value)
    )
    return connection.scalar(query) or 0


def _excluded(workspace: "Workspace", work: "Work") -> list[str]:
    """The rules of the policy that know the customer by what is going to be deleted."""
    a = _ATTRIBUTE.c
    said = select(a.value).where(a.customer_id.in_(work.keys), a.name.in_(("email", "domain")))
    values = [str(value).lower().rpartition("@")[2] for value in work.connection.scalars(said)]
    known = {f"customer:{person.id}" for person in work.people} | {f"domain:{v}" for v in values}
    return [rule for rule in workspace.metrics.policy.exclude if rule in known]
