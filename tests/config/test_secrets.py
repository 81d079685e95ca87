"""Whatever is wrong, a secret stands in no message."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.config import load
from tenure.errors import TenureError

WORD = "s3cr3t"
SECRETS = st.text(
    st.characters(codec="ascii", min_codepoint=32, exclude_characters="$"), max_size=20
).map(lambda text: f"{WORD}{text}{WORD}")

PLACES = [
    "token = {}",
    "tokn = {}",
    "pin = {}",
    "pin = [{}]",
    "pin = {{ a = {} }}",
    "logins = [{{ password = {}, user = 5 }}]",
    "logins = [{{ passwrd = {} }}]\nlogins2 = 1",
    "logins = {}",
    "token = 5\npin = {}",
    "mode = {}\ntoken = {}",
    "angry = {}\npin = {}",
]
OUTSIDE = ["url = 5\nmode = {}", "size = {}", "ratio = {}", "stages = {}", "schedule = {}"]
OUTSIDE += ["enabled = {}", "provides = [{}]", "angry = {}", "columns = {{ x = [{}] }}"]


def said(folder: Path, text: str) -> str:
    """All that is said of the file, as a mistake or as a plugin's problem."""
    (folder / "plugins.toml").write_text(text)
    try:
        workspace = load(folder / "plugins.toml")
    except TenureError as error:
        return f"{error} {error.__cause__} {error.__context__}"
    return f"{workspace!r} {workspace.warnings} {workspace.connectors[0].problem}"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(place=st.sampled_from(PLACES), secret=SECRETS)
def test_one_that_is_written_in_the_file(folder: Path, place: str, secret: str) -> None:
    options = place.replace("{}", quoted(secret)).replace("{{", "{").replace("}}", "}")
    assert WORD not in said(folder, f"[connectors.a]\nuse = './acme.py'\n{options}\n")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(place=st.sampled_from(PLACES + OUTSIDE), secret=SECRETS)
def test_one_from_the_environment(folder: Path, place: str, secret: str) -> None:
    options = place.replace("{}", '"${THE_SECRET}"').replace("{{", "{").replace("}}", "}")
    with pytest.MonkeyPatch.context() as environment:
        environment.setitem(os.environ, "THE_SECRET", secret)
        assert WORD not in said(folder, f"[connectors.a]\nuse = './acme.py'\n{options}\n")


@pytest.mark.parametrize("key", ["store", "timezone", "currency", "stor"])
def test_one_in_the_cores_own_table(
    folder: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_SECRET", WORD)
    assert WORD not in said(folder, f'[tenure]\n{key} = "x://u:${{THE_SECRET}}@h"\n')


def test_a_password_in_a_wrong_store_url(folder: Path) -> None:
    assert WORD not in said(folder, f'[tenure]\nstore = "mysql://u:{WORD}@h/t"\n')


def test_one_too_short_to_be_recognized(folder: Path) -> None:
    assert "q9z" not in said(folder, "[connectors.a]\nuse = './acme.py'\npin = 'q9z'\n")
