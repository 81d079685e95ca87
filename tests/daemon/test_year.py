"""A year by the clock's hand: what is due is said once, with the right number, whatever goes wrong.

Stripe, HubSpot and Slack are simulated on loopback and live on with the clock (`year`). `tick(now)`
is given the hours of a year one after the other, and each job is done at once, in a process
(`year_worker`) with the code that a worker runs, and now and then killed at it. tests/daemon/
test_processes.py has the real ones. `make test` lives the end of one month, `make soak` the whole
year, in three zones and on both databases.
"""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from full_disks import files_of_at_most
from sqlalchemy import text
from stripe_paid import Paid
from year import CONFIG, Town, account, month_ends, open_town, troubles
from year_hand import STATEMENTS, Hand, Killed, worker
from year_seen import Seen, check_flat, overlaps, seen

from tenure.daemon.jobs import Plan
from tenure.daemon.runs import Runs, State
from tenure.daemon.turn import Ended, Turn
from tenure.daemon.work import PLAN, Order, attempt
from tenure.errors import StoreError
from tenure.ledger.store import Store

SOAK = bool(os.environ.get("TENURE_SOAK"))
DAYS = 365 if SOAK else 3
START = datetime(2025, 2, 26 if SOAK else 28, tzinfo=UTC)
DEADLY = 0.02 if SOAK else 0.2
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")

SAID = ("mrr", "arr", "last_movement", "last_movement_amount")
"""What stands beside a customer."""

ATTRIBUTES = text(
    "SELECT c.external_id, a.name, a.value FROM customer_attribute AS a"
    " JOIN customer AS c ON c.id = a.customer_id WHERE a.superseded_at IS NULL"
    " ORDER BY a.valid_from"
)
"""The last of each holds."""


@dataclass
class Year:
    """A ledger and its daemons, one after the other, through all that happens."""

    town: Town
    folder: Path
    store: str
    zone: str
    chance: random.Random
    worker: subprocess.Popen
    met: Counter = field(default_factory=Counter)
    results: Counter = field(default_factory=Counter)
    daemons: int = 0
    known: Paid | None = None
    companies: set[str] = field(default_factory=set)
    first_said: dict[str, dict[str, str]] = field(default_factory=dict)
    cells: Counter = field(default_factory=Counter)
    wrong: list[object] = field(default_factory=list)
    months: list = field(default_factory=list)

    def write(self, sync: str = "every 6h") -> None:
        said = CONFIG.format(
            store=self.store, zone=self.zone, currency=self.town.currency, sync=sync,
            **self.town.urls,
        )  # fmt: skip
        (self.folder / "plugins.toml").write_text(said)

    def plan(self) -> Plan | None:
        """What plugins.toml says; None where it has mistakes."""
        done = attempt(Order(job=PLAN, path=self.folder / "plugins.toml", level=60))
        return Plan.model_validate_json(done.message) if done.state == "done" else None

    def lead(self) -> None:
        """A new daemon takes over."""
        self.daemons += 1
        self.hand = Hand(self.worker)
        self.turn = Turn(self.plan(), Runs(Store.open(self.store), f"d{self.daemons}"), self.hand)
        self.turn.runs.take_over(datetime.now(UTC))

    def hour(self) -> None:
        """Turn the crank until nothing moves; a daemon that is killed is followed by another."""
        for _ in range(50):
            try:
                before = len(self.hand.told)
                self.turn.tick(datetime.now(UTC))
                self.look(self.hand.done)
                if not self.hand.done and len(self.hand.told) == before:
                    break
            except StoreError:
                self.met["store failed"] += 1
                break
            except Killed:
                self.met[f"killed {self.hand.deadly}"] += 1
                self.turn.runs.store.engine.dispose()
                self.keep()
                self.lead()
        self.keep()

    def keep(self) -> None:
        """Count how runs ended, and let go of them."""
        self.results.update((one.task.job.kind, one.state.value) for one in self.hand.told)
        self.hand.told.clear()

    def edit(self) -> None:
        """Somebody edits plugins.toml, now and then wrongly: then the old plan stays in force."""
        self.write(self.chance.choice(["every 6h", "30 */5 * * *", "every now and then"]))
        if (plan := self.plan()) is None:
            self.met["edited wrongly"] += 1
            self.write()
        else:
            self.met["edited"] += 1
            self.turn.plan = plan

    # --- what is said, right after it was

    def look(self, done: list[Ended]) -> None:
        """Hold what has just been read or said against the truth, as far as it was read."""
        read = {State.DONE, State.PARTIAL}  # the second: somebody has to look at something
        good = [one.task.job.name for one in done if one.state in read]
        if "sync:billing" in good:
            self.known = self.town.paid()
        # By a clock that is behind, what is newer is not there yet.
        if "sync:crm" in good and abs(datetime.now(UTC) - self.town.now) < timedelta(hours=1):
            self.companies = set(self.town.shown)
            self.look_at_attributes()
        if "push:board" in good:
            self.look_at_slack()
        if "push:crm" in good and "sync:billing" not in good:
            self.look_at_hubspot()

    def look_at_attributes(self) -> None:
        with self.turn.runs.store.read() as connection:
            told = {(who, name): value for who, name, value in connection.execute(ATTRIBUTES)}
        for which, value in self.town.attributes().items():
            self.cell("attributes", which, told.get(which), value, Fraction(0))

    def look_at_slack(self) -> None:
        for message in self.town.slack.parents():
            payload = message["metadata"]["event_payload"]
            period, said = payload["period"], payload["figures"]
            _, start, end = next(month for month in self.months if month[0] == period)
            bridge = self.known.bridge(int(start.timestamp()), int(end.timestamp()))
            right = shares(bridge) | {
                name: Fraction(value, 10**6) for name, value in bridge.items()
            }
            for name, value in right.items():
                self.cell("slack", (period, name), said[name], value, Fraction(1, 200))
            self.first_said.setdefault(period, said)

    def look_at_hubspot(self) -> None:
        """As it was read, or as it is by now: the end of a pause, say, was told ahead."""
        since, by_now = int(self.months[0][1].timestamp()), self.town.paid()
        for customer, steps in self.known.steps.items():
            if customer not in self.companies or not any(amount for _, amount in steps):
                continue
            standings = [
                paid.standing(customer, self.town.account.now, since)
                for paid in (by_now, self.known)
            ]
            said = {name: self.town.shown[customer].value(f"tenure_{name}") for name in SAID}
            right = next((s for s in standings if all_agree(said, s)), standings[-1])
            for name, value in right.items():
                self.cell("hubspot", (customer, name), said[name], value, Fraction(0))

    def cell(self, where: str, which: object, said: str | None, right, slack: Fraction) -> None:
        """Count a figure, and whether it is right."""
        self.cells[where] += 1
        if not agrees(said, right, slack):
            self.wrong.append((self.town.now, where, which, said, right))


