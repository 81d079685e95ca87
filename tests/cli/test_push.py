"""push and run: what is said, what is written, and how they end."""

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import text
from typed import typed

from tenure.cli import main
from tenure.ledger.store import Store

CONFIG = """
[tenure]
store = "sqlite:///t.db"
[connectors.history]
use = "file"
path = "rows.csv"
[metrics]
segments = ["plan"]
"""
SINK = '[sinks.files]\nuse = "file"\npath = "out"\nreports = ["retention"]\n'
GOOD = "customer,plan,start,mrr\na,pro,2025-01-01,5\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a file sink."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text(CONFIG + SINK)
    (tmp_path / "rows.csv").write_text(GOOD)
    return tmp_path


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a sync makes of its rows."""
    made = tmp_path_factory.mktemp("ledger")
    (made / "plugins.toml").write_text(CONFIG)
    (made / "rows.csv").write_text(GOOD)
    assert typed(made, "sync").returncode == 0
    return made


@pytest.fixture
def synced(folder: Path, ledger: Path) -> None:
    """That workspace, synced."""
    for file in ledger.glob("t.db*"):  # what is new may be in the file beside it
        shutil.copy(file, folder)


def deliveries(folder: Path) -> list[tuple[object, ...]]:
    """Every delivery's sink, state and attempts."""
    with Store.open(f"sqlite:///{folder / 't.db'}").read() as connection:
        found = connection.execute(text("SELECT sink, state, attempts FROM delivery ORDER BY id"))
        return [tuple(row) for row in found]


@pytest.mark.usefixtures("synced")
def test_push_brings_the_total_and_the_named_segments(folder: Path):
    assert main(["push"]) == 0
    rows = json.loads((folder / "out" / "retention.json").read_text())["rows"]
    assert len({row["period"] for row in rows}) == 12
    assert [row["segment"] for row in rows[:2]] == [None, {"plan": "pro"}]


@pytest.mark.usefixtures("synced")
def test_a_second_push_says_that_all_is_there(folder: Path, capsys: pytest.CaptureFixture[str]):
    main(["push"])
    written = (folder / "out" / "retention.json").stat().st_mtime_ns
    capsys.readouterr()
    assert (main(["push"]), capsys.readouterr().out) == (0, "files: up to date\n")
    assert (folder / "out" / "retention.json").stat().st_mtime_ns == written


@pytest.mark.parametrize("other", [["--dry-run"], ["--undo", "1"]])
@pytest.mark.usefixtures("synced")
def test_holding_goes_with_nothing_that_it_would_leave_out(folder: Path, other: list[str]):
    assert main(["push", "files", "--hold", *other]) == 2
    assert deliveries(folder) == []


@pytest.mark.usefixtures("synced")
def test_what_cannot_be_held_is_an_error(folder: Path):
    (folder / "plugins.toml").write_text(CONFIG + SINK + 'segments = ["nobody_has_it"]\n')
    assert main(["push", "--hold"]) != 0


@pytest.mark.usefixtures("synced")
def test_a_dry_run_shows_the_difference_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["push", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "files: would change" in said
    assert "retention.json" in said
    assert (deliveries(folder), (folder / "out").exists()) == ([], False)


TELLING = """
import tenure
class Config(tenure.PluginConfig):
    url: SecretStr
class Telling(tenure.Sink):
    name, api, Config = "telling", 1, Config
    def check(self, context): yield "ok"
    def preview(self, report, context):
        url = self.config.url.get_secret_value()
        return [tenure.Change(target=url, field="f", old=None, new=url)]
    def deliver(self, report, changes, context):
        print("posted to", self.config.url.get_secret_value()[:4])
        return tenure.Receipt(written=1)
@tenure.hookimpl
def tenure_sinks(): return [Telling]
"""


@pytest.mark.usefixtures("synced")
def test_what_a_sink_tells_has_no_secret_and_its_prints_are_no_result(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    (folder / "telling.py").write_text("from pydantic import SecretStr\n" + TELLING)
    sink = '[sinks.hook]\nuse = "./telling.py"\nurl = "https://hooks.test/T0ken-9"\n'
    (folder / "plugins.toml").write_text(CONFIG + sink)
    assert main(["push"]) == 0
    out, err = capsys.readouterr()
    assert ("T0ken-9" in out + err, "***" in out, "posted" in out) == (False, True, False)


@pytest.mark.usefixtures("synced")
def test_a_failed_push_is_said_kept_and_tried_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    (folder / "out").write_text("a file where the folder should be")
    assert main(["push"]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert deliveries(folder) == [("files", "failed", 1)]
    (folder / "out").unlink()
    assert main(["push"]) == 0
    assert deliveries(folder) == [("files", "delivered", 2)]


@pytest.mark.usefixtures("synced")
def test_one_sink_that_fails_does_not_stop_another(folder: Path):
    more = SINK.replace("files", "more").replace("out", "more")
    (folder / "plugins.toml").write_text(CONFIG + SINK + more)
    (folder / "out").write_text("a file where the folder should be")
    assert main(["push"]) == 1
    assert (folder / "more" / "retention.csv").is_file()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["push", "fils"], 2, "Did you mean 'files'?"),
        (["push", "files"], 0, ""),
    ],
)
@pytest.mark.usefixtures("synced")
def test_sinks_are_chosen_by_name(folder, capsys, words, code, said):
    assert main(words) == code
    assert said in capsys.readouterr().err
    assert (folder / "out").exists() == (code == 0)


