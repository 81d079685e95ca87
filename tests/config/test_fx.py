"""The table [fx]: which source of exchange rates, and how old a rate may be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tenure.config import Workspace
from tenure.plugin import Rates

Read = Callable[[str], Workspace]
Wrong = Callable[[str], str]

BANK = """
from pydantic import SecretStr

from tenure import API, PluginConfig, Rates, hookimpl


class Config(PluginConfig):
    key: SecretStr = SecretStr("")


class Bank(Rates):
    name, api, Config = "bank", API, Config

    def check(self, context):
        yield "open"

    def rates(self, request):
        yield from ()


@hookimpl
def tenure_rates():
    return [Bank]
"""


def test_without_the_table_there_is_no_source_and_the_usual_age(read: Read) -> None:
    assert (read("").fx.entry, read("").fx.max_age_days) == (None, 35)


def test_a_source_by_name_with_its_options(read: Read) -> None:
    fx = read("[fx]\nuse = 'file'\npath = 'rates.csv'\nmax_age_days = 5").fx
    assert fx.entry is not None
    assert isinstance(fx.entry.plugin, Rates)
    assert (fx.entry.name, fx.entry.kind, fx.max_age_days) == ("fx", "rates", 5)


def test_a_source_beside_plugins_toml(read: Read, folder: Path) -> None:
    (folder / "bank.py").write_text(BANK)
    workspace = read("[fx]\nuse = './bank.py'\nkey = 'very-secret'")
    assert workspace.fx.entry is not None
    assert workspace.fx.entry.plugin is not None
    assert "very-secret" in workspace.secrets
    assert workspace.warnings[0].startswith("plugins.toml:3: fx.key: a secret is written here")


def test_a_disabled_source_is_not_made(read: Read) -> None:
    fx = read("[fx]\nuse = 'file'\nenabled = false").fx
    assert fx.entry is not None
    assert (fx.entry.enabled, fx.entry.plugin) == (False, None)


def test_a_broken_source_leaves_the_rest_alone(read: Read, folder: Path) -> None:
    (folder / "bank.py").write_text("raise ValueError('closed')")
    fx = read("[fx]\nuse = './bank.py'").fx
    assert fx.entry is not None
    assert "ValueError: closed" in str(fx.entry.problem)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fx = 5", "plugins.toml:1: fx: should be a table, written [fx]"),
        ("[fx]", "plugins.toml:1: fx.use: is required and missing"),
        ("[fx]\nuze = 'ecb'", "plugins.toml:2: fx.uze: unknown key; did you mean 'use'?"),
        ("[fx]\nuse = 'ebc'", "plugins.toml:2: fx.use: No rates plugin 'ebc' is installed. "),
        ("[fx]\nuse = 'ebc'", "Did you mean 'ecb'? Installed: ecb, file"),
        ("[fx]\nuse = 'file'", "plugins.toml:1: fx.path: is required and missing"),
        (
            "[fx]\nuse = 'ecb'\nmax_age_day = 3",
            "plugins.toml:3: fx.max_age_day: unknown key; did you mean 'max_age_days'? Allowed: ",
        ),
        ("[fx]\nuse = 'ecb'\nmax_age_days = -1", "plugins.toml:3: fx.max_age_days: -1: should be"),
        ("[fx]\nuse = 'ecb'\nmax_age_days = 'x'", "fx.max_age_days: 'x': should be a valid int"),
        ("[fx]\nuse = 'ecb'\nschedule = 'every 1h'", "plugins.toml:3: fx.schedule: unknown key"),
        ("[fxx]\nuse = 'ecb'", "plugins.toml:1: fxx: unknown table; did you mean 'fx'?"),
    ],
)
def test_a_mistake(wrong: Wrong, text: str, said: str) -> None:
    assert said in wrong(text)


def test_all_mistakes_are_said_at_once(wrong: Wrong) -> None:
    said = wrong("[fx]\nuse = 'file'\nmax_age_days = -1\npaht = 'rates.csv'")
    assert [line.split(": ")[1] for line in said.splitlines()] == [
        "fx.path",
        "fx.max_age_days",
        "fx.paht",
    ]


def test_a_source_of_rates_has_a_hook_of_its_own(read: Read) -> None:
    fx = read("[fx]\nuse = './acme.py'").fx
    assert fx.entry is not None
    assert str(fx.entry.problem).endswith(
        "acme.py offers no rates. "
        "Return the class from a function tenure_rates marked with @tenure.hookimpl"
    )


def test_the_age_belongs_to_the_core(read: Read, folder: Path) -> None:
    (folder / "bank.py").write_text(
        BANK.replace("key: SecretStr", "max_age_days: int = 1\n    key: SecretStr")
    )
    fx = read("[fx]\nuse = './bank.py'").fx
    assert fx.entry is not None
    assert "an option named 'max_age_days', which belongs to the core" in str(fx.entry.problem)
