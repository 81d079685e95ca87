"""What all tests share: import paths, a PostgreSQL server, fresh stores, Hypothesis profiles."""

import itertools
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import Connection, Engine, event

from tenure.ledger import schema

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "support"), str(HERE / "ledger")]
sys.path.append(str(HERE))  # last: folders here are named like modules of the standard library

settings.register_profile("default", derandomize=True, max_examples=8, deadline=None)
settings.register_profile("soak", max_examples=1000, deadline=None)
settings.load_profile("soak" if os.environ.get("TENURE_SOAK") else "default")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Commands that tests start run at their own speed; tests inside a worker reach the same lines.
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)

ATTEMPTS = 5  # another process may take the free port before the server does


@dataclass
class Postgres:
    """A throw-away server on 127.0.0.1, run by someone other than root."""

    binaries: Path
    folder: Path
    port: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        # A file, not a pipe: the server would keep a pipe open and the call would never end.
        with (self.folder / "output").open("a") as output:
            return subprocess.run(
                [str(self.binaries / program), *arguments],
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **owner(),
            )

    def said(self) -> str:
        files = [self.folder / "output", self.folder / "server.log"]
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def start(self) -> None:
        data = str(self.folder / "data")
        made = self.run(
            *("initdb", "-D", data, "-A", "trust", "-U", "postgres"),
            *("-E", "UTF8", "--no-locale", "--no-sync"),
        )
        if made.returncode:
            pytest.fail(f"initdb failed:\n{self.said()}")
        for _ in range(ATTEMPTS):
            self.port = free_port()
            options = (
                f"-c listen_addresses=127.0.0.1 -c port={self.port}"
                f" -c unix_socket_directories='{self.folder}'"
                " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
                " -c max_connections=200"
            )
            log = str(self.folder / "server.log")
            if not self.run(
                "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"
            ).returncode:
                return
        pytest.fail(f"PostgreSQL did not start:\n{self.said()}")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def execute(self, statement: str) -> None:
        address = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)


def owner() -> dict[str, Any]:
    """Who runs the server: it refuses root."""
    if os.geteuid() != 0:
        return {}
    import grp  # noqa: PLC0415 - POSIX only
    import pwd  # noqa: PLC0415

    names = {entry.pw_name for entry in pwd.getpwall()}
    account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    group = grp.getgrgid(account.pw_gid).gr_name
    return {"user": account.pw_name, "group": group, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def binaries() -> Path:
    """Where the newest PostgreSQL of this machine is."""
    found = list(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return max(found, key=lambda path: int(path.parts[-3])).parent
    if program := shutil.which("postgres"):
        return Path(program).resolve().parent
    return pytest.fail("no PostgreSQL on this machine: run scripts/test-needs")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One server per pytest process, started when a test first asks for it."""
    # Not pytest's own temporary folder: only its owner may enter that.
    folder = Path(tempfile.mkdtemp(prefix="tenure-pg-"))
    try:
        if who := owner():
            shutil.chown(folder, who["user"], who["group"])
        server = Postgres(binaries(), folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Migrations:
    """The migrations of an empty database run once for each kind; later ones are told the result.

    They take a tenth of a second each time, and tests open a store a thousand times. The salt that
    they draw by lot is another one each time.
    """

    run: Callable[[Connection, str], None]
    told: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)

    def __call__(self, connection: Connection, revision: str = "head") -> None:
        kind = connection.dialect.name
        if revision != "head" or connection.dialect.has_table(connection, "alembic_version"):
            self.run(connection, revision)
        elif kind in self.told:
            for statement, values in self.told[kind]:
                connection.exec_driver_sql(statement, values)
            connection.exec_driver_sql(f"UPDATE ledger_clock SET salt = '{token_hex(32)}'")
        else:
            self.told[kind] = self._recorded(connection)

    def _recorded(self, connection: Connection) -> list[tuple[str, Any]]:
        made: list[tuple[str, Any]] = []

        def keep(*ran: Any) -> None:
            _, _, statement, values, _, _ = ran
            if statement.split()[0] not in {"SELECT", "PRAGMA"}:
                made.append((statement, values))

        event.listen(connection, "before_cursor_execute", keep)
        self.run(connection, "head")
        event.remove(connection, "before_cursor_execute", keep)
        return made


@pytest.fixture(scope="session", autouse=True)
def migrations_run_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "migrate", Migrations(schema.migrate))
        yield


@contextmanager
def engines_closed() -> Iterator[None]:
    """Close what a test leaves open: a connection lost to the collector is a warning, so an error.

    And that in whichever test happens to run by then.
    """
    engines: set[Engine] = set()

    def remember(connection: Connection) -> None:
        engines.add(connection.engine)

    event.listen(Engine, "engine_connect", remember)
    try:
        yield
    finally:
        event.remove(Engine, "engine_connect", remember)
        for engine in engines:
            engine.dispose()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[str]:
    """URL of a file that does not exist yet."""
    with engines_closed():
        yield f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def postgres_database(postgres_server: Postgres) -> Iterator[str]:
    """URL of a fresh, empty database."""
    name = f"db{next(postgres_server.numbers):03}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    with engines_closed():
        yield f"postgresql+psycopg://postgres@127.0.0.1:{postgres_server.port}/{name}"
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """URL of a fresh store, once of each kind; only the second starts a server."""
    return str(request.getfixturevalue(f"{request.param}_database"))


@pytest.fixture(autouse=True)
def log_levels() -> None:
    """A command that runs inside a test, or a fixture, sets the level of the log for later ones."""
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("tenure").setLevel(logging.NOTSET)
