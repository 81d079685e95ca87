"""The typer app and its global options, which every command takes before or after its name."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenure import logs
from tenure._version import __version__
from tenure.errors import UsageError

if TYPE_CHECKING:
    from tenure.config import Workspace

app = typer.Typer(
    name="tenure",
    help="Net revenue retention, exact and explainable.",
    epilog="Start with `tenure demo` or `tenure init`; `tenure COMMAND --help` says more. "
    "The options above may also follow COMMAND.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

_FLAGS = ("--verbose", "-v", "--quiet", "-q", "--version")
_WITH_VALUE = ("--config", "--log-format")


class LogFormat(StrEnum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The global options."""

    config: Path | None = None
    verbose: bool = False
    quiet: bool = False
    log_format: LogFormat = LogFormat.TEXT

    @property
    def level(self) -> int:
        """The log level they ask for."""
        if self.verbose:
            return logging.DEBUG
        return logging.ERROR if self.quiet else logging.INFO


def options(context: typer.Context) -> Options:
    """The global options of this call."""
    found = context.find_root().obj
    return found if isinstance(found, Options) else Options()


def workspace(context: typer.Context) -> "Workspace":
    """Load plugins.toml as the options say; from here on its secrets are kept out of the log."""
    from tenure.config import load  # noqa: PLC0415 - pydantic only where plugins.toml is read

    asked = options(context)
    loaded = load(asked.config)
    logs.setup(asked.level, asked.log_format, loaded.secrets)
    return loaded


def hoisted(args: list[str]) -> list[str]:
    """The same words with the global options first, where the parser looks for them."""
    first: list[str] = []
    rest: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            rest.append(word)
            break
        taken = list(_taken(word, words))
        (first if taken else rest).extend(taken or [word])
    return [*first, *rest, *words]


def _taken(word: str, words: Iterator[str]) -> Iterator[str]:
    if word in _FLAGS or word.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
        yield word
    elif word in _WITH_VALUE:
        yield word
        yield _value(word, words)


def _value(name: str, words: Iterator[str]) -> str:
    for word in words:
        return word
    raise UsageError(f"{name} needs a value", f"Write `{name} VALUE`")


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it
    if asked:
        typer.echo(f"tenure {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option(help="The plugins.toml to use  [dim](also $TENURE_CONFIG)[/]")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what failed.")] = False,
    log_format: Annotated[LogFormat, typer.Option(help="How the log is written.")] = LogFormat.TEXT,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    context.obj = Options(config=config, verbose=verbose, quiet=quiet, log_format=log_format)
    logs.setup(context.obj.level, log_format)
