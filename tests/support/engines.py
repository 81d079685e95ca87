"""The SQL of reports on other engines: the subset it is written in, and PostgreSQL for real."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import psycopg
import sqlglot
from sqlglot import ErrorLevel, exp

from tenure.metrics.source import Source, attached

FOLDER = files("tenure.metrics").joinpath("sql")
DIALECTS = ("postgres", "spark", "clickhouse", "snowflake", "bigquery")
MACROS = "macros.sql"
"""The one file that each engine needs its own of: `//` means another thing."""

POSTGRES_MACROS = Path(__file__).with_name("macros_postgres.sql")

SUBSET = frozenset(
    """
    Alias Identifier Column Table TableAlias Star Literal Null Boolean Paren Tuple Placeholder Var
    Create Schema ColumnDef DataType DataTypeParam Drop Insert Values
    Select From Where Join Group Order Ordered Having Distinct Union Subquery With CTE Limit
    Window WindowSpec Lag Lead RowNumber Rank Sum Min Max Count
    And Or Not EQ NEQ GT GTE LT LTE Is In Exists Between Like Add Sub Mul Neg DPipe
    Case If Coalesce Nullif Greatest Least Lower Cast Anonymous
    """.split()  # noqa: SIM905 - a list of 60 lines says no more
)
"""The expressions (sqlglot's names) that mean the same everywhere."""

TYPES = ("BIGINT", "INT", "VARCHAR", "TEXT", "DATE")
"""Types of columns. Not DECIMAL(38, 0), which BigQuery has in casts alone, as BIGNUMERIC."""

FUNCTIONS = ("half_even", "convert_at")
"""What may be called although no engine has it: the macros, which each engine's file defines."""


class UnportableError(AssertionError):
    """Says which construct of a file another engine would not take."""

    def __init__(self, what: str, statement: exp.Expression) -> None:
        super().__init__(f"{what} is not in the portable subset: {statement.sql('duckdb')[:300]}")


@cache
def statements(sql: str) -> tuple[exp.Expression, ...]:
    """The statements of a text."""
    return tuple(found for found in sqlglot.parse(sql, read="duckdb") if found is not None)


def check(statement: exp.Expression) -> None:
    """Raise `UnportableError` for what another engine would not take or would read differently."""
    for node in statement.walk():
        if complaint := _complaint(node):
            raise UnportableError(complaint, node)


def _complaint(node: exp.Expression) -> str | None:
    name = type(node).__name__
    if name not in SUBSET:
        return f"{name} ({node.sql('duckdb')[:60]})"
    return _RULES[name](node) if name in _RULES else None


def _column_type(node: exp.Expression) -> str | None:
    kind = node.args["kind"]
    return None if kind.this.value in TYPES else f"A column of type {kind.sql('duckdb')}"


def _named_subquery(node: exp.Expression) -> str | None:
    in_from = isinstance(node.parent, exp.From | exp.Join)
    return "A subquery in FROM without a name" if in_from and not node.alias else None


def _no_all(node: exp.Expression) -> str | None:
    names = (column.name.upper() for column in node.find_all(exp.Column, exp.Var))
    return "GROUP BY ALL or ORDER BY ALL" if node.args.get("all") or "ALL" in names else None


def _refused(what: str, is_fine: Callable[[Any], bool]) -> Callable[[Any], str | None]:
    return lambda node: None if is_fine(node) else what


_RULES: dict[str, Callable[[Any], str | None]] = {
    "Anonymous": lambda node: None if node.name.lower() in FUNCTIONS else f"{node.name}()",
    "Star": _refused("* EXCLUDE or REPLACE", lambda node: not any(node.args.values())),
    "Group": _no_all,
    "Order": _no_all,
    "Subquery": _named_subquery,
    "Create": _refused("This CREATE", lambda node: node.args["kind"] in _CREATED),
    "Join": _refused("This JOIN", lambda node: not node.args.get("method")),
    "ColumnDef": _column_type,
    "DataType": _refused("This type", lambda node: node.this.value in {*TYPES, "DECIMAL"}),
}
_CREATED = {"TABLE", "VIEW", "SCHEMA"}


@cache
def translated(sql: str, dialect: str) -> tuple[str, ...]:
    """Our statements of a text as another engine reads them; raises what SQLGlot cannot write."""
    return tuple(_translated(one, dialect) for one in statements(sql) if ours(one))


def _translated(statement: exp.Expression, dialect: str) -> str:
    if dialect == "clickhouse":  # its parameters have names and types: its driver's to write
        statement = statement.transform(
            lambda node: exp.null() if isinstance(node, exp.Placeholder) else node
        )
    return statement.sql(dialect, unsupported_level=ErrorLevel.RAISE)


def ours(statement: exp.Expression) -> bool:
    """Whether a statement is translated: macros and a session's path are each engine's own."""
    is_macro = isinstance(statement, exp.Create) and statement.args.get("kind") == "MACRO"
    return not is_macro and not isinstance(statement, exp.Set | exp.Command)


def scripts() -> dict[str, Template]:
    """The SQL files, by name."""
    found = (path for path in FOLDER.iterdir() if path.name.endswith(".sql"))
    return {path.name: Template(path.read_text(encoding="utf-8")) for path in found}


def through(engine: Callable[[Any], Any]) -> Callable[[Source], AbstractContextManager[Any]]:
    """A request's `attach`: the engine runs the statements, over the tables that DuckDB has."""

    @contextmanager
    def attach(source: Source) -> Iterator[Any]:
        with attached(source) as duck:
            yield engine(duck)

    return attach


class Recorder:
    """A connection of DuckDB that adds what it executes to a list."""

    def __init__(self, duck: Any, executed: list[str]) -> None:
        self._duck = duck
        self._executed = executed

    def execute(self, sql: str, values: Sequence[object] | None = None) -> Any:
        self._executed.append(sql)
        return self._duck.execute(sql, values)

    def executemany(self, sql: str, rows: list[list[object]]) -> Any:
        self._executed.append(sql)
        return self._duck.executemany(sql, rows)


class Postgres:
    """A connection that takes DuckDB's SQL, translates it and runs it on PostgreSQL."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def load(self, duck: Any) -> "Postgres":
        """Forget all; take the tables of a DuckDB connection, and the macros."""
        self._connection.rollback()
        self._connection.execute("CREATE SCHEMA main")
        self._connection.execute("SET search_path = main")
        self._connection.execute(POSTGRES_MACROS.read_text("utf-8"))
        for (table,) in duck.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            described = duck.execute(f"DESCRIBE {table}").fetchall()
            columns = ", ".join(f'"{name}" {kind}' for name, kind, *_ in described)
            self._connection.execute(f"CREATE TABLE {table} ({columns})")
            with self._connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                for row in duck.execute(f"SELECT * FROM {table}").fetchall():
                    copy.write_row(row)
        return self

    def execute(self, sql: str, values: Sequence[object] | None = None) -> Any:
        cursor = self._connection.cursor()
        for statement in _on_postgres(sql):
            cursor.execute(statement, values)
        return cursor

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> Any:
        (statement,) = _on_postgres(sql)
        cursor = self._connection.cursor()
        cursor.executemany(statement, rows)
        return cursor


def _on_postgres(sql: str) -> tuple[str, ...]:
    if sql.startswith("SET search_path"):  # one string in DuckDB, names here
        return (sql.replace("'", ""),)
    return translated(sql, "postgres")
