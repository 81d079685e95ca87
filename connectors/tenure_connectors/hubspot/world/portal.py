"""A portal and what people do in it.

Everything that happens may be dated (`at`), so that a past can be told; without a date it happens
now. Values are texts, as HubSpot's are; `None` clears one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from tenure_connectors.hubspot.world.limits import Limits
from tenure_connectors.hubspot.world.schema import (
    ALL_SCOPES,
    ASSOCIATIONS,
    CHILD_TO_PARENT,
    KINDS,
    PARENT_TO_CHILD,
    PRIMARY,
    defined,
)
from tenure_connectors.hubspot.world.things import Owner, Pipeline, Property, Record, Stage

TOKEN = "pat-na1-world"  # noqa: S105 - of a portal that exists in memory alone
"""The token of every new portal; it may do everything."""

Key = tuple[str, str]


def sales_stages() -> list[Stage]:
    """The stages that a new portal's pipeline has."""
    return [
        Stage("appointmentscheduled", "Appointment Scheduled", "0.2"),
        Stage("qualifiedtobuy", "Qualified To Buy", "0.4"),
        Stage("contractsent", "Contract Sent", "0.9"),
        Stage("closedwon", "Closed Won", "1.0", closed=True),
        Stage("closedlost", "Closed Lost", "0.0", closed=True),
    ]


def utc_now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


