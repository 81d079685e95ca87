"""How a file of each format is written, and whether one holds just that already."""

import csv
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tenure_sinks.file.contents import Content, Row, digest_of

_MONEY = "DECIMAL(38, 6)"
_NAMES = {
    "DATE": ("start", "end", "since", "last_movement_date"),
    "TIMESTAMPTZ": ("as_of", "at"),
    "BOOLEAN": ("partial",),
    "BIGINT": ("customers_start", "customers_end", "customers", "age", "logos"),
    _MONEY: (
        "start_mrr", "new", "reactivation", "expansion", "contraction", "churn", "fx", "end_mrr",
        "nrr", "grr", "logo_retention", "arr", "arpa", "quick_ratio", "committed_mrr",
        "contracted_mrr", "revenue_churn", "logo_churn", "ltv", "before", "after", "change", "base",
        "revenue", "revenue_retention", "mrr", "mrr_year_ago", "last_movement_amount",
    ),
}  # fmt: skip
_TYPES = {name: kind for kind, names in _NAMES.items() for name in names}
"""Of the parquet columns; whatever is not named, such as an attribute, is text."""


class Format(NamedTuple):
    """How a file is written, and whether one holds what is said."""

    write: Callable[[Path, Content], None]
    holds: Callable[[Path, Content], bool]


def replace(path: Path, content: Content, form: str) -> None:
    """Put a whole file where the old one was, also while another push does the same."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        FORMATS[form].write(part, content)
        with part.open("rb+") as file:
            os.fsync(file.fileno())  # else a power cut could leave an empty file under the name
        os.replace(part, path)  # noqa: PTH105 - atomic either way
    finally:
        part.unlink(missing_ok=True)


def _write_json(path: Path, content: Content) -> None:
    path.write_text(json.dumps(content.document, indent=1) + "\n", encoding="utf-8")


def _holds_json(path: Path, content: Content) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and digest_of(found) == content.digest


def _write_csv(path: Path, content: Content) -> None:
    path.write_text(content.text(), encoding="utf-8")


def _holds_csv(path: Path, content: Content) -> bool:
    try:
        held = path.read_bytes().decode()
    except (OSError, ValueError):
        return False
    return held == (text := content.text()) or _bare(held) == _bare(text)


def _bare(text: str) -> list[list[str]]:
    """The cells without the instant of a running period, which alone is no news."""
    head, *lines = list(csv.reader(text.splitlines())) or [[]]
    kept = [number for number, name in enumerate(head) if name != "as_of"]
    return [[line[n] for n in kept if n < len(line)] for line in (head, *lines)]


def _write_parquet(path: Path, content: Content) -> None:
    import duckdb  # noqa: PLC0415 - only this format needs it

    names = list(content.rows[0]) if content.rows else ["period"]
    typed = {n: "VARCHAR" if n in content.attributes else _TYPES.get(n, "VARCHAR") for n in names}
    target, about = str(path).replace("'", "''"), f"KV_METADATA {{figures: '{content.digest}'}}"
    with _spooled(path, content.rows) as source, duckdb.connect() as duck:
        try:
            duck.execute(_READ, [str(source), typed])
            duck.execute(f"COPY spooled TO '{target}' (FORMAT parquet, {about})")
        except duckdb.IOException as error:
            raise OSError(str(error)) from None


_READ = """CREATE TABLE spooled AS FROM read_csv(?, columns = ?, header = false, nullstr = '\\N',
    quote = '"', escape = '"', allow_quoted_nulls = false, parallel = false)"""


@contextmanager
def _spooled(path: Path, rows: Iterable[Row]) -> Iterator[Path]:
    """The rows in a file beside the one to be written, which DuckDB reads exactly and at once."""
    source = path.with_name(f"{path.name}.rows")
    try:
        with source.open("w", encoding="utf-8", newline="") as file:
            file.writelines(",".join(map(_cell, row.values())) + "\n" for row in rows)
        yield source
    finally:
        source.unlink(missing_ok=True)


def _cell(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return f'"{value.replace(chr(34), chr(34) * 2)}"'
    return json.dumps(value)


def _holds_parquet(path: Path, content: Content) -> bool:
    import duckdb  # noqa: PLC0415 - only this format needs it

    query = "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = 'figures'"
    try:
        with duckdb.connect() as duck:
            found = duck.execute(query, [str(path)]).fetchone()
    except duckdb.Error:
        return False
    return found == (content.digest,)


def _write_html(path: Path, content: Content) -> None:
    path.write_text(content.page() if content.page else "", encoding="utf-8")


def _holds_html(path: Path, content: Content) -> bool:
    try:
        return f'content="{content.mark}"' in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


FORMATS = {
    "json": Format(_write_json, _holds_json),
    "csv": Format(_write_csv, _holds_csv),
    "parquet": Format(_write_parquet, _holds_parquet),
    "html": Format(_write_html, _holds_html),
}
