"""Sync: the rates, then every connector's pull into the ledger, each on its own, then the accounts.

A connector that fails stops itself only. What it had committed at its checkpoints stays, and the
next sync goes on from there.
"""

import json
import logging
import shutil
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from tenure import accounts, rates
from tenure.config import Entry, Workspace
from tenure.errors import PluginError, TenureError
from tenure.ledger import retention
from tenure.ledger.lease import Ask, Lease, hold
from tenure.ledger.pull import Counts, Pull
from tenure.ledger.store import Store, scratch_of
from tenure.ledger.tables import ConnectorState, Quarantine, Run, table
from tenure.ledger.tables import Observation as ObservationRow
from tenure.lending import give_back, lend
from tenure.plugin import Connector, Context, PullRequest
from tenure.plugins import isolated
from tenure.printing import counted
from tenure.records import Observation, Record
from tenure.redaction import redact

OVERLAP = timedelta(hours=1)
"""How far before the last complete pull an incremental one reads again."""

RENEW_SECONDS = 60

log = logging.getLogger("tenure.sync")

_STATE, _QUARANTINE, _RUN = table(ConnectorState), table(Quarantine), table(Run)
_OBSERVATION = table(ObservationRow)
_KEPT = (
    select(_OBSERVATION.c.subject, _OBSERVATION.c.key, _OBSERVATION.c.at, _OBSERVATION.c.data)
    .where(_OBSERVATION.c.connector_id == bindparam("connector"), _OBSERVATION.c.kind == "event")
    .where(_OBSERVATION.c.subject.in_(bindparam("subjects", expanding=True)))
    .order_by(_OBSERVATION.c.at, _OBSERVATION.c.key)
)
_AT_ONCE = 500
"""Subjects in one query: SQLite takes no more than so many values."""

Progress = Callable[[str, int, int | None], None]
"""Called with the connector's name, its source rows so far, and the total if it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """Which connectors to pull, and how."""

    names: Sequence[str] = ()
    full: bool = False
    accept_loss: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one connector's pull ended, or that of the rates, or how the accounts stand.

    `quarantined` counts its open rows, of older pulls too. Rates and accounts have no quarantine:
    `remarks` name their rows that could not be read. `said` stands for counts of rows.
    """

    name: str
    counts: Counts = field(default_factory=Counts)
    quarantined: int = 0
    error: TenureError | None = None
    remarks: tuple[str, ...] = ()
    said: str = ""

    @property
    def exit_code(self) -> int:
        """0 when everything was read and nothing had to be held back."""
        if self.error is not None:
            return self.error.exit_code
        return int(bool(self.quarantined or self.counts.held or not self.counts.balanced))

    @property
    def summary(self) -> str:
        """What became of the rows, in a line."""
        c = self.counts
        if self.said:
            return self.said
        if not c.read:
            return f"{counted(c.customers, 'customer')} read" if c.customers else "nothing new"
        return (
            f"{counted(c.read, 'row')} read = {c.stored:,} stored + {c.unchanged:,} unchanged"
            f" + {c.quarantined:,} quarantined + {c.excluded:,} excluded"
            + (f"; {counted(c.retracted, 'item')} retracted" if c.retracted else "")
        )


def sync(
    workspace: Workspace,
    store: Store,
    options: SyncOptions,
    progress: Progress = lambda _name, _done, _total: None,
) -> tuple[Outcome, ...]:
    """Pull the rates and every enabled connector, or the connectors that are named.

    Raises `UsageError` for an unknown name.
    """
    chosen = workspace.chosen("connector", options.names)
    run, fx = _Sync(workspace, store, options, progress), workspace.fx.entry
    began = store.known_at() or store.clock()
    first = [run.rates(fx)] if fx and fx.enabled and not options.names else []
    pulled = [run.one(entry) for entry in chosen]
    return (*first, *pulled, *run.accounts(began), *run.prune())


