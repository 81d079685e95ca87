"""A Stripe account that never was: the judge of the connector.

    world = World(seed=7, level=Level.DISCOUNTS, months=18)    # lived through, with its truth
    with serving(world, Plan(seed=7)) as server:               # faults; without a Plan: none
        ...pull from server.url with the key `keys.RESTRICTED`...
    result = compare(world, {item.id: item.points})            # cells equal of cells in all
    world.advance(days=10)                                     # new events, then pull again

How it is made: `life` and `steps` choose what happens; `contracts`, `dunning`, `farewell` and
what the connector ships in `tenure_connectors.stripe.world` do it, note the truth and answer over
Stripe's read API; `future` says what of the truth is still to come.
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
