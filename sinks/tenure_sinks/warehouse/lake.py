"""The warehouse as dlt reaches it: what is there, forgetting, loading.

`_tenure_loads` says of each part of each table what was written last. What is to be written is
taken out of it first and put back after, so that a crash in between makes the next push write it
again, whatever the figures are by then.

dlt is kept to itself: it reads neither the environment nor a `.dlt` folder, reports to nobody, and
works in a folder that is gone afterwards.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any

from tenure_sinks.warehouse.columns import Part, Parts, Shape
from tenure_sinks.warehouse.faults import told
from tenure_sinks.warehouse.place import Place
from tenure_sinks.warehouse.tables import PART

if TYPE_CHECKING:
    import dlt
    import pyarrow as pa

LOADS = "_tenure_loads"
_NAME = "tenure"
_ONE_AT_A_TIME = Lock()  # dlt keeps its settings in one place for all threads
_SETTINGS: dict[str, Any] = {
    "runtime": {"dlthub_telemetry": False, "log_level": "CRITICAL"},
    "load": {"workers": 2, "truncate_staging_dataset": True, "raise_on_max_retries": 1},
    "providers": {"enable_airflow_secrets": False},
    "restore_from_destination": False,
}


@dataclass(frozen=True, slots=True)
class Held:
    """What the warehouse has of a table: its columns, how many rows, and its parts as written."""

    columns: Mapping[str, Any]
    rows: int
    parts: Parts


@dataclass(frozen=True, slots=True)
class Load:
    """Rows for a table: all of it, or those of some parts alone."""

    table: str
    rows: Iterator["pa.RecordBatch"]
    only: Collection[str] | None


@contextmanager
def opened(place: Place, dataset: str) -> Iterator["Lake"]:
    """The warehouse, with dlt to itself; whatever fails is a `TenureError` in words."""
    with _ONE_AT_A_TIME, TemporaryDirectory(prefix="tenure-warehouse-") as folder:
        with told(place), _alone(folder):
            import dlt  # noqa: PLC0415 - heavy

            pipeline = dlt.pipeline(
                _NAME,
                pipelines_dir=folder,
                destination=place.destination(),
                dataset_name=dataset,
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


@dataclass(frozen=True, slots=True)
class Lake:
    """A warehouse that is open."""

    place: Place
    pipeline: "dlt.Pipeline"

    @property
    def replaces_only(self) -> bool:
        """Whether parts of a table cannot be written alone."""
        return self.place.is_files

    def held(self, tables: Sequence[str]) -> dict[str, Held]:
        """What there is of the tables, in at most three queries."""
        with self.pipeline.destination_client() as client:
            if self.place.is_files:
                return _held_files(client, tables)
            return _held_tables(client, tables)

    def drift(self, table: str, held: Held, shape: Shape) -> Iterator[str]:
        """The columns that are of another type than the figures."""
        from dlt.common.libs.pyarrow import (  # noqa: PLC0415 - heavy
            py_arrow_to_table_schema_columns,
        )

        for name, column in py_arrow_to_table_schema_columns(shape.schema).items():
            there = held.columns.get(name)
            if there is not None and (said := _differs(there, column)):
                yield f"{table}.{name} {said}"

    def check(self) -> Iterator[str]:
        """Connect, and say what is there and whether it may be written."""
        with self.pipeline.destination_client() as client:
            if self.place.is_files:
                yield from _check_files(client, self.place)
            else:
                yield from _check_sql(client, self.place)

    def load(self, loads: Sequence[Load], loaded: Mapping[str, Parts], about: Mapping[str, Any]) -> None:
        """Write rows, then that they are there; `loaded` has the parts of all tables."""
        self._forget([each.table for each in loads])
        self._run([_resource(each, self.place) for each in loads])
        rows = [
            {"table_name": table, "part": part, "rows": told.rows, "digest": told.digest, **about}
            for table, parts in loaded.items()
            for part, told in parts.items()
        ]
        if self.place.is_files:
            with self.pipeline.destination_client() as client:
                _note_files(client, rows)
        else:
            self._run([_loads(rows)])

    def _run(self, resources: Sequence[Any]) -> None:
        info = self.pipeline.run(resources, loader_file_format=self.place.file_format)
        info.raise_on_failed_jobs()

    def _forget(self, tables: Collection[str]) -> None:
        with self.pipeline.destination_client() as client:
            if self.place.is_files:
                noted = [row for row in _noted_files(client) if row["table_name"] not in tables]
                _note_files(client, noted)
                return
            names = [LOADS, "_dlt_version"]
            there = {name for name, columns in client.get_storage_tables(names) if columns}
            sql = client.sql_client
            if LOADS in there:
                marks = ", ".join(f"'{table}'" for table in tables)
                name = sql.make_qualified_table_name(LOADS)
                sql.execute_sql(f"DELETE FROM {name} WHERE table_name IN ({marks})")  # noqa: S608 - ours
            if "_dlt_version" in there:
                # Else dlt takes tables and columns that somebody dropped for made already.
                sql.execute_sql(f"DELETE FROM {sql.make_qualified_table_name('_dlt_version')}")  # noqa: S608 - ours


def _held_tables(client: Any, tables: Sequence[str]) -> dict[str, Held]:
    sql = client.sql_client
    stored = dict(client.get_storage_tables([LOADS, *tables]))
    there = [table for table in tables if stored[table]]
    noted: list[Sequence[Any]] = []
    if stored[LOADS]:
        name = sql.make_qualified_table_name(LOADS)
        noted = sql.execute_sql(f"SELECT table_name, part, rows, digest FROM {name}")  # noqa: S608 - ours
    counted = " UNION ALL ".join(
        f"SELECT '{table}', count(*) FROM {sql.make_qualified_table_name(table)}"  # noqa: S608 - ours
        for table in there
    )
    rows = dict(sql.execute_sql(counted)) if there else {}
    parts = _by_table(noted)
    return {table: Held(stored[table], rows[table], parts.get(table, {})) for table in there}


def _by_table(noted: Iterable[Sequence[Any]]) -> dict[str, dict[str, Part]]:
    found: dict[str, dict[str, Part]] = {}
    for table, part, rows, digest in noted:
        found.setdefault(table, {})[part] = Part(int(rows), digest)
    return found


def _held_files(client: Any, tables: Sequence[str]) -> dict[str, Held]:
    names = ("table_name", "part", "rows", "digest")
    parts = _by_table([[row[name] for name in names] for row in _noted_files(client)])
    return {
        table: Held({}, sum(part.rows for part in parts.get(table, {}).values()), parts.get(table, {}))
        for table in tables
        if client.fs_client.exists(client.get_table_dir(table))
    }


def _noted_files(client: Any) -> list[dict[str, Any]]:
    try:
        text = client.fs_client.cat_file(_file(client)).decode()
        return [json.loads(line) for line in text.splitlines()]
    except (FileNotFoundError, ValueError):
        return []  # nothing was written, or the last writing of it was cut off


def _note_files(client: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    lines = "".join(f"{json.dumps(row, default=str)}\n" for row in rows)
    client.fs_client.makedirs(client.dataset_path, exist_ok=True)
    client.fs_client.pipe_file(_file(client), lines.encode())


def _file(client: Any) -> str:
    return f"{client.dataset_path}/{LOADS}.jsonl"


def _resource(load: Load, place: Place) -> Any:
    """All of a table takes its place at once; of parts, the rows that there are go first."""
    import dlt  # noqa: PLC0415 - heavy

    part = PART.get(load.table)
    whole = load.only is None
    return dlt.resource(
        _chosen(load, part),
        name=load.table,
        write_disposition="replace" if whole else "merge",
        merge_key=None if whole else part,
        table_format=place.table_format,
    )


def _chosen(load: Load, part: str | None) -> Iterator["pa.Table"]:
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy

    for batch in load.rows:
        table = pa.Table.from_batches([batch])
        if load.only is None or part is None:
            yield table
            continue
        wanted = pa.array(sorted(load.only))
        mine = table.filter(pc.is_in(pc.cast(table[part], pa.string()), value_set=wanted))
        if mine.num_rows:
            yield mine


def _loads(rows: Sequence[Mapping[str, Any]]) -> Any:
    import dlt  # noqa: PLC0415 - heavy

    return dlt.resource(list(rows), name=LOADS, write_disposition="replace")


def _differs(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """What is wrong with a column; nothing where a warehouse only calls it something else."""
    kinds = [column.get("data_type") for column in (there, wanted)]
    if kinds[0] != kinds[1] and not (kinds[0] == "wei" and kinds[1] == "decimal"):
        return f"is {kinds[0]} and should be {kinds[1]}"
    scale = there.get("scale")
    if kinds[1] == "decimal" and scale is not None and scale < wanted["scale"]:
        return f"has {scale} decimal places and should have {wanted['scale']}"
    return ""


def _check_sql(client: Any, place: Place) -> Iterator[str]:
    sql = client.sql_client
    version = sql.execute_sql("SELECT version()")[0][0]
    yield f"can connect to {place.shown}: {' '.join(str(version).split()[:2])}"
    there = sql.has_dataset()
    yield f"schema {sql.dataset_name} is there" if there else f"a push makes schema {sql.dataset_name}"


def _check_files(client: Any, place: Place) -> Iterator[str]:
    there = client.fs_client.exists(client.dataset_path)
    yield f"can reach {place.shown}" + ("" if there else f"; a push makes {client.dataset_path}")
