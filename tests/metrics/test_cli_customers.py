"""`tenure customers` as people call it."""

from pathlib import Path

import pytest

from tenure.cli import main

CONFIG = """
[tenure]
store = "sqlite:///tenure.db"
[connectors.book]
use = "file"
path = "book.csv"
[metrics]
segments = ["plan", "owner"]
"""
LINES = [f"c{n},2025-01-05,{'2025-02-01' if n == 52 else ''},{n},pro\n" for n in range(1, 53)]
CSV = "".join(["customer,start,end,mrr,plan\n", *LINES, "soon,2190-01-05,,1,pro\n"])
FILES = {"plugins.toml": CONFIG, "book.csv": CSV}


@pytest.fixture
def customers(synced, capsys):
    """The exit code, stdout and stderr of `tenure customers` over 52 customers and a prospect."""
    return lambda *words: (main(["customers", *words]), *capsys.readouterr())


def test_the_largest_and_how_many_more(customers):
    code, out, _ = customers()
    lines = out.splitlines()
    assert code == 0
    assert lines[1].split() == [
        "c51",
        "51.00",
        "2025-01-05",
        "new",
        "2025-01-05",
        "+51.00",
        "pro",
        "-",
    ]
    assert lines[51] == "and 2 more with 1.00 together (see --format csv)"
    assert lines[52] == "not among them: 1 who never had a subscription"


def test_programs_get_all(customers):
    assert len(customers("--format", "csv")[1].splitlines()) == 53


def test_an_attribute_named_like_a_column_stands_beside_it(customers):
    Path("plugins.toml").write_text(CONFIG.replace('"plan"', '"mrr"'))
    head, first = customers()[1].splitlines()[:2]
    assert head.split() == [
        "customer", "mrr", "since", "last", "movement", "day", "amount", "attribute.mrr", "owner"
    ]  # fmt: skip
    assert first.split()[1] == "51.00"


def test_by_name_shows_the_largest_too(customers):
    names = [line.split()[0] for line in customers("--sort", "name")[1].splitlines()[1:51]]
    assert names == sorted(f"c{n}" for n in range(2, 52))


@pytest.mark.parametrize(("width", "shown"), [("200", True), ("40", False), ("10", False)])
def test_a_narrow_table_has_fewer_columns_and_whole_numbers(customers, monkeypatch, width, shown):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")  # rich takes the pipe for a terminal
    monkeypatch.setenv("COLUMNS", width)
    _, out, _ = customers()
    assert "51.00" in out.splitlines()[1]
    assert ("owner" in out.splitlines()[0]) == shown
    assert ("no room for: " in out) != shown
