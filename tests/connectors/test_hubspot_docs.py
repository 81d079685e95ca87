"""docs/hubspot.md names every option, scope and way to count, and what it shows is valid."""

import re
import tomllib
from pathlib import Path

import pytest

from tenure import HttpConfig
from tenure_connectors.hubspot.check import SCOPES
from tenure_connectors.hubspot.options import Custom, HubSpotConfig, Rule

DOC = (Path(__file__).parents[2] / "docs" / "hubspot.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```", DOC, re.DOTALL)
CORE = {"use", "provides"}


@pytest.mark.parametrize("name", sorted({*HubSpotConfig.model_fields} - {*HttpConfig.model_fields}))
def test_every_option_has_its_row(name):
    assert f"\n| `{name}` |" in DOC


@pytest.mark.parametrize("scope", list(SCOPES.values()))
def test_every_scope_is_named(scope):
    assert f"`{scope}`" in DOC


@pytest.mark.parametrize("field", list(Custom.model_fields))
def test_every_part_of_the_table_for_any_object_is_shown(field):
    assert re.search(rf"\b{field} = ", DOC)


def test_every_kind_of_rule_is_named():
    kinds = Rule.model_fields["kind"].annotation.__args__
    assert all(re.search(rf'`{kind}`|kind = "{kind}"', DOC) for kind in kinds)


def shown():
    """Every table that is shown; two ways to write one option are two tables."""
    for block in BLOCKS:
        if block.startswith("revenue"):
            yield from ({"revenue": tomllib.loads(line)["revenue"]} for line in block.splitlines())
        else:
            found = tomllib.loads(block)
            yield found.get("connectors", {}).get("crm", found)


@pytest.mark.parametrize("table", list(shown()))
def test_what_is_shown_is_valid(table):
    options = {name: value for name, value in table.items() if name not in CORE}
    assert HubSpotConfig(**{"token": "pat-x"} | options)
