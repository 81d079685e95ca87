"""The command line on a spreadsheet, as a user types it.

A command is a process of its own where that is the point: where it is killed, short of room, or
asked what it imports.
"""

import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from everything import everything
from reference import NAMES, Window, bridge, payers
from typed import typed as tenure

from tenure import Cause, Item, Point, State, Subscription, micros
from tenure.periods import Range, day_start, periods

CONFIG = """
[tenure]
store = "{store}"
timezone = "{zone}"

[connectors.history]
use = "file"
path = "subscriptions.csv"
"""
SOAK = bool(os.environ.get("TENURE_SOAK"))
KILLS = 200 if SOAK else 3  # beside those of tests/ledger/test_kill.py
SUBSCRIPTIONS = 10_000 if SOAK else 2_000


def workspace(folder: Path, rows: str = "", zone: str = "UTC", store: str = "sqlite:///t.db"):
    (folder / "plugins.toml").write_text(CONFIG.format(zone=zone, store=store))
    (folder / "subscriptions.csv").write_text("customer,plan,start,end,mrr\n" + rows)
    return folder


def made_up(count: int, seed: int = 1) -> list[tuple[str, str, date, date | None, str]]:
    """Rows of a spreadsheet: customer, plan, start, end, mrr."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        start = date(2024, 1, 1) + timedelta(days=chance.randrange(700))
        end = start + timedelta(days=chance.randrange(400)) if chance.random() < 0.5 else None
        cents = chance.randrange(1, 500_000)
        amount = f"{cents // 100}.{cents % 100:02}"
        rows.append((f"c{number % (count // 2)}", chance.choice("abc"), start, end, amount))
    return rows


def as_csv(rows) -> str:
    return "".join(f"{c},{p},{s},{e or ''},{m}\n" for c, p, s, e, m in rows)


def as_records(rows, zone: ZoneInfo):
    """The same rows as facts, for the reference."""
    for number, (customer, plan, start, end, mrr) in enumerate(rows):
        common = {"currency": "USD", "source_ref": "?", "plan": plan}
        points = [Point(effective_at=day_start(start, zone), amount=micros(mrr), **common)]
        if end:
            ended = {"state": State.ENDED, "cause": Cause.OTHER}
            points.append(Point(effective_at=day_start(end, zone), amount=0, **common, **ended))
        yield Subscription(id=str(number), customer=customer, items=[Item(id="i", points=points)])


@pytest.mark.parametrize("zone", ["America/New_York"])
def test_thousands_of_subscriptions_give_the_numbers_of_the_reference(tmp_path: Path, zone: str):
    rows = made_up(SUBSCRIPTIONS)
    folder = workspace(tmp_path, as_csv(rows), zone)
    assert tenure(folder, "sync").returncode == 0
    asked = ("--period", "month", "--from", "2024-06", "--to", "2025-12", "--format", "json")
    found = json.loads(tenure(folder, "report", *asked).stdout)["rows"]
    now = datetime.now(UTC)
    customers = payers(as_records(rows, ZoneInfo(zone)), now)
    shown = periods(Range(first="2024-06", last="2025-12"), ZoneInfo(zone), now)
    assert [row["period"] for row in found] == [period.label for period in shown]
    for row, period in zip(found, shown, strict=True):
        expected = bridge(customers, Window(period.label, period.opens, period.closes))[None]
        assert {n: micros(row[n]) for n in NAMES} == {n: expected[n] for n in NAMES}
        assert row["customers_end"] == expected["customers_end"]


def test_killed_at_any_instant_and_run_again_the_ledger_is_the_same(tmp_path: Path):
    """Each sync has new, changed and unreadable rows, and is killed later in its course."""
    chance, landed = random.Random(3), 0
    undisturbed, disturbed = _folder(tmp_path, "undisturbed"), _folder(tmp_path, "disturbed")
    for number in range(KILLS):
        text, code = _grown(number), number % 2
        began = time.monotonic()
        assert tenure(workspace(undisturbed, text), "sync").returncode == code
        took = time.monotonic() - began
        command = [sys.executable, "-m", "tenure", "sync"]
        with subprocess.Popen(command, cwd=workspace(disturbed, text)) as sync:
            while sync.poll() is None and _unfinished(disturbed) == landed:
                time.sleep(0.01)  # until it is under way, however busy the machine is
            share = 0.5 * (number + chance.random()) / KILLS
            time.sleep(took * share)  # the instant of the kill is what is being varied
            sync.kill()
        landed += _unfinished(disturbed) > landed
        assert tenure(disturbed, "sync").returncode == code
        assert everything(_query(disturbed)) == everything(_query(undisturbed))
    assert landed, "no kill hit a sync under way, so this says nothing"


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


def _grown(number: int) -> str:
    """A spreadsheet with more rows every time, others in place of some, and at times a bad one."""
    rows = made_up(25_000)[: 2_000 + 100 * number]
    for at in range(number % 20, len(rows), 20):
        rows[at] = (*rows[at][:4], f"{number + 1}")
    return as_csv(rows) + (f"torn,p,2025-13-01,,{number}\n" if number % 2 else "")


def _query(folder: Path):
    """A function that runs a query on the folder's ledger."""

    def run(query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(folder / "t.db")) as ledger:
            return ledger.execute(query).fetchall()

    return run


