"""Companies: what is known of them over time, parents, merges, archived and restored ones."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from hubspot_world.life import Customer, Life
from tenure_connectors.hubspot.world import Owner, Record

INDUSTRIES = ("COMPUTER_SOFTWARE", "BANKING", "RETAIL", None)
COUNTRIES = ("Germany", "United States", "Japan", None)

Told = list[tuple[datetime, str | None]]
"""The values of an attribute, each from its instant on."""


@dataclass
class People:
    """All companies of a portal, by record id, with what they were at any time."""

    life: Life
    owners: list[Owner] = field(default_factory=list)
    told: dict[str, dict[str, Told]] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        portal = self.life.portal
        names = [("Ann", "Lee"), ("Bob", "Moe"), ("Zoë", "Ray")]
        self.owners = [
            portal.add_owner(first, last, f"{first}@seller.example", self.life.now)
            for first, last in names
        ]
        self.known(portal.ordered("companies")[0], self.life.now)

    def company(self, number: int, at: datetime) -> Record:
        """A new company."""
        life = self.life
        owner = life.pick([*self.owners, None])
        record = life.portal.add_company(
            f"Company {number}",
            f"company{number}.example",
            at,
            hubspot_owner_id=owner and owner.id,
            industry=life.pick(INDUSTRIES),
            country=life.pick(COUNTRIES),
        )
        self.known(record, at)
        return record

    def known(self, record: Record, at: datetime) -> None:
        names = {owner.id: f"{owner.first} {owner.last}" for owner in self.owners}
        owner = record.value("hubspot_owner_id")
        self.told[record.id] = {
            "owner": [(at, names[owner] if owner else None)],
            "industry": [(at, record.value("industry"))],
            "country": [(at, record.value("country"))],
        }
        self.parents[record.id] = None

    # -- what happens to companies

    def changes(self, record: Record, start: date, until: date) -> None:
        """Owners and industries change now and then."""
        day = start + timedelta(days=self.life.rng.randrange(20, 300))
        while day < until:
            self.life.at(self.life.hour(day), lambda at: self.change(record, at))
            day += timedelta(days=self.life.rng.randrange(30, 400))

    def change(self, record: Record, at: datetime) -> None:
        if record.id not in self.told:
            return  # merged away meanwhile
        if self.life.chance(0.6):
            owner = self.life.pick([o for o in self.owners if not o.archived] + [None])
            self.life.portal.update(record, at, hubspot_owner_id=owner and owner.id)
            self.tell(record, "owner", at, owner and f"{owner.first} {owner.last}")
        else:
            industry = self.life.pick(INDUSTRIES)
            self.life.portal.update(record, at, industry=industry)
            self.tell(record, "industry", at, industry)

    def tell(self, record: Record, name: str, at: datetime, value: str | None) -> None:
        told = self.told[record.id][name]
        if told[-1][1] != value:
            told.append((at, value))

    def leaves(self, owner: Owner) -> None:
        """An owner leaves the seller; the name stays with what was theirs."""
        owner.archived = True

    def parent(self, child: Record, parent: Record, at: datetime) -> None:
        if child.id in self.told and parent.id in self.told and child is not parent:
            self.life.portal.set_parent(child, parent, at)
            self.parents[child.id] = parent.id

    def merge(self, winner: Customer, loser: Customer, at: datetime) -> None:
        """Two companies turn out to be one: the winner has always been both."""
        one, other = winner.record, loser.record
        self.life.portal.merge(one, other, at)
        for name, told in self.told[one.id].items():
            if told[-1][1] is None:  # a blank is filled with what the other one had
                self.tell(one, name, at, self.told[other.id][name][-1][1])
        del self.told[other.id]
        for child, parent in self.parents.items():
            if parent == other.id:
                self.parents[child] = one.id
        theirs = self.parents.pop(other.id)
        self.parents[one.id] = self.parents[one.id] or theirs
        loser.record = one

    def away_and_back(self, record: Record, at: datetime) -> None:
        """Archived by mistake, and restored."""
        if record.archived_at is None and record.id in self.told:
            self.life.portal.archive(record, at)
            back = at + timedelta(days=self.life.pick([1, 20]))
            self.life.at(back, lambda then: self.life.portal.restore(record, then))
