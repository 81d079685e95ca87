"""`tenure policy show`: every choice, and a hash that anybody can check."""

import hashlib
import json
from pathlib import Path

import pytest

from tenure.cli import main
from tenure.metrics.policy import Policy

CONFIG = """
[tenure]
store = "sqlite:///tenure.db"
[connectors.book]
use = "file"
path = "book.csv"
[metrics]
week_factor = "4.33"
exclude = ["customer:c1"]
"""


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    """The exit code and stdout of `tenure policy show`."""
    monkeypatch.chdir(tmp_path)
    Path("plugins.toml").write_text(CONFIG)
    return lambda *words: (main(["policy", "show", *words]), capsys.readouterr().out)


def test_every_choice_has_a_line_with_its_value(show):
    code, out = show()
    lines = {line.split()[0]: line for line in out.splitlines()[1:-1]}
    assert code == 0
    assert set(lines) == set(Policy.model_fields)
    assert lines["week_factor"].split()[1] == "4.33"
    assert lines["exclude"].split()[1] == "customer:c1"
    assert lines["past_due_grace_days"].split()[1] == "none"


def test_the_hash_is_that_of_the_json(show):
    canonical = show("--format", "json")[1].removesuffix("\n")
    assert json.loads(canonical)["exclude"] == ["customer:c1"]
    assert f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}" in show()[1]
