"""The connector: its options, and what it does when it is called."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from tenure import Connector, Context, Json, PullRequest, Record
from tenure_connectors.hubspot.options import READS, HubSpotConfig

if TYPE_CHECKING:
    from tenure import Company


class HubSpot(Connector):
    """Companies, and the revenue that deals or Commerce subscriptions of a portal stand for."""

    name = "hubspot"
    api = 1
    Config = HubSpotConfig
    config: HubSpotConfig
    provides: ClassVar[frozenset[str]] = frozenset({"revenue", "attributes"})
    incremental = True
    requests_per_second = READS

    @classmethod
    @contextmanager
    def world(cls, company: "Company") -> Iterator[Mapping[str, Json]]:
        """The company's portal, behind a loopback address and a token that may do everything."""
        from tenure_connectors.hubspot.world import TOKEN, serving, told  # noqa: PLC0415 - seldom

        with serving(told(company)) as server:
            yield {"api_base": server.url, "token": TOKEN}

    def check(self, context: Context) -> Iterator[str]:
        """Read one of everything that a pull reads; names every scope that the token lacks."""
        from tenure_connectors.hubspot.check import check  # noqa: PLC0415 - loads HubSpot's SDK

        yield from check(context, self.config)

    def pull(self, request: PullRequest) -> Iterator[Record]:
        """What changed since the cursor, or everything."""
        from tenure_connectors.hubspot.pull import pull  # noqa: PLC0415 - likewise

        yield from pull(request, self.config)
