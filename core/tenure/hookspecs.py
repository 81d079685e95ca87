"""The hooks of tenure: each hands classes over, once and without I/O; objects do the work."""

from collections.abc import Sequence

import pluggy

from tenure.plugin import Connector, Rates, Sink

hookspec = pluggy.HookspecMarker("tenure")


@hookspec
def tenure_connectors() -> Sequence[type[Connector]]:
    """Connector classes that this plugin offers."""


@hookspec
def tenure_sinks() -> Sequence[type[Sink]]:
    """Sink classes that this plugin offers."""


@hookspec
def tenure_rates() -> Sequence[type[Rates]]:
    """Sources of exchange rates that this plugin offers."""
