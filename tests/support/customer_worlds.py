"""Small made-up worlds of customers, matched by SQL, and pair by pair as docs/accounts.md says."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations

from hypothesis import strategies as st

from tenure.accounts import matching
from tenure.accounts.domains import normal, shared
from tenure.metrics.source import scratch

CONNECTORS = ("billing", "crm", "other")
DIRECTORIES = {"crm"}
RULES = ("property:sid", "email", "domain", "parent")


@dataclass(frozen=True)
class Person:
    """A customer: `connector`, `id` and attributes."""

    connector: str
    id: str
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.connector}/{self.id}"

    def says(self, name: str) -> str:
        return dict(self.attributes).get(name, "")


@dataclass(frozen=True)
class World:
    people: tuple[Person, ...]
    rules: tuple[str, ...] = ()
    map: dict[str, str] = field(default_factory=dict)  # name of a customer: account


Links = dict[str, tuple[str, str]]
Pull = tuple[Person, Person, frozenset[str], bool]
"""Who is pulled to whom, of which connectors the companies are, and whether it is one itself."""
Asked = dict[tuple[frozenset[Person], frozenset[Person]], set[str]]


def matched(world: World) -> tuple[Links, set[str]]:
    """Account and rule by customer, and who is ambiguous, as the SQL finds them."""
    ids = {person.name: n for n, person in enumerate(world.people, 1)}
    names = {n: name for name, n in ids.items()}
    with scratch() as duck:
        for table, (columns, rows) in tables_of(world, ids).items():
            duck.execute(f"CREATE TABLE {table} ({columns})")
            if rows:
                marks = ", ".join("unnest(?)" for _ in rows[0])
                values = [list(column) for column in zip(*rows, strict=True)]
                duck.execute(f"INSERT INTO {table} SELECT {marks}", values)
        matching.match(duck, world.rules, ())
        links = duck.execute("SELECT customer, account, rule FROM link").fetchall()
        open_ = duck.execute("SELECT customer FROM ambiguous").fetchall()
    return {names[c]: (account, rule) for c, account, rule in links}, {names[c] for (c,) in open_}


def tables_of(world: World, ids: dict[str, int]) -> dict[str, tuple[str, list[tuple]]]:
    """What matching starts from."""
    people = world.people
    return {
        "counted": (
            "name VARCHAR, rank INTEGER, directory BOOLEAN",
            [(name, rank, name in DIRECTORIES) for rank, name in enumerate(CONNECTORS)],
        ),
        "found": (
            "customer BIGINT, connector VARCHAR, external VARCHAR, old BOOLEAN",
            [(ids[p.name], p.connector, p.id, True) for p in people],
        ),
        "stated": (
            "customer BIGINT, name VARCHAR, value VARCHAR, valid_from BIGINT",
            [(ids[p.name], name, value, 0) for p in people for name, value in p.attributes],
        ),
        "billed": ("customer BIGINT", []),
        "map_row": (
            "line BIGINT, connector VARCHAR, customer VARCHAR, account VARCHAR",
            [(n, *name.split("/"), to) for n, (name, to) in enumerate(world.map.items(), 2)],
        ),
    }


def parts(links: Links) -> set[frozenset[str]]:
    """Who is together."""
    found = defaultdict(set)
    for name, (account, _) in links.items():
        found[account].add(name)
    return {frozenset(members) for members in found.values()}


class Brute:
    """The same rules, pair by pair."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.group = {p: {p} for p in world.people}
        self.by_name = {p.name: p for p in world.people}
        self.label: dict[Person, str] = {}
        self.apart = {p for p in world.people if world.map.get(p.name) == p.name}
        self._map()
        if "parent" in world.rules:
            self._parent()
        for rule in world.rules:
            if rule != "parent":
                self._round(self._named() if rule.startswith("property") else self._equal(rule))

    def parts(self) -> set[frozenset[str]]:
        """Groups of several, and those that the map names."""
        groups = {frozenset(p.name for p in g) for g in self.group.values()}
        named = {frozenset(p.name for p in self.group[p]) for p in self.label}
        return {g for g in groups if len(g) > 1} | named

    def _join(self, a: Person, b: Person) -> None:
        both = self.group[a] | self.group[b]
        for person in both:
            self.group[person] = both

    def _map(self) -> None:
        accounts = defaultdict(list)
        for name, account in self.world.map.items():
            person = self.by_name.get(name)
            if person is None:
                continue
            if account in self.by_name:
                self._join(person, self.by_name[account])
            elif account.split("/")[0] not in CONNECTORS or "/" not in account:
                accounts[account].append(person)
        for account, people in accounts.items():
            for person in people:
                self._join(people[0], person)
                self.label[person] = account

    def _parent(self) -> None:
        for child in self.world.people:
            up = self.by_name.get(f"{child.connector}/{child.says('parent')}")
            mapped = child.name in self.world.map and self._good(self.world.map[child.name])
            if up and not mapped and not {child, up} & self.apart:
                self._join(child, up)

    def _good(self, account: str) -> bool:
        connector, slash, _ = account.partition("/")
        return not (slash and connector in CONNECTORS) or account in self.by_name

    def _named(self) -> list[Pull]:
        pulls = []
        for namer in self.world.people:
            for id_ in {one.strip() for one in namer.says("sid").split(";")} - {""}:
                for target in self.world.people:
                    if target.id != id_ or target.connector == namer.connector:
                        continue
                    if {namer, target} & self.apart:
                        continue
                    turned = target.connector in DIRECTORIES and namer.connector not in DIRECTORIES
                    follower, company = (namer, target) if turned else (target, namer)
                    pulls.append((follower, company, frozenset({company.connector}), False))
        return pulls

    def _equal(self, rule: str) -> list[Pull]:
        classes = defaultdict(list)
        for person in self.world.people:
            if person not in self.apart and (key := key_of(person, rule)):
                classes[key].append(person)
        pulls = []
        for people in classes.values():
            best = min(tier(p, rule) for p in people)
            companies = [p for p in people if tier(p, rule) == best]
            sources = frozenset(p.connector for p in companies)
            if any(
                a.connector == b.connector and self.group[a] is not self.group[b]
                for a, b in combinations(companies, 2)
            ):
                continue
            lead = min(companies, key=lambda p: CONNECTORS.index(p.connector))
            for p in people:
                peer = p in companies
                if p.connector != lead.connector and (peer or p.connector not in sources):
                    pulls.append((p, lead, sources - {p.connector} if peer else sources, peer))
        return pulls

    def _key(self, person: Person) -> frozenset[Person]:
        return frozenset(self.group[person])

    def _has(self, person: Person, connector: str) -> bool:
        return any(p.connector == connector for p in self.group[person])

    def _is_refused(self, pull: Pull) -> bool:
        f, c, sources, peer = pull
        is_settled = any(self._has(f, q) for q in sources)
        labelled = [any(p in self.label for p in self.group[one]) for one in (f, c)]
        return is_settled or (peer and self._has(c, f.connector)) or all(labelled)

    def _torn(self, pulls: list[Pull], asked: Asked) -> set[frozenset[Person]]:
        goals = defaultdict(set)
        for f, c, _, peer in pulls:
            gf, gc = self._key(f), self._key(c)
            for q in asked[gf, gc]:
                goals[gf, q].add(gc)
            if peer:
                goals[gc, f.connector].add(gf)
        return {group for (group, _), ends in goals.items() if len(ends) > 1}

    def _round(self, pulls: list[Pull]) -> None:
        pulls = [pull for pull in pulls if self._key(pull[0]) != self._key(pull[1])]
        refused = {(self._key(p[0]), self._key(p[1])) for p in pulls if self._is_refused(p)}
        asked: Asked = defaultdict(set)
        for f, c, sources, _ in pulls:
            asked[self._key(f), self._key(c)] |= sources
        pulls = [p for p in pulls if (self._key(p[0]), self._key(p[1])) not in refused]
        torn = self._torn(pulls, asked)
        edges = [
            (
                self._key(f),
                self._key(c),
                asked[self._key(f), self._key(c)] | ({f.connector} if peer else set()),
            )
            for f, c, _, peer in pulls
            if self._key(f) not in torn and not (peer and self._key(c) in torn)
        ]
        for chain in chains([edge[:2] for edge in edges]):
            self._follow(chain, set().union(*(edge[2] for edge in edges if edge[0] in chain)))

    def _follow(self, chain: set[frozenset[Person]], asked: set[str]) -> None:
        """Join a chain that makes nothing one that must be two."""
        labels = {self.label[p] for group in chain for p in group if p in self.label}
        met = [q for group in chain for q in {p.connector for p in group} & asked]
        if len(labels) <= 1 and len(met) == len(set(met)):
            first, *others = (next(iter(group)) for group in chain)
            for other in others:
                self._join(first, other)


