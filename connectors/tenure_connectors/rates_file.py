"""The rates `file`: exchange rates that somebody wrote down, from csv with date, currency, rate."""

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from pydantic import Field

from tenure import (
    Context,
    PluginConfig,
    Quarantined,
    Rate,
    Rates,
    RatesRequest,
    SourceError,
    counted,
    hookimpl,
)

COLUMNS = ("date", "currency", "rate")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,40})?").fullmatch


class FileConfig(PluginConfig):
    """Where the rates are."""

    path: str = Field(
        min_length=1,
        description="csv of date, currency, rate (the workspace's currency per unit of that one)",
    )


class File(Rates):
    """Exchange rates from a csv file with date, currency, rate."""

    name = "file"
    api = 1
    Config = FileConfig
    config: FileConfig

    def check(self, context: Context) -> Iterator[str]:
        """Read the whole file; say what there is, and what cannot be read."""
        name = self._path(context).name
        last: dict[str, date] = {}
        bad = []
        for row in self._rows(context):
            if isinstance(row, Quarantined):
                bad.append(f"{row.source_ref}: {row.reason}")
            else:
                last[row.currency] = max(row.day, last.get(row.currency, row.day))
        days = ", ".join(f"{code} {day}" for code, day in sorted(last.items()))
        yield f"{name}: last day of each currency in {context.currency}: {days or 'none'}"
        if bad:
            raise SourceError(
                f"{name}: cannot read {counted(len(bad), 'row')}: {'; '.join(bad[:5])}"
            )

    def rates(self, request: RatesRequest) -> Iterator[Rate | Quarantined]:
        """Every row of the file."""
        return self._rows(request)

    def _rows(self, context: Context) -> Iterator[Rate | Quarantined]:
        path = self._path(context)
        with _opened(path) as file:
            rows = csv.reader(file)
            at = _understood(path, next(rows, []))
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    ref = f"{path.name}:{rows.line_num}"
                    yield _row(ref, cells, {name: at[name] for name in COLUMNS})

    def _path(self, context: Context) -> Path:
        return context.folder / Path(self.config.path).expanduser()


@hookimpl
def tenure_rates() -> list[type[Rates]]:
    """The one source of this plugin."""
    return [File]


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except FileNotFoundError:
        raise SourceError(
            f"There is no file {path}", "Check `path` in [fx]; it is relative to plugins.toml"
        ) from None
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}", "Check `path` in [fx]"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(
            f"{path.name} is not csv in UTF-8: {error}", "Save it as comma separated values"
        ) from None


def _understood(path: Path, header: list[str]) -> Mapping[str, int]:
    """Where each column stands; further ones are the user's own."""
    at = {name.strip().lower(): index for index, name in enumerate(header)}
    if missing := [name for name in COLUMNS if name not in at]:
        raise SourceError(
            f"{path.name} has no column {' and no column '.join(missing)}; "
            f"its first line is {','.join(header)[:80]!r}",
            f"Begin it with the line {','.join(COLUMNS)}",
        )
    return at


def _row(ref: str, cells: list[str], at: Mapping[str, int]) -> Rate | Quarantined:
    """One row; whether what it says makes sense is judged where it is stored."""
    said = {name: cells[index].strip() if index < len(cells) else "" for name, index in at.items()}
    column, reason = "date", f"{said['date'][:40]!r} is no date like 2025-03-01"
    try:
        day = _day(said["date"])
        column, reason = "rate", f"{said['rate'][:40]!r} is no decimal number like 1.0842"
        rate = _decimal(said["rate"])
    except ValueError:
        raw = ",".join(cells)
        return Quarantined(source_ref=ref, column=column, reason=reason, raw=raw)
    return Rate(currency=said["currency"], day=day, rate=rate, source_ref=ref)


def _day(text: str) -> date:
    if len(text) != len("2025-03-01"):
        raise ValueError(text)  # `fromisoformat` takes 20250301 and 2025-W09-6, too
    return date.fromisoformat(text)


def _decimal(text: str) -> Decimal:
    if not _DECIMAL(text):
        raise ValueError(text)
    return Decimal(text)
