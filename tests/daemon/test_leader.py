"""The lock of the daemon that leads, on a file and in PostgreSQL."""

import os
import stat
import time

import psycopg
import pytest
from sqlalchemy import make_url

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


def test_a_server_that_is_not_there_is_no_lock():
    with pytest.raises(StoreError, match="does not answer"):
        PostgresLock("postgresql+psycopg://nobody@127.0.0.1:9/x", "one").held()