def chains(edges: list[tuple]) -> list[set]:
    """Connected groups of what edges connect."""
    found: list[set] = []
    for a, b in edges:
        met = [chain for chain in found if a in chain or b in chain]
        found = [chain for chain in found if chain not in met] + [set().union({a, b}, *met)]
    return found


def tier(person: Person, rule: str) -> int:
    if person.connector in DIRECTORIES:
        return 1
    return 2 if rule == "domain" and stated(person) else 3


def stated(person: Person) -> str:
    found = normal(person.says("domain"))
    return "" if found is None or found in shared(()) else found


def key_of(person: Person, rule: str) -> str:
    email = person.says("email").strip().lower()
    if rule == "email":
        return email
    if own := stated(person):
        return own
    mail = normal(email.partition("@")[2]) if email else None
    return "" if mail is None or mail in shared(()) else mail


@st.composite
def small_worlds(draw: st.DrawFn, number: int) -> tuple[list[Person], dict[str, str]]:
    """A handful of customers with few domains, so that everything meets; none of other numbers."""

    def ids(text: str) -> str:
        return text.replace("#", str(number))

    def host() -> str:
        hosts = ["gmail.com", f"w{number}.a.io", f"w{number}.B.io", f"WWW.w{number}.a.io"]
        return draw(st.sampled_from(hosts))

    people = []
    for connector in CONNECTORS:
        for one in range(draw(st.integers(0, 4))):
            attributes = {}
            if draw(st.booleans()):
                attributes["domain"] = host()
            if draw(st.booleans()):
                attributes["email"] = f"{draw(st.sampled_from('xy'))}{number}@{host()}"
            if draw(st.integers(0, 3)) == 0:
                named = st.sampled_from(["b#0", "b#1", "b#0; b#2", "c#0", "o#1;b#1"])
                attributes["sid"] = ids(draw(named))
            if connector == "crm" and draw(st.integers(0, 2)) == 0:
                attributes["parent"] = f"c{number}{draw(st.integers(0, 3))}"
            said = tuple(sorted(attributes.items()))
            people.append(Person(connector, f"{connector[0]}{number}{one}", said))
    names = [person.name for person in people]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=4)) if names else []
    accounts = st.sampled_from(["acme#", "zeta#", "crm/c#0", "billing/b#1", "crm/c#9"])
    return people, {name: ids(draw(accounts)) for name in chosen}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Many small worlds that know nothing of each other, since one match takes its time."""
    rules = draw(st.lists(st.sampled_from(RULES), unique=True))
    people: list[Person] = []
    mapping: dict[str, str] = {}
    for number in range(100, 100 + draw(st.integers(1, 25))):
        more, rows = draw(small_worlds(number))
        people += more
        mapping |= rows
    return World(tuple(people), tuple(rules), mapping)
