"""Reads a world through its own API, as a client would: for the tests of the world itself."""

import json
from collections.abc import Iterator
from typing import Any

from stripe_world.world import World
from tenure_connectors.stripe.world.keys import LIVE

Json = dict[str, Any]


def get(world: World, path: str, *query: tuple[str, str], key: str = LIVE, **headers: str) -> Json:
    return asked(world, path, *query, key=key, **headers)[1]


def asked(
    world: World, path: str, *query: tuple[str, str], key: str = LIVE, **headers: str
) -> tuple[int, Json]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    status, _, body = world.answer("GET", path, query, {"Authorization": f"Bearer {key}"} | named)
    return status, json.loads(body)


def every(
    world: World, path: str, *query: tuple[str, str], limit: int = 100, **headers: str
) -> Iterator[Json]:
    """All objects of a list, page by page."""
    last: tuple[tuple[str, str], ...] = ()
    while True:
        page = get(world, path, ("limit", str(limit)), *query, *last, **headers)
        yield from page["data"]
        if not page["has_more"]:
            return
        last = (("starting_after", page["data"][-1]["id"]),)
