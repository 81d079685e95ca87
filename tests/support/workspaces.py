"""A workspace without a plugins.toml, over any store."""

from pathlib import Path
from zoneinfo import ZoneInfo

from tenure.config import Entry, MetricsConfig, Workspace
from tenure.metrics.policy import Policy


def workspace(
    store_url: str, *connectors: str, zone: str = "UTC", policy: Policy | None = None
) -> Workspace:
    """A workspace in USD whose connectors are only names."""
    return Workspace(
        path=Path("plugins.toml"),
        folder=Path(),
        store=store_url,
        timezone=ZoneInfo(zone),
        currency="USD",
        connectors=tuple(
            Entry(name=name, kind="connector", use="test") for name in connectors or ("test",)
        ),
        sinks=(),
        metrics=MetricsConfig(
            preset="default", segments=(), schedule=None, policy=policy or Policy()
        ),
    )
