"""A year by the clock's hand: everything that is due is published once, with the right number.

No process and no waiting here: `tick(now)` is given the hours of a year one after the other, and
each job is done on the spot, by the code that a worker runs. tests/daemon/test_processes.py has the
processes. `make test` lives the end of one month, `make soak` the whole year, in three zones.
"""

import gc
import os
import random
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import make_url, text
from year import CONNECTOR, Town, company, figures, month_ends, open_town

from tenure.daemon.jobs import Plan
from tenure.daemon.runs import Runs, State
from tenure.daemon.turn import Ended, Task, Turn
from tenure.daemon.work import PLAN, Order, attempt
from tenure.errors import StoreError
from tenure.ledger.store import Store

SOAK = bool(os.environ.get("TENURE_SOAK"))
DAYS = 365 if SOAK else 6
START = datetime(2026, 1, 26 if SOAK else 29, tzinfo=UTC)
DEADLY = 0.02 if SOAK else 0.2
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")

CONFIG = """
[tenure]
store = "{store}"
timezone = "{zone}"
[connectors.billing]
use = "./ledgerly.py"
api_base = "{url}"
max_attempts = 1
schedule = "{sync}"
[sinks.board]
use = "webhook"
url = "{url}/hook"
max_attempts = 1
schedule = "0 9 1 * *"
[metrics]
schedule = "5 0 * * 1"
[daemon]
jitter = "1s"
"""


class Killed(BaseException):
    """The daemon is killed at this very point."""


@dataclass
class Hand:
    """Does each job at once, as its worker would; and may be killed before it, or after it."""

    deadly: str = ""
    done: list[Ended] = field(default_factory=list)
    told: list[Ended] = field(default_factory=list)

    def start(self, task: Task, plan: Plan) -> None:
        if self.deadly == "before":
            raise Killed
        order = Order(job=task.job.name, path=plan.path, text=plan.text, level=60)
        result = attempt(order)
        if self.deadly == "after":
            raise Killed
        self.done.append(
            Ended(
                task=task,
                state=State(result.state),
                message=result.message,
                ended_at=datetime.now(UTC),
            )
        )

    def working(self) -> list[str]:
        return [one.task.job.name for one in self.done]

    def ended(self) -> list[Ended]:
        found, self.done = self.done, []
        self.told += found
        return found


@dataclass
class Year:
    """A ledger and its daemons, one after the other, through all that happens."""

    town: Town
    folder: Path
    store: str
    zone: str
    chance: random.Random
    met: Counter = field(default_factory=Counter)
    results: Counter = field(default_factory=Counter)
    daemons: int = 0

    def write(self, sync: str = "every 6h") -> None:
        said = CONFIG.format(store=self.store, zone=self.zone, url=self.town.url, sync=sync)
        (self.folder / "ledgerly.py").write_text(CONNECTOR)
        (self.folder / "plugins.toml").write_text(said)

    def plan(self) -> Plan | None:
        """What plugins.toml says; None where it has mistakes."""
        done = attempt(Order(job=PLAN, path=self.folder / "plugins.toml", level=60))
        return Plan.model_validate_json(done.message) if done.state == "done" else None

    def lead(self) -> None:
        """A new daemon takes over."""
        self.daemons += 1
        self.hand = Hand()
        self.turn = Turn(self.plan(), Runs(Store.open(self.store), f"d{self.daemons}"), self.hand)
        self.turn.runs.take_over(datetime.now(UTC))

    def hour(self) -> None:
        """Turn the crank until nothing moves; a daemon that is killed is followed by another."""
        for _ in range(50):
            try:
                before = len(self.hand.told)
                self.turn.tick(datetime.now(UTC))
                if not self.hand.done and len(self.hand.told) == before:
                    break
            except StoreError:
                self.met["store failed"] += 1
                break
            except Killed:
                self.met["killed"] += 1
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


