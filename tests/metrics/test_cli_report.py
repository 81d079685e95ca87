"""`tenure report` as people and programs call it."""

import csv
import json
import re
from pathlib import Path

import pytest
import time_machine
from rich.console import Console

from tenure.cli import main

CONFIG = """
[tenure]
store = "sqlite:///tenure.db"
currency = "{currency}"
[connectors.book]
use = "file"
path = "book.csv"
"""
CSV = """customer,start,end,mrr,plan
ann,2025-01-01,,1234.56,pro
bob,2025-01-01,2025-03-10,100,basic
eve,2025-03-05,,50,basic
"""
FILES = {"plugins.toml": CONFIG.format(currency="USD"), "book.csv": CSV}
RANGE = ("--from", "2025-03", "--to", "2025-03")


@pytest.fixture
def tenure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a command in a folder with a book of three customers."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    return lambda *words: main([*words])


@pytest.fixture
def report(synced, capsys):
    """The exit code, stdout and stderr of a report over the synced book."""
    return lambda *words: (main(["report", *words]), *capsys.readouterr())


def test_the_table_for_people(report):
    code, out, _ = report(*RANGE)
    line = next(line for line in out.splitlines() if line.startswith("2025-03"))
    figures = ["1,334.56", "50.00", "0.00", "0.00", "0.00", "100.00", "1,284.56", "92.51", "%"]
    assert (code, line.split()[1:10]) == (0, figures)
    assert "as known at" in out
    assert "100.00 % observed" in out


@pytest.mark.parametrize(("width", "shown"), [("200", True), ("80", False), ("20", False)])
def test_a_narrow_table_has_fewer_columns_and_whole_numbers(report, monkeypatch, width, shown):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")  # rich takes the pipe for a terminal
    monkeypatch.setenv("COLUMNS", width)
    _, out, _ = report(*RANGE)
    assert "1,284.56" in out
    assert ("customers" in out.splitlines()[0]) == shown


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", True), ("ascii", False)])
@pytest.mark.parametrize("width", ["120", "20"])
def test_a_sparkline_on_a_terminal_that_can(report, monkeypatch, encoding, shown, width):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setattr(Console, "encoding", encoding)
    _, out, _ = report("--from", "2025-02", "--to", "2025-04")
    assert ("NRR █▁█ 92.51 % to 100.00 %" in out) == shown


def test_a_file_and_a_single_period_have_no_sparkline(report, monkeypatch):
    assert "█" not in report("--from", "2025-02", "--to", "2025-04")[1]
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    assert "█" not in report(*RANGE)[1]


def test_segments_in_the_table(report):
    _, out, _ = report(*RANGE, "--by", "plan")
    assert [line.split()[1] for line in out.splitlines()[1:4]] == ["total", "basic", "pro"]


def test_segments_of_several_attributes_are_told_apart(report):
    by = ("--by", "plan", "--by", "source", "--by", "plan")
    named = ["plan=basic", "plan=pro", "source=book"]
    _, out, _ = report(*RANGE, *by)
    assert [line.split()[1] for line in out.splitlines()[1:5]] == ["total", *named]
    _, out, _ = report(*RANGE, *by, "--format", "csv")
    assert [row["segment"] for row in csv.DictReader(out.splitlines())] == ["", *named]
    _, out, _ = report(*RANGE, *by, "--format", "json")
    assert [row["segment"] for row in json.loads(out)["rows"]] == [
        None, {"plan": "basic"}, {"plan": "pro"}, {"source": "book"}
    ]  # fmt: skip


def test_many_segments_are_the_largest_and_the_rest(tenure, capsys):
    rows = [f"c{n},2025-01-01,,{n}.00,plan {n:02}" for n in range(1, 41)]
    Path("book.csv").write_text("\n".join([CSV.splitlines()[0], *rows, ""]))
    tenure("sync", "--quiet")
    capsys.readouterr()
    tenure("report", *RANGE, "--by", "plan")
    out = capsys.readouterr().out.splitlines()
    assert out[1].split()[1:3] == ["total", "820.00"]
    assert [line.split()[2] for line in out[2:32]] == [f"{n:02}" for n in range(40, 10, -1)]
    assert out[32].split()[1:3] == ["(other)", "55.00"]
    assert any("--format csv has them all" in line for line in out)
    tenure("report", *RANGE, "--by", "plan", "--format", "json")
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 41


