"""A pull: what changed, or everything."""

from collections.abc import Iterator
from contextlib import closing

from tenure import PullRequest, Record
from tenure_connectors.stripe.account import Account
from tenure_connectors.stripe.client import Api
from tenure_connectors.stripe.cursor import Cursor
from tenure_connectors.stripe.increment import Increment
from tenure_connectors.stripe.options import StripeConfig
from tenure_connectors.stripe.spool import Spool
from tenure_connectors.stripe.sweep import sweep

_FORGOTTEN = "Stripe has forgotten the events since the last sync"


def pull(request: PullRequest, config: StripeConfig) -> Iterator[Record]:
    """Everything at first, once a week, and when Stripe's events do not reach back far enough."""
    api, cursor = Api(request, config), Cursor.of(request.cursor)
    because = cursor.sweep_because(request.clock())
    if because is None:
        with closing(Spool()) as spool:
            increment = Increment(request, Account(request, config, api, spool), cursor)
            yield from increment.read()
            if increment.reached:
                yield from increment.state()
                return
            because = _FORGOTTEN
    if cursor.until is not None and because is not None:
        request.warn(f"everything was read again: {because}")
    with closing(Spool()) as spool:
        yield from sweep(request, Account(request, config, api, spool), cursor)
