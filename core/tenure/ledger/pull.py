"""One pull of one connector into the ledger: stage, then commit at each checkpoint.

Records and cursor are committed in one transaction, so a pull that is killed resumes at its last
checkpoint, and what it states twice is written once. What vanished is retracted at the end of a
pull, and only when nothing in it could have hidden it (metrics.md section 2).
"""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, TextClause, text

from tenure.errors import PluginError
from tenure.ledger import scripts
from tenure.ledger.forgotten import Forgotten
from tenure.ledger.lease import Lease
from tenure.ledger.staging import Stage
from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros
from tenure.records import BEGINNING, Checkpoint, Record
from tenure.redaction import Redactor

LOSS_LIMIT = 5
"""A pull that would retract more than one in five of a connector's items holds them all."""

_COUNT_STATED = text("SELECT coalesce(sum(rows), 0) FROM stage_item")
_COUNT_CUSTOMERS = text("SELECT count(*) FROM stage_customer")
_COUNT_WRITTEN = text(
    "SELECT coalesce(sum(i.rows), 0) FROM stage_item AS i WHERE i.item_id > :last_item OR EXISTS ("
    " SELECT 1 FROM stage_verdict AS v WHERE v.line_no = i.no AND v.closes + v.inserts > 0)"
)
_COUNT_CONTRADICTIONS = text("SELECT coalesce(sum(contradicts), 0) FROM stage_verdict")
_COUNT_TOMBSTONES = text("SELECT count(*) FROM stage_tombstone")
_COUNT_LOST = text("SELECT count(*) FROM stage_retract")
_COUNT_HIDING = text(
    "SELECT count(*) FROM quarantine"
    " WHERE connector_id = :connector AND pull_started_at = :pull AND accepted_at IS NULL"
)
_COUNT_KNOWN = text(  # before the pull, of which a killed process may have committed a part
    "SELECT count(DISTINCT p.item_id) FROM point AS p JOIN customer AS c ON c.id = p.customer_id"
    " WHERE c.connector_id = :connector AND p.recorded_at <= :pull"
    " AND (p.superseded_at IS NULL OR p.superseded_at > :pull)"
)
_RESOLVE = text(
    "UPDATE quarantine SET resolved_at = :stamp"
    " WHERE connector_id = :connector AND pull_started_at <> :pull AND resolved_at IS NULL"
)


