"""Which company a customer is."""

from tenure import ConfigError, SinkContext
from tenure_sinks.accounts import ByAttribute, Ids, Matched, matched


def matched_companies(asked: str | ByAttribute | None, context: SinkContext) -> Matched:
    """Each customer's company; by the one connector that uses hubspot unless said."""
    ids = Ids("HubSpot", "companies", _id)
    return matched(_named(asked, context), context, ids)


def _id(text: str) -> str | None:
    return text if text.isascii() and text.isdigit() else None


def _named(asked: str | ByAttribute | None, context: SinkContext) -> str | ByAttribute:
    if isinstance(asked, ByAttribute):
        return asked
    known = context.connectors
    if asked is not None and asked in known:
        return asked
    crm = [name for name, plugin in known.items() if plugin == "hubspot"]
    if asked is None and len(crm) == 1:
        return crm[0]
    said = "does not know" if asked is None else f"has no connector {asked!r} that says"
    raise ConfigError(
        f"Sink {context.name!r} {said} which customers are the companies of HubSpot",
        f'Write companies = "CONNECTOR" (there are: {", ".join(known) or "none"}), or '
        'companies = { attribute = "hubspot_company_id" }',
    )