def all_agree(said: dict[str, str | None], standing: dict[str, Fraction | str]) -> bool:
    return all(agrees(said[name], right, Fraction(0)) for name, right in standing.items())


def agrees(said: str | None, right: Fraction | str, slack: Fraction) -> bool:
    """Whether it is said to half of its last digit."""
    if said is None or isinstance(right, str):
        return said == right
    return abs(number(said) - right) <= slack


def number(said: str) -> Fraction:
    return Fraction(said.replace(",", "").removesuffix(" %"))


def shares(bridge: dict[str, int]) -> dict[str, Fraction]:
    """Net and gross revenue retention, in percent."""
    kept = bridge["start"] - bridge["down"] - bridge["lost"]
    gross, net = (Fraction(part * 100, bridge["start"]) for part in (kept, kept + bridge["up"]))
    return {"NRR": net, "GRR": gross}


@contextmanager
def trouble_of(year: Year, server) -> Iterator[None]:
    """What befalls the ledger in an hour: a server that restarts, or a disk without room."""
    befalls = year.chance.random() < 0.004
    if befalls and server is not None:
        server.run("pg_ctl", "-D", str(server.folder / "data"), "-m", "immediate", "restart")
        year.met["database restarted"] += 1
    if befalls and server is None:
        year.met["full disk"] += 1
        with files_of_at_most(4096):
            yield
    else:
        yield


