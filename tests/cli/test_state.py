"""status, state, quarantine and db: how the ledger stands, in the terminal and for programs."""

import json
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import text

from tenure.cli import main
from tenure.ledger.store import Store

CONFIG = """
[tenure]
store = "sqlite:///t.db"
[connectors.history]
use = "file"
path = "rows.csv"
[connectors.later]
use = "file"
path = "later.csv"
enabled = false
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text(CONFIG)
    (tmp_path / "rows.csv").write_text("customer,start,mrr\na,2025-01-01,5\nb,2025-01-01,x\n")
    return tmp_path


def test_status_before_any_sync(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["status"]) == 0
    assert "never" in capsys.readouterr().out


def test_status_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]):
    main(["sync"])
    capsys.readouterr()
    assert main(["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    history = found["connectors"][0]
    assert (history["name"], history["quarantined"], history["outcome"]) == ("history", 1, "done")
    assert (history["counts"]["read"], history["incomplete"]) == (2, False)
    assert found["pending_deliveries"] == 0


def test_status_says_what_stands_on_which_evidence(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    rows = "a,2025-01-01,5,USD\nb,2025-01-01,1000,USD\nc,2025-01-01,7.5,GBP\nd,x,5,USD\n"
    (folder / "rows.csv").write_text(f"customer,start,mrr,currency\n{rows}")
    main(["sync"])
    capsys.readouterr()
    main(["status", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    nothing = {"items": 0, "mrr": "0.000000", "unconverted": {}}
    assert found["currency"] == "USD"
    assert found["connectors"][0]["quarantined"] == 1
    assert found["connectors"][0]["evidence"] == {
        "observed": {"items": 3, "mrr": "1005.000000", "unconverted": {"GBP": "7.500000"}},
        "inferred": nothing,
        "assumed": nothing,
    }
    main(["status"])
    line = next(one for one in capsys.readouterr().out.splitlines() if "observed" in one)
    assert line.split() == ["history", "observed", "3", "1,005.00", "7.50", "GBP"]


def test_status_says_that_a_source_was_read_by_a_clock_that_was_ahead(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    with time_machine.travel("2100-01-01T08:00Z"):
        main(["sync"])
    main(["status"])
    assert "2100-01-01 08:00 UTC (clock ahead)" in capsys.readouterr().out


def test_status_shows_what_failed(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "rows.csv").unlink()
    assert main(["sync"]) == 1
    assert "There is no file rows.csv" in capsys.readouterr().err
    assert main(["status"]) == 0
    said = capsys.readouterr()
    assert "failed" in said.out
    assert "There is no file rows.csv" in said.err


def test_state_shows_and_forgets_a_cursor(folder: Path, capsys: pytest.CaptureFixture[str]):
    main(["sync"])
    capsys.readouterr()
    assert main(["state", "history"]) == 0
    assert "fingerprint" in capsys.readouterr().out
    assert main(["state", "reset", "history"]) == 0
    main(["state"])
    assert "fingerprint" not in capsys.readouterr().out
    assert main(["state", "nobody"]) == 2
    assert "no connector 'nobody'" in capsys.readouterr().err
    main(["sync"])
    assert "1 unchanged" in capsys.readouterr().out


def test_state_reset_takes_a_date(folder: Path, capsys: pytest.CaptureFixture[str]):
    main(["sync"])
    assert main(["state", "reset", "history", "--to", "2025-03-01"]) == 0
    assert main(["state", "reset", "history", "--to", "March"]) == 2
    (folder / "plugins.toml").write_text(CONFIG.replace("t.db", 't.db"\ntimezone = "Asia/Tokyo'))
    assert main(["state", "reset", "history", "--to", "0001-01-01"]) == 2
    assert main(["state", "reset", "nobody"]) == 2
    assert "never synced" in capsys.readouterr().err


def test_a_mended_row_is_read_by_retry(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["sync"]) == 1
    assert main(["quarantine"]) == 0
    assert "rows.csv:3" in capsys.readouterr().out
    (folder / "rows.csv").write_text("customer,start,mrr\na,2025-01-01,5\nb,2025-01-01,7\n")
    assert main(["quarantine", "retry"]) == 0
    capsys.readouterr()
    assert main(["quarantine", "list"]) == 0
    assert "could be understood" in capsys.readouterr().out
    assert main(["quarantine", "retry"]) == 0
    assert "Nothing to read again" in capsys.readouterr().out


HALF = """
from tenure import Checkpoint, Connector, PluginConfig, Quarantined, hookimpl
@hookimpl
def tenure_connectors():
    return [Half]
class Half(Connector):
    name, api, Config = "half", 1, PluginConfig
    def check(self, context):
        return ()
    def pull(self, request):
        with (request.folder / "told").open("a") as file:
            print(request.unfinished, file=file)
        yield Quarantined(source_ref="r", reason="odd")
        yield Checkpoint(cursor={"at": 1})
        raise RuntimeError("cut off")
"""


def test_retry_does_not_go_on_behind_what_was_not_read(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "half.py").write_text(HALF)
    (tmp_path / "plugins.toml").write_text('[connectors.a]\nuse = "./half.py"\n')
    main(["sync", "--full", "--quiet"])
    main(["sync", "--full", "--quiet"])
    main(["quarantine", "retry"])
    assert (tmp_path / "told").read_text().split("\n")[:-1] == ["None", "{'at': 1}", "None"]


def test_an_accepted_row_is_no_failure_any_more(folder: Path, capsys: pytest.CaptureFixture[str]):
    main(["sync"])
    assert main(["quarantine", "accept", "1"]) == 0
    assert main(["sync"]) == 0
    assert main(["quarantine", "accept", "1"]) == 2
    assert "no open quarantined row 1" in capsys.readouterr().err
    assert main(["quarantine", "accept", str(2**70)]) == 2


def test_db_says_and_brings_the_schema(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["db", "current"]) == 0
    assert "will be made" in capsys.readouterr().out
    assert main(["db", "upgrade"]) == 0
    assert "upgraded from nothing" in capsys.readouterr().out
    assert main(["db", "upgrade"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_db_upgrade_refuses_a_newer_schema(folder: Path, capsys: pytest.CaptureFixture[str]):
    main(["sync"])
    with Store.open(f"sqlite:///{folder / 't.db'}").write() as (connection, _):
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert main(["db", "upgrade"]) == 1
    assert "newer tenure" in capsys.readouterr().err


def test_a_disabled_connector_is_synced_by_nobody(folder: Path, capsys: pytest.CaptureFixture[str]):
    main(["sync"])
    assert "later" not in capsys.readouterr().out
    assert main(["sync", "later"]) == 1
    assert "is disabled" in capsys.readouterr().err


def test_an_unknown_connector_is_a_mistake(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["sync", "histroy"]) == 2
    assert "Did you mean 'history'?" in capsys.readouterr().err
