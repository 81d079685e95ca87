"""A pull: what changed, or everything."""

from collections.abc import Iterator
from contextlib import closing

from tenure import PullRequest, Record
from tenure_connectors.spool import Spool
from tenure_connectors.stripe.account import Account
from tenure_connectors.stripe.client import Api
from tenure_connectors.stripe.cursor import Cursor
from tenure_connectors.stripe.increment import Increment
from tenure_connectors.stripe.options import StripeConfig
from tenure_connectors.stripe.progress import begun, left_off, unread
from tenure_connectors.stripe.sweep import sweep

_FORGOTTEN = (
    "Stripe keeps events for 30 days and has forgotten some since the last sync: everything was"
    " read again, and what changed meanwhile is known less exactly"
)


def pull(request: PullRequest, config: StripeConfig) -> Iterator[Record]:
    """Everything at first, and when Stripe's events do not reach back far enough; else changes.

    Once a week everything is read after the changes, and has to be what they made of it.
    """
    api, cursor, now = Api(request, config), Cursor.of(request.cursor), request.clock()
    forgotten = cursor.is_forgotten(now)
    if not (cursor.is_first or forgotten):
        with closing(Spool()) as spool:
            increment = Increment(request, Account(request, config, api, spool), cursor)
            yield from increment.read()
            forgotten = not increment.reached
            if not forgotten:
                yield from increment.state()
        if not (forgotten or cursor.is_due(now)):
            return
        cursor = increment.cursor
    if forgotten:
        request.warn(_FORGOTTEN)
    with closing(Spool.at(request.scratch)) as spool:
        progress = left_off(request, config, spool)
        if progress is None:
            spool.clear()
            progress = begun(request, config, proves=not (cursor.is_first or forgotten))
        else:
            request.warn(str(progress))
            # A pull with `full` is a new one, which holds against itself what it could not read.
            yield from unread(spool) if request.full else ()
        # What is read to prove something is known already, page for page as its events came.
        account = Account(request, config, api, spool, keep_raw=not progress.proves)
        account.usage_so_far = config.usage_so_far
        yield from sweep(request, account, cursor, progress)
