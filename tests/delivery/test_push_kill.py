"""kill -9 at any instant of a push: the next one sends what is missing, and nothing twice."""

import json
import os
import random

import httpx
import pytest
from boards import over
from kills import Service, Worker
from push_worker import ACCOUNTS, IN_A_JOB, SINKS, TARGETS, push
from salesforce_org import Org
from sqlalchemy import text

from tenure.delivery import undo
from tenure.delivery.outbox import Outbox, State
from tenure.ledger.store import Store
from tenure_sinks.salesforce.fields import plain

SOAK = bool(os.environ.get("TENURE_SOAK"))


class Board(Service):
    """Takes values for names."""

    kind, requests, lasts, targets = "remote", 1 + len(TARGETS) // 2, 0.06, TARGETS

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str | None] = {}

    def carry_out(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/write":
            body = json.loads(request.content)
            self.doubles += [key for key, value in body.items() if self.values.get(key) == value]
            self.values |= body
        return httpx.Response(200, json=self.values)

    def held(self) -> dict[str, str | None]:
        return dict(self.values)


class Accounts(Service):
    """An org with an account for each customer."""

    kind, requests, lasts, accounts = "salesforce", 6, 0.3, ACCOUNTS

    def __init__(self) -> None:
        super().__init__()
        self.org = Org(*(f"c{number}" for number in range(self.accounts)))
        self.org.refuse = self.note
        self.targets = tuple(self.org.records)

    def note(self, key: str, values) -> None:
        if all(self.org.records[key].get(name) == value for name, value in values.items()):
            self.doubles.append(key)

    def carry_out(self, request: httpx.Request) -> httpx.Response:
        return self.org(request)

    def held(self) -> dict[str, str | None]:
        return {key: plain(each.get("Tenure_MRR__c")) for key, each in self.org.records.items()}


class Jobs(Accounts):
    """The same with so few accounts that they are written by a job; it goes on whoever is dead."""

    kind, requests, lasts, accounts = "salesforce_job", 11, 0.3, IN_A_JOB

    def finish(self) -> None:
        for job in self.org.bulk.jobs.values():
            if job["told"]["state"] == "UploadComplete":
                self.org.bulk.run(job)


class Receiver(Service):
    """Takes documents, which cannot be looked at again.

    The same one under the key of before is known to be the same; under another it is a double.
    """

    kind, requests, lasts, targets = "webhook", 2, 0.1, ("report", "alert")

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[tuple[str, str], str] = {}
        self.last: dict[str, tuple[str, str]] = {}
        self.repeats = 0

    def carry_out(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        kind = body["type"]
        number = body["alert"]["period"] if kind == "alert" else body["report"]["rows"][0]["period"]
        before = self.keys.setdefault((kind, number), body["id"])
        self.doubles += [number] * (before != body["id"])
        self.repeats += (kind, number) == self.last.get(kind)
        self.last[kind] = (kind, number)
        return httpx.Response(200)

    def held(self) -> dict[str, str | None]:
        return dict(self.last.values())


@pytest.mark.parametrize("store_url", ["sqlite", "postgres"] if SOAK else ["sqlite"], indirect=True)
def test_what_cannot_be_looked_at_is_said_again_under_its_key(store_url):
    kills, service, chance = 200 if SOAK else 4, Receiver(), random.Random(5)
    with service.serving():
        worker = Worker(store_url, service)
        try:
            for number in range(kills):
                worker.killed(number, chance)
                assert push(service.kind, store_url, service.address, number).error is None
                assert service.held() == dict.fromkeys(service.targets, str(number))
        finally:
            worker.close()
    runs = Outbox(Store.open(store_url)).runs()
    assert {run.state for run in runs} == {State.DELIVERED}
    assert (len(runs), service.doubles) == (2 * kills, [])
    assert 0 < service.repeats < kills, "kills did not come after a document was taken"


@pytest.mark.parametrize("store_url", ["sqlite", "postgres"] if SOAK else ["sqlite"], indirect=True)
@pytest.mark.parametrize(("kind", "kills"), [(Board, 20), (Accounts, 4), (Jobs, 4)])
def test_a_killed_push_is_finished_by_the_next(store_url, kind, kills):
    kills = 200 if SOAK else kills
    chance, landed, service = random.Random(5), 0, kind()
    store = Store.open(store_url)
    with service.serving():
        worker = Worker(store_url, service)
        try:
            for number in range(kills):
                landed += worker.killed(number, chance)
                run = push(service.kind, store_url, service.address, number)
                assert run.error is None
                service.finish()
                assert service.held() == dict.fromkeys(service.targets, str(number))
                last = Outbox(store).last("a")
                assert (last.state, last.content_hash) == (State.DELIVERED, _content(store))
        finally:
            worker.close()
        assert service.doubles == []
        assert landed >= kills // 3, "too few kills hit a push to say anything"
        before = _previous(store)
        sink = SINKS[service.kind](service.address, 0)
        undo(over(store, a=sink), store, "a", Outbox(store).last("a").id)
        assert set(service.held().items()) == before


def _content(store: Store) -> str:
    with store.read() as connection:
        query = "SELECT content_hash FROM publication ORDER BY id DESC LIMIT 1"
        return str(connection.scalar(text(query)))


def _previous(store: Store) -> set[tuple[str, str]]:
    """What stood there before the last delivery, as the ledger has it."""
    with store.read() as connection:
        rows = connection.execute(
            text("SELECT target, previous FROM sink_value WHERE superseded_at IS NULL")
        )
        return {(target, previous) for target, previous in rows}
