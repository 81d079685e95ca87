"""A report from the ledger: what to ask, the SQL in its order, rows from its integers.

source    the ledger as known at an instant          moves     who changed over which period
steps     what each customer pays, from when on      bridge    the movements added up
                                                     segments  the same by an attribute
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from itertools import accumulate
from string import Template
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tenure import status
from tenure._version import __version__
from tenure.errors import ConfigError, TenureError, UsageError
from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros
from tenure.metrics import invariants
from tenure.metrics.policy import level_sql
from tenure.metrics.source import Source, attached
from tenure.money import ratio_string
from tenure.periods import Period, Unit, periods
from tenure.records import Evidence
from tenure.report import Meta, Report, Row, SourceState

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tenure.config import Workspace

MONEY = "DECIMAL(38, 0)"
"""The type of sums of levels in SQL: one level may come near 63 bits, a sum passes them."""

ITEM_ATTRIBUTES = ("currency", "plan", "product", "source")
"""What a customer has from its largest item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What a report shows. `now` is the clock's unless `known_at` moves it."""

    unit: Unit = Unit.MONTH
    first: str | None = None
    last: str | None = None
    by: tuple[str, ...] = ()
    known_at: datetime | None = None
    now: datetime | None = None


T = TypeVar("T", bound="Movement | _Opening")


class Movement(NamedTuple):
    """The movements of one period, from `bridge.sql`."""

    change: int = 0
    new: int = 0
    reactivation: int = 0
    expansion: int = 0
    contraction: int = 0
    churn: int = 0
    joined: int = 0
    churned: int = 0


def build(workspace: "Workspace", store: Store, request: ReportRequest) -> Report:
    """Compute a report and check it.

    Raises `UsageError` for a period or attribute that does not exist, `ConfigError` for a currency
    without a rate, `TenureError` for an empty ledger, `InvariantError` when figures contradict.
    """
    last_stamp = store.known_at()
    if last_stamp is None:
        raise TenureError("The ledger is empty", "Run `tenure sync` first")
    latest = request.now or max(store.clock(), last_stamp)
    known_at, now = request.known_at or last_stamp, request.known_at or latest
    if now > latest:
        raise UsageError(f"{now:%Y-%m-%d %H:%M} UTC has not come yet", "Use an earlier --known-at")
    shown = periods(request.unit, request.first, request.last, workspace.timezone, now)
    names = tuple(entry.name for entry in workspace.connectors)
    source = Source(store=store, known_at=known_at, now=now, connectors=names)
    with attached(source) as duck:
        figures = _Figures(duck, workspace, shown)
        rows = figures.rows(request.by)
        coverage = figures.coverage()
    sources = status.connectors(store, names)
    invariants.check(rows, [one for one in sources if one.configured])
    return Report(meta=_meta(workspace, known_at, coverage, sources), rows=rows)


