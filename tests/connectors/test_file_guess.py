"""What `tenure init --from FILE` makes of a file, and that `check`, `sync`, `report` agree."""

import json
from pathlib import Path

import pytest
from openpyxl import Workbook

from tenure.cli import main
from tenure_connectors.file import File


@pytest.fixture
def guess(source):
    """The options guessed for a csv of these lines, the remarks apart."""

    def guessed(*lines: str, name: str = "subs.csv", encoding: str = "utf-8"):
        options = dict(File.guess(source.write(*lines, name=name, encoding=encoding)) or {})
        return options, options.pop("_notes", [])

    return guessed


def test_headers_of_ours_need_no_mapping(guess):
    assert guess("customer,start,mrr", "a,2025-01-01,1") == ({}, [])


def test_other_headers_are_mapped(guess):
    options, notes = guess("Account ID,Started At,Canceled at,Monthly", "a,2025-01-01,,1")
    assert notes == []
    assert options == {
        "columns": {
            "customer": "Account ID", "start": "Started At", "end": "Canceled at", "mrr": "Monthly",
        }
    }  # fmt: skip


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter(guess, delimiter):
    options, _ = guess(delimiter.join(["customer", "start", "mrr"]), "")
    assert options == {"delimiter": delimiter}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_the_encoding(guess, encoding):
    options, _ = guess("customer,start,mrr", "Zoë,2025-01-01,1", encoding=encoding)
    assert options == {"encoding": encoding}


def test_a_long_file_of_utf_8_is_utf_8(guess):
    rows = [f"Zoë {number:07d},2025-01-01,1" for number in range(15_000)]
    assert guess("customer,start,mrr", *rows) == ({}, [])


@pytest.mark.parametrize(
    ("amounts", "signs"),
    [
        (["1.234,56", "7"], {"decimal": ",", "thousands": "."}),
        (["1.234", "99,50"], {"decimal": ",", "thousands": "."}),
        (["1.234.567"], {"decimal": ",", "thousands": "."}),
        (["99,50", "$ 1 234,00"], {"decimal": ","}),
        (["1,234.56"], {"thousands": ","}),
        (["1,234", "56"], {"thousands": ","}),
        (["1'234.50"], {"thousands": "'"}),
        (["1234.56", "$7"], {}),
        (["0.125", "1234"], {}),
    ],
)
def test_the_signs_in_amounts_make_them_readable(guess, source, amounts, signs):
    rows = [f'c{number};2025-01-01;"{amount}"' for number, amount in enumerate(amounts)]
    options, notes = guess("customer;start;mrr", *rows)
    assert (options, notes) == ({"delimiter": ";"} | signs, [])
    assert source.pull(**options).refused == []


@pytest.mark.parametrize("header", ["MRR (EUR)", "mrr in EUR", "Monthly fee [EUR]", "MRR_EUR"])
def test_a_header_may_say_the_currency(guess, header):
    options, notes = guess(f"customer,start,{header}", "a,2025-01-01,1")
    assert options == {"columns": {"mrr": header}}
    assert notes == ['amounts show EUR: set currency = "EUR" under [tenure]']


def test_signs_in_columns_of_months(guess):
    options, _ = guess("customer;2025-01;2025-02", "a;1.234,50;7")
    assert options == {"delimiter": ";", "decimal": ",", "thousands": "."}


@pytest.mark.parametrize(
    ("days", "form"),
    [
        (["31.01.2025", ""], "%d.%m.%Y"),
        (["31/01/2025", "-"], "%d/%m/%Y"),
        (["01/31/2025"], "%m/%d/%Y"),
        (["2025/01/31"], "%Y/%m/%d"),
        (["31 Jan 2025"], "%d %b %Y"),
    ],
)
def test_the_format_of_days_makes_them_readable(guess, source, days, form):
    rows = [f"c{number},{days[0]},{day},1" for number, day in enumerate(days)]
    options, notes = guess("customer,start,end,mrr", *rows)
    assert (options, notes) == ({"date_format": form}, [])
    assert source.pull(**options).refused == []


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        (["customer,start,mrr", "a,01/02/2025,1"], "dates fit %d/%m/%Y and %m/%d/%Y"),
        (["customer,start,mrr", "a,soon,1"], "dates such as 'soon' fit no format"),
        (["who,start,mrr", "a,2025-01-01,1"], "no column looks like the customer"),
        (["customer,begun,mrr", "a,2025-01-01,1"], "no column looks like the start"),
        (["customer,start,worth", "a,2025-01-01,1"], "no column looks like the mrr"),
        (["customer,start,amount", "a,2025-01-01,5000"], "amount has whole numbers only"),
        (["customer,start,mrr", "a,2025-01-01,1.234"], "1.234 was read as 1 and a bit"),
    ],
)
def test_what_a_person_has_to_look_at_is_said(guess, lines, note):
    _, (said,) = guess(*lines)
    assert said.startswith(note)


