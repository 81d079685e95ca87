"""`tenure accounts`, and what `sync` and `status` say of it."""

import csv
import io
import json
from pathlib import Path

import pytest

from tenure.cli import main

CONFIG = """
[tenure]
store = "sqlite:///tenure.db"
[connectors.billing]
use = "file"
path = "billing.csv"
attributes = ["email"]
[connectors.crm]
use = "file"
path = "crm.csv"
attributes = ["domain", "sid"]
provides = ["attributes"]
"""
ACCOUNTS = """
[accounts]
match = ["property:sid", "domain"]
map = "accounts.csv"
"""
BILLING = """customer,start,mrr,email
s1,2025-01-05,1,ann@acme.com
s2,2025-01-05,2,bob@gmail.com
s3,2025-01-05,3,cy@dup.com
s4,2025-01-05,4,dan@lone.org
"""
CRM = """customer,start,mrr,domain,sid,customer_name
h1,2025-01-05,0,acme.com,,
h2,2025-01-05,0,dup.com,,Dup
h3,2025-01-05,0,www.dup.com,s9,
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "plugins.toml": CONFIG + ACCOUNTS,
        "billing.csv": BILLING,
        "crm.csv": CRM,
        "accounts.csv": "connector,customer,account\n",
    }.items():
        Path(name).write_text(text)
    return tmp_path


def test_from_a_sync_to_a_settled_account(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["sync"]) == 0
    said = "accounts: 1 account of 2 customers, 1 ambiguous, 3 unmatched; 2 links changed"
    assert said in capsys.readouterr().out

    assert main(["accounts", "--ambiguous", "--format", "json"]) == 0
    rows = {row["account"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["billing/s3"]["reasons"] == [
        "domain dup.com of billing/s3 fits crm/h2 (Dup), crm/h3"
    ]
    assert rows["billing/s3"]["settle"] == "billing,s3,crm/h2"
    assert rows["billing/s3"]["customers"] == [
        {"connector": "billing", "customer": "s3", "name": None, "rule": None, "since": None}
    ]

    with Path("accounts.csv").open("a") as file:
        file.write(rows["billing/s3"]["settle"] + "\nbilling,s8,acme\n")
    assert main(["accounts", "--format", "csv"]) == 1
    out, err = capsys.readouterr()
    assert "accounts merged: billing/s3, crm/h2\n" in err
    assert err.endswith("accounts.csv:3: customer: billing has no customer 's8'\n")
    lines = list(csv.DictReader(io.StringIO(out)))
    found = {f"{line['connector']}/{line['customer']}": line for line in lines}
    assert found["billing/s3"]["account"] == found["crm/h2"]["account"] == "crm/h2"
    assert [found["crm/h2"][name] for name in ("name", "rule", "state")] == ["Dup", "map", "joined"]
    assert found["crm/h1"]["since"].startswith("20")
    assert found["billing/s2"]["reasons"] == "nobody else has bob@gmail.com"

    assert main(["sync", "--quiet"]) == 1
    assert "! accounts.csv:3: customer: billing has no customer" in capsys.readouterr().err
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accounts"]["accounts"] == 2
    assert main(["status"]) == 0
    assert "accounts: 2 accounts of 4 customers" in capsys.readouterr().out


def test_a_table_for_people_with_what_is_open_first(
    folder: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "200")
    main(["sync", "--quiet"])
    capsys.readouterr()
    assert main(["accounts", "--unmatched"]) == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines[1:-1]] == ["billing/s2", "billing/s4", "crm/h3"]
    assert "property:sid of crm/h3 names s9, whom no other connector has" in "  ".join(lines[3])
    assert main(["accounts"]) == 0
    first = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()[1:-1]]
    assert first == ["billing/s3", "billing/s2", "billing/s4", "crm/h3", "crm/h1"]


def test_a_map_that_is_missing_fails_after_the_rest_was_done(folder: Path, capsys):
    Path("accounts.csv").unlink()
    assert main(["sync"]) == 2
    out, err = capsys.readouterr()
    assert "billing: 4 rows read = 4 stored" in out
    assert "Make it with the line connector,customer,account" in err


def test_check_reads_the_map(folder: Path, capsys):
    Path("accounts.csv").write_text("connector,customer,account\nbilling,s1,a\nx,s1,a\n")
    main(["check"])
    out = capsys.readouterr().out
    assert "ok      accounts: accounts.csv: 1 customer" in out
    assert "warning accounts: accounts.csv:3: connector: there is no connector 'x'" in out
    Path("accounts.csv").unlink()
    assert main(["check"]) == 2
    assert "failed  accounts: There is no file" in capsys.readouterr().out


def test_where_nothing_could_be_read_nobody_is_matched(folder: Path, capsys):
    Path("billing.csv").unlink()
    Path("crm.csv").unlink()
    assert main(["sync"]) == 1
    assert (
        "accounts: 0 accounts of 0 customers, 0 ambiguous, 0 unmatched" in capsys.readouterr().out
    )


def test_without_the_table_there_are_no_accounts(folder: Path, capsys):
    main(["sync"])
    Path("plugins.toml").write_text(CONFIG)
    capsys.readouterr()
    assert main(["sync"]) == 0
    assert (
        "accounts: 0 accounts of 0 customers, 0 ambiguous, 4 unmatched" in capsys.readouterr().out
    )
    assert main(["sync"]) == 0
    assert "accounts" not in capsys.readouterr().out
    assert main(["accounts"]) == 2
    assert "plugins.toml has no table [accounts]" in capsys.readouterr().err
