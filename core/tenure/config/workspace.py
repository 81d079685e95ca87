"""What plugins.toml says, read and validated: frozen values that the rest of tenure works from."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from tenure.errors import PluginError
from tenure.plugin import Connector, Context, Sink

if TYPE_CHECKING:
    import httpx

    from tenure.metrics.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One table of [connectors] or [sinks]."""

    name: str
    kind: Literal["connector", "sink"]
    use: str
    schedule: str | None = None
    enabled: bool = True
    provides: frozenset[str] = frozenset()
    plugin: Connector | Sink | None = field(default=None, repr=False)
    """The plugin made with its options; None while disabled or broken."""
    problem: PluginError | None = None
    """Why the plugin is broken; the others run."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that must never be printed, logged or stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsConfig:
    """The table [metrics]."""

    preset: str
    segments: tuple[str, ...]
    schedule: str | None
    policy: "Policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A whole plugins.toml. `store` is a URL whose SQLite path is absolute."""

    path: Path
    folder: Path
    store: str = field(repr=False)
    timezone: ZoneInfo
    currency: str
    connectors: tuple[Entry, ...]
    sinks: tuple[Entry, ...]
    metrics: MetricsConfig
    warnings: tuple[str, ...] = ()
    store_secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret of the workspace, for redaction."""
        entries = (*self.connectors, *self.sinks)
        return (*self.store_secrets, *(s for entry in entries for s in entry.secrets))

    def context(self, entry: Entry, http: "httpx.Client") -> Context:
        """What the workspace lends to the entry's plugin."""
        return Context(
            name=entry.name,
            folder=self.folder,
            timezone=self.timezone,
            currency=self.currency,
            http=http,
        )
