"""The lock of the daemon that leads, on a file and in PostgreSQL."""

import os
import select
import socket
import socketserver
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from daemons import without_threads
from sqlalchemy import make_url

from tenure.daemon import leader
from tenure.daemon.leader import FileLock, PostgresLock, lock_of
from tenure.errors import StoreError


@pytest.fixture
def locks(store_url):
    """Two daemons' locks on one ledger."""
    pair = [lock_of(store_url, name) for name in ("vm:1/aa", "vm:2/bb")]
    yield pair
    for one in pair:
        one.release()


def soon(lock) -> bool:
    """Whether the lock is to be had; a server takes a moment to see that a session is gone."""
    for _ in range(500):
        if lock.held():
            return True
        time.sleep(0.01)
    return False


def test_one_of_two_leads_and_the_other_does_once_it_is_let(locks):
    one, other = locks
    assert (one.held(), other.held(), one.held()) == (True, False, True)
    one.release()
    assert soon(other)


def test_who_leads_is_named(locks):
    one, other = locks
    one.held()
    other.held()
    assert other.holder() in {"vm:1/aa", f"process {os.getpid()} on {os.uname().nodename}"}


def test_a_file_that_cannot_be_made_says_what_it_is_for(tmp_path):
    with pytest.raises(StoreError, match="needs a file beside the ledger"):
        FileLock(tmp_path / "nowhere" / "t.db.daemon").held()


def test_a_full_disk_keeps_nobody_from_leading():
    lock = FileLock(Path("/dev/full"))
    assert lock.held()
    lock.release()


def test_the_file_stays_where_it_is(tmp_path):
    one = FileLock(tmp_path / "t.db.daemon")
    one.held()
    one.release()
    assert stat.S_ISREG((tmp_path / "t.db.daemon").stat().st_mode)


def test_a_session_that_is_cut_off_has_lost_its_lock(postgres_database):
    one, other = (PostgresLock(postgres_database, name) for name in ("one", "two"))
    assert (one.held(), other.held()) == (True, False)
    address = make_url(postgres_database).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(), autocommit=True) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'tenure daemon one'"
        )
    with pytest.raises(StoreError, match="does not answer"):
        one.held()
    assert (soon(other), one.held()) == (True, False)
    other.release()
    one.release()


@pytest.fixture
def stalling(postgres_database) -> Iterator[tuple[str, threading.Event]]:
    """The database behind a proxy that passes nothing on any more once it is told to stall."""
    server, stall, over = make_url(postgres_database), threading.Event(), threading.Event()

    class Proxy(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            there = socket.create_connection((server.host, server.port))
            pairs = {self.request: there, there: self.request}
            with there:
                while not stall.is_set():
                    for one in select.select(list(pairs), [], [], 0.01)[0]:
                        pairs[one].sendall(one.recv(65536))
                over.wait()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as proxy:
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever, args=(0.01,)).start()
        yield server.set(port=proxy.server_address[1]).render_as_string(), stall
        over.set()
        proxy.shutdown()


def test_a_server_that_answers_no_more_is_given_up(stalling, monkeypatch):
    monkeypatch.setattr(leader, "_ANSWER", 0.2)
    url, stall = stalling
    one = PostgresLock(url, "one")
    assert one.held()
    stall.set()
    with pytest.raises(StoreError, match="does not answer"):
        one.held()


def test_the_lock_is_looked_at_though_no_thread_can_be_had(postgres_database):
    one = PostgresLock(postgres_database, "one")
    with without_threads():
        assert (one.held(), one.held()) == (True, True)
    one.release()


def test_a_server_gives_up_a_machine_that_is_silent_after_the_daemon_on_it_did(postgres_database):
    one = PostgresLock(postgres_database, "one")
    one.held()
    settings = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
    idle, each, count = (
        int(one._session.execute(f"SHOW {name}").fetchone()[0]) for name in settings
    )
    (answered,) = one._session.execute("SHOW tcp_user_timeout").fetchone()
    one.release()
    assert (idle + each * count, answered) == (6, "6000")
    assert leader._ANSWER + leader.PERIOD <= 6


def test_a_server_that_is_not_there_is_no_lock():
    with pytest.raises(StoreError, match="does not answer"):
        PostgresLock("postgresql+psycopg://nobody@127.0.0.1:9/x", "one").held()
