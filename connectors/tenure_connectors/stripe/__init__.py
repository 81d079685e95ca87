"""The connector `stripe`: the whole history of an account's recurring revenue, rebuilt and kept.

options    what plugins.toml says               pull       what changed, or everything
client     one request, by Stripe's SDK           sweep      everything
listing    lists, many pages at once              increment  what changed, from its events
pace       what each endpoint takes               statement  one subscription after the other
account    which lists, and what they hold        cursor     up to where all was read
pieces     what an object is evidence of          topics     which events are asked for
spool      what was read, on disk
memory     what was ever read, as observations  check      the key, its permissions, its mode
shapes     Stripe's objects, of any version     webhooks   an event that comes by itself
events     what is kept of an event for good    usage      what was used since the last bill
mending    text that was cut
timeline   the life of one subscription, rebuilt from all of it by what is in `life`
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
