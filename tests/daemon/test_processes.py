"""Workers and daemons as real processes: what hangs, crashes, or is killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
import slack_world
from daemons import a_plan, at, clash, job, until, without_files, without_threads

from conftest import free_port
from tenure.daemon import guard
from tenure.daemon.crew import Processes, Speech, Worker
from tenure.daemon.runs import Runs, State
from tenure.daemon.turn import Ended, Task
from tenure.daemon.work import Order, Result
from tenure.demo import services
from tenure.ledger.store import Store

SOAK = bool(os.environ.get("TENURE_SOAK"))
FAILOVERS = 20 if SOAK else 1
PLUGIN = """
import ctypes, os, pathlib, resource, signal, subprocess, sys, time, tenure

class Config(tenure.PluginConfig):
    act: str = "fine"

class Faulty(tenure.Connector):
    name, api, Config = "faulty", 1, Config
    def check(self, context): yield "ok"
    def pull(self, request):
        act = self.config.act
        os.write(1, b"printed past everybody\\n")
        if act == "fork" and os.fork() == 0: time.sleep(600)
        if act == "stuck":
            child = subprocess.Popen(["sleep", "600"], start_new_session=True)
            pathlib.Path(__file__).with_name("pids").write_text(f"{os.getpid()} {child.pid}.")
            c, lock = ctypes.PyDLL(None), ctypes.create_string_buffer(64)
            while True: c.pthread_mutex_lock(lock)  # no thread and no handler runs any more
        if act == "exit": os._exit(3)
        if act == "ctrl_c": raise KeyboardInterrupt
        if act == "eat":
            resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
            eaten = [bytearray(10**8) for _ in range(100)]
        if act == "killed": os.kill(os.getpid(), signal.SIGKILL)
        if act == "segfault": os.kill(os.getpid(), signal.SIGSEGV)
        while act == "hang":
            try: time.sleep(60)
            except BaseException: pass
        while act == "slow": time.sleep(0.05)
        yield tenure.Checkpoint(complete=True)