@dataclass
class Portal:
    """An account. `tokens` maps each token to its scopes.

    A record that was changed shows in searches after `search_lag`. `links` holds, by record and
    other type, the types of each association.
    """

    id: int = 42424242
    timezone: str = "UTC"
    currency: str = "USD"
    tokens: dict[str, frozenset[str]] = field(default_factory=lambda: {TOKEN: ALL_SCOPES})
    limits: Limits = field(default_factory=Limits)
    search_lag: timedelta = timedelta()
    association_page: int = 500
    clock: Callable[[], datetime] = utc_now
    records: dict[str, dict[str, Record]] = field(default_factory=lambda: {k: {} for k in KINDS})
    survivors: dict[Key, str] = field(default_factory=dict)
    links: dict[Key, dict[str, dict[str, list[int]]]] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    properties: dict[str, dict[str, Property]] = field(default_factory=dict)
    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    edits: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by object type

    def __post_init__(self) -> None:
        self._numbers = count(9_000_000_001)
        self._orders: dict[str, tuple[int, list[Record]]] = {}
        self._latest: dict[str, tuple[int, list[int], list[Record]]] = {}
        for kind in KINDS.values():
            self.properties[kind.name] = defined(kind)
            name = f"{kind.singular}information"
            self.groups[kind.name] = {name: kind.singular.replace("_", " ").title()}
        self.add_pipeline("Sales Pipeline", sales_stages(), name="default")

    # -- records

    def add(self, kind: str, values: Mapping[str, object], at: datetime | None = None) -> Record:
        """A new record of any type."""
        at = at or self.clock()
        key = str(next(self._numbers))
        given = {k: str(v) for k, v in values.items() if v is not None}
        record = Record(key, kind, at, given)
        self.records[kind][key] = record
        self.edits[kind] += 1
        return record

    def add_company(
        self, name: str, domain: str | None = None, at: datetime | None = None, **values: object
    ) -> Record:
        """A company; any property may be given."""
        return self.add("companies", {"name": name, "domain": domain, **values}, at)

    def add_contact(self, email: str, at: datetime | None = None, **values: object) -> Record:
        """A person."""
        return self.add("contacts", {"email": email, **values}, at)

    def add_deal(
        self, name: str, company: Record | None, at: datetime | None = None, **values: object
    ) -> Record:
        """A deal of a company, which becomes its primary one."""
        usual = {"dealname": name, "pipeline": "default", "dealstage": "qualifiedtobuy"}
        deal = self.add("deals", usual | values, at)
        if company is not None:
            self.associate(deal, company, primary=True, at=deal.created)
        return deal

    def add_line_item(
        self, parent: Record, name: str, at: datetime | None = None, **values: object
    ) -> Record:
        """A line item of one deal or one subscription."""
        item = self.add("line_items", {"name": name, "quantity": "1", **values}, at)
        self.associate(parent, item, at=item.created)
        return item

    def add_subscription(
        self, name: str, company: Record | None, at: datetime | None = None, **values: object
    ) -> Record:
        """A Commerce subscription of a company."""
        made = self.add("subscriptions", {"hs_name": name, "hs_status": "active", **values}, at)
        if company is not None:
            self.associate(made, company, at=made.created)
        return made

    def update(self, record: Record, at: datetime | None = None, **values: object) -> None:
        """Change properties; `None` clears one."""
        self.set(record, values, at)

    def set(self, record: Record, values: Mapping[str, object], at: datetime | None = None) -> None:
        """Change properties that are named by a mapping."""
        given = {name: "" if value is None else str(value) for name, value in values.items()}
        record.change(given, at or self.clock())
        self.edits[record.kind] += 1

    def archive(self, record: Record, at: datetime | None = None) -> None:
        """Delete a record: it is listed as archived, keeps its values and loses its associations.

        They come back if it is restored.
        """
        record.archived_at = at or self.clock()
        self._counted(record, record.archived_at)

    def restore(self, record: Record, at: datetime | None = None) -> None:
        """Bring an archived record back."""
        record.archived_at = None
        record.touch(at or self.clock())
        self._counted(record, record.modified())

    def purge(self, record: Record) -> None:
        """Remove a record for good, as HubSpot does 90 days after it was archived."""
        for kind, others in self.links.pop((record.kind, record.id), {}).items():
            for key in others:
                self.links[kind, key][record.kind].pop(record.id, None)
        del self.records[record.kind][record.id]
        self.edits[record.kind] += 1

    def merge(self, winner: Record, loser: Record, at: datetime | None = None) -> None:
        """Unite two records: the winner keeps its id and its values, and fills its blanks.

        The loser's id answers with the winner from then on; it is listed nowhere, not even as
        archived. Its associations move.
        """
        at = at or self.clock()
        theirs = {name: loser.value(name) for name in {*loser.born, *loser.changes}}
        blanks = {n: v for n, v in theirs.items() if v and winner.value(n) is None}
        old = [winner.value("hs_merged_object_ids"), loser.value("hs_merged_object_ids"), loser.id]
        blanks["hs_merged_object_ids"] = ";".join(ids for ids in old if ids)
        winner.change(blanks, at, "MERGE_OBJECTS")
        self._move_links(winner, loser, at)
        for key, survivor in self.survivors.items():
            if survivor == loser.id and key[0] == winner.kind:
                self.survivors[key] = winner.id
        self.survivors[loser.kind, loser.id] = winner.id
        self.purge(loser)

    def _move_links(self, winner: Record, loser: Record, at: datetime) -> None:
        for kind, others in self.links.get((loser.kind, loser.id), {}).items():
            for key, types in others.items():
                other = self.records[kind][key]
                if other is winner:
                    continue
                back = self.links[kind, key][loser.kind].pop(loser.id)
                self._link(winner, other, types)
                self._link(other, winner, back)
                other.touch(at)
                self.edits[kind] += 1
            others.clear()

    def find(self, kind: str, key: str) -> Record | None:
        """The record of an id, also of one that was merged away."""
        return self.records[kind].get(self.survivors.get((kind, key), key))

    def ordered(self, kind: str) -> list[Record]:
        """All records of a type in the order of their ids."""
        edits, found = self._orders.get(kind, (-1, []))
        if edits != self.edits[kind]:
            found = list(self.records[kind].values())
            self._orders[kind] = (self.edits[kind], found)
        return found

    def by_modified(self, kind: str) -> tuple[list[int], list[Record]]:
        """All records of a type in the order of modification, with its milliseconds."""
        edits, times, found = self._latest.get(kind, (-1, [], []))
        if edits != self.edits[kind]:
            found = sorted(self.records[kind].values(), key=Record.modified)
            times = [int(record.modified().timestamp() * 1000) for record in found]
            self._latest[kind] = (self.edits[kind], times, found)
        return times, found

    # -- associations

    def associate(
        self, one: Record, other: Record, *, primary: bool = False, at: datetime | None = None
    ) -> None:
        """Associate two records in both directions; a primary company displaces another one."""
        pair, back = (one.kind, other.kind), (other.kind, one.kind)
        at = at or self.clock()
        there, here = [ASSOCIATIONS[pair]], [ASSOCIATIONS[back]]
        if primary:
            self._displace(one, other.kind, PRIMARY[pair])
            there.insert(0, PRIMARY[pair])
            here.insert(0, PRIMARY[back])
        self._link(one, other, there)
        self._link(other, one, here)
        self._calculate(one, at)
        self._calculate(other, at)

    def set_parent(self, child: Record, parent: Record | None, at: datetime | None = None) -> None:
        """Make a company the parent of another one, or of none."""
        at = at or self.clock()
        mine = self.links.setdefault((child.kind, child.id), {}).setdefault("companies", {})
        for key in [key for key, types in mine.items() if CHILD_TO_PARENT in types]:
            del mine[key]
            self.links["companies", key]["companies"].pop(child.id, None)
        if parent is not None:
            self._link(child, parent, [CHILD_TO_PARENT])
            self._link(parent, child, [PARENT_TO_CHILD])
        self.update(child, at, hs_parent_company_id=parent.id if parent else None)

    def linked(self, record: Record, kind: str) -> Iterator[tuple[str, list[int]]]:
        """The records of a type that a record is associated with, and the types of each."""
        if record.archived_at is not None:
            return
        for key, types in self.links.get((record.kind, record.id), {}).get(kind, {}).items():
            other = self.records[kind].get(key)
            if other is not None and other.archived_at is None:
                yield key, types

    def _link(self, one: Record, other: Record, types: list[int]) -> None:
        mine = self.links.setdefault((one.kind, one.id), {}).setdefault(other.kind, {})
        mine[other.id] = list(dict.fromkeys([*types, *mine.get(other.id, [])]))

    def _displace(self, one: Record, kind: str, primary: int) -> None:
        back = PRIMARY[kind, one.kind]
        for key, types in self.links.get((one.kind, one.id), {}).get(kind, {}).items():
            if primary in types:
                types.remove(primary)
                self.links[kind, key][one.kind][one.id].remove(back)

    def _counted(self, record: Record, at: datetime) -> None:
        """What HubSpot calculates anew of a record and of those that it is associated with."""
        self._calculate(record, at)
        for kind, others in self.links.get((record.kind, record.id), {}).items():
            for key in others:
                if (other := self.records[kind].get(key)) is not None:
                    self._calculate(other, at)

    def _calculate(self, record: Record, at: datetime) -> None:
        self.edits[record.kind] += 1
        values: dict[str, str] = {}
        if record.kind == "companies":
            values["num_associated_deals"] = str(sum(1 for _ in self.linked(record, "deals")))
        if record.kind == "deals":
            items = sum(1 for _ in self.linked(record, "line_items"))
            first = PRIMARY["deals", "companies"]
            companies = [k for k, types in self.linked(record, "companies") if first in types]
            values["hs_num_of_associated_line_items"] = str(items)
            values["hs_primary_associated_company"] = companies[0] if companies else ""
        new = {name: value for name, value in values.items() if (record.value(name) or "") != value}
        if new and record.archived_at is None:
            record.change(new, at, "CALCULATED")

    # -- people and settings

    def add_owner(self, first: str, last: str, email: str, at: datetime | None = None) -> Owner:
        """A user whom records may belong to (`hubspot_owner_id`)."""
        number = next(self._numbers)
        key = str(number - 8_900_000_000)
        user_id = number - 8_950_000_000
        owner = Owner(key, email, first, last, user_id, at or self.clock())
        self.owners[key] = owner
        return owner

    def add_pipeline(self, label: str, stages: list[Stage], *, name: str | None = None) -> Pipeline:
        """A pipeline of deals."""
        key = name or str(next(self._numbers))
        self.pipelines[key] = Pipeline(key, label, stages, datetime(1970, 1, 1, tzinfo=UTC))
        return self.pipelines[key]

    def add_property(self, kind: str, definition: Property) -> None:
        """A property of this portal's own."""
        self.properties[kind][definition.name] = definition
