"""What the warehouse has, and the table `_tenure_loads` that says which figures these are.

It has a row per part of each table. What is to be written is taken out of it first and put back
after, so that a crash in between makes the next push write it again, whatever the figures are by
then. Of a warehouse of files it is the file `_tenure_loads.jsonl`.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenure import ConfigError
from tenure_sinks.warehouse.columns import Part, Parts, Shape

if TYPE_CHECKING:
    from dlt.destinations.impl.filesystem.filesystem import FilesystemClient
    from dlt.destinations.job_client_impl import SqlJobClientBase

LOADS = "_tenure_loads"
_VERSIONS = "_dlt_version"
_CREATE = "has_database_privilege(current_database(), 'CREATE')"
_VERSION_OF = {"snowflake": "current_version()"}
_FIELDS = ("table_name", "part", "rows", "digest")


@dataclass(frozen=True, slots=True)
class Held:
    """What the warehouse has of a table: its columns, how many rows, and its parts as written."""

    columns: Mapping[str, Any]
    rows: int
    parts: Parts

    def drift(self, table: str, shape: Shape) -> Iterator[str]:
        """The columns that are of another type than the figures."""
        from dlt.common.libs.pyarrow import (  # noqa: PLC0415 - heavy
            py_arrow_to_table_schema_columns,
        )

        for name, column in py_arrow_to_table_schema_columns(shape.schema).items():
            if (there := self.columns.get(name)) and (said := _differs(there, column)):
                yield f"{table}.{name} {said}"


@dataclass(frozen=True, slots=True)
class SqlLoads:
    """Of a warehouse that speaks SQL."""

    client: "SqlJobClientBase"

    def held(self, tables: Sequence[str]) -> dict[str, Held]:
        """What there is of the tables, in at most three queries."""
        stored = dict(self.client.get_storage_tables([LOADS, *tables]))
        there = [table for table in tables if stored[table]]
        noted: Iterable[Sequence[Any]] = ()
        if stored[LOADS]:
            fields = ", ".join(map(self.client.sql_client.escape_column_name, _FIELDS))
            noted = self._rows(f"SELECT {fields} FROM {self._name(LOADS)}")  # noqa: S608 - ours
        counts = [f"SELECT '{table}', count(*) FROM {self._name(table)}" for table in there]  # noqa: S608 - ours
        rows = self._rows(" UNION ALL ".join(counts)) if there else ()
        counted = {table: int(count) for table, count in rows}
        parts = _by_table(noted)
        return {
            each: Held(_folded(stored[each]), counted[each], parts.get(each, {})) for each in there
        }

    def forget(self, tables: Collection[str]) -> None:
        """Take the tables out before they are written."""
        stored = dict(self.client.get_storage_tables([LOADS, _VERSIONS]))
        if stored[LOADS]:
            names = ", ".join(f"'{table}'" for table in tables)
            self._rows(f"DELETE FROM {self._name(LOADS)} WHERE table_name IN ({names})")  # noqa: S608 - ours
        if stored[_VERSIONS]:
            # Else dlt takes tables and columns that somebody dropped for made already.
            self._rows(f"DELETE FROM {self._name(_VERSIONS)}")  # noqa: S608 - ours

    def check(self, shown: str) -> Iterator[str]:
        """What is there, and where that can be asked, whether it may be written."""
        asked = _VERSION_OF.get(self.client.config.destination_type, "version()")
        ((version,),) = self._rows(f"SELECT {asked}")
        yield f"can connect to {shown}: {' '.join(str(version).split()[:2])}"
        dataset = self.client.sql_client.dataset_name
        there = self.client.is_storage_initialized()
        if self.client.config.destination_type == "postgres":
            self._require(
                f"has_schema_privilege('{dataset}', 'USAGE, CREATE')" if there else _CREATE
            )
        yield f"schema {dataset} is there" if there else f"the first push makes schema {dataset}"

    def _require(self, privilege: str) -> None:
        if self._rows(f"SELECT {privilege}")[0][0] is not True:
            raise ConfigError(
                f"The user of the warehouse lacks a privilege: {privilege} is false",
                "Grant it: docs/warehouse.md lists what is needed",
            )

    def _name(self, table: str) -> str:
        return self.client.sql_client.make_qualified_table_name(table)

    def _rows(self, query: str) -> Sequence[Sequence[Any]]:
        return self.client.sql_client.execute_sql(query) or ()


@dataclass(frozen=True, slots=True)
class FileLoads:
    """Of a warehouse of files."""

    client: "FilesystemClient"

    def held(self, tables: Sequence[str]) -> dict[str, Held]:
        """What there is of the tables; that it has its rows is believed."""
        parts = _by_table([[row[name] for name in _FIELDS] for row in self._noted()])
        return {
            table: Held(
                {}, sum(part.rows for part in parts.get(table, {}).values()), parts.get(table, {})
            )
            for table in tables
            if self.client.fs_client.exists(self.client.get_table_dir(table))
        }

    def forget(self, tables: Collection[str]) -> None:
        """Take the tables out before they are written."""
        files, folder = self.client.fs_client, self.client.dataset_path
        if files.exists(self._file):
            self.note([row for row in self._noted() if row["table_name"] not in tables])
        elif files.isdir(folder) and not self.client.is_storage_initialized():
            files.rmdir(folder)  # an empty one, where a first push was cut off, is too much for dlt

    def note(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Say that the rows are what there is."""
        lines = "".join(f"{json.dumps(row, default=str)}\n" for row in rows)
        self.client.fs_client.pipe_file(self._file, lines.encode())

    def check(self, shown: str) -> Iterator[str]:
        """What is there."""
        there = self.client.fs_client.exists(self.client.dataset_path)
        yield f"can reach {shown}{'' if there else ', where the first push makes the folder'}"

    @property
    def _file(self) -> str:
        return f"{self.client.dataset_path}/{LOADS}.jsonl"

    def _noted(self) -> list[dict[str, Any]]:
        try:
            text = self.client.fs_client.cat_file(self._file).decode()
            return [json.loads(line) for line in text.splitlines()]
        except (FileNotFoundError, ValueError):
            return []  # nothing was written yet, or the last writing of it was cut off


def _folded(columns: Mapping[str, Any]) -> dict[str, Any]:
    """By their names as the figures write them: Snowflake has them in upper case."""
    return {name.lower(): column for name, column in columns.items()}


def _by_table(noted: Iterable[Sequence[Any]]) -> dict[str, dict[str, Part]]:
    found: dict[str, dict[str, Part]] = {}
    for table, part, rows, digest in noted:
        found.setdefault(table, {})[part] = Part(int(rows), digest)
    return found


def _differs(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """What is wrong with a column; nothing where a warehouse only calls it something else."""
    kind, should = there.get("data_type"), wanted["data_type"]
    if kind != should and (kind, should) != ("wei", "decimal"):
        return f"is {kind} and should be {should}"
    scale = there.get("scale")
    if should == "decimal" and scale is not None and scale < wanted["scale"]:
        return f"has {scale} decimal places and should have {wanted['scale']}"
    return ""