@tenure.hookimpl
def tenure_connectors(): return [Faulty]
"""
ACTS = ("fine", "fork", "exit", "segfault", "killed", "ctrl_c", "eat", "hang")


def write(folder: Path, store: str, *acts: str, more: str = "") -> Path:
    (folder / "faulty.py").write_text(PLUGIN)
    tables = "".join(
        f'[connectors.{act}]\nuse = "./faulty.py"\nact = "{act}"\nschedule = "every 1h"\n'
        for act in acts
    )
    (folder / "plugins.toml").write_text(f'[tenure]\nstore = "{store}"\n{tables}{more}')
    return folder / "plugins.toml"


def a_task(name: str, **options) -> Task:
    now, wanted = at("2026-01-05"), job(name).model_copy(update=options)
    return Task(run=1, job=wanted, attempt=1, due_at=now, started_at=now)


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> dict[str, Ended]:
    """How jobs ended whose plugins do the worst, all at once."""
    path = write(tmp_path_factory.mktemp("faulty"), "sqlite:///t.db", *ACTS)
    plan = a_plan(grace="1s").model_copy(update={"path": path, "text": path.read_text()})
    woken = threading.Semaphore(0)
    crew = Processes(Speech(instance="one", level=40), woken.release)
    for act in ACTS:
        limit = timedelta(seconds=8 if act == "hang" else 120)
        crew.start(a_task(f"sync:{act}", timeout=limit), plan)
    for _ in ACTS:
        assert woken.acquire(timeout=120)
    assert len(crew.working()) == len(ACTS)  # until it is asked for
    return {one.task.job.subject: one for one in crew.ended()}


@pytest.mark.parametrize(
    ("act", "state", "said"),
    [
        ("fine", State.DONE, "fine: nothing new"),
        ("fork", State.DONE, "fork: nothing new"),
        ("exit", State.CRASHED, "ended with exit code 3 and without a result"),
        ("segfault", State.CRASHED, "crashed by SIGSEGV, most likely in a plugin"),
        ("killed", State.CRASHED, "killed, perhaps because memory ran out"),
        ("ctrl_c", State.FAILED, "stopped, and not by the daemon"),
        ("eat", State.FAILED, "failed inside its plugin 'faulty': MemoryError"),
        ("hang", State.TIMEOUT, "cut off after 8 s"),
    ],
)
def test_a_plugin_takes_its_worker_along_and_nobody_else(ended, act, state, said):
    assert ended[act].state is state
    assert said in ended[act].message


@pytest.mark.parametrize("lacking", [without_threads, without_files])
def test_where_no_more_can_be_started_the_job_is_tried_again_later(tmp_path, lacking):
    plan = a_plan().model_copy(update={"path": write(tmp_path, "sqlite:///t.db", "fine")})
    crew, children = Processes(Speech(instance="one"), lambda: None), guard._children(os.getpid())
    with lacking():
        crew.start(a_task("sync:fine"), plan)
    (ended,) = crew.ended()
    assert ended.state is State.CRASHED
    assert "could be started: " in ended.message
    assert (crew.working(), guard._children(os.getpid())) == ([], children)


def test_workers_can_be_stopped_though_no_thread_can_be_had(tmp_path):
    plan = a_plan().model_copy(update={"path": write(tmp_path, "sqlite:///t.db", "slow")})
    crew = Processes(Speech(instance="one"), lambda: None)
    crew.start(a_task("sync:slow"), plan)
    with without_threads():
        crew.kill()
    assert [one.state for one in crew.ended()] == [State.INTERRUPTED]


def test_a_guard_that_can_watch_over_nobody_says_so():
    program = "import threading; threading.stack_size(1 << 46); from tenure.daemon import guard"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; guard.main()", "1"],
        input=Order(job="sync:fine", path=Path("plugins.toml")).model_dump_json().encode() + b"\n",
        capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert (
        "No process could be started: can't start"
        in Result.model_validate_json(done.stdout).message
    )
    assert done.stderr == b""


def is_there(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    return "State:\tZ" not in status


def gone(*processes: int) -> bool:
    deadline = time.monotonic() + 30
    while any(map(is_there, processes)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(map(is_there, processes))


@pytest.fixture
def stuck(tmp_path) -> Iterator[tuple[Worker, int, int]]:
    """A worker that no signal but one can end, and a child of it in a session of its own."""
    path, pids = write(tmp_path, "sqlite:///t.db", "stuck"), tmp_path / "pids"
    worker = Worker(Order(job="sync:stuck", path=path), grace=0.1)
    until(lambda: pids.exists() and pids.read_text().endswith("."), seconds=60)
    one, child = map(int, pids.read_text()[:-1].split())
    assert is_there(one)
    yield worker, one, child
    worker.kill()
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def test_nothing_that_a_worker_started_outlives_the_daemon(stuck):
    worker, one, child = stuck
    worker._stdin.close()  # as the end of the daemon does
    assert gone(one, child)


def test_a_worker_does_not_outlive_its_guard(stuck):
    worker, one, _ = stuck
    worker._process.kill()
    assert gone(one)
    assert "killed" in worker.result(10).message


class Daemon:
    """`tenure daemon` as a process, and what it says."""

    def __init__(self, path: Path, program: tuple[str, ...] = ("-m", "tenure"), **env: str) -> None:
        self.log = path.parent / f"log-{time.monotonic_ns()}"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program, "--config", str(path), "daemon"],
                stderr=log,
                stdout=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | env,
            )

    def said(self) -> str:
        return self.log.read_text()

    def waits_for(self, text: str, seconds: float = 60) -> float:
        began = time.monotonic()
        while text not in self.said():
            assert time.monotonic() - began < seconds, self.said()
            assert self.process.poll() is None, self.said()
            time.sleep(0.02)
        return time.monotonic() - began

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def daemons() -> Iterator[Callable[..., Daemon]]:
    started: list[Daemon] = []

    def start(*words, **env) -> Daemon:
        started.append(Daemon(*words, **env))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


def last(store: str, name: str) -> tuple[str, int]:
    run = Runs(Store.open(store), "x").recent(name, 1)[0]
    return run.state.value, run.attempt


def test_a_day_in_the_life_of_a_daemon(daemons, tmp_path, sqlite_database):
    """It warns, refuses a second one and a broken file, takes a new one over, and stops."""
    Store.open(sqlite_database)
    (tmp_path / "store.db").chmod(0o644)
    more = 'grace = "20s"\njitter = "1s"\nwait = "1s"\n'
    more = f'[daemon]\nlisten = "127.0.0.1:{free_port()}"\n{more}'
    path = write(tmp_path, sqlite_database, "slow", more=more)
    one = daemons(path)
    one.waits_for("every user of this machine may read it; run `chmod 600 ")
    one.waits_for("jobs: ")
    one.process.send_signal(signal.SIGHUP)  # before it is ready
    one.waits_for("is taken over: sync:slow")
    one.waits_for("sync:slow starts")
    second = daemons(path)  # it wants the same port, too
    assert second.process.wait(60) == 1
    assert f"already: process {one.process.pid} on" in second.said()
    good = path.read_text()
    path.write_text(good.replace("every 1h", "every now and then"))
    one.process.send_signal(signal.SIGHUP)
    one.waits_for("the old one stays in force")
    path.write_text(good.replace("slow", "fine"))
    one.process.send_signal(signal.SIGHUP)
    one.waits_for("sync:fine done")
    assert one.end() == 0
    assert one.said().endswith("this daemon stopped\n")
    assert last(sqlite_database, "sync:slow") == ("interrupted", 1)
    assert last(sqlite_database, "sync:fine") == ("done", 1)
    assert "printed past everybody" in one.said()


HANGS_UP = """
import os, signal, sys

class AtItsFirstImport:
    def find_spec(name, *_):
        if name == "tenure.cli.run": os.kill(os.getpid(), signal.SIGHUP)

