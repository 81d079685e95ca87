"""The SQL files on other engines: within the subset all of them share, and for real on PostgreSQL.

What the subset cannot promise, an engine's session must: ClickHouse needs `join_use_nulls`,
`prefer_column_name_to_alias` and a `default_table_engine`, and columns that are Nullable.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import psycopg
import pytest
import sqlglot
from asked import NOBODY, as_policy, asked, filled, has_begun, heavy
from engines import (
    DIALECTS,
    MACROS,
    Postgres,
    Recorder,
    UnportableError,
    check,
    ours,
    scripts,
    statements,
    through,
    translated,
)
from facts import at, lasting, point
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ledgers import Ledger
from workspaces import workspace
from worlds import World, policies, questions, worlds

from tenure import Attribute, Customer, Item, State, Subscription
from tenure.errors import TenureError
from tenure.explanation import Metric
from tenure.ledger.store import Store
from tenure.metrics import cohorts, customers, explain, graded, movements, standing
from tenure.metrics.policy import Policy
from tenure.metrics.run import ReportRequest, build, opened
from tenure.money import half_even
from tenure.report import Report, Variant

SEGMENTS = ("owner", "plan", "currency", "source", "acv_band", "cohort")
OWNED = [Attribute(name="owner", value="ann", valid_from=at("2025-01-01"))]
STRICT = Policy(past_due_grace_days=3, exclude=("customer:X",))


def answers(ready, store: Store, request: ReportRequest) -> list[object]:
    """All that the SQL files tell of a request: add here what runs a new file."""
    report = build(ready, store, request)
    log = movements.build(ready, store, replace(request, trailing=None))
    why = explain.build(ready, store, replace(request, by=()), Metric.NRR)
    joined = cohorts.build(ready, store, request).cohorts
    now = customers.build(ready, store, request).rows
    points = timeline(ready, store, request)
    grades = graded.build(ready, store, request)
    stand = list(standing.build(ready, store, request))
    return [*figures_of(report), log.movements, why.parts, joined, now, points, grades, stand]


def figures_of(report: Report) -> tuple[object, ...]:
    return report.rows, report.meta.coverage


def timeline(ready, store: Store, request: ReportRequest) -> list[tuple[object, ...]]:
    """The statements of `tenure.metrics.explain.timeline`, for every customer."""
    with opened(ready, store, request, detail=True) as ledger:
        basis = ledger.basis
        basis.run("named")
        keys = basis.duck.execute("SELECT customer_id FROM named ORDER BY customer_id").fetchall()
        basis.table("asked", "customer_id BIGINT", keys)
        for script in ("facts", "own_pairs", "reasons"):
            basis.run(script, of_asked="WHERE p.customer_id IN (SELECT customer_id FROM asked)")
        return [*basis.run("timeline").fetchall(), *basis.run("attributes").fetchall()]


def of(customer: str, *points) -> Subscription:
    return Subscription(id=f"of {customer}", customer=customer, items=[Item(id="0", points=points)])


LEAVING = point("2026-02-05", 20, ends_at=at("2026-05-01"))
HOME = [
    of("A", *lasting()),
    of("X", *lasting()),
    of("G", point("2025-01-01", 20), LEAVING),
    Customer(id="A", attributes=OWNED),
]
ABROAD = [
    of("E", point("2025-01-01", 70, currency="EUR"), point("2026-02-09", 90, currency="EUR")),
    of("N", point("2026-02-03", 30, currency="EUR"), point("2026-03-09", 40, currency="EUR")),
    Customer(id="N", attributes=OWNED),
]
LAPSED = [of("L", point("2025-01-01", 70), point("2026-02-09", 70, state=State.PAST_DUE))]
QUOTES = {"EUR": {date(2024, 12, 1) + timedelta(days=n): Decimal("1.1") for n in range(0, 600, 7)}}
MONTHS = ReportRequest(first="2026-01", last="2026-03", now=datetime(2026, 7, 1, tzinfo=UTC))
ASKED = [
    (("home", "abroad"), replace(MONTHS, by=SEGMENTS, where={"owner": "ann"}, variant=Variant.ALL)),
    (("home", "abroad"), replace(MONTHS, by=SEGMENTS[:3], trailing=12, variant=Variant.FLOW)),
    (("home",), replace(MONTHS, by=SEGMENTS[:2])),
    (("home",), MONTHS),
]
"""Connectors and a request: together they run every SQL file."""


class Told(NamedTuple):
    """What DuckDB answered to one of ASKED, and every text that it was handed."""

    answers: list[object]
    texts: list[str]


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> Iterator[Store]:
    """A ledger of two connectors: one states dollars alone."""
    store = Store.open(f"sqlite:///{tmp_path_factory.mktemp('portable') / 'store.db'}")
    for name, records in {"home": [*HOME, *LAPSED], "abroad": ABROAD}.items():
        filled(Ledger(store, name), World("UTC", [], [*records, NOBODY], QUOTES))
    yield store
    store.engine.dispose()


@pytest.fixture(scope="module")
def told(both: Store) -> list[Told]:
    """DuckDB's part, for each of ASKED."""
    return [by_duckdb(both, used, request) for used, request in ASKED]


def by_duckdb(store: Store, used: Sequence[str], request: ReportRequest) -> Told:
    texts: list[str] = []
    recorded = replace(request, attach=through(lambda duck: Recorder(duck, texts)))
    return Told(answers(workspace(store.url, *used, policy=STRICT), store, recorded), texts)


@pytest.fixture(scope="module")
def executed(told: list[Told]) -> list[str]:
    """Every text that reports hand to the engine: in one currency and in several."""
    return list(dict.fromkeys(text for one in told for text in one.texts))


