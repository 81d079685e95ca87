"""The made-up company behind a Stripe and a HubSpot on loopback: one run, and what it leaves."""

import io
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from tenure.cli import main
from tenure.cli.app import Options
from tenure.cli.services import ended, run_services
from tenure.config import load
from tenure.demo import workspace
from tenure.demo.company import Stretch, live
from tenure.demo.services import running
from tenure.ledger.store import Store
from tenure.metrics.run import ReportRequest, build
from tenure.report import Row
from tenure.sync import SyncOptions, sync
from tenure_connectors.hubspot.world import TOKEN
from tenure_connectors.stripe.world import keys

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
UNTIL = date(2025, 12, 1)
EVERY = 1 if os.environ.get("TENURE_SOAK") else 8
"""Of so many customers one is there: what happens to it does not depend on the others."""

Figures = dict[tuple[str, str], Row]


def few(until: date) -> list[Stretch]:
    return [row for row in live(until) if int(row.customer[-4:]) % EVERY == 0]


def figures(folder: Path) -> Figures:
    """All months of the story, in total, by owner and by country."""
    ready = load(folder / "plugins.toml")
    store = Store.open(ready.store)
    asked = ReportRequest(first="2023-07", last="2025-12", by=("owner", "country"))
    rows = build(ready, store, asked).rows
    store.engine.dispose()
    return {(row.period, repr(row.segment)): row for row in rows}


@dataclass
class Ran:
    """The run, and what was tried while the services still were there."""

    folder: Path
    code: int = -1
    said: dict[str, str] = field(default_factory=dict)

    def says(self, *args: str) -> str:
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            code = main([*args, "--config", str(self.folder / "plugins.toml")])
        return f"{out.getvalue()}exit {code}"

    def meanwhile(self) -> None:
        self.said["sync"] = self.says("sync")
        self.said["push"] = self.says("push", "crm")
        self.said["undo"] = self.says("push", "crm", "--undo", "2")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    found = Ran(tmp_path_factory.mktemp("services") / "my demo")
    out = io.StringIO()
    with time_machine.travel(NOW, tick=True):
        with redirect_stdout(out):
            found.code = run_services(Options(), found.folder, few, found.meanwhile)
        found.said["run"] = out.getvalue()
        yield found


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    """The same customers, read from the spreadsheet of the plain demo."""
    folder = tmp_path_factory.mktemp("plain")
    folder.joinpath("plugins.toml").write_text(workspace.CONFIG)
    folder.joinpath("subscriptions.csv").write_text(workspace.sheet(few(UNTIL)))
    with time_machine.travel(NOW, tick=True):
        ready = load(folder / "plugins.toml")
        store = Store.open(ready.store)
        sync(ready, store, SyncOptions())
        store.engine.dispose()
        return figures(folder)


def test_the_story_has_some_of_everything():
    """What Stripe tells in its own way: otherwise equal figures would mean little."""
    rows = few(UNTIL)
    assert {row.interval for row in rows} == {"month", "year"}
    assert any(row.trial_end for row in rows)
    assert any(row.discount_percent for row in rows)
    assert any(row.requested_at for row in rows)
    assert any(row.end and not row.requested_at for row in rows)
    assert any(row.item != "seats" for row in rows)
    assert any(row.subscription.endswith("_2") for row in rows)
    assert len({row.owner for row in rows}) == 4


def test_the_figures_are_those_of_the_spreadsheet(ran: Ran, plain: Figures):
    """Every month, to the last millionth: in total, by HubSpot's owners and by its countries."""
    found = figures(ran.folder)
    assert len(found) > 200
    assert found.keys() == plain.keys()
    assert [key for key, row in found.items() if row != plain[key]] == []


def test_it_says_where_the_services_are_and_shows_the_report_by_owner(ran: Ran):
    said = ran.said["run"]
    assert ran.code == 0
    assert (
        len(re.findall(r"^  (?:stripe|hubspot) +http://127\.0\.0\.1:\d+$", said, re.MULTILINE)) == 2
    )
    assert len(re.findall(r"^2025-Q\d  Maya Torres ", said, re.MULTILINE)) == 4
    assert re.search(r"^crm: delivered", said, re.MULTILINE)
    customers = len({row.customer for row in few(UNTIL)})
    assert f"crm: {customers:,} customers read" in said
    assert f"accounts: {customers:,} accounts of {2 * customers:,} customers, 0 ambig" in said


def test_what_was_read_and_written_is_not_again(ran: Ran):
    assert "= 0 stored +" in ran.said["sync"]
    assert "unmatched; nothing new\nexit 0" in ran.said["sync"]
    assert "crm: up to date\nexit 0" in ran.said["push"]


def test_a_delivery_is_taken_back(ran: Ran):
    assert "crm: delivered" in ran.said["undo"]
    assert ran.said["undo"].endswith("exit 0")


def test_neither_key_nor_token_is_anywhere_but_in_the_env_file(ran: Ran):
    env = ran.folder / ".env"
    assert (keys.RESTRICTED in env.read_text(), TOKEN in env.read_text()) == (True, True)
    assert env.stat().st_mode & 0o077 == 0
    kept = [path.read_bytes() for path in ran.folder.rglob("*") if path.is_file() and path != env]
    told = "".join(ran.said.values()).encode()
    assert len(kept) > 4
    assert not any(s.encode() in text for s in (keys.RESTRICTED, TOKEN) for text in [*kept, told])


def test_the_commands_that_it_suggests_work_without_the_services(ran: Ran):
    suggested = re.findall(r"^  tenure ((?:report|explain) .+?)  ", ended(ran.folder), re.MULTILINE)
    assert [ran.says(*shlex.split(words))[-6:] for words in suggested] == ["exit 0", "exit 0"]


def test_later_it_is_the_same_company(ran: Ran):
    """The month of its first start is kept beside the addresses, which are new each time."""
    with (ran.folder / ".env").open("a") as file:
        file.write("MINE=1\n")
    before = (ran.folder / ".env").read_text()
    asked: list[date] = []

    def story(until: date) -> list[Stretch]:
        asked.append(until)
        return few(until)[:9]

    with running(ran.folder, NOW + timedelta(days=40), story):
        after = (ran.folder / ".env").read_text()
    assert asked == [UNTIL]
    assert before.splitlines()[:2] == after.splitlines()[:2]
    assert before != after
    assert after.endswith("\nMINE=1\n")


@pytest.mark.parametrize("name", ["plugins.toml", ".env"])
def test_a_workspace_of_ones_own_is_left_alone(name: str, tmp_path: Path, capsys):
    (tmp_path / name).write_text("MINE=1\n")
    assert main(["demo", "--services", str(tmp_path)]) == 2
    assert f"{name} is not the demo's, and nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_month_that_is_none_is_said(tmp_path: Path, capsys):
    (tmp_path / ".env").write_text("# Written by `tenure demo --services` whenever it starts.\n")
    with (tmp_path / ".env").open("a") as file:
        file.write("DEMO_UNTIL=soon\n")
    assert main(["demo", "--services", str(tmp_path)]) == 2
    assert "DEMO_UNTIL is no month" in capsys.readouterr().err


def test_to_keep_services_there_must_be_some(capsys):
    assert main(["demo", "--keep"]) == 2
    assert "--keep needs --services" in capsys.readouterr().err
