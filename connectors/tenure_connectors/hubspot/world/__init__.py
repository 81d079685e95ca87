"""A HubSpot portal on loopback: the CRM's API over plain data, for tests and for the demo.

    portal = Portal()
    acme = portal.add_company("Acme", "acme.example", industry="COMPUTER_SOFTWARE")
    deal = portal.add_deal("Acme 2025", acme, dealstage="closedwon", closedate="2025-01-15")
    portal.add_line_item(deal, "Pro", price="100", recurringbillingfrequency="monthly")
    with serving(portal) as server:
        ...  # server.url and TOKEN go into plugins.toml

    things      a record with the history of its properties, an owner, a pipeline
    schema      object types, their properties, association types, scopes
    portal      what is done in a portal: add, update, archive, restore, merge, associate
    answer      one request, one answer; `objects`, `search`, `associations` and `settings` by topic
    limits      190 calls in ten seconds, five searches in one, so many a day
    faults      what a test may plan: refusals, breaks, slowness
    server      all of it behind 127.0.0.1
    told        a made-up company's portal: its customers and who looks after them

Written from HubSpot's documentation of its v3 and v4 API; the connector is no part of it.
"""

from tenure_connectors.hubspot.world.faults import Fault, Plan, When
from tenure_connectors.hubspot.world.limits import Limits
from tenure_connectors.hubspot.world.portal import TOKEN, Portal
from tenure_connectors.hubspot.world.server import Server, serving
from tenure_connectors.hubspot.world.things import Owner, Pipeline, Property, Record, Stage
from tenure_connectors.hubspot.world.told import told

__all__ = [
    "TOKEN",
    "Fault",
    "Limits",
    "Owner",
    "Pipeline",
    "Plan",
    "Portal",
    "Property",
    "Record",
    "Server",
    "Stage",
    "When",
    "serving",
    "told",
]
