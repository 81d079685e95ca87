"""Setting a workspace up: init, check."""

import logging
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli.app import app, workspace
from tenure.cli.console import out, table
from tenure.errors import ConfigError, TenureError
from tenure.modes import open_to
from tenure.printing import counted
from tenure.redaction import redact

if TYPE_CHECKING:
    from datetime import datetime

    from tenure.config import Entry, Workspace
    from tenure.records import Json

log = logging.getLogger("tenure.check")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write them.")] = Path(),
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Guess how to read this file.")
    ] = None,
) -> None:
    """Write a commented plugins.toml and .env.example."""
    from tenure.config import starter  # noqa: PLC0415 - pydantic only when it is needed

    text = starter.render()
    if source is not None:
        guessed = _guess(source, folder)
        text = starter.render(guessed.table)
        _say_guess(source, guessed)
    _write(folder, {"plugins.toml": text, ".env.example": starter.DOTENV})
    where = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    out().print(f"Wrote {folder / 'plugins.toml'} and {folder / '.env.example'}.", markup=False)
    out().print(f"Next: {where}tenure check", markup=False)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write all the files or none."""
    for name in files:
        if (folder / name).exists():
            raise ConfigError(
                f"{folder / name} is there already, and nothing was written",
                "Move it away, or name another folder: `tenure init DIR`",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written: {error.strerror}", "Name another folder"
        ) from error


@dataclass(frozen=True, slots=True)
class _Guess:
    """The options for a file, what its user must look at, and the table that states both."""

    options: Mapping[str, "Json"]
    notes: Sequence[str]
    table: str


def _guess(source: Path, folder: Path) -> _Guess:
    """Ask the file connector."""
    from tenure import plugins  # noqa: PLC0415 - loads pluggy and pydantic
    from tenure.config import starter  # noqa: PLC0415 - likewise
    from tenure.plugin import Connector  # noqa: PLC0415 - likewise

    if not source.is_file():
        raise ConfigError(f"There is no file {source}", "Name the file to read after --from")
    cls = plugins.load("connector", "file", folder)
    guessed = cls.guess(source) if issubclass(cls, Connector) else None
    if guessed is None:
        raise ConfigError(
            f"{source} looks like nothing that the file connector reads",
            "Run `tenure init` without --from, and see `tenure plugins show file`",
        )
    said = guessed.get("_notes")
    notes = [str(note) for note in said] if isinstance(said, list) else []
    known = {k: v for k, v in guessed.items() if k not in {"path", "_notes"}}
    options: dict[str, Json] = {"path": _path_from(folder, source), **known}
    table = starter.connector_table(options, cls.Config)
    return _Guess(options, notes, table + "".join(f"# Look at this: {note}\n" for note in notes))


def _path_from(folder: Path, source: Path) -> str:
    """The file as plugins.toml in the folder names it: relative if it lies below, else whole."""
    path, base = source.absolute(), folder.absolute()
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def _say_guess(source: Path, guessed: _Guess) -> None:
    from tenure.config.starter import to_toml  # noqa: PLC0415 - likewise

    rows = [(k, to_toml(value)) for k, value in guessed.options.items() if value is not None]
    out().print(f"Understood {source} as:", markup=False)
    out().print(table(("option", "value"), rows))
    for note in guessed.notes:
        out().print(f"Look at this: {note}", markup=False, style="yellow")


@dataclass(frozen=True, slots=True)
class _Line:
    """One finding of `check`; an error decides the exit code."""

    subject: str
    text: str
    error: TenureError | None = None
    is_warning: bool = False


@app.command()
def check(
    context: typer.Context,
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not speak to anything on the network.")
    ] = False,
) -> None:
    """Validate plugins.toml, plugins, credentials and store; say what can be read."""
    loaded = workspace(context)
    worst = 0
    for line in _findings(loaded, offline=offline):
        _print(line, loaded.secrets)
        if line.error:
            log.debug("%s failed", line.subject, exc_info=line.error)
            worst = max(worst, line.error.exit_code)
    raise typer.Exit(worst)


def _print(line: _Line, secrets: Iterable[str]) -> None:
    mark = "failed" if line.error else "warning" if line.is_warning else "ok"
    style = {"failed": "bold red", "warning": "yellow", "ok": "green"}[mark]
    console = out()
    console.print(f"{mark:7}", style=style, end=" ")
    console.print(redact(f"{line.subject}: {line.text}", secrets), markup=False)


def _findings(loaded: "Workspace", *, offline: bool) -> Iterator[_Line]:
    yield _Line("config", str(loaded.path))
    for warning in loaded.warnings:
        yield _Line("config", warning, is_warning=True)
    if not loaded.connectors:
        yield _Line(
            "config", "no connector is named yet, so there is nothing to read", is_warning=True
        )
    yield from _store(loaded, offline=offline)
    yield from _map(loaded)
    for entry in loaded.entries:
        yield from _entry(loaded, entry, offline=offline)


def _store(loaded: "Workspace", *, offline: bool) -> Iterator[_Line]:
    from tenure.ledger.store import Store, sqlite_path  # noqa: PLC0415 - loads sqlalchemy

    if offline and not loaded.store.startswith("sqlite:"):
        yield _Line("store", "not checked (--offline)")
        return
    path = sqlite_path(loaded.store)
    if path and (who := open_to(path)):
        said = f"{path}: {who} may read it; run `chmod 600 {path}`"
        yield _Line("store", said, is_warning=True)
    try:
        yield _Line("store", Store.describe(loaded.store))
    except TenureError as error:
        yield _Line("store", str(error), error)


def _map(loaded: "Workspace") -> Iterator[_Line]:
    """What the map of [accounts] holds; whether its customers are known, only a sync can say."""
    from tenure.accounts import mapping  # noqa: PLC0415 - loads sqlalchemy

    if loaded.accounts is None or loaded.accounts.map is None:
        return
    try:
        found = mapping.read(loaded.accounts.map, [entry.name for entry in loaded.connectors])
    except TenureError as error:
        yield _Line("accounts", str(error), error)
        return
    yield _Line("accounts", f"{found.name}: {counted(len(found.rows), 'customer')}")
    for remark in found.remarks():
        yield _Line("accounts", remark, is_warning=True)


def _entry(loaded: "Workspace", entry: "Entry", *, offline: bool) -> Iterator[_Line]:
    subject = f"{entry.kind} {entry.name} ({entry.use})"
    if not entry.enabled:
        yield _Line(subject, "disabled")
    elif entry.problem is not None:
        yield _Line(subject, str(entry.problem), entry.problem)
    elif offline and _speaks_http(entry):
        yield _Line(subject, "its options are right; not asked (--offline)")
    else:
        yield from _asked(loaded, entry, subject)


def _last_sync(loaded: "Workspace", entry: "Entry") -> "datetime | None":
    from tenure.ledger.store import Store  # noqa: PLC0415 - loads sqlalchemy

    if entry.kind != "connector":
        return None
    try:
        return Store.last_sync(loaded.store, entry.name)
    except TenureError:  # the store's own line says it
        return None


def _speaks_http(entry: "Entry") -> bool:
    from tenure.plugin import HttpConfig  # noqa: PLC0415 - loads pydantic

    return entry.plugin is not None and isinstance(entry.plugin.config, HttpConfig)


def _asked(loaded: "Workspace", entry: "Entry", subject: str) -> Iterator[_Line]:
    """What the plugin's own check says; what it said before it failed counts, too."""
    from tenure.lending import give_back, lend  # noqa: PLC0415 - only for `check`
    from tenure.plugins import isolated  # noqa: PLC0415 - likewise

    said = list[_Line]()
    context = replace(lend(loaded, entry), last_sync=_last_sync(loaded, entry))
    try:
        with isolated("its check failed", entry.secrets):
            if entry.plugin is not None:
                said.extend(_Line(subject, str(text)) for text in entry.plugin.check(context))
    except TenureError as error:
        said.append(_Line(subject, str(error), error))
    finally:
        give_back(context)
    yield from said
