"""References to the environment, to .env and to files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenure.config import Workspace
from tenure.errors import ConfigError

Read = Callable[[str], Workspace]
Wrong = Callable[[str], str]


def url(workspace: Workspace) -> Any:
    plugin = workspace.connectors[0].plugin
    assert plugin is not None
    return plugin.config.url  # type: ignore[attr-defined]  # acme's option


def test_a_variable_is_filled_in(options: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "here")
    assert url(options('url = "a/${PLACE}/b"')) == "a/here/b"


def test_a_default_is_for_a_variable_that_is_not_set(options: Read) -> None:
    assert url(options('url = "${NO_SUCH_PLACE:-there}"')) == "there"


def test_an_empty_default_is_one(options: Read) -> None:
    assert url(options('url = "${NO_SUCH_PLACE:-}"')) == ""


def test_a_doubled_dollar_is_literal(options: Read) -> None:
    assert url(options('url = "$${PLACE}"')) == "${PLACE}"


def test_dotenv_is_read(options: Read, folder: Path) -> None:
    (folder / ".env").write_text("PLACE='from dotenv'\n")
    assert url(options('url = "${PLACE}"')) == "from dotenv"


def test_the_environment_wins_over_dotenv(
    options: Read, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("PLACE=dotenv\n")
    monkeypatch.setenv("PLACE", "environment")
    assert url(options('url = "${PLACE}"')) == "environment"


def test_a_file_is_read_without_its_last_newline(options: Read, folder: Path) -> None:
    (folder / "url").write_text("from file\n")
    assert url(options('url = { file = "url" }')) == "from file"


def test_numbers_may_come_from_the_environment(
    options: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIZE", "12")
    plugin = options('size = "${SIZE}"').connectors[0].plugin
    assert plugin is not None
    assert plugin.config.size == 12  # type: ignore[attr-defined]  # acme's option


def test_all_missing_variables_are_named_at_once(wrong_options: Wrong) -> None:
    said = wrong_options('url = "${NO_1} ${NO_2}"\nstages = ["${NO_3}"]').splitlines()
    assert [line.split(" is not set;")[0] for line in said] == [
        "plugins.toml:3: connectors.a.url: variable NO_1",
        "plugins.toml:3: connectors.a.url: variable NO_2",
        "plugins.toml:4: connectors.a.stages[0]: variable NO_3",
    ]


def test_an_empty_variable_is_no_value(
    wrong_options: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACE", "")
    assert "variable PLACE is empty" in wrong_options('url = "${PLACE}"')


def test_a_missing_variable_is_said_once_although_the_type_is_wrong_too(
    wrong_options: Wrong,
) -> None:
    assert len(wrong_options('size = "${NO_SIZE}"').splitlines()) == 1


@pytest.mark.parametrize("text", ["${", "${}", "${a-b}", "a ${1}"])
def test_a_malformed_reference_is_a_mistake(wrong_options: Wrong, text: str) -> None:
    assert "`${` without a name" in wrong_options(f'url = "{text}"')


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"", "is empty"), (b"\xff\xfe", "is not UTF-8")],
)
def test_a_file_that_cannot_be_used(
    wrong_options: Wrong, folder: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (folder / "key").write_bytes(content)
    assert said in wrong_options('token = { file = "key" }')


def test_a_line_of_dotenv_that_cannot_be_read(wrong_options: Wrong, folder: Path) -> None:
    (folder / ".env").write_text("A=1\n'unclosed\n")
    assert wrong_options("").startswith(".env:2: the line cannot be read")


def test_a_folder_in_the_place_of_dotenv_is_said(read: Read, folder: Path) -> None:
    (folder / ".env").mkdir()
    with pytest.raises(ConfigError, match=r"\.env is a folder\. Move it away"):
        read("")