def live(year: Year, server) -> list[Seen]:
    """Live through it, an hour at a time."""
    chance, found = year.chance, []
    with time_machine.travel(START) as clock:
        year.write()
        year.lead()
        for number in range(DAYS * 24):
            now = START + timedelta(hours=number)
            year.town.live_until(now)
            clock.move_to(now + jump(year, now))
            deadly = chance.random() < DEADLY
            year.hand.deadly = chance.choice(["before", "within", "after"]) if deadly else ""
            year.hand.statement = chance.randrange(STATEMENTS)
            if chance.random() < 0.01:
                year.edit()
            with trouble_of(year, server):
                year.hour()
            if number % 24 == 23:
                with suppress(StoreError):
                    year.turn.runs.prune(datetime.now(UTC))
                found.append(seen(year.turn.runs.store, exactly=SOAK))
        year.turn.runs.store.engine.dispose()
    return found


def jump(year: Year, now: datetime) -> timedelta:
    """How wrong the clock is; at the end of a month it would make wrong figures."""
    if not (3 < now.day < 27 and year.chance.random() < 0.01):
        return timedelta(0)
    year.met["clock jumped"] += 1
    hours = year.chance.choice([-3, 3])
    return hours * timedelta(hours=1, minutes=5)  # so that no other run is written with its time


@pytest.fixture(params=["sqlite", "postgres"] if SOAK else ["sqlite"])
def ledger(request, tmp_path):
    """URL and server; not the usual fixtures', which keep every engine of each of the jobs."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/t.db", None
    server = request.getfixturevalue("postgres_server")
    name = f"year{next(server.numbers)}"
    server.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://postgres@127.0.0.1:{server.port}/{name}", server


@pytest.mark.parametrize("zone", ZONES if SOAK else ZONES[:1])
def test_every_month_is_said_once_with_the_right_number(zone, ledger, tmp_path, capsys):
    store, server = ledger
    chance = random.Random(f"{zone} {server is None}")
    months = month_ends(START, DAYS, ZoneInfo(zone))
    world = account(chance.randrange(10**6), START, months[0][1], DAYS)
    town = Town(world, chance, troubles(chance, START, DAYS, months))
    with open_town(town), worker() as jobs:
        year = Year(town, tmp_path, store, zone, chance, jobs, months=months)
        days = live(year, server)
    messages = town.slack.parents()
    said = {each["metadata"]["event_payload"]["period"]: each for each in messages}
    if SOAK:
        show(year, days, capsys)
    assert year.wrong == []
    assert min(year.cells[each] for each in ("slack", "hubspot", "attributes")) > 0
    assert [each["metadata"]["event_payload"]["period"] for each in messages] == [
        label for label, *_ in months
    ]
    for period, message in said.items():
        check_restated(year, period, message)
    assert overlaps(days) == []
    assert sum(year.met[f"killed {when}"] for when in ("before", "within", "after")) > DAYS // 20
    if SOAK:
        check_flat(days)


def check_restated(year: Year, period: str, message: dict) -> None:
    """Its thread has one reply for each version of its figures; a changed one says what changed."""
    payload = message["metadata"]["event_payload"]
    thread = [
        each["metadata"]["event_payload"]["key"]
        for each in year.town.slack.thread(message["ts"])
        if each.get("metadata", {}).get("event_type") == "tenure_details"
    ]
    assert thread
    assert len(thread) == len(set(thread))
    if payload["figures"] != year.first_said[period]:
        year.met["restated"] += 1
        assert message["edited"]
        assert payload["restated"]


def show(year: Year, days: list[Seen], capsys) -> None:
    """The figures of the soak."""
    messages = year.town.slack.parents()
    restated = sum(each.get("edited", 0) for each in messages)
    quarters = [days[len(days) * number // 4] for number in range(4)] + [days[-1]]
    names = sorted(days[-1].tables, key=lambda name: -days[-1].tables[name])[:12]
    lines = [
        f"{year.zone} on {year.store[:8]}: {year.daemons} daemons; met {dict(year.met)}",
        f"  services: {dict(year.town.met)}",
        f"  results: {dict(sorted(year.results.items()))}",
        f"  months {len(year.months)}, messages {len(messages)}, restated {restated} times",
        f"  figures {dict(year.cells)}, wrong {len(year.wrong)} {year.wrong[:5]}",
        f"  customers {len(year.known.steps)}; overlaps {len(overlaps(days))}",
        f"  memory KiB, files: {[(day.memory, day.files) for day in quarters]}",
        *(f"  {name}: {[day.tables.get(name, 0) for day in quarters]}" for name in names),
        f"  all tables: {[sum(day.tables.values()) for day in quarters]}",
    ]
    with capsys.disabled():
        sys.stdout.write("".join(f"\n{line}" for line in lines))
