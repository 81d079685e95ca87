"""The sink `file`: the report as json, csv, parquet and html in a folder, each whole or not at all.

A file is written again only when its figures change: freshness alone changes none.
"""

import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import Field

from tenure import (
    Change,
    Context,
    PluginConfig,
    Receipt,
    Report,
    Sink,
    SourceError,
    hookimpl,
)

_NAME = "retention"
_MONEY = "DECIMAL(38, 6)"
_TYPES = {
    "period": "VARCHAR", "start": "DATE", "end": "DATE", "partial": "BOOLEAN",
    "as_of": "TIMESTAMPTZ", "segment": "VARCHAR", "customers_start": "BIGINT",
    "customers_end": "BIGINT", "reasons": "VARCHAR",
}  # fmt: skip
"""Of the parquet columns; all others are money or ratios."""


class FileConfig(PluginConfig):
    """Where the files go."""

    path: str = Field(min_length=1, description="folder of the files, made if it is not there")
    formats: tuple[Literal["json", "csv", "parquet", "html"], ...] = Field(
        ("json", "csv", "parquet", "html"), min_length=1, description="json, csv, parquet, html"
    )


class File(Sink):
    """The report in a folder: retention.json, retention.csv, retention.parquet, retention.html."""

    name = "file"
    api = 1
    Config = FileConfig
    config: FileConfig

    def check(self, context: Context) -> Iterator[str]:
        """Write and remove a file in the folder, or in the nearest one that is there."""
        folder = self._folder(context)
        there = next(path for path in (folder, *folder.parents) if path.exists())
        with _said(folder), tempfile.TemporaryFile(dir=there):
            pass
        made = "" if there == folder else ", which the first push makes"
        yield f"can write {', '.join(self.config.formats)} into {folder}{made}"

    def preview(self, report: Report, context: Context) -> Sequence[Change]:
        """The files that hold other figures than the report."""
        changes = []
        for form in self.config.formats:
            path = self._folder(context) / f"{_NAME}.{form}"
            if not _HOLDS[form](path, report):
                held = "other figures" if path.exists() else "nothing"
                new = f"{len(report.rows)} rows"
                changes.append(Change(target=str(path), field="content", old=held, new=new))
        return changes

    def deliver(self, report: Report, changes: Sequence[Change], context: Context) -> Receipt:
        """Write the files that change."""
        folder = self._folder(context)
        wanted = {change.target for change in changes}
        with _said(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for form in self.config.formats:
                path = folder / f"{_NAME}.{form}"
                if str(path) in wanted:
                    _replace(path, report, _WRITERS[form])
        return Receipt(written=len(wanted))

    def _folder(self, context: Context) -> Path:
        return context.folder / Path(self.config.path).expanduser()


@hookimpl
def tenure_sinks() -> list[type[Sink]]:
    """The one sink of this plugin."""
    return [File]


def _replace(path: Path, report: Report, write: Callable[[Path, Report], None]) -> None:
    """Put a whole file where the old one was, also while another push does the same."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        write(part, report)
        with part.open("rb+") as file:
            os.fsync(file.fileno())  # else a power cut could leave an empty file under the name
        os.replace(part, path)  # noqa: PTH105 - atomic either way
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _said(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(
            f"The folder {folder} cannot be written: {reason}", "Check `path` and its permissions"
        ) from None


# --- formats: how each is written, and whether a file holds the report's figures


def _write_json(path: Path, report: Report) -> None:
    path.write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")


def _holds_json(path: Path, report: Report) -> bool:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return bool(rows == report.as_json()["rows"])


def _write_csv(path: Path, report: Report) -> None:
    path.write_text(report.as_csv(), encoding="utf-8")


def _holds_csv(path: Path, report: Report) -> bool:
    try:
        return path.read_bytes() == report.as_csv().encode()
    except OSError:
        return False


def _write_parquet(path: Path, report: Report) -> None:
    import duckdb  # noqa: PLC0415 - only this format needs it

    rows = [row.as_json() for row in report.rows]
    columns = {name: _TYPES.get(name, _MONEY) for name in (rows[0] if rows else ())}
    shape = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    with duckdb.connect() as duck:
        duck.execute(f"CREATE TABLE retention ({shape or 'period VARCHAR'})")
        for row in rows:
            cells = [json.dumps(c) if isinstance(c, dict) else c for c in row.values()]
            marks = ", ".join("?" * len(cells))
            duck.execute(f"INSERT INTO retention VALUES ({marks})", cells)  # noqa: S608 - marks
        target = str(path).replace("'", "''")
        about = f"KV_METADATA {{figures: '{report.digest}'}}"
        try:
            duck.execute(f"COPY retention TO '{target}' (FORMAT parquet, {about})")
        except duckdb.IOException as error:
            raise OSError(str(error)) from None


def _holds_parquet(path: Path, report: Report) -> bool:
    import duckdb  # noqa: PLC0415 - only this format needs it

    query = "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = 'figures'"
    try:
        with duckdb.connect() as duck:
            found = duck.execute(query, [str(path)]).fetchone()
    except duckdb.Error:
        return False
    return found == (report.digest,)


def _write_html(path: Path, report: Report) -> None:
    path.write_text(report.as_html(), encoding="utf-8")


def _holds_html(path: Path, report: Report) -> bool:
    try:
        return f'content="{report.digest}"' in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


_WRITERS: dict[str, Callable[[Path, Report], None]] = {
    "json": _write_json,
    "csv": _write_csv,
    "parquet": _write_parquet,
    "html": _write_html,
}
_HOLDS: dict[str, Callable[[Path, Report], bool]] = {
    "json": _holds_json,
    "csv": _holds_csv,
    "parquet": _holds_parquet,
    "html": _holds_html,
}
