"""A Stripe account on loopback, for tests and for `tenure demo --services`: no key, no network.

    with serving(told(company)) as server:
        ...  # server.url and keys.RESTRICTED go into plugins.toml

    told       a company's story, done to an account
    desk       what a merchant does to a subscription; `vouchers` to a discount
    billing    the invoices: cycles, prorations, discounts, tax, payment
    book       what exists of one customer, its events, and (`truth`, `worth`) what was true
    catalog    what is sold; `things` what changes; `moments` how Stripe counts time
    account    what is left of it all at one moment, as JSON (`render`, `events`, `older` versions)
    answer     Stripe's read API over that (`request`, `filters`, `expand`, `keys`, `errors`)
    server     all of it behind 127.0.0.1, with `faults` if wanted

Written from Stripe's documentation and recorded objects; the connector is no part of it.
Conventions that no document settles are said where they are made: once a discount for once is
used, it counts until its billing period ends; an end at the period's end is the earliest of the
items' (docs: "Adds helpers to cancel subscriptions for billing periods with mixed intervals").
"""

from tenure_connectors.stripe.world.faults import Fault, Plan
from tenure_connectors.stripe.world.server import Server, serving
from tenure_connectors.stripe.world.told import told
from tenure_connectors.stripe.world.world import World

__all__ = ["Fault", "Plan", "Server", "World", "serving", "told"]
