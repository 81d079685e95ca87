"""init, check, plugins and schema as a user types them."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenure.cli import main
from tenure.config import starter
from tenure.plugin import PluginConfig

Capture = pytest.CaptureFixture[str]

PLUGIN = """
from pydantic import SecretStr


from tenure import API, Connector, HttpConfig, PluginConfig, hookimpl


class Config({base}):
    token: SecretStr = SecretStr("")


class Probe(Connector):
    name, api, Config = "probe", API, Config

    def check(self, context):
        yield "can read 3 subscriptions"
        {fate}

    def pull(self, request):
        yield from ()


@hookimpl
def tenure_connectors():
    return [Probe]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TENURE_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def probe(folder: Path) -> Callable[..., None]:
    """Add a connector to plugins.toml whose check ends with this statement."""

    def added(fate: str = "", *, options: str = "", base: str = "PluginConfig") -> None:
        name = f"p{len(list(folder.glob('*.py')))}"
        (folder / f"{name}.py").write_text(PLUGIN.format(fate=fate, base=base))
        with (folder / "plugins.toml").open("a") as file:
            file.write(f'[connectors.{name}]\nuse = "./{name}.py"\n{options}\n')

    return added


def test_init_writes_a_workspace_that_check_accepts(folder: Path, capsys: Capture) -> None:
    assert main(["init"]) == 0
    assert main(["check"]) == 0
    assert "warning config: no connector is named yet" in capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == [".env.example", "plugins.toml"]


def test_init_makes_the_folder_and_names_the_next_command(folder: Path, capsys: Capture) -> None:
    main(["init", "new place"])
    assert "Next: cd 'new place' && tenure check" in capsys.readouterr().out
    assert (folder / "new place/plugins.toml").is_file()


@pytest.mark.parametrize("name", ["plugins.toml", ".env.example"])
def test_init_overwrites_nothing(folder: Path, name: str, capsys: Capture) -> None:
    (folder / name).write_text("mine")
    assert main(["init"]) == 2
    assert f"{name} is there already, and nothing was written" in capsys.readouterr().err
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(name, "mine")]


def test_init_in_a_place_that_is_none(folder: Path, capsys: Capture) -> None:
    (folder / "file").touch()
    assert main(["init", "file/below"]) == 2
    assert "file/below cannot be written" in capsys.readouterr().err


def test_init_from_a_file_that_is_not_there(folder: Path, capsys: Capture) -> None:
    assert main(["init", "--from", "no.csv"]) == 2
    assert "There is no file no.csv" in capsys.readouterr().err
    assert not list(folder.iterdir())


def test_init_from_a_file_writes_how_to_read_it(folder: Path, capsys: Capture) -> None:
    (folder / "subs.csv").write_text("customer;start;mrr\nacme;2025-01-01;10,50\n")
    assert main(["init", "--from", "subs.csv"]) == 0
    written = tomllib.loads((folder / "plugins.toml").read_text())["connectors"]["history"]
    assert (written["use"], written["path"]) == ("file", "subs.csv")
    assert "Understood subs.csv as:" in capsys.readouterr().out


def test_init_from_a_file_says_and_writes_down_what_needs_a_look(
    folder: Path, capsys: Capture
) -> None:
    (folder / "subs.csv").write_text("payer of it,start,mrr\nacme,2025-01-01,10\n")
    assert main(["init", "--from", "subs.csv"]) == 0
    note = "Look at this: no column looks like the customer: add it under columns\n"
    assert note in capsys.readouterr().out
    text = (folder / "plugins.toml").read_text()
    assert f"# {note}" in text
    assert "_notes" not in tomllib.loads(text)["connectors"]["history"]


def test_init_from_a_file_elsewhere_names_it_whole(folder: Path) -> None:
    (folder / "subs.csv").write_text("customer,start,mrr\nacme,2025-01-01,10\n")
    assert main(["init", "new", "--from", "subs.csv"]) == 0
    written = tomllib.loads((folder / "new/plugins.toml").read_text())["connectors"]["history"]
    assert written["path"] == str(folder / "subs.csv")


def test_the_commented_tables_are_right_too() -> None:
    lines = starter.render().splitlines()
    text = "\n".join(line.removeprefix("# ") for line in lines if "=" in line or "[" in line)
    sections = text[text.index("[tenure]") :].replace("written by", "")
    tables = tomllib.loads(sections.replace("`tenure init", "#"))
    assert tables["connectors"]["history"]["use"] == "file"
    assert tables["sinks"]["files"]["use"] == "file"


