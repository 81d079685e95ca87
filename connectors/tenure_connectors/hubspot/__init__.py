"""The connector `hubspot`: companies and their history, and revenue by deals or subscriptions.

options    what plugins.toml says                 pull       what changed, or everything
client     one request, by HubSpot's SDK          sweep      everything, by lists
listing    pages, batches, windows of a search    increment  what changed, by searches
pace       what HubSpot lets through              cursor     up to where all was read
directory  owners, pipelines, properties          check      the token, its scopes, the options
gathering  deals with company and line items
revenue    all of one company, stated             companies  a company as a customer
deals      (a) deals with line items              chain      renewals of one product, one item
recurring  (b) recurring-revenue properties       terms      when a line starts and ends
commerce   (c) Commerce subscriptions             levels     what a line bills, and since when
custom     any object with an amount              values     texts as dates and numbers
shapes     HubSpot's objects                      history    the versions of a property
"""

from importlib.util import find_spec

from tenure import Connector, PluginError, hookimpl
from tenure_connectors.hubspot.connector import HubSpot


@hookimpl
def tenure_connectors() -> list[type[Connector]]:
    """The one connector of this plugin."""
    needed = {"hubspot": "hubspot-api-client", "msgspec": "msgspec"}
    missing = [package for name, package in needed.items() if find_spec(name) is None]
    if missing:
        raise PluginError(
            f"The connector 'hubspot' needs what is not installed: {' and '.join(missing)}",
            "Run `pip install 'tenure[hubspot]'`",
        )
    return [HubSpot]
