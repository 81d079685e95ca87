"""`tenure runs`: how the daemon's jobs ended, for people and for programs."""

import json
from pathlib import Path

import pytest
from daemons import Rig, a_plan, job

from tenure.cli import main
from tenure.daemon.runs import State
from tenure.ledger.store import Store


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text('[tenure]\nstore = "sqlite:///t.db"\n')
    return tmp_path


def ran(folder: Path) -> None:
    rig = Rig(Store.open(f"sqlite:///{folder / 't.db'}"), a_plan(job("sync:a"), job("report")))
    rig.hands.results["report"] = (State.WITHHELD, "connector 'a' is not read to its end")
    rig.tick()
    rig.tick("2026-01-05T10:01")


def test_the_last_run_of_each_job_is_shown(folder, capsys):
    ran(folder)
    assert main(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "due (UTC)" in lines[0]  # schedules are read in another zone
    assert "2026-01-05 10:00" in lines[1]
    assert "withheld (2)" in lines[1]
    assert "done" in lines[2]


def test_what_still_runs_is_shown_though_a_later_one_waits(folder, capsys):
    rig = Rig(Store.open(f"sqlite:///{folder / 't.db'}"), a_plan(job("sync:a")))
    rig.hands.held.add("sync:a")
    for at in ("2026-01-05T10:00", "2026-01-05T11:00", "2026-01-05T12:00"):
        rig.tick(at)
    assert main(["runs", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"]
    assert [run["result"] for run in found] == ["waiting", "running"]


@pytest.mark.parametrize("words", [["--format", "json"], ["--json"]])
def test_programs_get_the_runs_of_one_job(folder, capsys, words):
    ran(folder)
    assert main(["runs", "report", *words, "--last", "5"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert (run["result"], run["next_attempt"]) == ("withheld", "2026-01-05T10:03:00Z")


def test_where_nothing_ran_that_is_said(folder, capsys):
    assert (main(["runs"]), main(["runs", "report"])) == (0, 0)
    assert capsys.readouterr().out == "The daemon ran nothing yet.\nreport never ran.\n"
