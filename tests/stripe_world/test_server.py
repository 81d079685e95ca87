import http.client
import json
import socket
from collections import Counter

import pytest

from stripe_world import Fault, Level, Plan, World, serving
from tenure_connectors.stripe.world.keys import LIVE

HEADERS = {"Authorization": f"Bearer {LIVE}"}


def fetch(url, path):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", path, headers=HEADERS)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def test_one_connection_serves_many_requests():
    with serving(World(1)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        for path in ("/v1/customers", "/v1/invoices?limit=3", "/v1/nothing"):
            connection.request("GET", path, headers=HEADERS)
            body = connection.getresponse().read()
            assert isinstance(json.loads(body), dict)
        local = connection.sock.getsockname()
        connection.close()
    assert local[0] == "127.0.0.1"
    assert server.asked == ["/v1/customers", "/v1/invoices?limit=3", "/v1/nothing"]


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.TOO_MANY, 429), (Fault.TOO_MANY_WAIT, 429), (Fault.BROKEN, 500)]
)
def test_a_refusal_stands_in_for_the_answer_and_only_so_often(fault, status):
    with serving(World(1), Plan(1, odds=1, kinds=(fault,), most=1)) as server:
        found, headers, body = fetch(server.url, "/v1/customers")
        assert found == status
        assert ("Retry-After" in headers) is (fault is Fault.TOO_MANY_WAIT)
        assert json.loads(body)["error"]
        assert fetch(server.url, "/v1/customers")[0] == 200


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TRUNCATED])
def test_a_break_is_seen_as_one(fault):
    plan = Plan(1, odds=1, kinds=(fault,), most=1)
    with serving(World(1), plan) as server:
        with pytest.raises((http.client.HTTPException, ConnectionError, socket.timeout)):
            fetch(server.url, "/v1/customers")
        assert fetch(server.url, "/v1/customers")[0] == 200


def test_a_bad_gateway_says_no_json_and_a_slow_body_is_whole():
    with serving(World(1), Plan(1, odds=1, kinds=(Fault.INVALID,), most=1)) as server:
        assert fetch(server.url, "/v1/customers")[2].startswith(b"<html>")
    with serving(World(1), Plan(1, odds=1, kinds=(Fault.SLOW,), most=1)) as server:
        assert json.loads(fetch(server.url, "/v1/customers")[2])["data"]


def test_an_insert_moves_the_list_that_is_read():
    world = World(1)
    with serving(world, Plan(1, odds=1, kinds=(Fault.INSERT,), most=1)) as server:
        before = len(world.lives)
        page = json.loads(fetch(server.url, "/v1/customers?limit=3")[2])
        assert len(world.lives) == before + 1
        assert page["data"][0]["id"] == world.lives[-1].book.person.id


def test_a_vanished_object_is_not_found():
    world = World(1, Level.DISCOUNTS)
    with serving(world, Plan(1, odds=1, kinds=(Fault.VANISH,), most=1)) as server:
        assert fetch(server.url, "/v1/coupons")[0] == 200
        assert fetch(server.url, f"/v1/coupons/{world.catalog.coupons[0].id}")[0] == 404
        key = world.lives[0].book.person.id
        assert fetch(server.url, f"/v1/customers/{key}")[0] == 200


def test_equal_seeds_meet_equal_faults():
    one, other = Plan(7, odds=0.5), Plan(7, odds=0.5)
    met = [(one.next(str(n)), other.next(str(n))) for n in range(200)]
    assert all(first == second for first, second in met)
    assert len(Counter(one.met)) == len(Fault)
    assert Level.BASIC in Level
