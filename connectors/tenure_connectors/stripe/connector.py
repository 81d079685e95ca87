"""The connector: its options, and what it does when it is called."""

from collections.abc import Iterator
from typing import ClassVar

from tenure import Connector, Context, PullRequest, Record
from tenure_connectors.stripe.options import LIVE_READS, StripeConfig


class Stripe(Connector):
    """Subscriptions, invoices and events of a Stripe account, their history rebuilt."""

    name = "stripe"
    api = 1
    Config = StripeConfig
    config: StripeConfig
    provides: ClassVar[frozenset[str]] = frozenset({"revenue", "attributes"})
    incremental = True
    requests_per_second = LIVE_READS

    def check(self, context: Context) -> Iterator[str]:
        """Read one of everything that a pull reads; names every permission that the key lacks."""
        from tenure_connectors.stripe.check import check  # noqa: PLC0415 - loads Stripe's SDK

        yield from check(context, self.config)

    def pull(self, request: PullRequest) -> Iterator[Record]:
        """What changed since the cursor, or everything."""
        from tenure_connectors.stripe.pull import pull  # noqa: PLC0415 - likewise

        yield from pull(request, self.config)