class Hold(StrEnum):
    """Why retractions were held back."""

    QUARANTINE = "quarantine"
    LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the source's rows, and what else a pull did.

    `read = stored + unchanged + quarantined + excluded`; `source_count` is the source's own count
    of rows, `retracted` and `held` count items, `customers` those that were stated by themselves.
    """

    read: int = 0
    stored: int = 0
    unchanged: int = 0
    quarantined: int = 0
    excluded: int = 0
    source_count: int | None = None
    contradictions: int = 0
    retracted: int = 0
    held: int = 0
    held_by: Hold | None = None
    customers: int = field(default=0, compare=False)

    def as_json(self) -> str:
        """The counts as they are kept with the run."""
        return json.dumps(asdict(self))

    @property
    def balanced(self) -> bool:
        """Whether nothing was dropped in silence."""
        accounted = self.stored + self.unchanged + self.quarantined + self.excluded
        return self.read == accounted and self.source_count in {None, self.read}


class Pull:
    """Takes the records of one pull; `counts` is what became of those committed so far."""

    def __init__(self, store: Store, connection: Connection, lease: Lease) -> None:
        self.counts = Counts()
        self._store = store
        self._connection = connection
        self.lease = lease
        with connection.begin():
            forgotten = Forgotten.of(connection, lease.connector)
        self._stage = Stage(connection, Redactor(lease.ask.secrets), forgotten)
        self._finished = False

    @property
    def rows_read(self) -> int:
        """Source rows so far, those not committed included."""
        return self.counts.read + self._stage.rows_read

    def add(self, record: Record) -> None:
        """Stage a record; a checkpoint commits everything before it."""
        if self._finished:  # a second complete checkpoint would retract what the first one closed
            raise self._mistake("yielded more after a complete checkpoint")
        if isinstance(record, Checkpoint):
            if type(record.source_count) not in {int, type(None)}:
                raise self._mistake(f"counts {record.source_count!r} source rows")
            self._commit(record)
        else:
            self._stage.add(record)

    def _mistake(self, what: str) -> PluginError:
        name = self.lease.ask.name
        return PluginError(
            f"Connector {name!r} {what}", "Tell the plugin's author; what was committed is kept"
        )

    def end(self) -> None:
        """The connector has no more to say: commit what is left and close the pull."""
        if not self._finished:
            self._commit(None)

    def _commit(self, checkpoint: Checkpoint | None) -> None:
        self._stage.flush()
        with self._store.write(self._connection) as (connection, stamp):
            binds = self._binds(stamp)
            counts = self._merge(binds)
            if checkpoint is None or checkpoint.complete:
                counts = self._finish(binds, counts, checkpoint)
            else:
                self.lease.keep_cursor(connection, checkpoint.cursor)
            self._stage.clear()
        self._finished = checkpoint is None or checkpoint.complete
        self.counts = counts

    def _binds(self, stamp: datetime) -> scripts.Binds:
        return {
            "connector": self.lease.connector,
            "pull": to_micros(self.lease.pull_started_at),
            "stamp": to_micros(stamp),
            "beginning": to_micros(BEGINNING),
            "last_item": _last_id(self._connection, "item"),
            "last_customer": _last_id(self._connection, "customer"),
        }

    def _merge(self, binds: scripts.Binds) -> Counts:
        connection, before = self._connection, self.counts
        if connection.dialect.name == "postgresql":  # its planner knows nothing of new tables
            connection.execute(text("ANALYZE stage_subscription, stage_item, stage_point"))
        stated, customers = self._count(_COUNT_STATED), self._count(_COUNT_CUSTOMERS)
        scripts.run(connection, "resolve", binds)
        scripts.run(connection, "diff", binds, "point")
        written = self._count(_COUNT_WRITTEN, binds)
        contradictions = self._count(_COUNT_CONTRADICTIONS)
        self._stage.forget_verdicts()
        scripts.run(connection, "diff", binds, "customer_attribute")
        contradictions += self._count(_COUNT_CONTRADICTIONS)
        scripts.run(connection, "snapshot", binds)
        scripts.run(connection, "keep", binds)
        if self._count(_COUNT_TOMBSTONES):
            scripts.run(connection, "tombstones", binds)
        return replace(
            before,
            read=self.rows_read,
            stored=before.stored + written,
            unchanged=before.unchanged + stated - written,
            quarantined=before.quarantined + self._stage.rows_quarantined,
            excluded=before.excluded + self._stage.rows_excluded,
            contradictions=before.contradictions + contradictions,
            customers=before.customers + customers,
        )

    def _finish(self, binds: scripts.Binds, counts: Counts, point: Checkpoint | None) -> Counts:
        connection = self._connection
        scripts.run(connection, "retract", binds | {"everything": point is not None})
        lost = self._count(_COUNT_LOST)
        hold = self._must_hold(lost, binds) if lost else None
        if hold is not None:
            self._stage.forget_retractions()
        scripts.run(connection, "finish", binds)
        if point is not None:
            connection.execute(_RESOLVE, {k: binds[k] for k in ("stamp", "connector", "pull")})
        held = lost if hold else 0
        self.lease.finish(connection, point, held)
        # A resumed pull reads only the rest of what the source counts.
        source_count = point.source_count if point and not self.lease.resumed else None
        return replace(
            counts,
            source_count=source_count,
            retracted=lost - held,
            held=held,
            held_by=hold,
        )

    def _must_hold(self, lost: int, binds: scripts.Binds) -> Hold | None:
        """Whether something may have hidden the lost items, or they are too many to believe."""
        if self._count(_COUNT_HIDING, binds):
            return Hold.QUARANTINE
        too_many = lost * LOSS_LIMIT > self._count(_COUNT_KNOWN, binds)
        return Hold.LOSS if too_many and not self.lease.ask.accept_loss else None

    def _count(self, query: TextClause, binds: scripts.Binds | None = None) -> int:
        wanted = query.compile().params
        return int(self._connection.scalar(query, {k: (binds or {})[k] for k in wanted}) or 0)


def _last_id(connection: Connection, table: str) -> int:
    return int(connection.scalar(text(f"SELECT coalesce(max(id), 0) FROM {table}")) or 0)  # noqa: S608 - a name of ours
