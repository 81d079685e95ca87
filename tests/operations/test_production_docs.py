"""docs/production.md: its commands work as written, and nothing that can happen is missing."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tenure import errors
from tenure.cli import main
from tenure.cli.run import INTERRUPTED
from tenure.doctor import KINDS

SAID = (Path(__file__).parents[2] / "docs" / "production.md").read_text(encoding="utf-8")


def test_every_kind_of_finding_has_a_paragraph():
    _, _, findings = SAID.partition("## What `tenure doctor` finds")
    assert tuple(re.findall(r"^### (\w+)$", findings, re.MULTILINE)) == KINDS


def test_every_exit_code_has_a_line():
    known = {each.exit_code for each in vars(errors).values() if isinstance(each, type)
             and issubclass(each, errors.TenureError)}  # fmt: skip
    table = SAID.partition("## Exit codes")[2].partition("## ")[0]
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert told == known | {0, INTERRUPTED}


def block(heading: str) -> list[str]:
    """The lines of the first block of commands after a heading."""
    _, _, rest = SAID.partition(heading)
    lines = re.findall(r"```sh\n(.*?)```", rest, re.DOTALL)[0].splitlines()
    return [line.removesuffix(" &&") for line in lines]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a ledger, and a variable in .env."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text(
        '[tenure]\nstore = "sqlite:///tenure.db"\n[connectors.a]\nuse = "file"\npath = "${ROWS}"\n'
    )
    (tmp_path / ".env").write_text("ROWS=r.csv\n")
    (tmp_path / "r.csv").write_text(
        "customer,start,end,mrr\ncus_0006,2025-01-01,2025-06-01,5\ncus_0009,2025-01-01,,7\n"
    )
    main(["sync", "--quiet"])
    return tmp_path


def typed(line: str) -> int:
    words = shlex.split(line)
    if words[0] == "tenure":
        return main(words[1:])
    return subprocess.run(line, shell=True, check=False).returncode  # noqa: S602 - our own docs


@pytest.mark.parametrize("indent", ["", "  "])
def test_the_drill_works_as_written(folder: Path, indent: str):
    config = folder / "plugins.toml"
    config.write_text(config.read_text().replace("store =", f"{indent}store ="))
    lines = block("**The drill**")
    assert [(line, typed(line)) for line in lines] == [(line, 0) for line in lines]
    assert any(line.startswith("cmp ") for line in lines)
    assert not list(folder.glob("drill*"))


def test_a_drill_that_would_hold_the_ledger_against_itself_stops(folder: Path):
    config = folder / "plugins.toml"
    config.write_text(config.read_text().replace('store = "sqlite:///tenure.db"', ""))
    ended = [typed(line) for line in block("**The drill**")[:4]]
    assert ended == [0, 0, 0, 1]  # there is none that could be restored into


def test_forgetting_works_as_written(folder: Path):
    assert [typed(line) for line in block("## Erasure requests")] == [0, 0]
    assert main(["explain", "--customer", "cus_0006"]) == 2
