"""Forgetting a customer: everything that names one is deleted or replaced, every amount stays.

    who      the customer with all that is one account with it, and whether it may be forgotten
    rows     ids become tokens; attributes, observations and pages are deleted; points stay
    texts    what messages, published figures and quarantined rows say of it

It is one transaction; a dry run is the same one, taken back. Afterwards the database is written
anew, so that nothing deleted can be read back from it. What sources say of the customer later is
left out and counted as excluded: `tenure.ledger.forgotten`.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenure.erasure import rows, who
from tenure.errors import StoreError, UsageError
from tenure.ledger.forgotten import salt_of
from tenure.ledger.store import Store, folder_of

if TYPE_CHECKING:
    from tenure.config import Workspace

__all__ = ["Asked", "Erased", "clean", "forget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom to forget: an id, and at which connector where several have it."""

    customer: str
    connector: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was done, or would be: `counts` are rows by what became of them.

    `sinks` says what sinks hold of the customer, which is not ours to delete; `alike` names other
    customers of the same name or e-mail, who were not forgotten.
    """

    token: str
    counts: Mapping[str, int]
    sinks: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    before: bool = False
    """Whether it was forgotten before, and there was nothing left to do."""


def forget(workspace: "Workspace", store: Store, asked: Asked) -> Erased:
    """Forget a customer; raises `UsageError` for one who is not there, or still pays."""
    done = _forget(workspace, store, asked)
    if not asked.dry_run:
        clean(store)
    return done


def _forget(workspace: "Workspace", store: Store, asked: Asked) -> Erased:
    with store.write() as (connection, stamp):
        salt = salt_of(connection)
        people = who.find(connection, asked.customer, asked.connector)
        if not people:
            token = who.token_before(connection, salt, asked.customer)
            if token is None:
                raise UsageError(
                    f"There is no customer {asked.customer!r}",
                    "`tenure customers --format csv` lists them with their ids",
                )
            return Erased(token=token, counts={}, before=True)
        work = rows.Work(connection, stamp, salt, people)
        who.refuse(workspace, store, work)
        sinks, alike = tuple(rows.held_by_sinks(work)), tuple(who.alike(work))
        rows.erase(work, who.cut_by(workspace))
        done = Erased(token=work.token, counts=dict(work.counts), sinks=sinks, alike=alike)
        if asked.dry_run:
            connection.rollback()
        return done


def clean(store: Store) -> None:
    """Write the database anew without what was deleted; its copy in columns goes, too."""
    shutil.rmtree(folder_of(store.url), ignore_errors=True)
    with store.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "postgresql":
            _anew(driver)
            return
        driver.execute("VACUUM")
        busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError(
            "The customer is forgotten, but what was deleted still stands in the store's `-wal` "
            "file, for somebody reads it",
            "Run the same command again once nobody does",
        )


def _anew(driver: Any) -> None:
    """Write PostgreSQL's files anew: VACUUM alone leaves the bytes, and statistics quote values."""
    driver.autocommit = True
    try:
        driver.execute("ANALYZE")
        driver.execute("VACUUM (FULL)")
    finally:
        driver.autocommit = False
