"""What is in the warehouse: the rows of each table in columns, and a digest of each of its parts.

A table is cut into parts by a column (customer_mrr by period), so that what did not change need
not be sent again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenure import Json, LastMovement, SinkContext, Standing, decimal_string, ratio_string
from tenure_sinks.warehouse.columns import (
    COHORTS,
    CUSTOMERS,
    RETENTION,
    Shape,
    batch_of,
    batches_of,
    column_names,
    shape_of,
)
from tenure_sinks.warehouse.place import WarehouseConfig

if TYPE_CHECKING:
    import pyarrow as pa

REPORTS = {
    "retention": "the rows of tenure report: bridge, NRR, GRR, by period and segment",
    "movements": "every change of what a customer pays, with its reasons",
    "customer_mrr": "what each customer pays at the end of each month or day",
    "cohorts": "what is left of each month's new customers, by age",
    "customers": "each customer as of now, with its attributes",
    "points": "the ledger itself: every fact, when it held, and when it was known",
}
"""The tables, and what each is."""

PART = {"movements": "period", "customer_mrr": "period", "points": "bucket"}
"""By which column a large table is cut."""

TOTAL = "(total)"
"""The segment of a row that is of no segment."""

_ROOM = 256 * 1024 * 1024
"""Bytes of rows that are kept in memory at most."""

_BUCKET = 1000
"""Customers whose points are one part."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables as of one instant, each a stream.

    What fits into memory is kept from when it was looked at to when it is sent; the rest is made
    anew.
    """

    context: SinkContext
    config: WarehouseConfig
    first: str
    room: int = _ROOM
    kept: dict[str, "list[pa.RecordBatch]"] = field(default_factory=dict)

    def rows(self, name: str) -> Iterator["pa.RecordBatch"]:
        """At least one batch, so that the columns are told."""
        return iter(self.kept[name]) if name in self.kept else self._made(name)

    def _made(self, name: str) -> Iterator["pa.RecordBatch"]:
        found: Iterator[pa.RecordBatch] = getattr(self, f"_{name}")()
        return found

    def _keeping(self, name: str) -> Iterator["pa.RecordBatch"]:
        """The rows, kept for later if there is room for all of them."""
        room = self.room - sum(batch.nbytes for rows in self.kept.values() for batch in rows)
        found: list[pa.RecordBatch] = []
        for batch in self._made(name):
            room -= batch.nbytes
            if room >= 0:
                found.append(batch)
            yield batch
        if room >= 0:
            self.kept[name] = found

    def _retention(self) -> Iterator["pa.RecordBatch"]:
        rows = [
            _flat(unit, months, row.as_json())
            for unit in self.config.units
            for months in (0, *self.config.trailing)
            for row in self.context.report(
                unit, by=self.context.segments, first=self.first, trailing=months or None
            ).rows
        ]
        yield batch_of(rows, RETENTION)

    def _movements(self) -> Iterator["pa.RecordBatch"]:
        yield from self.context.streams(first=self.first).movements()

    def _customer_mrr(self) -> Iterator["pa.RecordBatch"]:
        names = self.context.segments
        streams = self.context.streams(self.config.grain, first=self.first)
        for batch in streams.levels(segments=names):
            own = batch.schema.names[: len(batch.schema.names) - len(names)]
            yield batch.rename_columns([*own, *column_names("segment", names)])

    def _cohorts(self) -> Iterator["pa.RecordBatch"]:
        found = self.context.cohorts(first=self.first)
        rows = [
            {**{("cohort_start" if k == "start" else k): v for k, v in one.head().items()}, **age}
            for one in found.cohorts
            for age in one.ages()
        ]
        yield batch_of(rows, COHORTS)

    def _customers(self) -> Iterator["pa.RecordBatch"]:
        names = tuple(dict.fromkeys((*self.context.segments, *self.config.attributes)))
        columns = CUSTOMERS | dict.fromkeys(column_names("attribute", names), "text")
        rows = self.context.customers(attributes=names)
        yield from batches_of((_standing(one, names) for one in rows), columns)

    def _points(self) -> Iterator["pa.RecordBatch"]:
        import pyarrow.compute as pc  # noqa: PLC0415 - heavy

        for batch in self.context.streams().points():
            bucket = pc.divide(pc.abs(batch["customer_key"]), _BUCKET)
            yield batch.append_column("bucket", bucket)

    def shape(self, name: str) -> Shape:
        """The table's columns, and what its parts are."""
        return shape_of(self._keeping(name), PART.get(name))


def _flat(unit: str, months: int, row: Mapping[str, Json]) -> dict[str, Json]:
    """A row of a report with a column for each of its values."""
    cells = {name: value for name, value in row.items() if name not in {"start", "end", "segment"}}
    segment = row["segment"]
    ((attribute, value),) = segment.items() if isinstance(segment, dict) else ((TOTAL, TOTAL),)
    return {
        "unit": unit,
        "trailing_months": months,
        "segment_attribute": attribute,
        "segment_value": value,
        "period_start": row["start"],
        "period_end": row["end"],
        **cells,
        "reasons": json.dumps(row["reasons"]),
    }


def _standing(one: Standing, attributes: Sequence[str]) -> dict[str, Json]:
    """A customer as of now."""
    names = column_names("attribute", attributes)
    own = {name: one.attributes[each] for name, each in zip(names, attributes, strict=True)}
    return {
        "customer_key": one.key,
        "customer_id": one.id,
        "name": one.name,
        "sources": " ".join(one.ids),
        "mrr": decimal_string(one.mrr),
        "arr": decimal_string(one.arr),
        "committed_mrr": decimal_string(one.committed_mrr),
        "mrr_year_ago": decimal_string(one.mrr_year_ago),
        "nrr_year": ratio_string(*one.nrr) if one.nrr[1] else None,
        "customer_since": None if one.since is None else one.since.isoformat(),
        "acv_band": one.acv_band,
        **_moved(one.last),
        **own,
    }


def _moved(last: LastMovement | None) -> dict[str, Json]:
    names = ("last_movement", "last_movement_date", "last_movement_amount", "last_movement_reason")
    if last is None:
        return dict.fromkeys(names)
    amount = None if last.amount is None else decimal_string(last.amount)
    return dict(zip(names, (last.kind, last.day.isoformat(), amount, last.reason), strict=True))
