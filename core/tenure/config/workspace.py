"""What plugins.toml says, read and validated: frozen values that the rest of tenure works from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from tenure.config.sections import MAX_AGE_DAYS, AlertsTable, DaemonTable
from tenure.errors import PluginError, UsageError
from tenure.plugin import Connector, Context, Rates, Sink

if TYPE_CHECKING:
    import httpx

    from tenure.metrics.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One table of [connectors] or [sinks], or the table [fx]."""

    name: str
    kind: Literal["connector", "sink", "rates"]
    use: str
    schedule: str | None = None
    enabled: bool = True
    provides: frozenset[str] = frozenset()
    reports: tuple[str, ...] = ()
    """Of a sink: which of its plugin's reports it sends."""
    segments: tuple[str, ...] | None = None
    """Of a sink: what its report is cut by; None: [metrics] segments."""
    when: Literal["closed", "provisional"] = "closed"
    """Of a sink: complete periods, or the running one too."""
    alerts: AlertsTable | None = None
    plugin: Connector | Sink | Rates | None = field(default=None, repr=False)
    """The plugin made with its options; None while disabled or broken."""
    problem: PluginError | None = None
    """Why the plugin is broken; the others run."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that must never be printed, logged or stored."""

    @property
    def is_directory(self) -> bool:
        """Whether it knows people and no money: its customers are not customers by themselves."""
        return self.provides == {"attributes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsConfig:
    """The table [metrics]."""

    preset: str
    segments: tuple[str, ...]
    schedule: str | None
    policy: "Policy"
    min_coverage: Decimal = Decimal(0)
    """The share of MRR that has to be observed or inferred for figures to be published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FxConfig:
    """The table [fx]: where exchange rates come from, None without it, and how old one may be."""

    entry: Entry | None = None
    max_age_days: int = MAX_AGE_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsConfig:
    """The table [accounts]: who is the same customer. Without rules and map, nobody is."""

    match: tuple[str, ...] = ()
    map: Path | None = None
    shared_domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A whole plugins.toml. `store` is a URL whose SQLite path is absolute."""

    path: Path
    folder: Path
    store: str = field(repr=False)
    timezone: ZoneInfo
    currency: str
    dashboard: str | None = None
    connectors: tuple[Entry, ...]
    sinks: tuple[Entry, ...]
    metrics: MetricsConfig
    fx: FxConfig = FxConfig()
    accounts: AccountsConfig | None = None
    daemon: DaemonTable = field(default_factory=DaemonTable)
    warnings: tuple[str, ...] = ()
    keep_raw: timedelta | None = None
    """How long what sources sent is kept; None: forever."""
    store_secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every table that names a plugin."""
        return (*((self.fx.entry,) if self.fx.entry else ()), *self.connectors, *self.sinks)

    @property
    def directories(self) -> tuple[str, ...]:
        """The connectors whose money does not count, if they state any."""
        return tuple(entry.name for entry in self.connectors if entry.is_directory)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret of the workspace, for redaction."""
        return (*self.store_secrets, *(s for entry in self.entries for s in entry.secrets))

    def context(self, entry: Entry, http: "httpx.Client") -> Context:
        """What the workspace lends to the entry's plugin."""
        return Context(
            name=entry.name,
            folder=self.folder,
            timezone=self.timezone,
            currency=self.currency,
            http=http,
            provides=entry.provides,
        )

    def segments_of(self, sink: Entry) -> tuple[str, ...]:
        """By which attributes the report of a sink is cut."""
        return self.metrics.segments if sink.segments is None else sink.segments

    def chosen(self, kind: Literal["connector", "sink"], names: Sequence[str]) -> list[Entry]:
        """The tables of these names, each once; all that are enabled where none is named.

        Raises `UsageError` for a name that is not there.
        """
        entries = self.connectors if kind == "connector" else self.sinks
        known = {entry.name: entry for entry in entries}
        for name in names:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}"
                none = f"It has no {kind} at all: write a table [{kind}s.{name}]"
                raise UsageError(
                    f"There is no {kind} {name!r} in {self.path.name}", hint if known else none
                )
        asked = [known[name] for name in dict.fromkeys(names)]
        return asked or [entry for entry in entries if entry.enabled]
