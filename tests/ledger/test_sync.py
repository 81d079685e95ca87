"""A sync keeps its secrets: a connector may put one anywhere, and nobody reads it anywhere."""

import sqlite3
from pathlib import Path

import pytest

from tenure.cli import main

SECRET = "hunter2-sk_live_4242"
CONFIG = """
[tenure]
store = "sqlite:///t.db"
[connectors.leaky]
use = "./leaky.py"
api_key = "${LEAKY_KEY}"
[connectors.good]
use = "./good.py"
"""
PLUGIN = """
from datetime import UTC, datetime
from typing import ClassVar
from pydantic import SecretStr
import tenure

class Plugin(tenure.Connector):
    name = "{name}"
    api = 1
    class Config(tenure.PluginConfig):
        api_key: SecretStr = SecretStr("")
    def check(self, context):
        yield "fine"
    def pull(self, request):
        key = self.config.api_key.get_secret_value()
        start = datetime(2025, 1, 1, tzinfo=UTC)
        point = tenure.Point(effective_at=start, amount=1, currency="USD", source_ref="s:1")
        item = tenure.Item(id="i", points=[point])
        yield tenure.Subscription(id="s", customer="c", items=[item])
        {body}

@tenure.hookimpl
def tenure_connectors():
    return [Plugin]
"""
LEAKS = {
    "an exception": "raise RuntimeError(f'401 for {key}')",
    "an error of ours": "raise tenure.SourceError(f'401 for {key}', f'ask about {key}')",
    "an exit": "raise SystemExit(key)",
    "a cause": "raise RuntimeError('see above') from ValueError(key)",
    "a quarantined row": (
        "yield tenure.Quarantined(source_ref=f'{key}:1', reason=f'no {key}', column=key, raw=key)"
    ),
    "a long quarantined row": (
        "yield tenure.Quarantined(source_ref='1', reason='?', raw='x' * 1990 + key)"
    ),
    "a broken record": "yield tenure.Item(id=key, points=[])",
    "a print": "print('reading')",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEAKY_KEY", SECRET)
    (tmp_path / "plugins.toml").write_text(CONFIG)
    (tmp_path / "good.py").write_text(PLUGIN.format(name="good", body=""))
    return tmp_path


def stored(folder: Path) -> str:
    """Everything in the ledger, the write-ahead log included, as text."""
    with sqlite3.connect(folder / "t.db") as ledger:
        dump = "\n".join(ledger.iterdump())
    ledger.close()
    return dump


@pytest.mark.parametrize("how", ["text", "json"])
@pytest.mark.parametrize("leak", LEAKS)
def test_a_secret_of_a_connector_is_nowhere(
    folder: Path, capsys: pytest.CaptureFixture[str], leak: str, how: str
):
    (folder / "leaky.py").write_text(PLUGIN.format(name="leaky", body=LEAKS[leak]))
    code = main(["--verbose", f"--log-format={how}", "sync"])
    main(["status"])
    main(["quarantine"])
    said = capsys.readouterr()
    assert code == (leak != "a print")
    for text in (said.out, said.err, stored(folder)):
        assert SECRET[:8] not in text
    assert "good: 1 row" in said.out.replace("rows", "row")


def test_what_a_connector_prints_is_no_result(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "leaky.py").write_text(PLUGIN.format(name="leaky", body="print('reading')"))
    assert main(["sync"]) == 0
    said = capsys.readouterr()
    assert ("reading" in said.out, "reading" in said.err) == (False, True)


@pytest.mark.parametrize("way_out", ["SystemExit(0)", "GeneratorExit"])
def test_an_exit_of_a_connector_ends_only_its_own_pull(
    folder: Path, capsys: pytest.CaptureFixture[str], way_out: str
):
    (folder / "leaky.py").write_text(PLUGIN.format(name="leaky", body=f"raise {way_out}"))
    assert main(["sync"]) == 1
    said = capsys.readouterr()
    assert "failed inside its plugin 'leaky'" in said.err
    assert "good: 1 row" in said.out.replace("rows", "row")
