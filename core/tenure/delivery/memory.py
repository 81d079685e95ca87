"""What sinks wrote, value by value, and what stood there before.

A value is written down before it is sent, with what it replaces, and confirmed afterwards. So a
crash in between never loses what stood there; until it is confirmed either of the two may stand.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from tenure.ledger.store import Store
from tenure.ledger.tables import Delivery, SinkRemote, SinkValue, table
from tenure.plugin import Change

BY_HAND = "changed by hand"

_DELIVERY, _VALUE, _REMOTE = table(Delivery), table(SinkValue), table(SinkRemote)
_IN_FORCE = _VALUE.c.superseded_at.is_(None)
_AT_ONCE = 500  # SQLite takes 999 parameters in a statement
_T = TypeVar("_T")
_FIELD = (
    (_VALUE.c.sink == bindparam("its_sink"))
    & (_VALUE.c.target == bindparam("its_target"))
    & (_VALUE.c.field == bindparam("its_field"))
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written into a field last, and before; unconfirmed, either may stand there."""

    value: str | None
    previous: str | None
    is_confirmed: bool

    def explains(self, found: str | None) -> bool:
        """Whether a value may stand there without anybody's hand."""
        return found == self.value or (not self.is_confirmed and found == self.previous)


class SinkMemory:
    """The memory of one sink."""

    def __init__(self, store: Store, sink: str) -> None:
        self._store = store
        self._sink = sink
        self._mine = (_VALUE.c.sink == sink) & _IN_FORCE

    def targets(self) -> Collection[str]:
        """Where it left a value that nobody has removed since."""
        # One that was being removed may still be there.
        left = _VALUE.c.value.is_not(None) | _VALUE.c.confirmed_at.is_(None)
        query = select(_VALUE.c.target).where(self._mine, left).distinct()
        with self._store.read() as connection:
            return frozenset(connection.scalars(query))

    def values(self, targets: Collection[str]) -> Mapping[str, Mapping[str, str | None]]:
        """By target and field, what it wrote there last, or was about to when it was cut off."""
        return _nested(self.kept(targets).items())

    def confirmed(self, targets: Collection[str]) -> Mapping[str, Mapping[str, str | None]]:
        """The same, but only what has arrived for sure."""
        return _nested(each for each in self.kept(targets).items() if each[1].is_confirmed)

    def remote_ids(self, targets: Collection[str]) -> Mapping[str, str]:
        """By target, what the other side called it last."""
        query = select(_REMOTE.c.target, _REMOTE.c.remote_id).where(_REMOTE.c.sink == self._sink)
        found: dict[str, str] = {}
        with self._store.read() as connection:
            for few in batched(sorted(set(targets)), _AT_ONCE):
                rows = connection.execute(query.where(_REMOTE.c.target.in_(few)))
                found |= {row.target: row.remote_id for row in rows}
        return found

    def name(self, connection: Connection, run: int, remote_ids: Mapping[str, str]) -> None:
        """Keep what the other side calls the targets of a run."""
        for few in batched(sorted(remote_ids.items()), _AT_ONCE):
            known = (_REMOTE.c.sink == self._sink) & _REMOTE.c.target.in_([t for t, _ in few])
            connection.execute(delete(_REMOTE).where(known))
            rows = [{"target": target, "remote_id": remote} for target, remote in few]
            connection.execute(insert(_REMOTE).values(sink=self._sink, delivery_id=run), rows)

    def kept(self, targets: Iterable[str]) -> dict[tuple[str, str], Kept]:
        """The same by target and field, with what stood there before."""
        v = _VALUE.c
        query = select(v.target, v.field, v.value, v.previous, v.confirmed_at).where(self._mine)
        found = {}
        with self._store.read() as connection:
            for few in batched(sorted(set(targets)), _AT_ONCE):
                for target, field, value, previous, at in connection.execute(
                    query.where(v.target.in_(few))
                ):
                    found[target, field] = Kept(value, previous, at is not None)
        return found

    def noted(self, changes: Sequence[Change]) -> list[Change]:
        """The changes; of those that put back what somebody changed, it is said."""
        kept = self.kept(change.target for change in changes)

        def is_by_hand(change: Change) -> bool:
            ours = kept.get((change.target, change.field))
            return ours is not None and not ours.explains(change.old)

        return [
            replace(change, note=change.note or BY_HAND) if is_by_hand(change) else change
            for change in changes
        ]

    def intend(self, run: int, changes: Sequence[Change]) -> None:
        """Write down what is about to be written, before it is."""
        with self._store.write() as (connection, stamp):
            for few in batched((c for c in changes if not c.setup), 10_000):
                gone = [self._names(change) | {"stamp": stamp} for change in few]
                connection.execute(
                    update(_VALUE)
                    .where(_FIELD, _IN_FORCE)
                    .values(superseded_at=bindparam("stamp")),
                    gone,
                )
                connection.execute(
                    insert(_VALUE), [self._row(run, change, stamp) for change in few]
                )

    def _row(self, run: int, change: Change, stamp: datetime) -> dict[str, object]:
        return {
            "sink": self._sink,
            "target": change.target,
            "field": change.field,
            "value": change.new,
            "previous": change.old,
            "delivery_id": run,
            "recorded_at": stamp,
        }

    def _names(self, change: Change) -> dict[str, object]:
        return {
            "its_sink": self._sink,
            "its_target": change.target,
            "its_field": change.field,
        }

    def confirm(
        self, connection: Connection, run: int, unwritten: Collection[str], at: datetime
    ) -> None:
        """All that a run intended is written, but for some targets."""
        mine = self._mine & (_VALUE.c.delivery_id == run) & _VALUE.c.confirmed_at.is_(None)
        asked = update(_VALUE).where(mine)
        connection.execute(asked.values(confirmed_at=at))
        for few in batched(sorted(unwritten), _AT_ONCE):
            refused = (_VALUE.c.delivery_id == run) & (_VALUE.c.confirmed_at == at)
            back = update(_VALUE).where(self._mine, refused, _VALUE.c.target.in_(few))
            connection.execute(back.values(confirmed_at=None))

    def inverse(self, run: int) -> tuple[list[Change], int]:
        """What takes a run back, and how many of its values were written again since.

        What an undo of the run began and did not finish is still to be taken back.
        """
        began = _VALUE.alias()
        is_same = (began.c.sink == _VALUE.c.sink) & (began.c.target == _VALUE.c.target)
        is_open = began.c.superseded_at.is_(None) & began.c.confirmed_at.is_(None)
        undoes = select(_DELIVERY.c.id).where(_DELIVERY.c.undoes == run)
        resumed = exists().where(
            is_same, began.c.field == _VALUE.c.field, is_open, began.c.delivery_id.in_(undoes)
        )
        query = select(
            _VALUE.c.target, _VALUE.c.field, _VALUE.c.value, _VALUE.c.previous,
            (_IN_FORCE | resumed).label("is_ours"),
        ).where(_VALUE.c.sink == self._sink, _VALUE.c.delivery_id == run)  # fmt: skip
        with self._store.read() as connection:
            rows = connection.execute(query.order_by(_VALUE.c.id)).all()
        # A run that was taken up again has several rows of a field; the last one counts.
        last = {(row.target, row.field): row for row in rows}
        mine = [_back(row) for row in last.values() if row.is_ours]
        return mine, len(last) - len(mine)


def _nested(kept: Iterable[tuple[tuple[str, str], Kept]]) -> dict[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {}
    for (target, field), each in kept:
        found.setdefault(target, {})[field] = each.value
    return found


def _back(row: Any) -> Change:
    return Change(target=row.target, field=row.field, old=row.value, new=row.previous)


def batched(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Lists of at most `size` of the values."""
    found = iter(values)
    while few := list(islice(found, size)):
        yield few