def test_json_for_programs(report):
    code, out, _ = report(*RANGE, "--format", "json")
    found = json.loads(out)
    assert (code, list(found)) == (0, ["meta", "rows"])
    assert found["rows"][0]["nrr"] == "0.925069"


def test_a_file_holds_what_would_be_printed(report):
    code, out, _ = report(*RANGE, "--format", "csv", "--output", "r.csv")
    with Path("r.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (code, out, row["churn"]) == (0, "", "100.000000")


def test_a_file_that_cannot_be_written_leaves_nothing_behind(report):
    code, _, err = report(*RANGE, "--output", "nowhere/r.txt")
    assert code == 1
    assert "nowhere/r.txt cannot be written" in err


def test_the_usual_range_is_twelve_months(report):
    _, out, _ = report("--format", "csv")
    assert len(out.splitlines()) == 13


def test_before_the_first_sync_the_ledger_is_empty(tenure, capsys):
    assert tenure("report") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "tenure sync" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "soon"), "names no period"),
        (("--by", "pln"), "Did you mean 'plan'"),
        (("--known-at", "yesterday"), "is no instant"),
        (("--known-at", "2999-01-01"), "has not come yet"),
        (("--horizon", "soon"), "is no horizon"),
        (("--gross-margin", "80"), "is no gross margin"),
    ],
)
def test_what_a_user_may_get_wrong(report, words, said):
    code, out, err = report(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_what_was_known_at_the_end_of_a_day(tenure, capsys):
    with time_machine.travel("2025-03-31T12:00Z", tick=False):
        tenure("sync", "--quiet")
    with Path("book.csv").open("a") as file:
        file.write("zoe,2025-01-01,,1000,pro\n")
    tenure("sync", "--quiet")
    capsys.readouterr()
    assert tenure("report", *RANGE, "--known-at", "2025-03-31", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["meta"]["known_at"] == "2025-03-31T23:59:59.999999Z"
    assert found["rows"][0]["start_mrr"] == "1334.560000"


@pytest.mark.parametrize(
    "words",
    [
        ("report",),
        ("report", "--format", "html"),
        ("explain", "2025-03"),
        ("explain", "--customer", "ann"),
        ("movements",),
        ("cohorts",),
        ("customers",),
    ],
)
def test_before_the_first_sync_nothing_was_known(synced, capsys, words):
    assert main([*words, "--known-at", "2025-03-31"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Nothing was known yet at 2025-03-31T23:59:59.999999Z" in err


def test_the_instant_that_is_named_as_the_first_can_be_asked_for(report):
    _, _, err = report("--known-at", "2025-03-31")
    (first,) = re.findall(r"recorded at (\S+):", err)
    assert report(*RANGE, "--known-at", first)[0] == 0


def test_measures_are_in_the_table_when_asked_for(report):
    _, out, _ = report(*RANGE, "--measures", "--horizon", "90d", "--gross-margin", "0.8")
    head, line = out.splitlines()[:2]
    assert "in 90 days" in head
    worth = "6,857.29"  # 1,284.56 / 2 x 0.8 x 1,334.56 / 100
    assert line.split()[-7:] == ["7.49", "%", "50.00", "%", "1,284.56", "1,284.56", worth]
    assert "rows of one length" in " ".join(out.split())
    assert "in 90 days" not in report(*RANGE)[1]


def test_a_narrow_timeline_has_fewer_columns_and_whole_cells(synced, monkeypatch, capsys):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["explain", "--customer", "ann"]) == 0
    out = capsys.readouterr().out
    assert ("2025-01-01" in out, "1,234.56 a month" in out, "…" in out) == (True, True, False)
    assert "no room for: recorded, evidence" in out
