"""Who is who: customers of several connectors that are one account (docs/accounts.md).

mapping      the csv in which somebody says so       reading     what the ledger knows of customers
matching     the rules, as SQL over all at once      refreshing  the links that changed, written
domains      which domains mean something            listing     what people see of it
"""

from tenure.accounts.refreshing import Counts, Refreshed, refresh, standing

__all__ = ["Counts", "Refreshed", "refresh", "standing"]