sys.meta_path.insert(0, AtItsFirstImport)
from tenure.cli import main
sys.exit(main())
"""


def test_a_sighup_while_the_program_is_loaded_waits_until_it_is_heeded(
    daemons, tmp_path, sqlite_database
):
    one = daemons(write(tmp_path, sqlite_database, "fine"), ("-c", HANGS_UP))
    one.waits_for("is taken over: sync:fine")
    assert one.end() == 0


@pytest.mark.parametrize("address", ["@tenure-{0}", "{1}/notify"])
def test_systemd_hears_that_the_daemon_is_ready_once_it_heeds_signals(
    daemons, tmp_path, sqlite_database, address
):
    address = address.format(os.getpid(), tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(60)
        systemd.bind(address.replace("@", "\0"))
        one = daemons(write(tmp_path, sqlite_database, "fine"), NOTIFY_SOCKET=address)
        assert systemd.recv(99) == b"READY=1"
        one.process.send_signal(signal.SIGHUP)
        one.waits_for("is taken over: sync:fine")
        assert one.end() == 0


def test_a_systemd_that_does_not_listen_keeps_nobody_from_working(
    daemons, tmp_path, sqlite_database
):
    path = write(tmp_path, sqlite_database, "fine")
    one = daemons(path, NOTIFY_SOCKET=str(tmp_path / "nobody"))
    one.waits_for("systemd was not told that the daemon is ready: No such file")
    one.waits_for("sync:fine done")
    assert one.end() == 0


def test_another_daemon_takes_over_when_the_leader_is_killed(
    daemons, tmp_path, postgres_database, capsys
):
    path = write(tmp_path, postgres_database, "slow", more='[daemon]\njitter = "1s"\n')
    leader, took = daemons(path), []
    leader.waits_for("sync:slow starts, attempt 1")
    for attempt in range(2, 2 + FAILOVERS):
        other = daemons(path)
        other.waits_for("stands by: ")
        leader.end(signal.SIGKILL)
        took.append(other.waits_for(f"sync:slow starts, attempt {attempt}"))
        leader = other
    with capsys.disabled():
        sys.stdout.write(
            f"\n{FAILOVERS} failovers, s: {[round(each, 1) for each in took]}\n" * SOAK
        )
    assert max(took) < 10
    assert leader.end() == 0
    assert last(postgres_database, "sync:slow") == ("interrupted", 1 + FAILOVERS)


SERVICES = f"""{services.MARK}
[tenure]
store = "sqlite:///t.db"
[connectors.billing]
use = "stripe"
api_base = "${{DEMO_STRIPE_API_BASE}}"
api_key = "${{DEMO_STRIPE_API_KEY}}"
schedule = "every 20s"
[connectors.crm]
use = "hubspot"
api_base = "${{DEMO_HUBSPOT_API_BASE}}"
token = "${{DEMO_HUBSPOT_TOKEN}}"
provides = ["attributes"]
schedule = "every 30s"
[connectors.crm.attributes]
stripe_customer_id = "stripe_customer_id"
[accounts]
match = ["property:stripe_customer_id"]
[metrics]
schedule = "every 60s"
[sinks.board]
use = "slack"
api_base = "SLACK"
token = "{slack_world.TOKEN}"
channel = "#revenue"
reports = ["monthly"]
[sinks.crm]
use = "hubspot"
api_base = "${{DEMO_HUBSPOT_API_BASE}}"
token = "${{DEMO_HUBSPOT_TOKEN}}"
[daemon]
jitter = "1s"
grace = "20s"
"""


def real_minutes(daemons, tmp_path, capsys):
    """Simulated services, real waiting, and a leader that is killed in between."""
    world = slack_world.World(now=time.time)
    with slack_world.serving(world) as slack, services.running(tmp_path, datetime.now(UTC)):
        path = tmp_path / "plugins.toml"
        path.write_text(SERVICES.replace("SLACK", slack))
        one = daemons(path)
        one.waits_for("push:crm done", 240)
        one.process.send_signal(signal.SIGHUP)
        one.waits_for("is taken over")
        time.sleep(60)
        one.end(signal.SIGKILL)
        two = daemons(path)
        time.sleep(120)
        assert two.end() == 0
    store = f"sqlite:///{tmp_path}/t.db"
    runs = Runs(Store.open(store), "x")
    found = [run for name in runs.jobs() for run in runs.recent(name, 1000)]
    with capsys.disabled():
        sys.stdout.write(f"\n{Counter((run.job, run.state.value) for run in found)}\n")
    ended = [(run.job, run.started_at, run.ended_at) for run in found if run.ended_at]
    assert [pair for pair in combinations(ended, 2) if clash(*pair)] == []
    assert {run.state.value for run in found} <= {"done", "skipped", "interrupted", "waiting"}
    assert len(world.parents()) == 1


if SOAK:
    test_real_minutes = real_minutes
