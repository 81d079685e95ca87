"""The connector: its options, and what it does when it is called."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from tenure import Connector, Context, Json, PullRequest, Record
from tenure_connectors.stripe.options import LIVE_READS, StripeConfig

if TYPE_CHECKING:
    from tenure import Company


class Stripe(Connector):
    """Subscriptions, invoices and events of a Stripe account, their history rebuilt."""

    name = "stripe"
    api = 1
    Config = StripeConfig
    config: StripeConfig
    provides: ClassVar[frozenset[str]] = frozenset({"revenue", "attributes"})
    incremental = True
    requests_per_second = LIVE_READS

    @classmethod
    @contextmanager
    def world(cls, company: "Company") -> Iterator[Mapping[str, Json]]:
        """The company's account, behind a loopback address and a key that may read."""
        from tenure_connectors.stripe.world import keys, serving, told  # noqa: PLC0415 - seldom used

        with serving(told(company)) as server:
            yield {"api_base": server.url, "api_key": keys.RESTRICTED}

    def check(self, context: Context) -> Iterator[str]:
        """Read one of everything that a pull reads; names every permission that the key lacks."""
        from tenure_connectors.stripe.check import check  # noqa: PLC0415 - loads Stripe's SDK

        yield from check(context, self.config)

    def pull(self, request: PullRequest) -> Iterator[Record]:
        """What changed since the cursor, or everything."""
        from tenure_connectors.stripe.pull import pull  # noqa: PLC0415 - likewise

        yield from pull(request, self.config)
