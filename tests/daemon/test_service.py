"""The daemon's main thread: what it does when the lock, the store or plugins.toml change."""

import threading
from collections.abc import Callable

import pytest
from daemons import Hands, a_plan, at, job, until, without_files, without_threads

from tenure.daemon import crew
from tenure.daemon import service as daemon
from tenure.daemon.crew import Speech
from tenure.daemon.leader import lock_of
from tenure.daemon.runs import Claim, Runs
from tenure.daemon.service import Service
from tenure.errors import StoreError, TenureError
from tenure.ledger.store import Store

SYNC = "sync:billing"


class Latch:
    """A lock: at each look it is ours (`y`), somebody else's (`n`), or nobody can say (`?`)."""

    def __init__(self, looks: str = "y") -> None:
        self.looks = looks

    def held(self) -> bool:
        look, self.looks = self.looks[0], self.looks[1:] or self.looks
        if look == "?":
            raise StoreError("The ledger does not answer")
        return look == "y"

    def holder(self) -> str:
        return "process 7 on afar"

    def release(self) -> None:
        pass


class Crew(Hands):
    """Hands that the service can stop."""

    def __init__(self, _speech, wake, _clock) -> None:
        super().__init__(lambda: at("2026-01-05T10:00"))
        self.wake = wake
        self.log: list[str] = []

    def start(self, task, plan) -> None:
        super().start(task, plan)
        self.wake()

    def stop(self) -> None:
        self.log.append("stop")

    def kill(self) -> None:
        self.log.append("kill")
        self.open.clear()

    def resume(self) -> None:
        self.log.append("resume")


@pytest.fixture
def running(sqlite_database, monkeypatch) -> Callable[..., Service]:
    """Start services in threads; all are stopped at the end."""
    monkeypatch.setattr(daemon, "PERIOD", 0.01)
    started: list[tuple[Service, threading.Thread]] = []

    def run(*jobs, lock=None, store=sqlite_database, **options) -> Service:
        plan = a_plan(*jobs).model_copy(update={"store": store})
        speech = Speech(instance="one")
        one = Service(plan, speech, lock or Latch(), **{"hire": Crew, **options})
        one.clock = lambda: at("2026-01-05T10:00")
        thread = threading.Thread(target=one.run)
        started.append((one, thread))
        thread.start()
        return one

    yield run
    for one, thread in started:
        one.stop()
        thread.join()


def test_who_leads_works_and_who_is_stopped_stops_its_crew(running):
    one = running(job(SYNC))
    until(lambda: one._crew.tasks)
    one.stop()
    until(lambda: "stop" in one._crew.log)
    assert one._crew.started() == [SYNC]


def test_who_stands_by_does_nothing_until_it_leads(postgres_database, running, caplog):
    caplog.set_level("INFO", "tenure")
    one = running(job(SYNC), lock=Latch("nnny"), store=postgres_database)
    until(lambda: one._crew.tasks)
    assert "stands by: process 7 on afar leads" in caplog.text


def test_who_loses_the_lock_has_its_workers_killed(running):
    one = running(job(SYNC), lock=Latch("yy??y"))
    until(lambda: one._crew.log.count("resume") == 2)
    # Once at once, and once more for what the main thread was just starting.
    assert one._crew.log == ["resume", "kill", "kill", "resume"]


def test_who_loses_the_lock_starts_nothing_more_while_its_workers_die(running):
    follows, in_time = threading.Event(), []

    class Dying(Crew):
        def kill(self) -> None:
            super().kill()
            if self.log.count("kill") == 2:
                follows.set()
            else:
                in_time.append(follows.wait(5))

    running(job(SYNC), lock=Latch("yy?"), hire=Dying)
    until(lambda: in_time)
    assert in_time == [True]


def test_who_loses_the_lock_while_its_workers_end_in_peace_has_them_killed(running):
    lock, killed, in_time = Latch(), threading.Event(), []

    class Slow(Crew):
        def stop(self) -> None:
            lock.looks = "?"
            in_time.append(killed.wait(5))

        def kill(self) -> None:
            killed.set()

    one = running(job(SYNC), lock=lock, hire=Slow)
    until(lambda: one._crew.tasks)
    one.stop()
    until(lambda: in_time)
    assert in_time == [True]


