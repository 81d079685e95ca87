"""Rows of parquet files, by DuckDB."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tenure import SourceError
from tenure_connectors.file.options import FileConfig, SourceFile
from tenure_connectors.file.rows import SourceRow, flat

_BATCH = 2_000
_LIMITS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "256MB",
    "autoinstall_known_extensions": False,
}


def parquet_rows(file: SourceFile, _config: FileConfig) -> Iterator[SourceRow]:
    """The rows of a parquet file, numbered from 1, a batch at a time."""
    import duckdb  # noqa: PLC0415 - only for such files

    with duckdb.connect(config=_LIMITS) as duck:
        try:
            source = "FROM read_parquet(?, hive_partitioning = false)"
            path = [_literal(file.path)]
            columns = duck.execute(f"{source} LIMIT 0", path).description or ()
            yield SourceRow(file.name, [name for name, *_ in columns])
            wanted = ", ".join(_expression(name, kind) for name, kind, *_ in columns)
            found = duck.execute(f"SELECT {wanted} {source}", path)
            numbers = count(1)
            while rows := found.fetchmany(_BATCH):
                for cells in rows:
                    yield SourceRow(f"{file.name}:{next(numbers)}", flat(cells))
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise SourceError(
                f"{file.name} is no whole parquet file: {reason}", "Write it again"
            ) from None


def _literal(path: Path) -> str:
    """The path as DuckDB takes it for this file alone, although it reads globs."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def _expression(name: str, kind: object) -> str:
    """The column; a float of 32 bits by its shortest decimal text, as all floats are."""
    quoted = '"' + name.replace('"', '""') + '"'
    return f"{quoted}::VARCHAR::DOUBLE" if str(kind) == "FLOAT" else quoted
