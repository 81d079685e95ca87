"""What changed, in windows that no search gives up on."""

from datetime import datetime

import httpx
import pytest
from hubspot_objects import many

from tenure import TransientError
from tenure_connectors.hubspot.client import Api, Asked
from tenure_connectors.hubspot.listing import MODIFIED, Reading

ASKED = Asked("companies", ("name", MODIFIED))


@pytest.fixture
def changed(lists, puller):
    """The ids that a search of a time finds, each as often as it was given."""

    def read(since="2026-01-01T00:00:00Z", until="2026-01-02T00:00:00Z"):
        with (
            puller.opened() as (connector, request),
            Reading(Api(request, connector.config)) as reading,
        ):
            times = (datetime.fromisoformat(since), datetime.fromisoformat(until))
            return [one.id for b in reading.changed(ASKED, *times) for one in b.objects]

    return read


def test_a_window_with_too_many_is_cut_in_half(lists, changed):
    lists.add("companies", *many(12_000, at="2026-01-01T10:00:00Z", apart=7))
    found = changed()
    assert len(found) == len(set(found)) == 12_000
    assert len(lists.asked) < 90


def test_ten_thousand_and_one_with_one_timestamp(lists, changed):
    lists.add("companies", *many(10_001, at="2026-01-01T10:00:00Z"))
    found = changed()
    assert len(found) == len(set(found)) == 10_001


def test_an_error_of_associations_is_no_absence(lists, puller):
    one = {"category": "INTERNAL_ERROR", "message": "Something went wrong"}
    lists.before = lambda _: httpx.Response(207, json={"results": [], "errors": [one]})
    with (
        puller.opened() as (connector, request),
        Reading(Api(request, connector.config)) as reading,
        pytest.raises(TransientError, match="could not tell what deals belong to: Something"),
    ):
        reading.links("deals", "companies", ["1"])


def test_both_ends_are_included(lists, changed):
    lists.add("companies", *many(3, at="2026-01-01T00:00:00Z", apart=1000))
    assert changed("2026-01-01T00:00:00Z", "2026-01-01T00:00:02Z") == ["1", "2", "3"]


def test_fewer_than_hubspot_counts_is_read_again(lists, changed):
    lists.add("companies", *many(300, at="2026-01-01T10:00:00Z", apart=1))
    short = iter([httpx.Response(200, json={"total": 300, "results": []})])
    lists.before = lambda _: next(short, None)
    assert set(changed()) == {str(n) for n in range(1, 301)}


def test_always_fewer_than_hubspot_counts_fails(lists, changed):
    lists.before = lambda _: httpx.Response(200, json={"total": 3, "results": []})
    with pytest.raises(TransientError, match="fewer objects than it counts"):
        changed()
