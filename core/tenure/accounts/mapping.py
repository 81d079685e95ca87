"""The map: a csv in which somebody says which customer belongs to which account."""

import csv
import hashlib
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tenure.errors import ConfigError

COLUMNS = ("connector", "customer", "account")
_HEADER = ",".join(COLUMNS)


@dataclass(frozen=True, slots=True)
class Mapped:
    """The customer belongs to the account; `connector/customer` means that customer's account."""

    line: int
    connector: str
    customer: str
    account: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be used, and why."""

    line: int
    column: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Map:
    """All rows of a map; of an absent one there are none."""

    rows: tuple[Mapped, ...] = ()
    bad: tuple[Bad, ...] = ()
    digest: str = ""
    name: str = ""

    def remarks(self, also: Collection[Bad] = ()) -> Iterator[str]:
        """Each row that cannot be used, with file, line, column and reason."""
        for row in sorted({*self.bad, *also}, key=lambda row: row.line):
            column = f"{row.column}: " if row.column else ""
            yield f"{self.name}:{row.line}: {column}{row.reason}"


def read(path: Path | None, connectors: Collection[str]) -> Map:
    """Read the file; raises `ConfigError` where it is none, of bad rows only says so."""
    if path is None:
        return Map()
    data = _data(path)
    try:
        lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        at = _understood(path, next(lines, []))
        found = [
            _row(lines.line_num, {name: _cell(cells, at[name]) for name in COLUMNS}, connectors)
            for cells in lines
            if any(cell.strip() for cell in cells)
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        # A quote that nobody closes takes in the rows behind it: then none of them is certain.
        raise ConfigError(
            f"{path.name} is not csv in UTF-8: {error}",
            "Save it as comma separated values; until then the accounts stay as they are",
        ) from None
    good = [row for row in found if isinstance(row, Mapped)]
    twice = list(_contradictions(good))
    lost = {row.line for row in twice}
    return Map(
        rows=tuple({(r.connector, r.customer): r for r in good if r.line not in lost}.values()),
        bad=(*(row for row in found if isinstance(row, Bad)), *twice),
        digest=hashlib.sha256(data).hexdigest(),
        name=path.name,
    )


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"There is no file {path}",
            f"Make it with the line {_HEADER}, or change `map` in [accounts]; "
            "until then the accounts stay as they are",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path} cannot be read: {reason}", "Check `map` in [accounts]") from None


def _understood(path: Path, header: list[str]) -> Mapping[str, int]:
    """Where each column stands; further ones are the user's own."""
    at = {name.strip().lower(): index for index, name in enumerate(header)}
    if missing := [name for name in COLUMNS if name not in at]:
        raise ConfigError(
            f"{path.name} has no column {' and no column '.join(missing)}; "
            f"its first line is {','.join(header)[:80]!r}",
            f"Begin it with the line {_HEADER}",
        )
    return at


def _cell(cells: list[str], index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""


def _row(line: int, said: Mapping[str, str], connectors: Collection[str]) -> Mapped | Bad:
    for name in COLUMNS:
        if not said[name]:
            return Bad(line, name, "is empty")
        if "\0" in said[name]:
            return Bad(line, name, "holds a NUL character")
    if said["connector"] not in connectors:
        near = get_close_matches(said["connector"], connectors, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(connectors)}"
        return Bad(line, "connector", f"there is no connector {said['connector'][:60]!r}; {hint}")
    return Mapped(line, said["connector"], said["customer"], said["account"])


def _contradictions(rows: list[Mapped]) -> Iterator[Bad]:
    """Rows that put one customer into several accounts: none of them is believed."""
    accounts: dict[tuple[str, str], dict[str, list[int]]] = {}
    for row in rows:
        said = accounts.setdefault((row.connector, row.customer), {})
        said.setdefault(row.account, []).append(row.line)
    for said in accounts.values():
        for account, lines in said.items():
            others = [n for other, found in said.items() if other != account for n in found]
            for line in lines if others else ():
                reason = f"another account than {account[:60]!r} stands in line {min(others)}"
                yield Bad(line, "account", reason)