def test_who_loses_the_lock_to_another_says_whom_it_stands_by(postgres_database, running, caplog):
    caplog.set_level("INFO", "tenure")
    running(job(SYNC), lock=Latch("yn"), store=postgres_database)
    until(lambda: "stands by: process 7 on afar leads" in caplog.text)
    assert "does not lead any more" in caplog.text


def test_who_loses_a_lock_that_only_one_may_have_ends(sqlite_database, monkeypatch):
    monkeypatch.setattr(daemon, "PERIOD", 0.01)
    plan = a_plan(job(SYNC)).model_copy(update={"store": sqlite_database})
    with pytest.raises(TenureError, match="process 7 on afar"):
        Service(plan, Speech(instance="one"), Latch("yyn"), hire=Crew).run()


def test_a_store_that_cannot_be_opened_is_tried_again(running, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(daemon, "_LONGEST_PAUSE", 0.01)
    one = running(job(SYNC), store=f"sqlite:///{tmp_path}/later/t.db")
    until(lambda: one.view.trouble and "cannot be opened" in one.view.trouble)
    (tmp_path / "later").mkdir()
    until(lambda: one._crew.tasks and one.view.trouble is None)
    assert "trying again in" in caplog.text


def test_what_to_do_about_a_store_is_said_too(running, sqlite_database, caplog):
    with Store.open(sqlite_database).write() as (connection, _):
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    running(job(SYNC), store=sqlite_database)
    until(lambda: "run `tenure db upgrade`; trying again in" in caplog.text)


def test_on_sqlite_a_second_daemon_is_told_who_runs(sqlite_database):
    plan = a_plan(job(SYNC)).model_copy(update={"store": sqlite_database})
    second = Service(plan, Speech(instance="two"), Latch("n"), hire=Crew)
    with pytest.raises(TenureError, match="process 7 on afar"):
        second.run()


def test_a_lock_whose_file_was_deleted_is_taken_anew_before_another_daemon_takes_it(tmp_path):
    one, other = (lock_of(f"sqlite:///{tmp_path}/t.db", name) for name in ("one", "other"))
    assert one.held()
    (tmp_path / "t.db.daemon").unlink()
    assert (one.held(), other.held()) == (True, False)
    (tmp_path / "t.db.daemon").unlink()
    assert (other.held(), one.held()) == (True, False)
    (tmp_path / "t.db.daemon").unlink()
    assert one.holder() == "another process"
    other.release()


def test_a_lock_that_breaks_ends_the_daemon(sqlite_database):
    plan = a_plan().model_copy(update={"store": sqlite_database})
    broken = Latch("")  # it has no look to give
    with pytest.raises(IndexError):
        Service(plan, Speech(instance="one"), broken, hire=Crew).run()


def test_once_runs_what_is_due_and_ends(sqlite_database):
    plan = a_plan(job(SYNC), job("report"), job("push:a")).model_copy(
        update={"store": sqlite_database}
    )
    one = Service(plan, Speech(instance="one"), Latch(), once=True, hire=Crew)
    assert one.run() == 0
    assert one._crew.started() == [SYNC, "report", "push:a"]
    assert Runs(Store.open(sqlite_database), "x").recent("report", 1)[0].state == "done"


def test_who_leads_forgets_old_runs(running, sqlite_database):
    known = Runs(Store.open(sqlite_database), "before")
    for day in ("2025-01-01", "2025-01-02"):
        known.claim([Claim(job=SYNC, due_at=at(day), not_before=at(day))], at(day))
    one = running(job(SYNC))
    until(lambda: one._tidied)
    assert len(known.recent(SYNC, 9)) == 1


def test_once_does_not_wait_for_a_store_that_is_not_there(tmp_path):
    plan = a_plan(job(SYNC)).model_copy(update={"store": f"sqlite:///{tmp_path}/no/t.db"})
    with pytest.raises(StoreError):
        Service(plan, Speech(instance="one"), Latch(), once=True, hire=Crew).run()


def test_a_new_plan_is_worked_from_at_once(running, monkeypatch):
    one = running(job(SYNC))
    until(lambda: one._crew.tasks)
    new = a_plan(job("sync:crm")).model_copy(update={"store": one.plan.store})
    monkeypatch.setattr(daemon, "read_plan", lambda _path, _speech: new)
    one.reload()
    until(lambda: "sync:crm" in one._crew.started())
    assert one.view.reloads == {"taken": 1, "refused": 0}


def test_who_comes_to_lead_works_from_the_plan_that_was_read_last(running, monkeypatch):
    lock = Latch("?")
    one = running(job(SYNC), lock=lock)
    new = a_plan(job("sync:crm")).model_copy(update={"store": one.plan.store})
    monkeypatch.setattr(daemon, "read_plan", lambda _path, _speech: new)
    one.reload()
    until(lambda: one.plan is new)
    lock.looks = "y"
    until(lambda: one._crew.tasks)
    assert one._crew.started() == ["sync:crm"]


def test_where_no_process_can_be_had_the_old_plan_stays(running, caplog):
    one = running(job(SYNC))
    until(lambda: one._crew.tasks)
    with without_files():
        one.reload()
        until(lambda: one.view.reloads["refused"])
    assert "stays in force: No process could be started: Too many open files" in caplog.text


def test_where_python_was_moved_nobody_is_told_to_raise_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(crew, "_COMMAND", (str(tmp_path / "python"),))
    with pytest.raises(TenureError) as said:
        daemon.read_plan(tmp_path / "plugins.toml", Speech(instance="one"))
    assert said.value.reason == "No process could be started: No such file or directory"
    assert said.value.instruction == "Python is not where it was: restart the daemon"


def test_where_no_thread_can_be_had_no_daemon_starts_and_says_so():
    with without_threads(), pytest.raises(TenureError, match="No thread could be started: can't"):
        Service(a_plan(job(SYNC)), Speech(instance="one"), Latch(), hire=Crew)


def test_of_many_reloads_at_once_the_first_and_the_last_read(running, monkeypatch):
    one, slow, read = running(job(SYNC)), threading.Event(), []
    old, new = (
        a_plan(job(name)).model_copy(update={"store": one.plan.store})
        for name in ("sync:old", "sync:new")
    )

    def reading(_path, _speech):
        read.append("reads")
        slow.wait()
        return new if len(read) > 1 else old

    monkeypatch.setattr(daemon, "read_plan", reading)
    one.reload()
    until(lambda: read)
    for _ in range(20):
        one.reload()
    slow.set()
    until(lambda: one.plan is new)
    assert one.view.reloads == {"taken": 2, "refused": 0}
    assert not one._wants_plan.is_set()


def test_another_address_to_listen_on_is_said_to_need_a_restart(running, monkeypatch, caplog):
    one = running(job(SYNC))
    new = a_plan(job(SYNC), listen="127.0.0.1:1").model_copy(update={"store": one.plan.store})
    monkeypatch.setattr(daemon, "read_plan", lambda _path, _speech: new)
    one.reload()
    until(lambda: "listen is another one: restart the daemon for that" in caplog.text)


def test_a_plugin_that_hangs_at_its_import_is_no_matter_of_timeouts(tmp_path, monkeypatch):
    monkeypatch.setattr(daemon, "_PLAN_TIMEOUT", 0)
    with pytest.raises(TenureError, match="read: cut off after 0 s; most likely a plugin") as said:
        daemon.read_plan(tmp_path / "plugins.toml", Speech(instance="one"))
    assert "[daemon] timeouts" not in str(said.value)


def test_a_plan_for_another_store_is_refused(running, monkeypatch, caplog):
    one = running(job(SYNC))
    monkeypatch.setattr(daemon, "read_plan", lambda _path, _speech: a_plan(job("sync:crm")))
    one.reload()
    until(lambda: one.view.reloads["refused"])
    assert "store is another one. Restart the daemon" in caplog.text


def test_a_plan_counts_as_refused_until_one_is_taken_over(running, monkeypatch):
    one = running(job(SYNC))
    for new, refused in ((a_plan(job(SYNC)), True), (one.plan, False)):
        monkeypatch.setattr(daemon, "read_plan", lambda _path, _speech, new=new: new)
        one.reload()
        until(lambda refused=refused: one.view.refused is refused)
    assert one.view.reloads == {"taken": 1, "refused": 1}