def _unfinished(folder: Path) -> int:
    """How many syncs began and neither ended nor failed: they were killed in between."""
    if not _query(folder)("SELECT 1 FROM sqlite_master WHERE name = 'run'"):
        return 0
    return len(_query(folder)("SELECT 1 FROM run WHERE outcome IS NULL"))


def test_good_rows_are_kept_beside_a_bad_one(tmp_path: Path):
    folder = workspace(tmp_path, "a,p,2025-01-01,,100\nb,p,2025-13-01,,5\n")
    synced = tenure(folder, "sync")
    assert (synced.returncode, "1 stored" in synced.stdout) == (1, True)
    assert "subscriptions.csv:3" in tenure(folder, "quarantine").stdout
    assert tenure(folder, "quarantine", "accept", "1").returncode == 0
    assert tenure(folder, "sync").returncode == 0


def test_a_header_alone_retracts_nothing(tmp_path: Path):
    folder = workspace(tmp_path, "a,p,2025-01-01,,100\n")
    tenure(folder, "sync")
    workspace(folder)
    synced = tenure(folder, "sync")
    assert (synced.returncode, "--accept-loss" in synced.stderr) == (1, True)
    report = tenure(folder, "report", "--from", "2025-02", "--to", "2025-02", "--format", "csv")
    assert "100.000000" in report.stdout
    assert tenure(folder, "sync", "--accept-loss").returncode == 0


def test_a_renamed_connector_no_longer_counts_and_the_report_says_so(tmp_path: Path):
    folder = workspace(tmp_path, "a,p,2025-01-01,,100\n")
    tenure(folder, "sync")
    config = folder / "plugins.toml"
    config.write_text(config.read_text().replace("history", "renamed"))
    tenure(folder, "sync")
    report = tenure(folder, "report", "--from", "2025-02", "--to", "2025-02", "--format", "json")
    found = json.loads(report.stdout)
    assert found["rows"][0]["start_mrr"] == "100.000000"
    assert found["meta"]["ignored_connectors"] == ["history"]


def test_a_broken_plugin_does_not_stop_a_good_one(tmp_path: Path):
    folder = workspace(tmp_path, "a,p,2025-01-01,,100\n")
    (folder / "broken.py").write_text("import nothing_of_that_name\n")
    with (folder / "plugins.toml").open("a") as config:
        config.write('[connectors.other]\nuse = "./broken.py"\n')
    synced = tenure(folder, "sync")
    assert synced.returncode == 1
    assert "1 stored" in synced.stdout
    assert "nothing_of_that_name" in synced.stderr


LOSES_A_ROW = """
import tenure
class Loses(tenure.Connector):
    name, api, Config = "loses", 1, tenure.PluginConfig
    def check(self, context): yield "ok"
    def pull(self, request):
        then = request.clock().replace(year=2024)
        first = tenure.Point(effective_at=then, amount=1, currency="USD", source_ref="x")
        yield tenure.Subscription(id="s", customer="c", items=[tenure.Item(id="i", points=[first])])
        yield tenure.Checkpoint(complete=True, source_count=2)
@tenure.hookimpl
def tenure_connectors(): return [Loses]
"""


def test_rows_that_do_not_add_up_withhold_the_report(tmp_path: Path):
    (tmp_path / "loses.py").write_text(LOSES_A_ROW)
    (tmp_path / "plugins.toml").write_text(
        '[tenure]\nstore = "sqlite:///t.db"\n[connectors.bad]\nuse = "./loses.py"\n'
        '[sinks.out]\nuse = "file"\npath = "out"\n'
    )
    assert tenure(tmp_path, "sync").returncode == 1
    report = tenure(tmp_path, "report", "--format", "json")
    assert (report.returncode, report.stdout) == (3, "")
    assert "bad: read 1 rows, accounted for 1, the source has 2" in report.stderr
    assert tenure(tmp_path, "push").returncode == 3
    assert not (tmp_path / "out").exists()


