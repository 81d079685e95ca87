"""The schema's version: made when there is none, refused when it is not this program's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlmodel import SQLModel

from tenure.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0005"
"""The migration that this program works with."""

KNOWN = ("0001", "0002", "0003", "0004", "0005")
"""Every migration, oldest first."""


WRITE_LOCK = 0x74656E757265  # "tenure"
"""The advisory lock in PostgreSQL of whoever writes."""


def lock(connection: Connection) -> None:
    """Take the ledger-wide write lock in a transaction; SQLite's is how the transaction began."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})


def holder_query(key: int) -> str:
    """SQL for the name and the process of the session that has an advisory lock of PostgreSQL."""
    return (
        "SELECT application_name, pid FROM pg_locks JOIN pg_stat_activity USING (pid)"  # noqa: S608 - two numbers
        " WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
        f" AND classid = {key >> 32} AND objid = {key & 0xFFFFFFFF}"
        " AND datname = current_database()"
    )


def current(engine: Engine) -> str | None:
    """The migration that the store stands at; None for an empty database."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if version is None else str(version)


def ensure(engine: Engine) -> None:
    """Make the tables in an empty database; refuse one of another schema."""
    version = current(engine)
    if version is None:
        require_no_strangers(engine)
        upgrade(engine)
    elif version != HEAD:
        raise _mismatch(version)


def require_no_strangers(engine: Engine) -> None:
    """Raise `StoreError` if the database is a file that holds the tables of something else."""
    found = inspect(engine).get_table_names() if engine.dialect.name == "sqlite" else []
    if found and "alembic_version" not in found:  # which another first sync may have made now
        raise StoreError(
            f"The file {engine.url.database} holds the tables of something else",
            "Point [tenure] store at another file",
        )


def upgrade_known(engine: Engine) -> str:
    """Upgrade a store that this program knows the schema of; says from where it came."""
    version = current(engine)
    if version is not None and version not in KNOWN:
        raise _mismatch(version)
    upgrade(engine)
    return "nothing to do" if version == HEAD else f"upgraded from {version or 'nothing'}"


def require_known(engine: Engine) -> str:
    """The migration that the store stands at; raises `StoreError` for none, or a newer one."""
    version = current(engine)
    if version is None:
        raise StoreError("The store is empty", "`tenure sync` fills it")
    if version not in KNOWN:
        raise _mismatch(version)
    return version


def describe(engine: Engine) -> str:
    """One line for `tenure check`; raises `StoreError` for another schema."""
    version = current(engine)
    if version is None:
        require_no_strangers(engine)
        return "empty, will be set up by the first sync"
    if version != HEAD:
        raise _mismatch(version)
    return f"schema {version}"


def missing(engine: Engine) -> Iterator[str]:
    """Tables, columns and indexes that a ledger of this schema has and this one has not."""
    seen = inspect(engine)
    there = set(seen.get_table_names())
    for each in SQLModel.metadata.sorted_tables:
        if each.name not in there:
            yield f"table {each.name}"
            continue
        columns = {column["name"] for column in seen.get_columns(each.name)}
        yield from (f"column {each.name}.{c}" for c in sorted(set(each.columns.keys()) - columns))
        indexes = {index["name"] for index in seen.get_indexes(each.name)}
        wanted = sorted(str(index.name) for index in each.indexes)
        yield from (f"index {name} of {each.name}" for name in wanted if name not in indexes)


def _mismatch(version: str) -> StoreError:
    if version in KNOWN:
        return StoreError(
            f"The store's schema is {version}, this program needs {HEAD}",
            "Make a backup and run `tenure db upgrade`",
        )
    return StoreError(
        f"The store's schema {version} was made by a newer tenure than this one",
        "Upgrade tenure: `pip install --upgrade tenure`",
    )


def upgrade(engine: Engine) -> None:
    """Run the migrations up to `HEAD`; an up-to-date store is left alone."""
    with writing(engine) as connection:  # two first syncs at once: the second finds the tables made
        migrate(connection)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection that holds the write lock of a ledger whose tables need not be there."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.info["begin"] = "BEGIN IMMEDIATE"
        with connection.begin():
            connection.info.pop("begin", None)
            lock(connection)
            yield connection


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to a revision, in the connection's transaction."""
    from alembic import command  # noqa: PLC0415 - a tenth of a second that only this needs

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see migrate

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