def test_push_over_an_empty_ledger_says_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["push"]) == 1
    out, err = capsys.readouterr()
    assert (out, "tenure sync" in err, (folder / "out").exists()) == ("", True, False)


@pytest.mark.usefixtures("synced")
def test_without_a_sink_push_says_so(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "plugins.toml").write_text(CONFIG)
    assert main(["push"]) == 0
    assert "There is no sink in plugins.toml" in capsys.readouterr().err


def test_run_syncs_reports_and_pushes(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["run"]) == 0
    said = capsys.readouterr().out
    assert said.index("1 stored") < said.index("NRR") < said.index("files: delivered")
    assert deliveries(folder) == [("files", "delivered", 1)]


def test_a_row_that_cannot_be_read_ends_run_with_1_and_the_rest_is_pushed(folder: Path):
    (folder / "rows.csv").write_text(GOOD + "b,pro,2025-01-01,x\n")
    assert main(["run"]) == 1
    assert deliveries(folder) == [("files", "delivered", 1)]


@pytest.fixture
def unreadable(folder: Path) -> None:
    """A second connector in which no row can be read."""
    (folder / "bad.csv").write_text(GOOD.replace(",5", ",x"))
    other = '[connectors.other]\nuse = "file"\npath = "bad.csv"\n'
    (folder / "plugins.toml").write_text(CONFIG + other + SINK)


@pytest.mark.usefixtures("unreadable")
def test_where_a_connector_gave_nothing_that_can_be_read_nothing_is_pushed(folder: Path, capsys):
    assert main(["run"]) == 3
    out, err = capsys.readouterr()
    assert "connector 'other' gave only rows that cannot be read" in err
    assert ("other 2" in out, "(incomplete)" in out, deliveries(folder)) == (True, True, [])


@pytest.mark.usefixtures("unreadable")
def test_who_knows_that_those_rows_are_bad_pushes(folder: Path):
    main(["sync"])
    assert (main(["push"]), main(["push", "--anyway"])) == (3, 0)
    main(["quarantine", "accept", "1"])
    assert main(["push"]) == 0


@pytest.mark.parametrize("words", [["report"], ["push"]])
def test_where_nothing_at_all_could_be_read_the_rows_are_named(folder: Path, capsys, words):
    (folder / "rows.csv").write_text(GOOD.replace(",5", ",x"))
    main(["sync"])
    assert main(words) == 1
    assert "tenure quarantine" in capsys.readouterr().err


@pytest.mark.usefixtures("synced")
def test_rows_that_can_be_read_no_more_hold_the_figures_back(folder: Path, capsys):
    (folder / "rows.csv").write_text(GOOD.replace(",5", ",x"))
    assert main(["run"]) == 3
    assert "connector 'history' is not read to its end" in capsys.readouterr().err


MISCOUNTS = """
import tenure
class Miscounts(tenure.Connector):
    name, api, Config = "miscounts", 1, tenure.PluginConfig
    def check(self, context): yield "ok"
    def pull(self, request): yield tenure.Checkpoint(complete=True, source_count=2)
@tenure.hookimpl
def tenure_connectors(): return [Miscounts]
"""


def test_figures_that_contradict_each_other_are_not_published(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    (folder / "miscounts.py").write_text(MISCOUNTS)
    (folder / "plugins.toml").write_text(
        CONFIG + '[connectors.bad]\nuse = "./miscounts.py"\n' + SINK
    )
    assert main(["run"]) == 3
    assert "the source has 2" in capsys.readouterr().err
    assert (deliveries(folder), (folder / "out").exists()) == ([], False)