def test_an_empty_ledger_is_no_figure(tmp_path: Path):
    report = tenure(workspace(tmp_path), "report")
    assert (report.returncode, report.stdout) == (1, "")
    assert "tenure sync" in report.stderr


def test_another_currency_is_named_and_never_guessed(tmp_path: Path):
    folder = workspace(tmp_path)
    (folder / "subscriptions.csv").write_text("customer,start,mrr,currency\na,2025-01-01,5,EUR\n")
    tenure(folder, "sync")
    report = tenure(folder, "report")
    assert (report.returncode, report.stdout) == (2, "")
    assert "young enough for EUR on" in report.stderr


def test_a_report_as_known_then_has_the_same_rows_after_later_syncs(tmp_path: Path):
    folder = workspace(tmp_path, as_csv(made_up(200)))
    tenure(folder, "sync")
    known = datetime.now(UTC).isoformat()
    asked = ("report", "--known-at", known, "--from", "2024-06", "--format", "csv", "--by", "plan")
    before = tenure(folder, *asked).stdout
    workspace(folder, as_csv(made_up(210, seed=2)))
    tenure(folder, "sync", "--accept-loss")
    assert tenure(folder, *asked).stdout == before != ""
    assert tenure(folder, *asked[:1], *asked[3:]).stdout != before


def test_a_disk_quota_is_said_and_nothing_committed_is_lost(tmp_path: Path):
    folder = workspace(tmp_path, "a,p,2025-01-01,,100\n")
    tenure(folder, "sync")
    workspace(folder, "a,p,2025-01-01,,100\n" + as_csv(made_up(8_000)))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    command = [sys.executable, "-m", "tenure", "sync"]
    synced = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, preexec_fn=limit
    )
    assert synced.returncode == 1
    assert "Traceback" not in synced.stderr
    assert "Free some" in synced.stderr
    asked = ("report", "--from", "2025-02", "--to", "2025-02", "--format", "csv")
    assert "100.000000" in tenure(folder, *asked).stdout


def test_ctrl_c_ends_a_sync_cleanly(tmp_path: Path):
    folder = workspace(tmp_path, as_csv(made_up(5_000)))
    with subprocess.Popen([sys.executable, "-m", "tenure", "sync"], cwd=folder) as sync:
        while not (folder / "t.db").exists():
            time.sleep(0.02)
        while not _unfinished(folder):
            time.sleep(0.01)
        sync.send_signal(signal.SIGTERM)
        assert sync.wait() == 130
    assert tenure(folder, "sync").returncode == 0


def test_the_same_on_postgresql(tmp_path: Path, postgres_database: str):
    rows = as_csv(made_up(300))
    asked = ("report", "--from", "2024-06", "--to", "2025-06", "--format", "csv", "--by", "plan")
    reports = []
    for name, store in (("a", "sqlite:///t.db"), ("b", postgres_database)):
        folder = workspace(_folder(tmp_path, name), rows, store=store)
        assert tenure(folder, "sync").returncode == 0
        reports.append(tenure(folder, *asked).stdout)
    assert reports[0] == reports[1] != ""


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that commands may look at."""
    folder = workspace(tmp_path_factory.mktemp("synced"), "a,p,2025-01-01,,100\n")
    tenure(folder, "sync")
    return folder


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        (("--help",), {"sqlalchemy", "duckdb", "httpx", "openpyxl", "alembic"}),
        (("sync",), {"httpx", "duckdb", "openpyxl", "adbc_driver_sqlite"}),
        (("report", "--from", "2025-01"), {"httpx", "openpyxl", "alembic"}),
        (("status",), {"httpx", "openpyxl", "alembic"}),
    ],
)
def test_no_command_imports_a_library_that_it_does_not_use(synced: Path, words, unused):
    code = (
        "import sys; from tenure.cli import main; main(sys.argv[1:]);"
        "print('LOADED', *{name.partition('.')[0] for name in sys.modules})"
    )
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, cwd=synced, capture_output=True, text=True, check=False)
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert "tenure" in loaded
    assert not loaded & unused
