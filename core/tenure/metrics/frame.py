"""The customers' states over the periods shown: what every figure is summed from.

source     the ledger as known at an instant, what counts of it
gaps       whose absences are too short to count
steps      what each customer pays, from when on
cells      the same where periods open and close
adjacent,  states: opening and closing level of a customer, from which period until which
lagged
home,      the same in the reporting currency
foreign
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from importlib.resources import files
from itertools import count
from string import Template
from typing import TYPE_CHECKING, Self

from tenure.errors import TenureError
from tenure.ledger.tables import to_micros
from tenure.metrics.policy import level_sql
from tenure.metrics.rates import Rates, missing_rates
from tenure.periods import Period

if TYPE_CHECKING:
    from datetime import date

    from duckdb import DuckDBPyConnection

    from tenure.config import Workspace

MONEY = "DECIMAL(38, 0)"
"""The type of sums of levels in SQL: one level may come near 63 bits, a sum passes them."""

_SMALL = 2**62
"""Where all levels together stay below, sums are BIGINT, which takes half the time."""


_EXCLUDED = """
    SELECT count(DISTINCT coalesce(-l.account_id, e.customer_id))
    FROM excluded AS e LEFT JOIN known_link AS l ON l.customer_id = e.customer_id"""
"""Customers that are left out; those of one account are one."""


class Counted:
    """What counts of one attached ledger: the points of the connectors and customers that do."""

    def __init__(
        self, duck: "DuckDBPyConnection", workspace: "Workspace", now: int, until: int | None = None
    ) -> None:
        """`until` is the last instant that is read, where that is not `now`."""
        self.duck = duck
        self.workspace = workspace
        self.now = now if until is None else until
        self.policy = workspace.metrics.policy
        self._names = self._constants()
        self._exclude(now)
        self.table("directory", "name VARCHAR", [(name,) for name in workspace.directories])
        graced = self.policy.past_due_grace_days is not None
        self.run("source", stated="stated_point" if graced else "point")
        if graced:
            self.run("grace")
        # No factor of an interval is above 31.
        if self.number("SELECT sum(amount::DECIMAL(38, 0)) FROM point") * 31 < _SMALL:
            self._names["money"] = "BIGINT"
        self.run("macros")
        self.rates = Rates(duck, workspace)

    def run(self, script: str, **more: object) -> "DuckDBPyConnection":
        """Run one of the SQL files; returns its last result."""
        return self.duck.execute(_sql(script).substitute(self._names | more))

    def table(self, name: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
        """A small table of ours."""
        self.duck.execute(f"CREATE TABLE {name} ({columns})")
        made = [list(row) for row in rows]
        if made:
            marks = ", ".join("?" * len(made[0]))
            self.duck.executemany(f"INSERT INTO {name} VALUES ({marks})", made)  # noqa: S608 - ours

    def number(self, query: str) -> int:
        """The one number that a query finds; 0 for none."""
        found = self.duck.execute(query).fetchone()
        return int(found[0] or 0) if found else 0

    def excluded(self) -> int:
        """How many customers the policy leaves out."""
        return self.number(_EXCLUDED)

    def _constants(self) -> dict[str, object]:
        policy = self.policy
        return {
            "level": level_sql(policy),
            "money": MONEY,
            "tolerance": policy.gap_tolerance_hours * 3_600_000_000,
            "grace": (policy.past_due_grace_days or 0) * 86_400_000_000,
            "home": f"'{self.workspace.currency}'",
            "now": self.now,
        }

    def _exclude(self, now: int) -> None:
        self.table("excluded", "customer_id BIGINT", ())
        rules = [rule_parts(rule) for rule in self.policy.exclude]
        if rules:
            self.table("exclusion", "kind VARCHAR, name VARCHAR, value VARCHAR", rules)
            self.run("excluded", now=now)


class Basis(Counted):
    """What each customer pays from when on.

    Raises `TenureError` if nobody counts.
    """

    def __init__(
        self, duck: "DuckDBPyConnection", workspace: "Workspace", now: int, until: int | None = None
    ) -> None:
        """See `Counted`."""
        super().__init__(duck, workspace, now, until)
        self._require_customers()
        self.run("gaps")
        self.run("steps", points="point", of="")
        self.run("steps", points="gap_point", of="gap_")
        self.run("items")
        self.cells: tuple[int, ...] = ()
        """The bounds whose cells are kept in the schema `cells`."""

    def _require_customers(self) -> None:
        if self.number("SELECT count(*) FROM (SELECT 1 FROM payer LIMIT 1) AS one"):
            return
        if self.excluded():
            raise TenureError("Every customer is excluded", "Look at `exclude` in [metrics]")
        query = "SELECT name FROM known_connector WHERE name NOT IN (SELECT name FROM counted)"
        others = ", ".join(name for (name,) in self.duck.execute(query).fetchall())
        raise TenureError(
            f"The ledger has nothing of the connectors in plugins.toml, only of: {others}"
            if others
            else "The ledger is empty",
            "Run `tenure sync` first, or mend what it could not read: see `tenure quarantine`",
        )


class Frame:
    """The states over some periods, in a schema of their own: `with Frame(basis, shown) as f`."""

    _numbers = count(1)

    def __init__(
        self,
        basis: Basis,
        shown: Sequence[Period],
        *,
        cut: bool,
        valued: Sequence[Period] | None = None,
    ) -> None:
        """Periods in order, at the rates of `valued` where that is not themselves.

        `cut` says that figures of parts are wanted, not of the total alone.
        """
        self.basis = basis
        self.shown = shown
        self.opens = [to_micros(period.opens) for period in shown]
        self.closes = [closes(period) for period in shown]
        self._cut = cut
        self._valued = shown if valued is None else valued
        self.schema = f"frame_{next(self._numbers)}"
        self._names: dict[str, object] = {
            "cell_of": decision_tree(self._bounds()),
            "first_opening": f"1 + {decision_tree(self.opens)}",
            "first_closing": f"1 + {decision_tree(self.closes)}",
            "horizon": max(self.closes),
            "end_cell": len(self._bounds()) + 1,
            "end": len(shown) + 1,
        }

    def __enter__(self) -> Self:
        self.basis.duck.execute(f"CREATE SCHEMA {self.schema}")
        self._look_here()
        self._states()
        return self

    def _look_here(self) -> None:
        self.basis.duck.execute(f"SET search_path = '{self.schema},main'")

    def __exit__(self, *_: object) -> None:
        self.basis.duck.execute("SET search_path = 'main'")
        self.basis.duck.execute(f"DROP SCHEMA {self.schema} CASCADE")

    def run(self, script: str, **more: object) -> "DuckDBPyConnection":
        """Run one of the SQL files; returns its last result."""
        return self.basis.run(script, **(self._names | more))

    def log(self, moved: str = "moved") -> None:
        """Make the table `moved`, or one of another name: the movement log of the periods."""
        foreign = self.basis.rates.foreign
        here = "customer_id NOT IN (SELECT customer_id FROM foreign_customer)"
        self.run("moved", here=here if foreign else "TRUE", moved=moved)
        if foreign:
            self._require_opening_rates()
            self.run("moved_foreign", moved=moved)

    def _bounds(self) -> list[int]:
        return sorted({*self.opens, *self.closes})

    @property
    def is_adjacent(self) -> bool:
        """Whether each period opens as the one before it closes."""
        return self.opens[1:] == self.closes[:-1]

    @property
    def carries(self) -> bool:
        """Whether `changed_state` is enough for a sum over customers: the others carry over."""
        return self.is_adjacent and not self.basis.rates.foreign

    def _states(self) -> None:
        self._cells()
        if not self.is_adjacent:
            self._cell_periods()
        foreign = self.basis.rates.foreign
        script = "adjacent" if self.is_adjacent else "lagged"
        stored = foreign or (self._cut and not self.is_adjacent)
        self.run(script, kind="TABLE" if stored else "VIEW")
        if not foreign:
            self.run("home")
            return
        ends = enumerate(zip(self.opens, self.closes, strict=True), 1)
        rows = [(number, opens, shut) for number, (opens, shut) in ends]
        self.basis.table("shown", "period BIGINT, opens BIGINT, closes BIGINT", rows)
        self._rates()
        self.run("foreign")
        self._require_rates()

    def _cells(self) -> None:
        changes = "VIEW" if self.is_adjacent else "TABLE"
        if not (self._cut and self.is_adjacent):
            self.run("cells", changes=changes, kind="TABLE" if self._cut else "VIEW")
            return
        # Stored ones outlive the frame, for the next one with the same periods.
        bounds = (*self.opens, *self.closes)
        if self.basis.cells != bounds:
            self.basis.duck.execute("DROP SCHEMA IF EXISTS cells CASCADE; CREATE SCHEMA cells")
            self.basis.duck.execute("SET search_path = 'cells,main'")
            self.run("cells", changes=changes, kind="TABLE")
            self._look_here()
            self.basis.cells = bounds
        self.basis.duck.execute("CREATE VIEW cell AS SELECT * FROM cells.cell")

    def _rates(self) -> None:
        """The rates at both ends of every period shown."""
        self.basis.table(
            "rate_at",
            "currency VARCHAR, period BIGINT, side VARCHAR, day DATE, rate BIGINT",
            self.basis.rates.rows(self._valued),
        )

    def _cell_periods(self) -> None:
        """Of each cell, the first period that opens, and that closes, after it."""
        rows = [
            (cell, _first(self.opens, after), _first(self.closes, after))
            for cell, after in enumerate(self._bounds())
        ]
        self.basis.table("cell_period", "cell BIGINT, opening BIGINT, closing BIGINT", rows)

    def _require_opening_rates(self) -> None:
        """Of every currency that anything is paid in at any time of a period."""
        query = (
            "SELECT DISTINCT r.currency, r.day FROM rate_at AS r"
            " JOIN shown AS p ON p.period = r.period"
            " JOIN item_level AS i ON i.currency = r.currency AND i.level > 0"
            " AND i.instant < p.closes AND (i.until IS NULL OR i.until >= p.opens)"
            " WHERE r.side = 'opening' AND r.rate IS NULL ORDER BY r.currency, r.day"
        )
        self._refuse(self.basis.duck.execute(query).fetchall())

    def _refuse(self, missing: "list[tuple[str, date]]") -> None:
        if missing:
            raise missing_rates(missing, self.basis.workspace.currency)

    def _require_rates(self) -> None:
        query = (
            "SELECT DISTINCT currency, opening_day AS day FROM foreign_item"
            " WHERE opening_rate IS NULL AND side <> 'member'"
            " UNION SELECT DISTINCT currency, closing_day FROM foreign_item"
            " WHERE side = 'closing' AND closing_rate IS NULL ORDER BY currency, day"
        )
        self._refuse(self.basis.duck.execute(query).fetchall())


def closes(period: Period) -> int:
    """The first instant that does not belong to the period; a partial one holds its `as_of`."""
    if period.as_of is None:
        return to_micros(period.closes)
    return to_micros(period.as_of + timedelta(microseconds=1))


def decision_tree(bounds: Sequence[int]) -> str:
    """SQL for "how many of these instants are not after `instant`", in log2 comparisons."""

    def between(low: int, high: int) -> str:
        if low == high:
            return str(low)
        middle = (low + high + 1) // 2
        below, above = between(low, middle - 1), between(middle, high)
        return f"CASE WHEN instant < {bounds[middle - 1]} THEN {below} ELSE {above} END"

    return between(0, len(bounds))


def rule_parts(rule: str) -> tuple[str, str, str]:
    """`attribute:internal=true` is ("attribute", "internal", "true")."""
    kind, _, rest = rule.partition(":")
    name, _, value = rest.partition("=") if kind == "attribute" else ("", "", rest)
    return kind, name, value.lower() if kind == "domain" else value


def _first(sorted_instants: Sequence[int], after: int) -> int:
    """The number of the first instant that is not before `after`."""
    return 1 + sum(instant < after for instant in sorted_instants)


@cache
def _sql(name: str) -> Template:
    path = files("tenure.metrics").joinpath("sql", f"{name}.sql")
    return Template(path.read_text(encoding="utf-8"))
