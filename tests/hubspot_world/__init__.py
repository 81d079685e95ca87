"""Worlds of customers who buy, renew and leave, kept in a HubSpot portal by their seller.

A world is lived through by its seeded random numbers: what customers agreed to is remembered as
such, and the seller writes it down in the portal, as people do. The truth of a world comes from
what was agreed, never from what the portal holds.

    agreed      prices and agreements: what a customer pays, from when to when
    life        a portal that is lived through in the order of time
    people      companies: their owners, merges, parents; attributes over time
    deals       way (a): deals with line items; (b): recurring-revenue properties
    commerce    way (c): Commerce subscriptions
    world       a world from its seed, its way and its level
    compare     the truth against what a ledger holds
"""

from hubspot_world.world import Level, Way, World

__all__ = ["Level", "Way", "World"]