class _Figures:
    """The SQL over one attached ledger."""

    def __init__(
        self, duck: "DuckDBPyConnection", workspace: "Workspace", shown: Sequence[Period]
    ) -> None:
        self._duck = duck
        self._workspace = workspace
        self._periods = shown
        policy = workspace.metrics.policy
        bounds = [to_micros(shown[0].opens), *(_closes(period) for period in shown)]
        self._names: dict[str, object] = {
            "level": level_sql(policy),
            "money": MONEY,
            "tolerance": policy.gap_tolerance_hours * 3_600_000_000,
            "period_of": _decision_tree(bounds),
            "horizon": bounds[-1],
            "end": len(shown) + 1,
        }
        self._run("source")
        self._require_customers()
        self._require_one_currency()
        for script in ("macros", "steps", "moves"):
            self._run(script)

    def rows(self, attributes: Sequence[str]) -> tuple[Row, ...]:
        """The total, and every segment of every attribute, by period."""
        total = self._bridge("move", "NULL")[None]
        balances = list(accumulate((total[n] for n in range(len(self._periods) + 1)), _add))
        made = [
            _row(period, None, _Opening(balance.change, balance.joined), total[number])
            for number, (period, balance) in enumerate(
                zip(self._periods, balances, strict=False), 1
            )
        ]
        for attribute in attributes:
            made += self._segments(attribute)
        order = {period.label: number for number, period in enumerate(self._periods)}
        return tuple(sorted(made, key=lambda row: order[row.period]))  # stable: the total first

    def coverage(self) -> dict[str, str | None]:
        """The share of each grade of evidence in the last period's opening MRR."""
        opens = to_micros(self._periods[-1].opens)
        found = dict(self._run("coverage", opens=opens).fetchall())
        whole = sum(int(found.get(grade.value) or 0) for grade in Evidence)
        return {
            grade.value: ratio_string(int(found.get(grade.value) or 0), whole) if whole else None
            for grade in Evidence
        }

    def _segments(self, attribute: str) -> Iterator[Row]:
        self._member(attribute)
        self._run("segments")
        moves = self._bridge("segment_move", "value")
        openings = self._openings()
        for number, period in enumerate(self._periods, 1):
            for value in sorted(openings.keys() | {v for v in moves if v is not None}):
                opening, move = openings[value][number - 1], moves[value][number]
                if opening.customers or any(move):
                    yield _row(period, {attribute: value}, opening, move)
        for table in ("membership", "opening_member", "opening_level", "opening_state"):
            self._duck.execute(f"DROP TABLE {table}")
        self._duck.execute("DROP TABLE segment_move")

    def _openings(self) -> "defaultdict[str, list[_Opening]]":
        """Each segment's balance at the start of each period."""
        count = len(self._periods)
        changes: dict[str, list[_Opening]] = defaultdict(lambda: [_Opening()] * (count + 1))
        found = self._duck.execute(
            "SELECT value, period, sum(change), sum(customers) FROM opening_state"
            " WHERE period <= ? GROUP BY value, period ORDER BY value, period",
            [count],
        )
        for value, period, mrr, customers in found.fetchall():
            changes[value][period - 1] = _Opening(int(mrr), int(customers))
        held = {value: list(accumulate(steps, _add)) for value, steps in changes.items()}
        return defaultdict(lambda: [_Opening()] * (count + 1), held)

    def _member(self, attribute: str) -> None:
        if attribute in ITEM_ATTRIBUTES:
            self._run("largest_item", column=attribute)
            return
        query = "SELECT DISTINCT name FROM known_attribute ORDER BY name"
        known = [*ITEM_ATTRIBUTES, *(name for (name,) in self._duck.execute(query).fetchall())]
        if attribute not in known:
            near = get_close_matches(attribute, known, 1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise UsageError(
                f"No customer has an attribute {attribute!r}",
                f"{hint}There are: {', '.join(known)}",
            )
        quoted = attribute.replace("'", "''")
        self._run("membership", attribute=f"'{quoted}'")

    def _bridge(
        self, moves: str, group: str
    ) -> "defaultdict[str | None, defaultdict[int, Movement]]":
        found: defaultdict[str | None, defaultdict[int, Movement]] = defaultdict(
            lambda: defaultdict(Movement)
        )
        for value, period, *sums in self._run("bridge", moves=moves, group=group).fetchall():
            found[value][period] = Movement(*map(int, sums))
        return found

    def _require_customers(self) -> None:
        if self._duck.execute("SELECT 1 FROM payer LIMIT 1").fetchone():
            return
        query = "SELECT name FROM known_connector WHERE name NOT IN (SELECT name FROM counted)"
        others = ", ".join(name for (name,) in self._duck.execute(query).fetchall())
        raise TenureError(
            f"The ledger has nothing of the connectors in plugins.toml, only of: {others}"
            if others
            else "The ledger is empty",
            "Run `tenure sync` first",
        )

    def _require_one_currency(self) -> None:
        currency = self._workspace.currency
        found = self._duck.execute(
            "SELECT currency, count(DISTINCT item_id) FROM point"
            " WHERE currency <> ? AND amount > 0 GROUP BY currency ORDER BY currency",
            [currency],
        ).fetchall()
        if found:
            named = ", ".join(f"{count:,} items in {code}" for code, count in found)
            raise ConfigError(
                f"The workspace reports in {currency}, but the ledger has {named}",
                "This version converts no currencies: keep them in a workspace of their own",
            )

    def _run(self, script: str, **more: object) -> "DuckDBPyConnection":
        return self._duck.execute(_sql(script).substitute(self._names | more))


@cache
def _sql(name: str) -> Template:
    path = files("tenure.metrics").joinpath("sql", f"{name}.sql")
    return Template(path.read_text(encoding="utf-8"))


class _Opening(NamedTuple):
    """A balance at a period's start."""

    mrr: int = 0
    customers: int = 0


def _add(left: T, right: T) -> T:
    return type(left)(*map(sum, zip(left, right, strict=True)))


def _row(period: Period, segment: dict[str, str] | None, opening: _Opening, m: Movement) -> Row:
    return Row(
        period=period.label,
        start=period.start,
        end=period.end,
        partial=period.as_of is not None,
        as_of=period.as_of,
        segment=segment,
        start_mrr=opening.mrr,
        new=m.new,
        reactivation=m.reactivation,
        expansion=m.expansion,
        contraction=m.contraction,
        churn=m.churn,
        end_mrr=opening.mrr + m.change,
        customers_start=opening.customers,
        customers_end=opening.customers + m.joined,
        customers_churned=m.churned,
    )


def _closes(period: Period) -> int:
    """The first instant that does not belong to the period; a partial one holds its `as_of`."""
    if period.as_of is None:
        return to_micros(period.closes)
    return to_micros(period.as_of + timedelta(microseconds=1))


def _decision_tree(bounds: Sequence[int]) -> str:
    """SQL for "how many of these instants are not after `instant`", in log2 comparisons."""

    def between(low: int, high: int) -> str:
        if low == high:
            return str(low)
        middle = (low + high + 1) // 2
        below, above = between(low, middle - 1), between(middle, high)
        return f"CASE WHEN instant < {bounds[middle - 1]} THEN {below} ELSE {above} END"

    return between(0, len(bounds))


def _meta(
    workspace: "Workspace",
    known_at: datetime,
    coverage: dict[str, str | None],
    sources: Sequence[status.ConnectorStatus],
) -> Meta:
    counted = [one for one in sources if one.configured]
    excluded = (one.counts.get("excluded", 0) for one in counted)
    return Meta(
        currency=workspace.currency,
        timezone=str(workspace.timezone),
        known_at=known_at,
        policy=workspace.metrics.policy.hash,
        preset=workspace.metrics.preset,
        variant="cohort",
        version=__version__,
        coverage=coverage,
        sources=tuple(
            SourceState(
                name=one.name,
                last_complete_sync=one.last_complete_sync,
                incomplete=one.incomplete,
            )
            for one in counted
        ),
        quarantined=sum(one.quarantined for one in counted),
        excluded=sum(int(str(number)) for number in excluded),
        ignored_connectors=tuple(one.name for one in sources if not one.configured),
    )
