"""What differs between the figures and the warehouse, and the writing of just that.

preview   the parts of each table by their digests, beside those that the warehouse says it has
deliver   the rows of the parts that differ; all of a table where it is new or was changed by hand
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from tenure import Change, ConfigError, Context, Receipt, Report, Sink, SinkContext
from tenure_sinks.warehouse.columns import Shape
from tenure_sinks.warehouse.lake import Lake, Load, opened
from tenure_sinks.warehouse.loads import Held
from tenure_sinks.warehouse.place import WarehouseConfig, place_of
from tenure_sinks.warehouse.tables import REPORTS, Tables

if TYPE_CHECKING:
    import pyarrow as pa


class Warehouse(Sink):
    """All the figures as tables: retention, movements, customer_mrr, cohorts, customers, points."""

    name = "warehouse"
    api = 1
    Config = WarehouseConfig
    config: WarehouseConfig
    reports: ClassVar[Mapping[str, str]] = REPORTS

    def __init__(self, config: WarehouseConfig) -> None:
        super().__init__(config)
        self._last: Plan | None = None

    def check(self, context: Context) -> Iterator[str]:
        """Connect, and say what is there."""
        with self._opened(context) as lake:
            yield from lake.check()

    def preview(self, report: Report, context: SinkContext) -> Sequence[Change]:
        """A change for each table that is not as the figures say."""
        with self._opened(context) as lake:
            return self._plan(lake, report, context).changes

    def deliver(self, report: Report, changes: Sequence[Change], context: SinkContext) -> Receipt:
        """Write the tables that differ, and of them the parts that do."""
        with self._opened(context) as lake:
            plan = self._last
            if plan is None or plan.of != _of(report, context):
                plan = self._plan(lake, report, context)
            wanted = {table: shape.parts for table, shape in plan.wanted.items()}
            lake.write(list(plan.loads()), wanted, _about(report))
            self._last = None
        return Receipt(written=len(changes))

    def _opened(self, context: Context) -> AbstractContextManager[Lake]:
        return opened(place_of(self.config, context.folder), self.config.dataset)

    def _plan(self, lake: Lake, report: Report, context: SinkContext) -> "Plan":
        """What is to be written; kept for `deliver`, which would else work all of it out again."""
        first = self.config.since or context.streams().began().isoformat()
        tables = Tables(context, self.config, first)
        held = lake.held(context.reports)
        wanted = {table: tables.shape(table) for table in context.reports}
        if wrong := [said for table in held for said in held[table].drift(table, wanted[table])]:
            raise ConfigError(
                f"Columns of the warehouse were changed: {'; '.join(wrong)}",
                "Give them their types again, or drop the table: the next push makes it anew",
            )
        steps = {
            table: step
            for table, shape in wanted.items()
            if (step := _step(shape, held.get(table), whole=lake.place.is_files)) is not None
        }
        for table in wanted.keys() - steps.keys():
            tables.kept.pop(table, None)
        self._last = Plan(_of(report, context), tables, wanted, steps)
        return self._last


@dataclass(frozen=True, slots=True)
class Step:
    """What a table lacks: the parts named, or (`only` None) all of it."""

    held: int | None
    only: Collection[str] | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the tables should be, and what they lack."""

    of: tuple[str, datetime]
    tables: Tables
    wanted: Mapping[str, Shape]
    steps: Mapping[str, Step]

    @property
    def changes(self) -> list[Change]:
        """The same in words."""
        return [
            Change(
                target=table,
                field="rows",
                old=None if step.held is None else f"{step.held:,}",
                new=f"{sum(part.rows for part in self.wanted[table].parts.values()):,}",
                note=step.note,
            )
            for table, step in self.steps.items()
        ]

    def loads(self) -> Iterator[Load]:
        """The rows of each step, with the instant that they are known at."""
        known_at = self.of[1]
        for table, step in self.steps.items():
            rows = _stamped(self.tables.rows(table), known_at)
            yield Load(table, rows, step.only, is_new=step.held is None)


def _of(report: Report, context: SinkContext) -> tuple[str, datetime]:
    return report.digest, context.known_at


def _step(shape: Shape, held: Held | None, *, whole: bool) -> Step | None:
    """What a table lacks; None where it is as it should be."""
    if held is None:
        return Step(None, None, "made")
    wanted = shape.parts
    if why := _mistrusted(shape, held):
        return Step(held.rows, None, why)
    gone = held.parts.keys() - wanted.keys()
    differing = [part for part, one in wanted.items() if held.parts.get(part) != one]
    if not (differing or gone):
        return None
    if whole or gone or len(differing) > len(wanted) // 2:
        return Step(held.rows, None)
    return Step(held.rows, differing, f"{len(differing)} of {len(wanted)} parts")


def _mistrusted(shape: Shape, held: Held) -> str:
    """Why all of a table is to be written, whatever its parts are said to be."""
    if not held.parts:
        return "not finished before, or not by tenure"
    if held.rows != sum(part.rows for part in held.parts.values()):
        return "changed by hand"
    missing = bool(held.columns) and not set(shape.schema.names) <= held.columns.keys()
    return "lacks columns" if missing else ""


def _stamped(rows: Iterator["pa.RecordBatch"], known_at: datetime) -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    for batch in rows:
        stamp = pa.scalar(known_at, pa.timestamp("us", tz="UTC"))
        yield batch.append_column("known_at", pa.repeat(stamp, batch.num_rows))


def _about(report: Report) -> dict[str, Any]:
    """What the figures rest on, beside each part."""
    meta = report.meta
    return {
        "known_at": meta.known_at,
        "policy": meta.policy,
        "currency": meta.currency,
        "timezone": meta.timezone,
        "version": meta.version,
    }
