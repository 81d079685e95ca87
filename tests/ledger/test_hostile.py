"""Whatever a connector yields, it stops nothing: it is quarantined, or named as the plugin's."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum

import pytest
from ledgers import Ledger, day, item, point, subscription

from tenure import (
    Attribute,
    Checkpoint,
    Claim,
    Customer,
    Evidence,
    Excluded,
    Item,
    Observation,
    PluginError,
    Quarantined,
    RawChunk,
    Subscription,
    Tombstone,
)
from tenure.ledger.store import Store

GOOD = item("good", {0: (1, Evidence.OBSERVED)})
CLAIM = Claim(subject="d", measure="mrr", amount=5, currency="USD", at=day(1), source_ref="d:1")
SAID = Observation(subject="s", key="evt_1", at=day(1), data={})
EAST = timezone(timedelta(hours=14))


class Plan(StrEnum):
    """A value of an author who likes enums."""

    PRO = "pro"


HOSTILE = {
    "a mapping": {"id": "s"},
    "no items": Subscription(id="s", customer="c", items=None),
    "a text as item": Subscription(id="s", customer="c", items=["i"]),
    "a text beside an item": Subscription(id="s", customer="c", items=[GOOD, "i"]),
    "rows that are a text": subscription("s", replace(GOOD, rows="2")),
    "rows below zero": subscription("s", replace(GOOD, rows=-1)),
    "more rows than fit": subscription("s", replace(GOOD, rows=2**40)),
    "an id that is a list": subscription("s", replace(GOOD, id=["i"])),
    "no points": subscription("s", replace(GOOD, points=None)),
    "a time before year 1": subscription(
        "s",
        Item(id="i", points=[replace(point(0, 1), effective_at=datetime(1, 1, 1, tzinfo=EAST))]),
    ),
    "an attribute that is a text": Customer(id="c", attributes=["owner"]),
    "a name that is a number": Customer(id="c", name=7),
    "an attribute before year 1": Customer(
        id="c",
        attributes=[Attribute(name="o", value="x", valid_from=datetime(1, 1, 1, tzinfo=EAST))],
    ),
    "an observation of nothing": replace(SAID, subject=None),
    "an observation with NUL": replace(SAID, key="a\0b"),
    "an observation that is no JSON": replace(SAID, data={"at": day(0)}),
    "an observation of sets": replace(SAID, data={1, 2}),
    "a claim of nothing": replace(CLAIM, subject=None),
    "a claim in halves": replace(CLAIM, amount=0.5),
    "a tombstone of a word": Tombstone(kind="subscription", id="s"),
    "a chunk of text": RawChunk(name="f", position=0, data="text"),
    "a chunk without a name": RawChunk(name=None, position=0, data=b""),
    "a chunk nowhere": RawChunk(name="f", position=2**70, data=b""),
    "a quarantined column with NUL": Quarantined(source_ref="f:1", reason="?", column="a\0b"),
    "a quarantined nothing": Quarantined(source_ref=None, reason=None, raw=None),
    "excluded rows that are a text": Excluded(reason="?", rows="2"),
}


def test_a_hostile_record_is_quarantined_and_the_others_stored(store_url: str):
    store = Store.open(store_url)
    other = subscription("other", replace(GOOD, id="other"))
    for what, record in HOSTILE.items():
        ledger = Ledger(store, what)
        counts = ledger.pull([record, other])
        assert counts.quarantined >= 1, what
        assert counts.balanced, what
        assert "other" in ledger.timelines(), what


def test_a_hostile_checkpoint_is_the_plugins_mistake(store_url: str):
    ledger = Ledger(Store.open(store_url))
    with pytest.raises(PluginError, match="cursor that is not JSON"):
        ledger.pull([subscription("s", GOOD), Checkpoint(cursor=day(0))])
    with pytest.raises(PluginError, match="counts '7' source rows"):
        ledger.pull([subscription("s", GOOD), Checkpoint(source_count="7")])
    assert ledger.timelines() == {}


def test_nothing_may_follow_a_complete_checkpoint(store_url: str):
    """A second complete one would retract what was stated before the first."""
    ledger = Ledger(Store.open(store_url))
    records = [subscription(f"s{n}", replace(GOOD, id=f"i{n}")) for n in range(10)]
    closed = Checkpoint(complete=True)
    with pytest.raises(PluginError, match="more after a complete checkpoint"):
        ledger.pull([*records[:2], closed, *records[2:], closed])
    assert list(ledger.timelines()) == ["i0", "i1"]


def test_a_text_of_another_class_is_the_same_text_in_every_database(store_url: str):
    ledger = Ledger(Store.open(store_url))
    ledger.pull([subscription("s", Item(id="i", points=[replace(point(0, 1), plan=Plan.PRO)]))])
    assert ledger.rows("SELECT plan FROM point") == [("pro",)]
