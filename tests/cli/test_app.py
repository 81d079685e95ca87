"""The command line as a whole: global options, endings, and what it does not import."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tenure import __version__
from tenure.cli import main
from tenure.cli.app import Options, app, hoisted, options
from tenure.errors import InvariantError, SourceError

HEAVY = {
    "sqlmodel",
    "sqlalchemy",
    "duckdb",
    "httpx",
    "openpyxl",
    "adbc_driver_manager",
    "jinja2",
    "vl_convert",
}

Register = Callable[[Callable[..., object]], object]


@pytest.fixture
def command() -> Iterator[Register]:
    """Register a function as the command `probe` for one test."""
    before = list(app.registered_commands)
    yield app.command("probe")
    app.registered_commands[:] = before


def imported(*args: str) -> set[str]:
    """The top-level packages that a command imports, those of a coverage run left out."""
    python = [sys.executable, "-X", "importtime", "-m", "tenure"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    said = subprocess.run(
        [*python, *args], capture_output=True, text=True, check=False, env=env
    ).stderr
    return set(re.findall(r"^import time:.*\| +(\w+)[\w.]*$", said, re.MULTILINE))


def test_the_version_and_nothing_else_is_imported() -> None:
    loaded = imported("--version")
    assert "tenure" in loaded
    assert not loaded & {"typer", "pydantic", "rich", "pluggy", "logging", "tomllib", *HEAVY}


@pytest.mark.parametrize("args", [["--version"], ["check", "--version"], ["--version", "-v"]])
def test_the_version_is_on_stdout(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == 0
    assert capsys.readouterr() == (f"tenure {__version__}\n", "")


@pytest.mark.parametrize("args", [["--help"], ["plugins"], ["schema"]])
def test_a_light_command_imports_no_heavy_library(args: list[str]) -> None:
    loaded = imported(*args)
    assert "typer" in loaded
    assert not loaded & HEAVY


def test_nothing_typed_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "Usage: tenure" in capsys.readouterr().out


def test_a_misspelt_command_is_told_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chekc"]) == 2
    out, err = capsys.readouterr()
    assert (out, "Did you mean 'check'?" in err) == ("", True)


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        (["sync", "-v"], ["-v", "sync"]),
        (
            ["sync", "a", "--config", "x.toml", "--full"],
            ["--config", "x.toml", "sync", "a", "--full"],
        ),
        (["sync", "--log-format=json", "a"], ["--log-format=json", "sync", "a"]),
        (["sync", "--", "-v"], ["sync", "--", "-v"]),
    ],
)
def test_global_options_come_first(typed: list[str], parsed: list[str]) -> None:
    assert hoisted(typed) == parsed


def test_a_global_option_without_its_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config"]) == 2
    assert capsys.readouterr().err == "--config needs a value\nWrite `--config VALUE`\n"


@pytest.mark.parametrize(
    "args", [["--config", "x.toml", "-q", "probe"], ["probe", "--config=x.toml", "--quiet"]]
)
def test_a_command_gets_the_global_options(command: Register, args: list[str]) -> None:
    from typer import Context  # noqa: PLC0415 - read by typer from the annotation

    seen: list[Options] = []

    def probe(context: Context) -> None:
        seen.append(options(context))

    command(probe)
    main(args)
    assert seen == [Options(config=Path("x.toml"), quiet=True)]


def failing(error: BaseException) -> Callable[[], NoReturn]:
    def probe() -> NoReturn:
        raise error

    return probe


def test_an_error_is_its_reason_and_what_to_do(
    command: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    command(failing(SourceError("Stripe is down", "Wait")))
    assert main(["probe"]) == 1
    assert capsys.readouterr() == ("", "Stripe is down\nWait\n")


def test_a_broken_invariant_shows_its_rows(
    command: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    command(failing(InvariantError("Sums differ", ["row 1", "row 2"])))
    assert main(["probe"]) == 3
    assert capsys.readouterr().err.endswith("\nrow 1\nrow 2\n")


def test_a_mistake_of_ours_has_no_traceback(
    command: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    command(failing(ValueError("oops")))
    assert main(["probe"]) == 1
    out, err = capsys.readouterr()
    assert (out, "Traceback" in err) == ("", False)
    assert err.startswith("This is a mistake in tenure: ValueError: oops\n")


def test_verbose_shows_the_traceback(command: Register, capsys: pytest.CaptureFixture[str]) -> None:
    command(failing(ValueError("oops")))
    main(["probe", "--verbose"])
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption(command: Register) -> None:
    command(failing(KeyboardInterrupt()))
    assert main(["probe"]) == 130


def test_a_sigterm_is_an_interruption(command: Register) -> None:
    def probe() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()

    command(probe)
    assert main(["probe"]) == 130


def test_a_reader_that_goes_away_is_no_reason_for_a_word() -> None:
    args = [sys.executable, "-m", "tenure", "schema", "--quiet"]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
