"""The sink `salesforce`: how each customer stands, in fields of its Account.

session   requests to one org: signed in, signed in again, and what went wrong in words
org       the part of the API that this sink uses: what fields there are, records read and updated
jobs      Bulk API 2.0, for very many accounts at once
fields    the field of each figure: whether it can take it, and how a value is written there
keys      which Account a customer is
look      what differs
sink      the options; what is written, what is put back
"""

from tenure import Sink, hookimpl
from tenure_sinks.salesforce.sink import Salesforce, SalesforceConfig

__all__ = ["Salesforce", "SalesforceConfig", "tenure_sinks"]


@hookimpl
def tenure_sinks() -> list[type[Sink]]:
    """The one sink of this plugin."""
    return [Salesforce]