def test_words_that_recur_are_attributes_and_ids_are_not(guess):
    rows = [f"c{n},2025-01-01,1,{'SE' if n % 2 else 'FR'},p{n % 2},note {n}" for n in range(9)]
    options, _ = guess("customer,start,mrr,country,price_ref_id,remark", *rows)
    assert options == {"attributes": ["country"]}


def test_an_empty_file_has_no_guess(source):
    (source.folder / "subs.csv").touch()
    assert File.guess(source.folder / "subs.csv") is None


def test_other_formats_say_how_they_are_written(source, guess):
    line = '{"customer_id": "a", "started_at": "2025-01-01", "mrr": 1.5, "x": "1;2;3;4"}'
    options, _ = guess(line, name="subs.jsonl")
    assert options == {"columns": {"customer": "customer_id", "start": "started_at"}}


# --- the way of a user


@pytest.fixture
def workspace(source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs commands in the folder of the file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TENURE_CONFIG", raising=False)
    return source


def mrr_of_march(capsys) -> str:
    capsys.readouterr()
    assert main(["report", "--from", "2025-03", "--to", "2025-03", "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)["rows"][0]["end_mrr"]


def test_a_file_is_guessed_checked_synced_and_reported(workspace, capsys):
    workspace.write(
        "Kunde;Customer ID;Start Date;End date;MRR;Land",
        *(f"Zoë {n};c{n};01.0{n}.2025;31.12.2025;€ 1.000,50;SE" for n in (1, 2, 3)),
        encoding="cp1252",
    )
    assert main(["init", "--from", "subs.csv"]) == 0
    assert main(["check"]) == 0
    assert main(["sync"]) == 0
    assert mrr_of_march(capsys) == "3001.500000"


def test_a_spreadsheet_of_months_is_too(workspace, capsys):
    book = Workbook()
    for row in (["Company", "Client", "Jan 2025", "Feb 2025", "Mar 2025"], ["Acme", 7, 1, 2, 3.25]):
        book.active.append(row)
    book.save("levels.xlsx")
    assert main(["init", "--from", "levels.xlsx"]) == 0
    assert main(["sync"]) == 0
    assert mrr_of_march(capsys) == "3.250000"


def test_a_header_alone_retracts_nothing(workspace, capsys):
    workspace.write("customer,start,mrr", "a,2025-01-01,10", "b,2025-01-01,20")
    assert main(["init", "--from", "subs.csv"]) == 0
    assert main(["sync"]) == 0
    workspace.write("customer,start,mrr")
    assert main(["sync"]) == 1
    assert mrr_of_march(capsys) == "30.000000"


def test_a_broken_file_ends_with_1_and_keeps_the_good_rows(workspace, capsys):
    workspace.write("customer,start,mrr", "a,2025-01-01,10", "b,never,20")
    assert main(["init", "--from", "subs.csv"]) == 0
    config = Path("plugins.toml")
    config.write_text(config.read_text().replace('"subs.csv"', '"*.csv"'))
    Path("zzz.csv").write_bytes(b"PK\x03\x04")
    assert main(["sync"]) == 1
    assert "zzz.csv is a spreadsheet or an archive" in capsys.readouterr().err
    assert main(["quarantine"]) == 0
    assert "subs.csv:3" in capsys.readouterr().out


def test_a_wrong_option_is_a_mistake_of_the_configuration(workspace, capsys):
    workspace.write("customer,start,mrr", "a,2025-01-01,10")
    assert main(["init", "--from", "subs.csv"]) == 0
    config = Path("plugins.toml")
    config.write_text(
        config.read_text().replace('use = "file"', 'use = "file"\ndate_format = "%d"')
    )
    assert main(["check"]) == 2
    assert "reads no day, month and year" in capsys.readouterr().err


def test_the_sheet_of_a_finance_person(guess):
    found, notes = guess(
        "Client Name;Start date;Cancelled on;MRR (€)",
        "Acme GmbH;31.01.2025;;€ 1.200,00",
        "Bolt AG;15.02.2025;30.06.2025;€ 80,50",
        "Corp SE;31.02.2025;;€ 10,00",
        "TOTAL;;;€ 1.290,50",
    )
    assert found["columns"] == {
        "customer": "Client Name",
        "start": "Start date",
        "end": "Cancelled on",
        "mrr": "MRR (€)",
    }
    assert found["date_format"] == "%d.%m.%Y"
    assert notes == [
        'amounts show €: set currency = "EUR" under [tenure]',
        "'31.02.2025' is no date like the others: its row will be quarantined",
    ]