@pytest.mark.parametrize(
    "value",
    ['a "b" \\ \x7f \n ü', "${A}", 5, -1.5, True, ["a", 1], {"a b": {"c": ["ü", {}]}, "d.e": ""}],
)
def test_guessed_options_come_back_from_toml(value: Any) -> None:
    table = starter.connector_table({"option": value, "none": None}, PluginConfig)
    options = tomllib.loads(table)["connectors"]["history"]
    assert json.loads(json.dumps(options).replace("$${", "${")) == {"use": "file", "option": value}


def test_check_says_what_can_be_read(probe: Callable[..., None], capsys: Capture) -> None:
    probe()
    assert main(["check"]) == 0
    assert "ok      connector p0 (./p0.py): can read 3 subscriptions\n" in capsys.readouterr().out


def test_check_makes_no_store(probe: Callable[..., None], folder: Path, capsys: Capture) -> None:
    probe()
    main(["check"])
    assert "will be made by the first sync" in capsys.readouterr().out
    assert not (folder / "tenure.db").exists()


@pytest.mark.parametrize(
    ("fate", "code", "said"),
    [
        ("from tenure import ConfigError; raise ConfigError('No scope x', 'Add it')", 2, "Add it"),
        ("from tenure import SourceError; raise SourceError('It is down')", 1, "It is down"),
        ("raise KeyError('subscriptions')", 1, "its check failed: KeyError: 'subscriptions'"),
        ("import sys; sys.exit(0)", 1, "its check failed: SystemExit: 0"),
    ],
)
def test_check_of_a_source_that_fails(
    probe: Callable[..., None], capsys: Capture, fate: str, code: int, said: str
) -> None:
    probe(fate)
    assert main(["check"]) == code
    out = capsys.readouterr().out
    assert "ok      connector p0 (./p0.py): can read 3 subscriptions" in out
    assert "failed  connector p0" in out
    assert said in out


def test_a_refused_credential_beats_a_source_that_is_down(probe: Callable[..., None]) -> None:
    probe("from tenure import ConfigError; raise ConfigError('refused')")
    probe("from tenure import SourceError; raise SourceError('down')")
    assert main(["check"]) == 2


def test_check_goes_on_after_a_broken_plugin(
    probe: Callable[..., None], folder: Path, capsys: Capture
) -> None:
    probe()
    probe()
    (folder / "p0.py").write_text("raise ValueError('broken')")
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert "failed  connector p0 (./p0.py): Plugin" in out
    assert "ok      connector p1 (./p1.py): can read 3" in out


def test_check_shows_no_secret(probe: Callable[..., None], capsys: Capture) -> None:
    probe("raise ValueError(self.config.token.get_secret_value())", options='token = "hunter-22"')
    main(["check", "--verbose"])
    said = "".join(capsys.readouterr())
    assert "ValueError: ***" in said
    assert "hunter-22" not in said


def test_offline_asks_nobody_on_the_network(probe: Callable[..., None], capsys: Capture) -> None:
    probe("raise AssertionError", base="HttpConfig", options='api_base = "http://h"')
    assert main(["check", "--offline"]) == 0
    assert "not asked (--offline)" in capsys.readouterr().out


def test_offline_still_asks_what_is_here(probe: Callable[..., None], capsys: Capture) -> None:
    probe()
    main(["check", "--offline"])
    assert "can read 3 subscriptions" in capsys.readouterr().out


def test_a_disabled_connector_is_not_asked(probe: Callable[..., None], capsys: Capture) -> None:
    probe("raise AssertionError", options="enabled = false")
    assert main(["check"]) == 0
    assert "connector p0 (./p0.py): disabled" in capsys.readouterr().out


def test_check_says_all_mistakes_and_ends_with_2(folder: Path, capsys: Capture) -> None:
    (folder / "plugins.toml").write_text("[tenure]\ncurrency = 'X'\n[fx]\n")
    assert main(["check"]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 2)


def test_check_of_a_store_that_cannot_be_made(folder: Path, capsys: Capture) -> None:
    (folder / "plugins.toml").write_text("tenure.store = 'sqlite:///no/where.db'")
    assert main(["check"]) == 1
    assert "failed  store: " in capsys.readouterr().out
