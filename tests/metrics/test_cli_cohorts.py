"""`tenure cohorts` as people and programs call it."""

import csv
import json
import re
from pathlib import Path

import pytest

from tenure.cli import main

CONFIG = """
[tenure]
store = "sqlite:///tenure.db"
[connectors.book]
use = "file"
path = "book.csv"
"""
CSV = """customer,start,end,mrr
ann,2025-01-05,,1234.56
bob,2025-01-09,2025-03-10,1000
eve,2025-03-05,,50
"""
FILES = {"plugins.toml": CONFIG, "book.csv": CSV}
RANGE = ("--from", "2025-01", "--to", "2025-04")


@pytest.fixture
def cohorts(synced, capsys):
    """The exit code, stdout and stderr of `tenure cohorts` over the synced book."""
    return lambda *words: (main(["cohorts", *words]), *capsys.readouterr())


def test_the_triangle(cohorts):
    code, out, _ = cohorts(*RANGE)
    january = ["2025-01", "2", "2,234.56", "100.00", "100.00", "55.25", "55.25"]
    march = ["2025-03", "1", "50.00", "100.00", "100.00"]
    assert code == 0
    assert [line.split() for line in out.splitlines()[1:3]] == [january, march]


def test_the_triangle_of_logos(cohorts):
    _, out, _ = cohorts(*RANGE, "--measure", "logos")
    assert out.splitlines()[1].split()[3:] == ["100.00", "100.00", "50.00", "50.00"]


@pytest.mark.parametrize(("width", "ages"), [("200", 4), ("50", 2), ("20", 1)])
def test_a_narrow_triangle_has_fewer_ages_and_whole_numbers(cohorts, monkeypatch, width, ages):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")  # rich takes the pipe for a terminal
    monkeypatch.setenv("COLUMNS", width)
    _, out, _ = cohorts(*RANGE)
    out = re.sub("\x1b\\[[0-9;]*m", "", out)
    assert out.splitlines()[0].split()[3:] == [f"{age}" for age in range(ages)]
    assert "2,234.56" in out
    assert (f"no room for the last {4 - ages} ages" in out) == (ages < 4)


def test_programs_get_revenue_and_logos(cohorts):
    _, out, _ = cohorts(*RANGE, "--format", "json")
    age = json.loads(out)["rows"][0]["ages"][2]
    assert (age["revenue"], age["logos"]) == ("1234.560000", 1)
    code, _, _ = cohorts(*RANGE, "--format", "csv", "--output", "c.csv")
    with Path("c.csv").open(newline="") as file:
        assert (code, len(list(csv.DictReader(file)))) == (0, 6)


def test_an_unknown_attribute_names_those_that_there_are(cohorts):
    code, out, err = cohorts("--where", "pln=pro")
    assert (code, out) == (2, "")
    assert "Did you mean 'plan'" in err
