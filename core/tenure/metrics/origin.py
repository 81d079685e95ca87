"""Where the records stand that points rest on: in which raw object of the ledger."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from tenure.ledger.store import Store
from tenure.ledger.tables import ConnectorState, Observation, RawObject, table

_STATE, _RAW, _HELD = table(ConnectorState), table(RawObject), table(Observation)


class Ref(NamedTuple):
    """The `source_ref` of a point of a connector, and when it was recorded."""

    connector: str
    record: str
    recorded_at: datetime

    @property
    def ids(self) -> list[str]:
        """The records that it names, the innermost first: `in_1/il_2` is il_2 of in_1."""
        return self.record.split("/")[::-1]


@dataclass(frozen=True, slots=True)
class Origins:
    """The names of raw objects by connector, and those that hold a record by its id."""

    names: Mapping[str, Collection[str]]
    holders: Mapping[tuple[str, str], list[tuple[datetime, str]]]
    deleted: Mapping[tuple[str, str], datetime]
    """Since when what `of` names is not kept any more."""

    def of(self, ref: Ref) -> str | None:
        """The name of a file, or name, position and hash of a page; None if none was kept."""
        name = ref.record.rpartition(":")[0]
        if name in self.names.get(ref.connector, ()):
            return name
        found = (self.holders.get((ref.connector, one)) for one in ref.ids)
        held = next((one for one in found if one), [])
        known = [one for one in held if one[0] <= ref.recorded_at]
        return max(known)[1] if known else min(held)[1] if held else None


def origins(store: Store, refs: Collection[Ref]) -> Origins:
    """The origins of some points, in one pass over what pages hold."""
    with store.read() as connection:
        names, holders = _names(connection, refs), _holders(connection, refs)
        return Origins(names, holders, _deleted(connection, names))


def _names(connection: Connection, refs: Collection[Ref]) -> dict[str, set[str]]:
    query = (
        select(_STATE.c.name, _RAW.c.name)
        .join(_STATE, _STATE.c.id == _RAW.c.connector_id)
        .where(_STATE.c.name.in_({ref.connector for ref in refs}))
        .distinct()
    )
    found = defaultdict[str, set[str]](set)
    for connector, name in connection.execute(query):
        found[connector].add(name)
    return found


def _deleted(
    connection: Connection, names: Mapping[str, Collection[str]]
) -> dict[tuple[str, str], datetime]:
    """Pages that are gone, and files of which no piece is left."""
    r = _RAW.c
    query = (
        select(_STATE.c.name, r.name, r.position, r.content_hash, r.deleted_at)
        .join(_STATE, _STATE.c.id == r.connector_id)
        .where(_STATE.c.name.in_(names))
    )
    gone: dict[tuple[str, str], datetime] = {}
    left = set()
    for connector, name, position, digest, at in connection.execute(query):
        if at is None:
            left.add((connector, name))
            continue
        for key in ((connector, name), (connector, f"{name}:{position}:{digest}")):
            gone[key] = max(at, gone.get(key, at))
    return {key: at for key, at in gone.items() if key not in left}


def _holders(
    connection: Connection, refs: Collection[Ref]
) -> dict[tuple[str, str], list[tuple[datetime, str]]]:
    wanted = defaultdict[str, set[str]](set)
    for ref in refs:
        wanted[ref.connector].update(ref.ids)
    h = _HELD.c
    query = (
        select(_STATE.c.name, h.subject, h.key, h.data, h.recorded_at)
        .join(_STATE, _STATE.c.id == h.connector_id)
        .where(h.kind == "raw", _STATE.c.name.in_(wanted))
        .execution_options(yield_per=1_000)
    )
    found = defaultdict[tuple[str, str], list[tuple[datetime, str]]](list)
    for connector, name, key, ids, recorded_at in connection.execute(query):
        for one in wanted[connector].intersection(json.loads(ids).split()):
            found[connector, one].append((recorded_at, f"{name}:{key}"))
    return found