@contextmanager
def full_disk(year: Year) -> Iterator[None]:
    """No file can be written to beyond its first few bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        year.met["full disk"] += 1


def troubles(chance: random.Random, months: list) -> list[tuple[datetime, datetime, str]]:
    """Outages of hours, some of them right when a month's figures are due."""
    found = []
    for _ in range(DAYS // 12):
        at = START + timedelta(hours=chance.randrange(DAYS * 24))
        who = chance.choice(["billing", "storm", "receiver"])
        found.append((at, at + timedelta(hours=chance.randrange(2, 11)), who))
    for number, (_, _, end) in enumerate(months):
        who = ("billing", "receiver", "storm")[number % 3]
        found.append((end - timedelta(hours=2), end + timedelta(hours=12), who))
    return found


def size(url: str, store: Store) -> int:
    """Bytes of a ledger."""
    if path := make_url(url).database if url.startswith("sqlite") else None:
        return Path(path).stat().st_size
    with store.read() as connection:
        return connection.scalar(text("SELECT pg_database_size(current_database())"))


def resources() -> tuple[int, int]:
    """Resident memory in KiB, and open files, of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024, len(list(Path("/proc/self/fd").iterdir()))


def live(year: Year, server) -> list[tuple[int, int, int]]:
    """Live through it, an hour at a time; memory, open files and bytes of the ledger by day."""
    chance, seen = year.chance, []
    with time_machine.travel(START) as clock:
        year.write()
        year.lead()
        for number in range(DAYS * 24):
            now = year.town.now = START + timedelta(hours=number)
            quiet = 3 < now.day < 27  # a wrong clock at the end of a month makes wrong figures
            jump = (
                timedelta(hours=chance.choice([-3, 3]))
                if quiet and chance.random() < 0.01
                else None
            )
            clock.move_to(now + (jump or timedelta(0)))
            year.met["clock jumped"] += jump is not None
            year.hand.deadly = (
                chance.choice(["before", "after"]) if chance.random() < DEADLY else ""
            )
            if chance.random() < 0.01:
                year.edit()
            if server is not None and chance.random() < 0.004:
                server.run(
                    "pg_ctl", "-D", str(server.folder / "data"), "-m", "immediate", "restart"
                )
                year.met["database restarted"] += 1
            if server is None and chance.random() < 0.004:
                with full_disk(year):
                    year.hour()
            else:
                year.hour()
            if number % 24 == 23:
                seen.append((*resources(), size(year.store, year.turn.runs.store)))
        year.turn.runs.store.engine.dispose()
    return seen


def published(town: Town) -> list[tuple[str, dict]]:
    """The newest month of each document, in the order in which they came."""
    rows = [body["report"]["rows"] for _, body, _ in town.posted if body["type"] == "report"]
    return [(row[-1]["period"], row[-1]) for row in rows]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"] if SOAK else ["sqlite"])
@pytest.mark.parametrize("zone", ZONES if SOAK else ZONES[:1])
def test_every_period_is_published_once_with_the_right_number(
    zone, kind, tmp_path, request, capsys
):
    store, server = f"sqlite:///{tmp_path}/t.db", None
    if kind == "postgres":  # not the fixture's: that keeps every engine, of each of all the jobs
        server = request.getfixturevalue("postgres_server")
        name = f"year{next(server.numbers)}"
        server.execute(f"CREATE DATABASE {name}")
        store = f"postgresql+psycopg://postgres@127.0.0.1:{server.port}/{name}"
    chance = random.Random(f"{zone} {kind}")
    months = month_ends(START, DAYS, ZoneInfo(zone))
    customers = company(chance.randrange(10**6), START, DAYS)
    town = Town(customers, START, down=troubles(chance, months))
    with open_town(town):
        year = Year(town, tmp_path, store, zone, chance)
        seen = live(year, server)
    found = published(town)
    assert [period for period, _ in found] == [label for label, *_ in months]
    for (_, row), (_, start, end) in zip(found, months, strict=True):
        right = {name: Decimal(value) for name, value in figures(customers, start, end).items()}
        assert {name: Decimal(row[name]) for name in right} == right
    assert len({key for *_, key in town.posted}) == len(town.posted)
    assert year.met["killed"] > DAYS // 20  # or nothing was tried
    if SOAK:
        show(year, kind, seen, capsys)
        first, last = seen[7 : DAYS // 4], seen[-DAYS // 4 :]
        for which in (0, 1):
            one, other = (sum(day[which] for day in days) / len(days) for days in (first, last))
            assert other < one * 1.1


def show(year: Year, kind: str, seen: list, capsys) -> None:
    """The figures of the soak."""
    quarters = [seen[len(seen) * number // 4 :][0] for number in range(4)] + [seen[-1]]
    lines = (
        f"{year.zone} on {kind}: {year.daemons} daemons; met {dict(year.met)}",
        f"  refused: {year.town.refused}; results: {dict(sorted(year.results.items()))}",
        f"  posted: {len(year.town.posted)}; memory KiB, files, ledger bytes: {quarters}",
    )
    with capsys.disabled():
        sys.stdout.write("".join(f"\n{line}" for line in lines))
