"""Rates from a csv file, as a user writes it and runs `check`, `sync` and `status` over it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tenure.cli import main
from tenure.ledger.store import Store

Capture = pytest.CaptureFixture[str]

CONFIG = """
[tenure]
store = "sqlite:///t.db"
[fx]
use = "file"
path = "rates.csv"
[connectors.history]
use = "file"
path = "rows.csv"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text(CONFIG)
    (tmp_path / "rows.csv").write_text("customer,start,mrr\na,2025-01-01,5\n")
    return tmp_path


@pytest.fixture
def rates(folder: Path) -> Callable[[str], None]:
    """Write rates.csv with these lines below its header."""
    return lambda lines: (folder / "rates.csv").write_text(f"date,currency,rate\n{lines}")


def known(folder: Path) -> list[tuple[str, int, int, str]]:
    store = Store.open(f"sqlite:///{folder / 't.db'}")
    query = "SELECT currency, day, rate, source_ref FROM rate WHERE superseded_at IS NULL"
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(text(f"{query} ORDER BY id"))]


def test_sync_pulls_rates_before_connectors(folder: Path, rates, capsys: Capture):
    rates("2025-01-01,EUR,1.1\n2025-01-02,GBP,1.25\n")
    assert main(["sync"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "fx: 2 rows read = 2 stored + 0 unchanged + 0 quarantined + 0 excluded",
        "history: 1 row read = 1 stored + 0 unchanged + 0 quarantined + 0 excluded",
    ]
    assert known(folder) == [
        ("EUR", 20089, 11_000_000_000, "file: rates.csv:2"),
        ("GBP", 20090, 12_500_000_000, "file: rates.csv:3"),
    ]


def test_sync_of_named_connectors_leaves_rates_alone(rates, capsys: Capture):
    rates("2025-01-01,EUR,1.1\n")
    assert main(["sync", "history"]) == 0
    assert "fx" not in capsys.readouterr().out


def test_bad_rows_are_named_and_the_good_ones_kept(folder: Path, rates, capsys: Capture):
    rates(
        "2025-01-01,EUR,1.1\n\n01.02.2025,EUR,1.1\n20250102,EUR,1.1\n2025-01-02,EUR,1e3\n"
        "2025-01-02,EUR,nan\n2025-01-02,EURO,1.1\n2025-01-02,EUR,-1\n2025-01-02\n"
        "2025-01-03,USD,2\n2025-01-04,GBP,1\n2025-01-04,GBP,2\n"
    )
    assert main(["sync"]) == 1
    out, err = capsys.readouterr()
    assert "fx: 11 rows read = 1 stored + 0 unchanged + 10 quarantined + 0 excluded" in out
    said = [line.removeprefix("  ! ") for line in err.splitlines() if "rates.csv" in line]
    assert sorted(said) == sorted(
        [
            "rates.csv:4: date: '01.02.2025' is no date like 2025-03-01",
            "rates.csv:5: date: '20250102' is no date like 2025-03-01",
            "rates.csv:6: rate: '1e3' is no decimal number like 1.0842",
            "rates.csv:7: rate: 'nan' is no decimal number like 1.0842",
            "rates.csv:8: currency: 'EURO' is not a currency code of ISO 4217; did you mean 'EUR'?",
            "rates.csv:9: rate: -1 is not above zero",
            "rates.csv:10: rate: '' is no decimal number like 1.0842",
            "rates.csv:11: rate: one USD is 1 USD, not 2",
            "rates.csv:12: rate: GBP 2025-01-04 1 contradicts 2 in rates.csv:13",
            "rates.csv:13: rate: GBP 2025-01-04 2 contradicts 1 in rates.csv:12",
        ]
    )
    assert [code for code, *_ in known(folder)] == ["EUR"]


def test_mended_rows_are_read(rates, capsys: Capture):
    rates("2025-01-01,EUR,x\n")
    assert main(["sync"]) == 1
    rates("2025-01-01,EUR,1.1\n")
    assert main(["sync"]) == 0
    assert "fx: 1 row read = 1 stored" in capsys.readouterr().out


def test_columns_in_any_order_with_others_between(folder: Path, capsys: Capture):
    (folder / "rates.csv").write_bytes(
        b'\xef\xbb\xbfNote, Rate ,DATE,Currency\r\n"a\nb", 1.1 ,2025-01-01, EUR\r\n'
    )
    assert main(["sync"]) == 0
    assert known(folder) == [("EUR", 20089, 11_000_000_000, "file: rates.csv:3")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no file "),
        (b"", "rates.csv has no column date and no column currency and no column rate"),
        (b"day,currency,rate\n", "rates.csv has no column date; its first line is 'day,curr"),
        (b"date,currency,rate\n\xff", "rates.csv is not csv in UTF-8"),
        (b"date,currency,rate\n" + b"x" * 200_000, "rates.csv is not csv in UTF-8: field larger"),
    ],
)
def test_a_file_that_cannot_be_read_stops_no_connector(
    folder: Path, capsys: Capture, content: bytes | None, said: str
):
    if content is not None:
        (folder / "rates.csv").write_bytes(content)
    assert main(["sync"]) == 1
    out, err = capsys.readouterr()
    assert said in err
    assert "fx: failed" in out
    assert "history: 1 row read = 1 stored" in out


