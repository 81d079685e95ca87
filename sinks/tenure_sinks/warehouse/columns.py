"""Rows as columns of Arrow, with exact types, and what tells that they are the same again."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from tenure import Json

if TYPE_CHECKING:
    import pyarrow as pa

_AT_ONCE = 10_000

RETENTION = {
    "unit": "text", "trailing_months": "count", "period": "text", "period_start": "day",
    "period_end": "day", "partial": "flag", "as_of": "instant", "segment_attribute": "text",
    "segment_value": "text", "customers_start": "count", "customers_end": "count",
    "reasons": "text",
}  # fmt: skip
"""Kinds of columns; one that is not named is a number of 6 places: money or a ratio."""
COHORTS = {
    "cohort": "text", "cohort_start": "day", "customers": "count", "age": "count", "logos": "count",
}  # fmt: skip
CUSTOMERS = {
    "customer_key": "count", "customer_id": "text", "name": "text", "sources": "text",
    "customer_since": "day", "acv_band": "text", "last_movement": "text",
    "last_movement_date": "day", "last_movement_reason": "text",
}  # fmt: skip


def batch_of(rows: Sequence[Mapping[str, Json]], kinds: Mapping[str, str]) -> "pa.RecordBatch":
    """The rows in columns; without rows those that have a kind."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    names = list(rows[0]) if rows else list(kinds)
    columns = [_column([row[name] for row in rows], kinds.get(name, "number")) for name in names]
    return pa.RecordBatch.from_arrays(columns, names=names)


def batches_of(
    rows: Iterable[Mapping[str, Json]], kinds: Mapping[str, str]
) -> Iterator["pa.RecordBatch"]:
    """The same of many rows, at least one batch."""
    found = iter(rows)
    few = list(islice(found, _AT_ONCE))
    yield batch_of(few, kinds)
    while few := list(islice(found, _AT_ONCE)):
        yield batch_of(few, kinds)


def _column(values: Sequence[Any], kind: str) -> "pa.Array":
    import pyarrow as pa  # noqa: PLC0415 - heavy

    types: dict[str, tuple[Any, Callable[[Any], Any]]] = {
        "text": (pa.string(), str),
        "count": (pa.int64(), int),
        "flag": (pa.bool_(), bool),
        "day": (pa.date32(), date.fromisoformat),
        "instant": (pa.timestamp("us", tz="UTC"), datetime.fromisoformat),
        "number": (pa.decimal128(38, 6), Decimal),
    }
    type_, make = types[kind]
    return pa.array([None if value is None else make(value) for value in values], type_)


def column_names(prefix: str, names: Iterable[str]) -> list[str]:
    """A column for each name, in letters that every warehouse takes; equal ones are numbered."""
    made: list[str] = []
    for name in names:
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "x"
        one, number = f"{prefix}_{plain}", 1
        while one in made:
            number += 1
            one = f"{prefix}_{plain}_{number}"
        made.append(one)
    return made


def reader(batches: Iterator["pa.RecordBatch"]) -> "pa.RecordBatchReader":
    """The batches as one stream, of the shape of the first."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    first = next(batches)

    def all_of_them() -> Iterator[pa.RecordBatch]:
        yield first
        yield from batches

    return pa.RecordBatchReader.from_batches(first.schema, all_of_them())


class Part(NamedTuple):
    """How many rows a part of a table has, and what tells that they are the same."""

    rows: int
    digest: str


Parts = Mapping[str, Part]
"""By the value of the column that the table is cut by; "" of a table that is not cut."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A table without its rows."""

    schema: "pa.Schema"
    parts: Parts


def shape_of(batches: Iterator["pa.RecordBatch"], cut_by: str | None) -> Shape:
    """The digests of rows, whatever their order; another schema makes every one another."""
    import duckdb  # noqa: PLC0415 - heavy

    stream = reader(batches)
    schema = hashlib.sha256(str(stream.schema).encode()).hexdigest()[:16]
    value = f"{cut_by}::VARCHAR" if cut_by else "''"
    # When a running period was looked at is no news.
    told = "SELECT * EXCLUDE (as_of) FROM" if "as_of" in stream.schema.names else "FROM"
    query = (
        f"SELECT {value}, count(*), sum(hash(t)::HUGEINT)::VARCHAR"  # noqa: S608 - ours
        f" FROM ({told} stream) AS t GROUP BY 1"
    )
    with duckdb.connect() as duck:
        found = duck.execute(query).fetchall()
    parts = {name: Part(rows, f"{schema}:{told}") for name, rows, told in found}
    return Shape(stream.schema, parts or {"": Part(0, schema)})
