"""A Stripe account that never was: the judge of the connector.

    world = World(seed=7, level=Level.DISCOUNTS, months=18)    # lived through, with its truth
    with serving(world, Plan(seed=7)) as server:               # faults; without a Plan: none
        ...pull from server.url with the key `keys.RESTRICTED`...
    result = compare(world, {item.id: item.points})            # cells equal of cells in all
    world.advance(days=10)                                     # new events, then pull again

How it is made: `life` and `steps` choose what happens; `desk`, `vouchers`, `contracts`,
`dunning` and `farewell` do it; `billing` writes the invoices; `book` keeps what exists, tells
the events and notes the truth (`worth`, `truth`, `future`); `account` shows what is left of it
at the end, `render` and `older` as JSON of any version, `answer` over Stripe's read API.

Conventions that no document settles are said where they are made: once a discount for once is
used, it counts until its billing period ends; an end at the period's end is the earliest of the
items' (docs: "Adds helpers to cancel subscriptions for billing periods with mixed intervals").
"""

from stripe_world.compare import Comparison, Difference, compare
from stripe_world.market import Level
from stripe_world.world import World
from tenure_connectors.stripe.world.faults import Fault, Plan
from tenure_connectors.stripe.world.server import Server, serving

__all__ = [
    "Comparison",
    "Difference",
    "Fault",
    "Level",
    "Plan",
    "Server",
    "World",
    "compare",
    "serving",
]