def of_file(name: str, texts: list[str]) -> list[str]:
    """Those of the texts that the file of that name was rendered to."""
    fixed = re.split(r"\$\{?[a-z_]+\}?", scripts()[name].template)
    form = re.compile(".*".join(map(re.escape, fixed)), re.DOTALL)
    return [text for text in texts if form.fullmatch(text)]


@pytest.mark.parametrize("name", sorted(scripts()))
def test_every_file_is_run_by_a_report_of_this_test(name, executed):
    assert of_file(name, executed), (
        f"Nothing here runs sql/{name}, so no other engine was asked about it:"
        " add what runs it to `answers` in this file"
    )


@pytest.mark.parametrize("name", sorted(set(scripts()) - {MACROS}))
def test_a_file_stays_within_the_portable_subset(name, executed):
    for text in of_file(name, executed):
        for statement in statements(text):
            check(statement)


def test_what_python_adds_stays_within_the_portable_subset(executed):
    from_files = {text for name in scripts() for text in of_file(name, executed)}
    ours_alone = [one for text in executed if text not in from_files for one in statements(text)]
    assert ours_alone
    for statement in filter(ours, ours_alone):
        check(statement)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_sqlglot_writes_every_statement_for(dialect, executed):
    for sql in (one for text in executed for one in translated(text, dialect)):
        (parsed,) = sqlglot.parse(sql, read=dialect)
        assert not isinstance(parsed, sqlglot.exp.Command), f"Not read, but passed on: {sql}"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t ASOF JOIN u ON t.a >= u.a",
        "SELECT a::HUGEINT FROM t",
        "SELECT a // 2 FROM t",
        "SELECT a / 2 FROM t",
        "SELECT a % 2 FROM t",
        "SELECT arg_max(a, b) FROM t",
        "SELECT first(a) FROM t",
        "SELECT bool_and(a) FROM t",
        "SELECT list(a) FROM t",
        "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1",
        "SELECT sum(a) FILTER (WHERE b) FROM t",
        "SELECT * EXCLUDE (a) FROM t",
        "SELECT * REPLACE (1 AS a) FROM t",
        "SELECT t.* EXCLUDE (a) FROM t",
        "SELECT a, sum(b) FROM t GROUP BY ALL",
        "SELECT a FROM t ORDER BY ALL",
        "SELECT a FROM (SELECT a FROM t)",
        "SELECT a FROM t JOIN (SELECT a FROM u) USING (a)",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "CREATE MACRO f(a) AS a + 1",
        "CREATE TABLE t (a DECIMAL(38, 0))",
        "SELECT a::DOUBLE FROM t",
        "SELECT strptime(a, 'b') FROM t",
        "SELECT f(a) FROM t",
    ],
)
def test_the_subset_refuses(sql):
    (statement,) = statements(sql)
    with pytest.raises(UnportableError, match="is not in the portable subset: "):
        check(statement)


@pytest.fixture
def store_url(sqlite_database: str) -> str:
    """The ledger itself is in SQLite alone: what is compared comes after it."""
    return sqlite_database


@pytest.fixture
def elsewhere(postgres_database: str):
    """A request's engine: PostgreSQL with the tables that DuckDB was given."""
    with psycopg.connect(postgres_database.replace("+psycopg", "")) as connection:
        made = Postgres(connection)
        yield made.load
        connection.rollback()


@pytest.fixture
def postgres(duck, elsewhere) -> Callable[[str], list[tuple[object, ...]]]:
    """A query on PostgreSQL that has the macros."""
    connection = elsewhere(duck)
    return lambda query: connection.execute(query).fetchall()


whole = st.integers(0, 2**62)
rates = st.integers(1, 10**15)


@given(whole, st.integers(1, 31), st.integers(1, 10**6))
@settings(suppress_health_check=heavy.suppress_health_check)
def test_postgresql_rounds_half_to_even_too(postgres, amount, numerator, denominator):
    assume(amount * numerator // denominator < 2**63)
    found = postgres(f"SELECT half_even({amount}, {numerator}, {denominator})")
    assert found == [(half_even(amount * numerator, denominator),)]


@given(whole | st.integers(0, 10).map(lambda n: n * 5), rates | st.just(10**9))
@settings(suppress_health_check=heavy.suppress_health_check)
def test_postgresql_converts_to_the_same_integer(postgres, level, rate):
    assert postgres(f"SELECT convert_at({level}, {rate})") == [(half_even(level * rate, 10**10),)]


def figures(ready, store: Store, request: ReportRequest) -> object:
    """The rows of a report and the evidence they rest on; of a refused one, why."""
    try:
        report = build(ready, store, request)
    except TenureError as refused:
        return str(refused)
    return figures_of(report)


@pytest.mark.parametrize("number", range(4), ids=["segments", "trailing", "steady", "bare"])
def test_postgresql_gives_the_integers_of_duckdb(both, told, elsewhere, number):
    used, request = ASKED[number]
    ready = workspace(both.url, *used, policy=STRICT)
    assert answers(ready, both, replace(request, attach=through(elsewhere))) == told[number].answers


@given(data=st.data(), world=worlds(), policy=policies())
@settings(heavy, max_examples=settings().max_examples // 7)
def test_postgresql_agrees_on_made_up_worlds(fresh, elsewhere, data, world, policy):
    question = data.draw(questions(world))
    assume(has_begun(question))
    ledger = filled(fresh(), world)
    where = data.draw(st.sampled_from([{}, {"source": ledger.connector}, {"currency": "USD"}]))
    request = asked(question, by=SEGMENTS, where=where, variant=Variant.ALL)
    ready = workspace(ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy))
    expected = figures(ready, ledger.store, request)
    assert figures(ready, ledger.store, replace(request, attach=through(elsewhere))) == expected
