"""A pull: what changed, or everything."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from tenure import PullRequest, Record
from tenure_connectors.hubspot.cursor import Cursor
from tenure_connectors.hubspot.increment import Increment
from tenure_connectors.hubspot.options import HubSpotConfig
from tenure_connectors.hubspot.session import session
from tenure_connectors.hubspot.sweep import sweep

_OF_THE_WIRE = {"token", "api_base", "timeout", "requests_per_second", "proxy", "ca_bundle",
                "max_attempts"}  # fmt: skip


def pull(request: PullRequest, config: HubSpotConfig) -> Iterator[Record]:
    """Everything at first, once a week and with other options; else what changed.

    Where HubSpot counts other than what was read, everything is read again, once a day at most.
    """
    cursor, now = Cursor.of(request.cursor), request.clock()
    options = _digest(request, config)
    with session(request, config) as opened:
        if not cursor.must_sweep(options, now):
            increment = Increment(request, opened, cursor)
            yield from increment.records()
            if not (increment.doubtful and cursor.may_doubt(now)):
                return
            cursor = increment.cursor
    with session(request, config) as opened:
        yield from sweep(request, opened, replace(cursor, options=options))


def _digest(request: PullRequest, config: HubSpotConfig) -> str:
    """What the facts depend on: with other options, they are other facts."""
    chosen = config.model_dump_json(exclude=_OF_THE_WIRE)
    said = f"{chosen} {sorted(request.provides)} {request.timezone}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]