def test_a_broken_plugin_stops_no_connector(folder: Path, capsys: Capture):
    (folder / "bank.py").write_text("raise ValueError('closed')")
    (folder / "plugins.toml").write_text(
        CONFIG.replace('use = "file"\npath = "rates.csv"', 'use = "./bank.py"')
    )
    assert main(["sync"]) == 1
    out, err = capsys.readouterr()
    assert "ValueError: closed" in err
    assert "history: 1 row read = 1 stored" in out


def test_disabled_rates_are_pulled_by_nobody(folder: Path, rates, capsys: Capture):
    rates("2025-01-01,EUR,1.1\n")
    (folder / "plugins.toml").write_text(CONFIG.replace("[fx]", "[fx]\nenabled = false"))
    assert main(["sync"]) == 0
    assert "fx" not in capsys.readouterr().out


def test_check_says_currencies_and_last_days(rates, capsys: Capture):
    rates("2025-01-01,EUR,1.1\n2025-01-05,EUR,1.1\n2025-01-03,GBP,1.25\n")
    assert main(["check", "--offline"]) == 0
    assert (
        "ok      rates fx (file): rates.csv: last day of each currency in USD: "
        "EUR 2025-01-05, GBP 2025-01-03\n"
    ) in capsys.readouterr().out


def test_check_names_bad_rows(rates, capsys: Capture):
    rates("2025-01-01,EUR,1.1\n2025-01-02,EUR,x\n")
    assert main(["check", "--offline"]) == 1
    assert "cannot read 1 row: rates.csv:3: 'x' is no decimal" in capsys.readouterr().out


def test_status_says_how_far_the_rates_go(rates, capsys: Capture):
    rates("2025-01-01,EUR,1.1\n2025-01-05,EUR,1.1\n2025-01-03,GBP,1.25\n2025-01-04,GBP,x\n")
    main(["sync"])
    capsys.readouterr()
    assert main(["status"]) == 0
    out, err = capsys.readouterr()
    assert [line.split() for line in out.splitlines() if "rates.csv" in line] == [
        ["file:", "rates.csv", "2025-01-05", "2", "3"]
    ]
    assert err == "fx: rates.csv:5: rate: 'x' is no decimal number like 1.0842\n"


def test_status_for_programs(rates, capsys: Capture):
    rates("2025-01-01,EUR,1.1\n")
    main(["sync"])
    capsys.readouterr()
    main(["status", "--json"])
    found = json.loads(capsys.readouterr().out)["rates"]
    assert (found["outcome"], found["counts"]["stored"]) == ("done", 1)
    assert found["sources"] == [
        {"source": "file: rates.csv", "last_day": "2025-01-01", "currencies": 1, "rates": 1}
    ]


def test_status_without_rates(folder: Path, capsys: Capture):
    (folder / "plugins.toml").write_text("")
    main(["status", "--json"])
    assert json.loads(capsys.readouterr().out)["rates"] is None
    main(["status"])
    assert "rates" not in capsys.readouterr().out


def test_the_plugin_in_the_docs_works_as_typed(folder: Path):
    docs = (Path(__file__).parents[2] / "docs/currencies.md").read_text(encoding="utf-8")
    (folder / "bank.py").write_text(docs.split("```python\n")[1].split("```")[0])
    (folder / "plugins.toml").write_text(
        "[tenure]\nstore = 'sqlite:///t.db'\n[fx]\nuse='./bank.py'"
    )
    assert main(["check"]) == 0
    assert main(["sync"]) == 0
    assert known(folder) == [("EUR", 20119, 10_393_000_000, "./bank.py: treasury")]