def sync_rates(workspace: Workspace, store: Store) -> tuple[Outcome, ...]:
    """Pull the exchange rates alone; nothing where [fx] says nothing."""
    fx = workspace.fx.entry
    run = _Sync(workspace, store, SyncOptions(), lambda _name, _done, _total: None)
    return (run.rates(fx),) if fx and fx.enabled else ()


@dataclass(frozen=True, slots=True)
class _Sync:
    workspace: Workspace
    store: Store
    options: SyncOptions
    progress: Progress

    def one(self, entry: Entry) -> Outcome:
        """Pull one connector; whatever happens is in the outcome."""
        with _run(self.store, entry.name) as run:
            try:
                if entry.problem is not None:
                    raise entry.problem
                self._pull(entry, run)
            except TenureError as error:
                run.error = error
            return Outcome(
                name=entry.name,
                counts=run.counts,
                quarantined=_open_quarantine(self.store, entry.name),
                error=run.error,
            )

    def rates(self, entry: Entry) -> Outcome:
        """Pull the exchange rates; whatever happens is in the outcome."""
        with _run(self.store, entry.name, "rates") as run:
            try:
                pulled = rates.pull(self.workspace, self.store, entry)
            except TenureError as error:
                run.error = error
                return Outcome(name=entry.name, error=error)
            run.counts, run.notes = pulled.counts, [*pulled.warnings, *pulled.remarks]
            return Outcome(
                name=entry.name,
                counts=pulled.counts,
                quarantined=pulled.counts.quarantined,
                remarks=pulled.remarks,
            )

    def accounts(self, began: datetime) -> Iterator[Outcome]:
        """Match customers that are one account; nothing is said where nobody asks for that."""
        try:
            done = accounts.refresh(self.workspace, self.store, began)
        except TenureError as error:
            yield Outcome(name="accounts", error=error)
            return
        if done is not None:
            yield Outcome(
                name="accounts",
                quarantined=len(done.remarks),
                remarks=done.remarks,
                said=str(done),
            )

    def prune(self) -> Iterator[Outcome]:
        """Delete what sources sent, and how syncs went, long enough ago; of pages it is said."""
        keep = self.workspace.keep_raw
        try:
            retention.prune_runs(self.store)
            deleted = retention.prune(self.store, keep) if keep else 0
        except TenureError as error:
            yield Outcome(name="keep_raw", error=error)
            return
        if deleted and keep:
            said = f"{counted(deleted, 'page')} older than {counted(keep.days, 'day')} deleted"
            yield Outcome(name="keep_raw", said=said)

    def _pull(self, entry: Entry, run: "_Run") -> None:
        connector = entry.plugin
        if not isinstance(connector, Connector):
            raise PluginError(
                f"Connector {entry.name!r} is disabled", "Remove `enabled = false` from its table"
            )
        with (
            hold(self.store, self._ask(entry)) as lease,
            self.store.connect() as connection,
            self.store.connect() as reading,
        ):
            pull = Pull(self.store, connection, lease)
            request = self._request(entry, lease, reading, run)
            try:
                with closing(_guarded(connector, request, self.workspace.secrets)) as records:
                    self._drain(records, pull)
                pull.end()
                shutil.rmtree(scratch_of(self.store.url, lease.connector), ignore_errors=True)
            finally:
                run.counts = pull.counts
                give_back(request)

    def _ask(self, entry: Entry) -> Ask:
        return Ask(
            name=entry.name,
            plugin=entry.use,
            full=self.options.full or self.options.accept_loss,
            accept_loss=self.options.accept_loss,
            incremental=isinstance(entry.plugin, Connector) and entry.plugin.incremental,
            secrets=self.workspace.secrets,
        )

    def _drain(self, records: Iterator[Record], pull: Pull) -> None:
        name, renewed = pull.lease.ask.name, time.monotonic()
        for number, record in enumerate(records):
            pull.add(record)
            if number % 1000 == 0:
                self.progress(name, pull.rows_read, None)
            # Not only now and then: of a slow source every record may take a minute.
            if time.monotonic() - renewed > RENEW_SECONDS:
                pull.lease.renew()
                renewed = time.monotonic()
        self.progress(name, pull.rows_read, pull.rows_read)

    def _request(self, entry: Entry, lease: Lease, reading: Connection, run: "_Run") -> PullRequest:
        lent = lend(self.workspace, entry)

        def recall(subjects: Collection[str]) -> dict[str, list[Observation]]:
            return self._recall(reading, lease.connector, subjects)

        return PullRequest(
            **{f.name: getattr(lent, f.name) for f in fields(Context)},
            full=lease.ask.full,
            cursor=lease.cursor,
            unfinished=lease.unfinished,
            scratch=scratch_of(self.store.url, lease.connector),
            since=lease.watermark and lease.watermark - OVERLAP,
            observations=lambda subject: recall((subject,))[subject],
            recall=recall,
            progress=lambda done, total: self.progress(entry.name, done, total),
            warn=lambda text: run.note(entry, text),
        )

    def _recall(
        self, connection: Connection, connector: int, subjects: Collection[str]
    ) -> dict[str, list[Observation]]:
        # A connector may ask for a hundred thousand subjects: no connection of its own for each.
        found: dict[str, list[Observation]] = {subject: [] for subject in subjects}
        names = list(found)
        with self.store.errors(), connection.begin():
            for at in range(0, len(names), _AT_ONCE):
                asked = {"connector": connector, "subjects": names[at : at + _AT_ONCE]}
                for subject, key, when, data in connection.execute(_KEPT, asked):
                    found[subject].append(
                        Observation(subject=subject, key=key, at=when, data=json.loads(data))
                    )
        return found


