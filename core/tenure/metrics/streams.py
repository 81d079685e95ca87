"""Figures customer by customer, in columns: what a sink with room for all of them is lent.

levels      what each customer pays at both ends of each period, and what became of it
movements   the movement log, a row each
points      the ledger itself, what was superseded included

A stream of Arrow record batches, never all of it at once: money is DECIMAL(38, 6), an instant a
timestamp of UTC. A customer is known by `customer_key`, since two connectors may know one id.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from tenure.ledger.store import Store
from tenure.ledger.tables import from_micros
from tenure.metrics import invariants
from tenure.metrics.figures import lines_of
from tenure.metrics.frame import Frame
from tenure.metrics.policy import level_sql
from tenure.metrics.run import Opened, ReportRequest, opened
from tenure.metrics.segments import Segments
from tenure.periods import Period

if TYPE_CHECKING:
    import pyarrow as pa

    from tenure.config import Workspace

_ROWS_AT_ONCE = 100_000
_MONEY = "({})::DECIMAL(32, 0) * 0.000001::DECIMAL(6, 6)"
"""DECIMAL(38, 6) of micro-units: a cast to it would multiply, and a division make it a DOUBLE."""

_LEVELS = """
    SELECT s.customer_id AS customer_key, n.id AS customer_id, p.label AS period,
        p.starts AS period_start, p.ends AS period_end, p.partial,
        {opening} AS start_mrr, {closing_own} AS end_mrr, {closing} AS end_mrr_constant,
        CASE WHEN NOT s.opened AND s.paid_before THEN 'reactivation' WHEN NOT s.opened THEN 'new'
            WHEN NOT s.closed THEN 'churn' WHEN s.closing > s.opening THEN 'expansion'
            WHEN s.closing < s.opening THEN 'contraction' ELSE 'unchanged' END AS movement{segments}
    FROM {states} AS s
    JOIN shown_period AS p ON p.number >= s.period AND p.number < s.until
    JOIN named AS n ON n.customer_id = s.customer_id
    WHERE s.opened OR s.closed"""
_MOVEMENTS = """
    SELECT m.customer_id AS customer_key, n.id AS customer_id, p.label AS period,
        make_timestamptz(m.instant) AS moved_at,
        CASE WHEN NOT m.paid AND m.paid_before THEN 'reactivation' WHEN NOT m.paid THEN 'new'
            WHEN NOT m.pays THEN 'churn' WHEN m.after > m.before THEN 'expansion'
            ELSE 'contraction' END AS kind,
        {before} AS mrr_before, {after} AS mrr_after, {change} AS mrr_change,
        r.reasons, r.causes
    FROM moved AS m
    JOIN shown_period AS p ON p.number = m.period
    JOIN named AS n ON n.customer_id = m.customer_id
    LEFT JOIN (
        SELECT customer_id, instant, period,
            string_agg(reason, ' ' ORDER BY most DESC, reason) AS reasons,
            string_agg(DISTINCT cause, ' ' ORDER BY cause) AS causes
        FROM (
            SELECT customer_id, instant, period, coalesce(reason, 'price') AS reason,
                max(abs(level - was_level)) AS most, nullif(max(cause), 'other') AS cause
            FROM line GROUP BY ALL
        ) AS line
        GROUP BY ALL
    ) AS r ON r.customer_id = m.customer_id AND r.instant = m.instant AND r.period = m.period"""
_POINTS = """
    SELECT h.point_id, y.payer_id AS customer_key, n.id AS customer_id, y.source,
        c.external_id AS source_customer_id, h.subscription AS subscription_id,
        h.item_id AS item_key, h.item AS item_id, h.kind AS item_kind,
        make_timestamptz(h.effective_at) AS effective_at,
        {amount} AS amount, {discount} AS discount, {discount_once} AS discount_once,
        {quantity} AS quantity, h.interval AS billing_interval, h.interval_count, h.currency,
        nullif(h.plan, '') AS plan, nullif(h.product, '') AS product, h.state,
        make_timestamptz(h.state_since) AS state_since,
        make_timestamptz(h.ends_at) AS ends_at, nullif(h.cause, '') AS cause, h.evidence,
        h.source_ref,
        make_timestamptz(h.recorded_at) AS recorded_at,
        make_timestamptz(nullif(h.superseded_at, 0)) AS superseded_at,
        {level} AS monthly
    FROM (SELECT * REPLACE (nullif(ends_at, 0) AS ends_at) FROM known_history) AS h
    JOIN payer AS y ON y.customer_id = h.customer_id
    JOIN known_customer AS c ON c.customer_id = h.customer_id
    JOIN named AS n ON n.customer_id = y.payer_id
    WHERE y.source NOT IN (SELECT name FROM directory)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """The streams of a ledger as known when `request` says; each is closed where it is left."""

    workspace: "Workspace"
    store: Store
    request: ReportRequest

    def began(self) -> date:
        """When anybody first paid, or where the last complete period starts if that is earlier."""
        asked = replace(self.request, first=None, last=None, trailing=None, count=1)
        with opened(self.workspace, self.store, asked) as ledger:
            paid = ledger.basis.number("SELECT min(first_instant) FROM step")
            day = from_micros(paid).astimezone(self.workspace.timezone).date()
            return min(day, ledger.shown[-1].start) if paid else ledger.shown[-1].start

    def levels(self, *, segments: Sequence[str] = ()) -> Iterator["pa.RecordBatch"]:
        """A row per customer and period, with the segments that it belongs to in each.

        `start_mrr` and `end_mrr_constant` are at the opening rate, `end_mrr` at the closing one.
        """
        with self._framed() as (ledger, frame):
            cuts, states = Segments(frame, self.request.unit), "state"
            for number, name in enumerate(segments):
                states = cuts.attach(states, name, f"segment_{number}")
            shown = "".join(
                f", s.segment_{number} AS {_quoted(f'segment_{name}')}"
                for number, name in enumerate(segments)
            )
            money = {n: _MONEY.format(f"s.{n}") for n in ("opening", "closing", "closing_own")}
            query = _LEVELS.format(states=states, segments=shown, **money)
            yield from _batches(ledger, query)

    def movements(self) -> Iterator["pa.RecordBatch"]:
        """A row per movement, valued at the opening rate of its period."""
        with self._framed(detail=True) as (ledger, frame):
            frame.log()
            for script in ("facts", "pairs", "reasons"):
                frame.run(script, of_asked="")
            _require_tied(frame)
            values = {"before": "m.before", "after": "m.after", "change": "m.after - m.before"}
            money = {name: _MONEY.format(value) for name, value in values.items()}
            yield from _batches(ledger, _MOVEMENTS.format(**money))

    def points(self) -> Iterator["pa.RecordBatch"]:
        """A row per point ever recorded; `monthly` is its level under the policy, unconverted."""
        with opened(self.workspace, self.store, self.request, history=True) as ledger:
            ledger.basis.run("named")
            level = (
                f"CASE WHEN h.kind <> 'usage' THEN {level_sql(self.workspace.metrics.policy)} END"
            )
            names = ("amount", "discount", "discount_once", "quantity")
            money = {name: _MONEY.format(f"h.{name}") for name in names}
            yield from _batches(ledger, _POINTS.format(level=_MONEY.format(level), **money))

    @contextmanager
    def _framed(self, *, detail: bool = False) -> Iterator[tuple[Opened, Frame]]:
        """The ledger, and a frame of the periods asked for with the table `shown_period`."""
        with opened(self.workspace, self.store, self.request, detail=detail) as ledger:
            ledger.basis.run("named")
            with Frame(ledger.basis, ledger.shown, cut=True) as frame:
                columns = "number BIGINT, label VARCHAR, starts DATE, ends DATE, partial BOOLEAN"
                ledger.basis.table("shown_period", columns, _numbered(ledger.shown))
                yield ledger, frame


