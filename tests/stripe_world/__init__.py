"""A Stripe account that never was: the judge of the connector (see `world`, `compare`)."""

from stripe_world.compare import Comparison, Difference, compare
from stripe_world.faults import Fault, Plan
from stripe_world.market import Level
from stripe_world.server import Server, serving
from stripe_world.world import World

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
