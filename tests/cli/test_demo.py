"""`tenure demo`: from nothing to figures, in a folder that its user keeps."""

import csv
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from typed import Said, typed

from tenure.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """The folder of a demo that has run, to look at or to copy, and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    return folder / "tenure-demo", typed(folder, "demo")


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a demo that has not run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "tenure-demo"


@pytest.fixture
def again(demo: Path, ran: tuple[Path, Said]) -> Path:
    """The folder of one that has."""
    return shutil.copytree(ran[0], demo)


def test_the_demo_makes_a_workspace_and_its_figures(ran: tuple[Path, Said]):
    folder, said = ran
    assert said.returncode == 0
    assert "tenure-demo/out/retention.html: open it" in said.stdout
    assert len(re.findall(r"^20\d\d-\d\d ", said.stdout, re.MULTILINE)) == 12
    assert {path.name for path in (folder / "out").iterdir()} == {
        f"retention.{form}" for form in ("json", "csv", "parquet", "html")
    }


def test_the_commands_that_the_demo_suggests_work(again: Path, ran: tuple[Path, Said]):
    suggested = re.findall(r"^  tenure (.+?)(?:   .*)?$", ran[1].stdout, re.MULTILINE)
    assert [typed(again, *shlex.split(w)).returncode for w in suggested] == [0, 0, 0, 0]


ELSEWHERE = {
    "demo --services": "tests/demo/test_services.py",
    "init --from subscriptions.csv": "tests/test_readme.py",
    "report --known-at 2026-03-05": "is before the first sync: tests/metrics/test_cli_report.py",
    "daemon": "does not end: tests/daemon",
    "restore backups/tenure-….zip": "tests/operations/test_backup.py",
    "accounts --unmatched": "tests/accounts/test_cli.py",
    "push crm --dry-run": "tests/demo/test_services.py",
    "push crm": "tests/demo/test_services.py",
}
"""Commands of the README that need more than the demo, and who runs them."""


def test_the_commands_of_the_readme_work_on_the_demo(again: Path):
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    named = re.findall(r"(?:^|&& )tenure ([a-z][^#&\n]*)", "".join(blocks), re.MULTILINE)
    words = dict.fromkeys(word.strip() for word in named)
    assert set(ELSEWHERE) <= set(words)
    codes = {w: typed(again, *shlex.split(w)).returncode for w in words if w not in ELSEWHERE}
    assert len(codes) > 20
    assert {word: code for word, code in codes.items() if code} == {}


def test_a_shell_that_does_not_find_tenure_is_told_how(
    again: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    again.rename("my demo")
    activate = f"  . {sys.prefix}/bin/activate\n  cd 'my demo'\n"
    monkeypatch.setenv("PATH", str(again))
    main(["demo", "my demo"])
    assert activate in capsys.readouterr().out
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    main(["demo", "my demo"])
    assert "\n\n  cd 'my demo'\n" in capsys.readouterr().out


def test_what_the_user_changed_is_kept(again: Path, capsys: pytest.CaptureFixture[str]):
    edited = (again / "plugins.toml").read_text().replace('segments = ["plan", ', "segments = [")
    (again / "plugins.toml").write_text(edited)
    with (again / "subscriptions.csv").open("a") as file:
        file.write("mine,Mine Ltd,mine,seats,Scale,Platform,2024-01-01,,9,month,1,USD,,,,Me,US\n")
    assert main(["demo"]) == 0
    assert (again / "plugins.toml").read_text() == edited
    assert "1 stored" in capsys.readouterr().out


def test_a_file_in_the_way_is_said(tmp_path: Path, demo: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "taken").write_text("")
    assert main(["demo", "taken"]) == 1
    assert "taken cannot be written" in capsys.readouterr().err
    assert not demo.exists()


def test_a_workspace_of_ones_own_is_left_alone(
    tmp_path: Path, demo: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "plugins.toml").write_text('[tenure]\nstore = "sqlite:///mine.db"\n')
    assert main(["demo", "."]) == 2
    assert "is not the demo's, and nothing was written" in capsys.readouterr().err
    assert (list(tmp_path.iterdir()), demo.exists()) == ([tmp_path / "plugins.toml"], False)


def test_the_workspace_at_the_top_is_the_demos_with_other_paths(ran: tuple[Path, Said]):
    ours = tomllib.loads((ROOT / "plugins.toml").read_text())
    theirs = tomllib.loads((ran[0] / "plugins.toml").read_text())
    for table in (ours["connectors"]["history"], ours["sinks"]["out"]):
        table["path"] = table["path"].removeprefix("tenure-demo/")
    ours["tenure"]["store"] = ours["tenure"]["store"].replace("tenure-demo/", "")
    assert ours == theirs


def test_the_spreadsheet_has_what_the_readme_needs(ran: tuple[Path, Said]):
    with (ran[0] / "subscriptions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert 350 <= len({row["customer"] for row in rows}) <= 450
    assert {row["plan"] for row in rows} == {"Starter", "Growth", "Scale"}