def _numbered(shown: Sequence[Period]) -> Iterator[Sequence[object]]:
    for number, period in enumerate(shown, 1):
        yield number, period.label, period.start, period.end, period.as_of is not None


def _batches(ledger: Opened, query: str) -> Iterator["pa.RecordBatch"]:
    duck = ledger.basis.duck
    duck.execute("SET TimeZone = 'UTC'")  # what the columns of instants say they are in
    found, is_empty = duck.sql(query).to_arrow_reader(_ROWS_AT_ONCE), True
    for batch in found:
        is_empty = False
        yield batch
    if is_empty:  # the columns are told all the same
        import pyarrow as pa  # noqa: PLC0415 - it is with dlt, not with the core

        yield pa.RecordBatch.from_pylist([], schema=found.schema)


def _require_tied(frame: Frame) -> None:
    """The log adds up to the bridge, period by period."""
    query = "SELECT period, sum(after - before) FROM moved GROUP BY period"
    logged = {period: int(change) for period, change in frame.basis.duck.sql(query).fetchall()}
    breaches = [
        f"{row.period}: the log adds up to {logged.get(number, 0)}, the bridge to something else"
        for number, row in enumerate(lines_of(frame, "state"), 1)
        if row.new + row.reactivation + row.expansion - row.contraction - row.churn
        != logged.get(number, 0)
    ]
    invariants.require_none(breaches)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
