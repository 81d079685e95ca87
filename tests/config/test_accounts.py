"""The table [accounts]: who is the same customer."""

from collections.abc import Callable
from pathlib import Path
from re import search

import pytest

from tenure.config import AccountsConfig, Workspace, jsonschema

Read = Callable[[str], Workspace]
Wrong = Callable[[str], str]


def test_without_the_table_nobody_is_asked(read: Read) -> None:
    assert read("").accounts is None


def test_rules_a_map_beside_plugins_toml_and_domains(read: Read, folder: Path) -> None:
    text = """
[accounts]
match = ["property:stripe_customer_id", "domain", "parent"]
map = "accounts.csv"
shared_domains = ["agency.com"]
"""
    assert read(text).accounts == AccountsConfig(
        match=("property:stripe_customer_id", "domain", "parent"),
        map=folder / "accounts.csv",
        shared_domains=("agency.com",),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "match = ['emial']",
            "accounts.match[0]: 'emial': not a rule; did you mean 'email'? Allowed: ",
        ),
        ("match = ['property:']", "accounts.match[0]: 'property:': not a rule"),
        ("match = ['email', 'email']", "accounts.match: says email twice; write each rule once"),
        ("match = 'email'", "accounts.match: 'email': should be an array, [ … ]"),
        ("match = [5]", "accounts.match[0]: 5: should be text in quotes"),
        ("map = ''", "accounts.map: '': should not be empty"),
        ("mapp = 'a.csv'", "accounts.mapp: unknown key; did you mean 'map'? Allowed: "),
        (
            "map = 'a'\nshared_domains = ['a@b.c']",
            "accounts.shared_domains[0]: 'a@b.c': not a domain",
        ),
        ("match = []", "accounts: joins nobody; write match = "),
    ],
)
def test_a_mistake(wrong: Wrong, text: str, said: str) -> None:
    assert said in wrong(f"[accounts]\n{text}")


def test_all_mistakes_at_once(wrong: Wrong) -> None:
    said = wrong("[accounts]\nmatch = ['mail']\nmap = 7\nshared = []").splitlines()
    assert [line.partition(": ")[0] for line in said] == [f"plugins.toml:{n}" for n in (2, 3, 4)]


@pytest.mark.parametrize(
    ("rule", "is_one"),
    [("email", True), ("property:x", True), ("mail", False), ("property:", False)],
)
def test_the_schema_for_editors_says_the_same(rule: str, *, is_one: bool) -> None:
    match, _ = jsonschema.build()["properties"]["accounts"]["properties"]["match"]["anyOf"]
    assert bool(search(match["items"]["pattern"], rule)) == is_one