def _guarded(
    connector: Connector, request: PullRequest, secrets: Sequence[str]
) -> Generator[Record, None, None]:
    """The connector's records; whatever it raises is a `TenureError` without a secret."""
    failed = f"Connector {request.name!r} failed inside its plugin {connector.name!r}"
    with isolated(failed, secrets):
        records = connector.pull(request)
        for record in records:
            try:
                yield record
            except GeneratorExit:  # closed by us; one that the plugin raises is its failure
                getattr(records, "close", lambda: None)()
                return


def _open_quarantine(store: Store, name: str) -> int:
    row = _QUARANTINE.c
    query = (
        select(func.coalesce(func.sum(row.rows), 0))
        .join(_STATE, _STATE.c.id == row.connector_id)
        .where(_STATE.c.name == name, row.resolved_at.is_(None), row.accepted_at.is_(None))
    )
    with store.read() as connection:
        return int(connection.scalar(query) or 0)


@dataclass(slots=True)
class _Run:
    """The row of `run` while it is under way."""

    id: int
    counts: Counts = field(default_factory=Counts)
    error: TenureError | None = None
    notes: list[str] = field(default_factory=list)

    def note(self, entry: Entry, text: str) -> None:
        """Keep with the run, and show, what its plugin warns of."""
        self.notes.append(redact(" ".join(text.split()), entry.secrets))
        log.warning("%s: %s", entry.name, self.notes[-1])


@contextmanager
def _run(store: Store, name: str, kind: str = "sync") -> Iterator[_Run]:
    """Write down that the sync began, and how it ended, however that was."""
    with store.write() as (connection, _):
        run = _Run(_begin(connection, kind, name, store.clock()))
    outcome, message = "interrupted", ""
    try:
        yield run
        outcome = "failed" if run.error else "done"
        message = str(run.error or "\n".join(run.notes))
    finally:
        values = {"outcome": outcome, "message": message, "counts": run.counts.as_json()}
        with store.write() as (connection, _):
            connection.execute(
                update(_RUN).where(_RUN.c.id == run.id).values(ended_at=store.clock(), **values)
            )


def _begin(connection: Connection, kind: str, name: str, now: Any) -> int:
    values = {"kind": kind, "subject": name, "started_at": now, "counts": "{}", "message": ""}
    inserted = connection.execute(insert(_RUN).values(**values).returning(_RUN.c.id))
    return int(inserted.scalar_one())
