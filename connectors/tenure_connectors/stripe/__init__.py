"""The connector `stripe`: the whole history of an account's recurring revenue, rebuilt and kept.

options    what plugins.toml says               shapes     Stripe's objects, of any API version
client     one request, by Stripe's SDK         events     what is kept of an event for good
listing    lists, many pages at once            timeline   the life of one subscription, rebuilt
pace       what each endpoint takes               history, conditions, standing, terms, deals,
account    which lists, and what they hold        tracks, points, usage, invoices, lines, prices,
pieces     what an object is evidence of          discounts, schedules, catalog, times
spool      what was read, on disk
memory     what was ever read, as observations
statement  one subscription after the other     check      the key, its permissions, its mode
sweep      everything                           webhooks   an event that comes by itself
increment  what changed
"""

from importlib.util import find_spec

from tenure import Connector, PluginError, hookimpl
from tenure_connectors.stripe.connector import Stripe


@hookimpl
def tenure_connectors() -> list[type[Connector]]:
    """The one connector of this plugin."""
    missing = [name for name in ("stripe", "msgspec") if find_spec(name) is None]
    if missing:
        raise PluginError(
            f"The connector 'stripe' needs what is not installed: {' and '.join(missing)}",
            "Run `pip install 'tenure[stripe]'`",
        )
    return [Stripe]
