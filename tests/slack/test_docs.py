"""docs/slack.md names what there is, and what it shows can be pasted."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tenure import HttpConfig
from tenure_sinks.slack import Slack, SlackConfig
from tenure_sinks.slack.checking import SCOPES
from tenure_sinks.slack.story import Mover, Part, Story
from tenure_sinks.slack.template import NAMES

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
TABLES = re.findall(r"```toml\n(.*?)```", DOC, re.DOTALL)
PRINTED = {*Story.__dataclass_fields__} - {"log"} | {"top", "lines", "kind", "period"}
PARTS = {*Mover.__dataclass_fields__, *Part.__dataclass_fields__}


@pytest.mark.parametrize("name", sorted({*SlackConfig.model_fields, *HttpConfig.model_fields}))
def test_every_option_is_named(name):
    assert f"`{name}`" in DOC


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_every_value_of_a_template_is_named(name):
    assert f"`{name}`" in DOC


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_part_of_a_list_is_named(name):
    assert f"`.{name}`" in DOC


@pytest.mark.parametrize("name", NAMES)
def test_every_template_is_named(name):
    assert f"`{name}.txt`" in DOC
    assert (ROOT / "sinks/tenure_sinks/slack/templates" / f"{name}.txt").exists()


def test_the_manifest_asks_for_the_scopes_that_check_asks_for():
    (manifest,) = re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)
    asked = json.loads(manifest)["oauth_config"]["scopes"]["bot"]
    kinds = ("channels", "groups")
    assert set(asked) == {scope.format(kind=kind) for scope in SCOPES for kind in kinds}
    assert all(f"`{scope}`" in DOC for scope in asked)


@pytest.mark.parametrize("shown", TABLES)
def test_each_table_that_is_shown_is_valid(shown):
    table = tomllib.loads(shown)["sinks"]["board"]
    assert set(table.pop("reports", [])) <= {*Slack.reports}
    own = {name: value for name, value in table.items() if name in SlackConfig.model_fields}
    assert not own or SlackConfig(**own)
    assert table.keys() - own.keys() <= {"use", "schedule", "alerts"}
