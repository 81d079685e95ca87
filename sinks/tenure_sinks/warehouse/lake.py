"""The warehouse as dlt reaches it.

dlt is kept to itself: it reads neither the environment nor a `.dlt` folder, reports to nobody, and
works in a folder that is gone afterwards.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from tenure_sinks.warehouse.columns import Parts
from tenure_sinks.warehouse.faults import told
from tenure_sinks.warehouse.loads import LOADS, FileLoads, Held, SqlLoads
from tenure_sinks.warehouse.place import Place
from tenure_sinks.warehouse.tables import PART
from tenure_sinks.warehouse.workplace import workplace

if TYPE_CHECKING:
    import dlt
    import pyarrow as pa

_NAME = "tenure"
_ONE_AT_A_TIME = Lock()  # dlt keeps its settings in one place for all threads
_SETTINGS: dict[str, Any] = {
    "runtime": {"dlthub_telemetry": False, "log_level": "CRITICAL"},
    "load": {"workers": 2, "truncate_staging_dataset": True, "raise_on_max_retries": 1},
    "providers": {"enable_airflow_secrets": False},
    "restore_from_destination": False,
}


@dataclass(frozen=True, slots=True)
class Load:
    """Rows for a table: all of it, or (`only`) those of some parts."""

    table: str
    rows: Iterator["pa.RecordBatch"]
    only: Collection[str] | None
    is_new: bool

    def chosen(self) -> Iterator["pa.Table"]:
        """The rows of these parts."""
        import pyarrow as pa  # noqa: PLC0415 - heavy
        import pyarrow.compute as pc  # noqa: PLC0415 - heavy

        part = PART.get(self.table)
        for batch in self.rows:
            table = pa.Table.from_batches([batch])
            if part is None or self.only is None:
                yield table
                continue
            wanted = pa.array(sorted(self.only))
            yield table.filter(pc.is_in(pc.cast(table[part], pa.string()), value_set=wanted))


@dataclass(frozen=True, slots=True)
class Lake:
    """A warehouse that is open."""

    place: Place
    pipeline: "dlt.Pipeline"

    @contextmanager
    def loads(self) -> Iterator[SqlLoads | FileLoads]:
        """A connection that tells what there is."""
        with self.pipeline.destination_client() as client:
            found: Any = client
            yield FileLoads(found) if self.place.is_files else SqlLoads(found)

    def held(self, tables: Sequence[str]) -> dict[str, Held]:
        """What there is of the tables."""
        if self.place.is_to_be_made:
            return {}
        with self.loads() as loads:
            return loads.held(tables)

    def check(self) -> Iterator[str]:
        """Connect, and say what is there and what may be written; makes nothing."""
        if self.place.is_to_be_made:
            with TemporaryFile(dir=self.place.file and self.place.file.parent):
                yield f"can write {self.place.shown}, which the first push makes"
            return
        with self.loads() as loads:
            yield from loads.check(self.place.shown)

    def write(
        self, wanted: Sequence[Load], parts: Mapping[str, Parts], about: Mapping[str, Any]
    ) -> None:
        """Write rows, then say that they are there; `parts` are those of all tables."""
        with self.loads() as loads:
            loads.forget([each.table for each in wanted])
        self._run([_resource(each, self.place) for each in wanted])
        rows = [
            {"table_name": table, "part": part, "rows": one.rows, "digest": one.digest, **about}
            for table, found in parts.items()
            for part, one in found.items()
        ]
        self._note(rows)

    def _note(self, rows: Sequence[Mapping[str, Any]]) -> None:
        import dlt  # noqa: PLC0415 - heavy
        import pyarrow as pa  # noqa: PLC0415 - heavy

        with self.loads() as loads:
            if isinstance(loads, FileLoads):
                loads.note(rows)
                return
        table = pa.Table.from_pylist([dict(row) for row in rows])
        self._run([dlt.resource([table], name=LOADS, write_disposition="replace")])

    def _run(self, resources: Sequence[Any]) -> None:
        form = cast("Any", self.place.file_format)
        self.pipeline.run(resources, loader_file_format=form).raise_on_failed_jobs()


@contextmanager
def opened(place: Place, dataset: str) -> Iterator[Lake]:
    """The warehouse, with dlt to itself; whatever fails is a `TenureError` in words."""
    with (
        _ONE_AT_A_TIME,
        told(place),
        workplace() as folder,
        _alone(folder),
    ):
        import dlt  # noqa: PLC0415 - heavy

        target = place.destination()
        pipeline = dlt.pipeline(
            _NAME, pipelines_dir=folder, destination=target, dataset_name=dataset
        )
        yield Lake(place, pipeline)


@contextmanager
def _alone(folder: str) -> Iterator[None]:
    from dlt.common.configuration.providers import CustomLoaderDocProvider  # noqa: PLC0415 - heavy
    from dlt.common.runtime.run_context import (  # noqa: PLC0415 - heavy
        RunContext,
        switched_run_context,
    )

    class Alone(RunContext):
        global_dir = data_dir = local_dir = run_dir = folder

        def initial_providers(self) -> Any:
            return [CustomLoaderDocProvider(_NAME, lambda: _SETTINGS, locations=())]

    with switched_run_context(Alone(folder)):
        yield


def _resource(load: Load, place: Place) -> Any:
    """All of a table takes its place at once; of parts, the rows that there are go first."""
    import dlt  # noqa: PLC0415 - heavy

    whole = load.only is None
    # Nobody can meet half of a table that nobody knows of: it needs no detour.
    anew = "append" if load.is_new else "replace"
    return dlt.resource(
        load.chosen(),
        name=load.table,
        write_disposition=cast("Any", anew if whole else "merge"),
        merge_key=cast("Any", None if whole else PART[load.table]),
        table_format=cast("Any", place.table_format),
    )
