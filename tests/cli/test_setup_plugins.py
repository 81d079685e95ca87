"""`tenure plugins` and `tenure schema`: what is installed, good or broken."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenure.cli import main

Capture = pytest.CaptureFixture[str]
Install = Callable[[str], None]

SHOWN = """
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from tenure import API, Connector, PluginConfig, hookimpl


class Part(BaseModel):
    size: int


class Config(PluginConfig):
    token: SecretStr = Field(description="Where it is from")
    parts: list[Part] = []
    limit: int | None = None
    modes: tuple[Literal["fast", "slow"], ...] = ("fast",)
    names: dict[str, bool] = {}
    span: int | str = "all"
    # more


class Shown(Connector):
    '''Shows itself.'''

    name, api, Config, requests_per_second = "shown", API, Config, 12.5
    check = pull = lambda self, context: iter(())


@hookimpl
def tenure_connectors():
    return [Shown]
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution `shown` with this module behind its entry point."""
    monkeypatch.syspath_prepend(tmp_path)
    module = "shown_" + "".join(c for c in tmp_path.name if c.isalnum())

    def installed(text: str) -> None:
        (tmp_path / f"{module}.py").write_text(text)
        info = tmp_path / "shown-3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shown\nVersion: 3\n")
        (info / "entry_points.txt").write_text(f"[tenure.plugins]\nshown = {module}\n")

    return installed


def choice(schema: Any, use: str) -> Any:
    choices = schema["properties"]["connectors"]["additionalProperties"]["anyOf"]
    return next(c for c in choices if c["properties"]["use"] == {"const": use})


def test_show_says_all_of_a_plugin(install: Install, capsys: Capture) -> None:
    install(SHOWN)
    assert main(["plugins", "show", "shown"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[:2] == ["connector shown (shown 3)", "Shows itself."]
    assert "requests per second: 12.5" in lines
    assert lines[-7:] == [
        "option type default meaning",
        "token secret required Where it is from",
        "parts list of table []",
        "limit integer",
        'modes list of fast | slow ["fast"]',
        "names table of true | false {}",
        'span integer or text "all"',
    ]


def test_list_marks_a_broken_one_and_goes_on(install: Install, capsys: Capture) -> None:
    install("raise ValueError('no luck')")
    assert main(["plugins", "list"]) == 0
    out, err = capsys.readouterr()
    assert ["?", "shown", "shown", "3", "broken"] in [line.split() for line in out.splitlines()]
    assert "ValueError: no luck" in err
    assert "connector  file" in out


def test_show_of_a_broken_one_fails(install: Install, capsys: Capture) -> None:
    install("raise ValueError('no luck')")
    assert main(["plugins", "show", "shown"]) == 1
    assert "ValueError: no luck" in capsys.readouterr().err


def test_the_schema_has_the_tables_inside_of_options(install: Install, capsys: Capture) -> None:
    install(SHOWN)
    main(["schema"])
    schema = json.loads(capsys.readouterr().out)
    assert choice(schema, "shown")["required"] == ["use", "token"]
    assert schema["$defs"]["connector.shown.Part"]["properties"]["size"]["type"] == "integer"


def test_the_schema_lives_with_options_that_json_cannot_say(
    install: Install, capsys: Capture
) -> None:
    install(SHOWN.replace("# more", "made: type(iter) = iter"))
    assert main(["schema"]) == 0
    out, err = capsys.readouterr()
    assert choice(json.loads(out), "shown")["additionalProperties"] is True
    assert "have no JSON Schema" in err


def test_the_schema_leaves_a_broken_plugin_out(install: Install, capsys: Capture) -> None:
    install("raise ValueError('no luck')")
    assert main(["schema"]) == 0
    assert "ValueError: no luck" in capsys.readouterr().err


def test_plugins_lists_the_built_in_ones(capsys: Capture) -> None:
    assert main(["plugins"]) == 0
    rows = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    names = [("connector", "file"), ("rates", "ecb"), ("rates", "file"), ("sink", "file")]
    assert [[*name, "tenure"] for name in names if [*name, "tenure"] not in rows] == []


def test_plugins_show_of_an_unknown_one(capsys: Capture) -> None:
    assert main(["plugins", "show", "nothing"]) == 2
    assert "No plugin 'nothing' is installed\nInstalled: " in capsys.readouterr().err


def test_plugins_show_names_options_and_capabilities(capsys: Capture) -> None:
    assert main(["plugins", "show", "connector.file"]) == 0
    out = capsys.readouterr().out
    assert "provides" in out
    assert [line.split()[:3] for line in out.splitlines() if line.startswith("path ")] == [
        ["path", "text", "required"]
    ]


def test_schema_knows_the_options_of_the_installed_plugins(capsys: Capture) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    choices = schema["properties"]["connectors"]["additionalProperties"]["anyOf"]
    assert {"const": "file"} in [choice["properties"]["use"] for choice in choices]
    tables = {"tenure", "connectors", "accounts", "fx", "sinks", "metrics", "daemon"}
    assert set(schema["properties"]) == tables


def test_schema_knows_the_sources_of_rates(capsys: Capture) -> None:
    main(["schema"])
    ecb, file, local = json.loads(capsys.readouterr().out)["properties"]["fx"]["anyOf"]
    assert (ecb["properties"]["use"], ecb["required"]) == ({"const": "ecb"}, ["use"])
    assert (file["properties"]["use"], file["required"]) == ({"const": "file"}, ["use", "path"])
    assert {"use", "enabled", "max_age_days"} == set(local["properties"])


def test_every_reference_in_the_schema_leads_somewhere(capsys: Capture) -> None:
    main(["schema"])
    text = capsys.readouterr().out
    known = {f'"#/$defs/{name}"' for name in json.loads(text)["$defs"]}
    assert {
        part.split(": ")[1].strip(",} ") for part in text.splitlines() if '"$ref"' in part
    } <= known


def test_plugins_show_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(SHOWN)
    assert main(["plugins", "show", "./mine.py"]) == 0
    out = capsys.readouterr().out
    assert f"connector ./mine.py ({tmp_path / 'mine.py'})" in out
    assert "Where it is from" in out


def test_plugins_show_of_a_file_that_is_not_there(capsys: Capture):
    assert main(["plugins", "show", "./nowhere.py"]) == 1
    assert "There is no plugin file" in capsys.readouterr().err
