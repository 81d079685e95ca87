"""docs/salesforce.md names every option and field, and what it shows can be deployed and typed."""

import re
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tenure import HttpConfig
from tenure_sinks.figures import FIGURES
from tenure_sinks.salesforce import SalesforceConfig
from tenure_sinks.salesforce.fields import _TYPES, NAMES
from tenure_sinks.salesforce.session import API

DOC = (Path(__file__).parents[2] / "docs" / "salesforce.md").read_text()
PACKAGE, OBJECT, PERMISSIONS = re.findall(r"```xml\n(.*?)```", DOC, re.DOTALL)
SET_UP_AS = {"double": "Number", "currency": "Currency", "string": "Text"}


def under(text: str, tag: str) -> list[dict[str, str]]:
    """The elements of that name, as what stands in them."""
    root = ET.fromstring(re.sub(r' xmlns=".*?"', "", text).encode())  # noqa: S314 - our own text
    return [{part.tag: part.text or "" for part in each} for each in root.iter(tag)]


@pytest.mark.parametrize(
    "name", sorted({*SalesforceConfig.model_fields} - {*HttpConfig.model_fields})
)
def test_every_option_is_named(name):
    assert f"`{name}`" in DOC


@pytest.mark.parametrize("figure", FIGURES, ids=lambda each: each.name)
def test_every_field_can_be_deployed_with_a_type_that_its_figure_fits(figure):
    name = NAMES[figure.name]
    assert f"| `{figure.name}` | `{name}` |" in DOC
    types = {SET_UP_AS.get(each, each.capitalize()) for each in _TYPES[figure.kind]}
    (made,) = [each for each in under(OBJECT, "fields") if each["fullName"] == name]
    assert made["type"] in types


def test_every_field_that_is_deployed_may_be_used():
    may = {each["field"]: each["editable"] for each in under(PERMISSIONS, "fieldPermissions")}
    made = [f"Account.{each['fullName']}" for each in under(OBJECT, "fields")]
    assert list(may) == made
    assert [name for name, edit in may.items() if edit == "false"] == [made[0]]


def test_the_version_of_the_api_is_said():
    version = API.rpartition("/v")[2]
    assert f"version of the API is {version}" in DOC
    assert f"<version>{version}</version>" in PACKAGE


def test_the_table_that_is_shown_is_valid():
    (shown,) = re.findall(r"```toml\n(.*?)```", DOC, re.DOTALL)
    table = tomllib.loads(shown)["sinks"]["sales"]
    assert table.pop("use") == "salesforce"
    assert SalesforceConfig(**table).key.connector == "billing"
