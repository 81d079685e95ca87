"""The sink `hubspot`: how each account stands, as properties of its company.

api         the requests, and the one place that knows the version of HubSpot's API
fields      the properties: their types, and how HubSpot tells a value back
companies   which company an account is
sink        what differs, what is written, what is put back
"""

from tenure import Sink, hookimpl
from tenure_sinks.hubspot.sink import HubSpot, HubSpotConfig

__all__ = ["HubSpot", "HubSpotConfig", "tenure_sinks"]


@hookimpl
def tenure_sinks() -> list[type[Sink]]:
    """The one sink of this plugin."""
    return [HubSpot]
