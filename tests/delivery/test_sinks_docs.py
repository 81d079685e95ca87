"""What docs/sinks.md shows of the core, `file`, `webhook` and `email` works as it is typed."""

import re
import tomllib
from pathlib import Path

import pytest

from tenure.config import load
from tenure.config.sections import AlertsTable, SinkKeys
from tenure.plugins import load as plugin

DOCS = (Path(__file__).parents[2] / "docs" / "sinks.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", DOCS, re.DOTALL | re.MULTILINE))


def options(section):
    """The names in the first column of its first table."""
    (table, *_) = re.findall(r"\| option \|.*?\n((?:\|.*\n)+)", SECTIONS[section])
    cells = [line.split("|")[1] for line in table.splitlines()[1:]]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize("section", ["What every sink takes", "`webhook`", "`email`"])
def test_each_table_that_is_shown_is_one(tmp_path, monkeypatch, section):
    monkeypatch.setenv("TENURE_WEBHOOK_SECRET", "long enough to be one")
    monkeypatch.setenv("SMTP_PASSWORD", "s3cret")
    path = tmp_path / "plugins.toml"
    (shown,) = re.findall(r"```toml\n(.*?)```", SECTIONS[section], re.DOTALL)
    path.write_text(shown)
    assert len(load(path).sinks) == 1


def test_the_alerts_that_are_shown_are_all_there_are():
    (shown,) = re.findall(r"```toml\n(.*?)```", SECTIONS["Alerts"], re.DOTALL)
    rules = tomllib.loads(shown)["sinks"]["ops"]["alerts"]
    assert list(rules) == list(AlertsTable.model_fields)
    AlertsTable.model_validate(rules)


@pytest.mark.parametrize("name", ["file", "webhook", "email"])
def test_every_option_is_told(name):
    fields = plugin("sink", name, Path()).Config.model_fields
    own = {info.alias or key for key, info in fields.items()}
    assert options(f"`{name}`") - {"reports"} == own


def test_every_key_of_the_core_is_told():
    told = options("What every sink takes")
    assert told == set(SinkKeys.model_fields) - {"use", "provides", "alerts"}


def test_every_report_of_files_is_told():
    reports = plugin("sink", "file", Path()).reports
    assert set(re.findall(r"^\| `(\w+)` \| .* \| .* \|$", SECTIONS["`file`"], re.MULTILINE)) == set(
        reports
    )
