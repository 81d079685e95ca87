"""What a plugin author subclasses.

A connector has a frozen `Config`, a `check()` and a `pull(request)` that yields records.
A sink has a `Config`, a `check()`, a `preview(report)` and a `deliver(report, changes)`; one that
`remembers` may have a `restore(changes)`, one that sends `alerts` has an `alert(alert)`.
A source of exchange rates has a `Config`, a `check()` and a `rates(request)` that yields them.
All get what they need handed in (an HTTP client, the clock, the folder of plugins.toml) and
never see the store.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol
from zoneinfo import ZoneInfo

import pluggy
from pydantic import BaseModel, ConfigDict, Field

from tenure.records import Json, Observation, Quarantined, Record

if TYPE_CHECKING:
    import httpx
    import pyarrow as pa

    from tenure.alerts import Alert
    from tenure.cohorts import Cohorts
    from tenure.customers import Standing
    from tenure.demo.company import Company
    from tenure.movements import MovementLog
    from tenure.report import Report

API = 1
"""The number of this plugin interface. A class whose `api` differs is not loaded."""

hookimpl = pluggy.HookimplMarker("tenure")
"""Marks a plugin's `tenure_connectors`, `tenure_sinks` or `tenure_rates` function."""


class PluginConfig(BaseModel):
    """The options of a plugin's table in plugins.toml; unknown ones are a mistake of the user.

    Declare secrets as `pydantic.SecretStr`.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True
    )


class HttpConfig(PluginConfig):
    """Options that every plugin which speaks HTTP takes besides its own."""

    api_base: str = Field(description="where the service is, https://…")
    timeout: float = Field(
        default=30.0, gt=0, allow_inf_nan=False, description="seconds to wait for an answer"
    )
    requests_per_second: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="instead of the service's own limit"
    )
    proxy: str | None = Field(
        default=None, repr=False, description="instead of HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
    )
    ca_bundle: Path | None = Field(
        default=None, description="certificates (PEM) trusted besides the usual ones"
    )
    max_attempts: int = Field(default=5, ge=1, description="how often a request is tried in all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the workspace lends to a plugin.

    `http` is this plugin's own client: rate limited, retried, redacted. `clock()` is now, an
    aware UTC instant. `folder` holds plugins.toml: relative paths start there. `last_sync` tells
    `check` when the connector was last read to its end. `provides` is what the user wants of a
    connector: "revenue", "attributes" or both.
    """

    name: str
    folder: Path
    timezone: ZoneInfo
    currency: str
    http: httpx.Client
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    last_sync: datetime | None = None
    provides: frozenset[str] = frozenset({"revenue", "attributes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest(Context):
    """What one pull is asked for.

    `cursor` is what the last committed checkpoint held (None at first and with `full`), `since`
    the start of the last complete pull less an overlap. `observations(subject)` are all ever
    stored, oldest first; `recall(subjects)`, where there is one, reads those of many at once.
    `unfinished` is that checkpoint if the pull before this one was cut off, even with `full`; what
    such a pull had read may lie in `scratch`, a folder to be made, which is gone once a pull ends.
    `progress(done, total)` counts source rows; total may be None. `warn(text)` says what the user
    should know though nothing failed; it is kept with the run.
    """

    full: bool = False
    cursor: Json = None
    unfinished: Json = None
    scratch: Path | None = None
    since: datetime | None = None
    observations: Callable[[str], Sequence[Observation]]
    recall: Callable[[Collection[str]], Mapping[str, Sequence[Observation]]] | None = None
    progress: Callable[[int, int | None], None] = lambda _done, _total: None
    warn: Callable[[str], None] = lambda _text: None


class _Plugin(ABC):
    """What connectors, sinks and sources of rates share."""

    name: ClassVar[str]
    """What users write after `use =`; unique per kind."""
    api: ClassVar[int]
    """The plugin interface it was written for: `tenure.API`."""
    Config: ClassVar[type[PluginConfig]]
    """Its options."""
    requests_per_second: ClassVar[float | None] = None
    """The service's published limit, kept by `request.http`."""

    @abstractmethod
    def check(self, context: Context) -> Iterable[str]:
        """Try one of everything it will read or write; yield a line for each that works.

        Raises `ConfigError` for refused credentials or a missing permission (named), and
        `SourceError` for what is not there.
        """


class Connector(_Plugin):
    """Reads one source."""

    provides: ClassVar[frozenset[str]] = frozenset({"revenue", "attributes"})
    """What the source knows: "revenue", "attributes" or both."""
    incremental: ClassVar[bool] = False
    """Whether a pull with a cursor may yield less than everything."""

    def __init__(self, config: PluginConfig) -> None:
        self.config = config

    @classmethod
    def guess(cls, path: Path) -> Mapping[str, Json] | None:  # noqa: ARG003 - for an override
        """Options that read the file at `path`, guessed from it; None where that makes no sense.

        `tenure init --from` writes them into plugins.toml for the user to review. A list of
        sentences under `_notes` says what needs a look.
        """
        return None

    @classmethod
    def world(cls, company: Company) -> AbstractContextManager[Mapping[str, Json]] | None:  # noqa: ARG003 - for an override
        """The service itself, simulated on loopback with a made-up company in it; None: none.

        It runs while the context is open, which yields the options that reach it (`api_base`, and
        the key or token under its option's name). `tenure demo --services` tries connectors on it.
        """
        return None

    @abstractmethod
    def pull(self, request: PullRequest) -> Iterator[Record]:
        """Yield records, and a `Checkpoint` wherever it may resume; the last one closes the pull.

        Raises `SourceError` or `TransientError` when the source fails: what was committed stays.
        """


class Memory(Protocol):
    """What the core keeps of all that a sink which `remembers` ever wrote."""

    def targets(self) -> Collection[str]:
        """Where it left a value that nobody has removed since."""

    def values(self, targets: Collection[str]) -> Mapping[str, Mapping[str, str | None]]:
        """By target and field, what it wrote there last, or was about to when it was cut off."""

    def confirmed(self, targets: Collection[str]) -> Mapping[str, Mapping[str, str | None]]:
        """The same, but only what has arrived for sure.

        For a sink that cannot look at the other side: what is missing here is to be sent (again).
        """

    def remote_ids(self, targets: Collection[str]) -> Mapping[str, str]:
        """By target, the last of `Receipt.remote_ids`."""


class Customers(Protocol):
    """How every customer stands, in a stream; close it if you do not read it to its end."""

    def __call__(self, *, attributes: Sequence[str] = ()) -> Iterator[Standing]:
        """With the attributes of [metrics] segments, and these besides."""


class Movements(Protocol):
    """The movement log of a period, or of all from it to `last`."""

    def __call__(self, period: str, last: str | None = None) -> MovementLog:
        """In order of time."""


class MakeReport(Protocol):
    """Another report, as known at the same instant."""

    def __call__(  # noqa: PLR0913 - as the options of `tenure report`
        self,
        unit: str = "month",
        *,
        by: Sequence[str] = (),
        first: str | None = None,
        last: str | None = None,
        trailing: int | None = None,
        count: int | None = None,
    ) -> Report:
        """Of the periods from `first` to `last`, or so many (`count`) complete ones.

        Of the latter the running one is the last besides where `when` is "provisional".
        """


class MakeCohorts(Protocol):
    """The cohorts of complete months."""

    def __call__(self, *, first: str | None = None) -> Cohorts:
        """Of the last twelve, or of all from `first` on."""


class Streams(Protocol):
    """Figures customer by customer, as Arrow record batches; close one that you leave.

    Money is DECIMAL(38, 6), an instant a timestamp of UTC. A customer is its `customer_key`: two
    connectors may know one id. Each has at least one batch, which may be without rows.
    """

    def began(self) -> date:
        """When anybody first paid, or the last complete period if that is earlier."""

    def levels(self, *, segments: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        """What each customer pays at both ends of each period, and what became of it."""

    def movements(self) -> Iterator[pa.RecordBatch]:
        """The movement log, each valued at the opening rate of its period."""

    def points(self) -> Iterator[pa.RecordBatch]:
        """The ledger itself, what was superseded and what lies ahead included."""


class OpenStreams(Protocol):
    """The streams over periods of a unit; see `Streams`."""

    def __call__(self, unit: str = "month", *, first: str | None = None) -> Streams:
        """From `first` on, the usual number of periods without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkContext(Context):
    """What the workspace lends to a sink: figures as of the report's `known_at`, made on demand.

    `movements("2025-03")` is the log of that period, `cohorts()` the cohorts of the last twelve
    complete months, or of all since `first`; `streams("month", first="2024-01")` is for a sink that
    takes all there is, row by row. `connectors` are the tables of plugins.toml with the plugin of
    each. `reports` are those of the sink's that are to be sent; the report given to it is cut by
    `segments`, and its last period is running where `when` is "provisional". `dashboard` is the
    address of a page with the figures. `key` is the idempotency key: the same when this delivery is
    tried again. `warn(text)` says what the user should know though nothing failed; it is kept with
    the delivery, and not said at each.
    """

    known_at: datetime
    connectors: Mapping[str, str]
    key: str = ""
    reports: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    when: Literal["closed", "provisional"] = "closed"
    dashboard: str | None = None
    memory: Memory
    report: MakeReport
    customers: Customers
    movements: Movements
    cohorts: MakeCohorts
    streams: OpenStreams
    warn: Callable[[str], None] = lambda _text: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between what a sink holds now and what the report says.

    `label` is what people call the target, `note` what the user should know of the change. `setup`
    says that it makes the place for values, such as a field, and is no value to be put back.
    """

    target: str
    field: str
    old: str | None
    new: str | None
    label: str = ""
    note: str = ""
    setup: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwritten:
    """A target that could not be written though the others were, and why."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a sink did: how many targets were written, and the other side's id if it has one.

    With `unwritten` the delivery has failed for these, and is tried again; what is `left` was not
    put back on purpose. `remote_ids` are kept by target for `Memory.remote_ids`, of a sink that
    `remembers`.
    """

    written: int
    remote_id: str | None = None
    remote_ids: Mapping[str, str] = field(default_factory=dict)
    unwritten: Sequence[Unwritten] = ()
    left: Sequence[Unwritten] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restorable:
    """What of a delivery can be put back now, and what is `left` as it is, on purpose."""

    changes: Sequence[Change]
    left: Sequence[Unwritten] = ()


class Sink(_Plugin):
    """Writes finished reports to one place."""

    remembers: ClassVar[bool] = False
    """Whether the core keeps each value it writes, and what stood there before.

    Then a value that was changed by hand is told, and `tenure push NAME --undo DELIVERY` puts back,
    where there is a `restore`.
    """
    reports: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What it can send, with a line for each; empty: one thing only, and no key `reports`."""
    alerts: ClassVar[bool] = False
    """Whether it sends alerts, each by `alert`."""

    def __init__(self, config: PluginConfig) -> None:
        self.config = config

    @abstractmethod
    def preview(self, report: Report, context: SinkContext) -> Sequence[Change]:
        """What `deliver` would change now; empty when everything is already there."""

    @abstractmethod
    def deliver(self, report: Report, changes: Sequence[Change], context: SinkContext) -> Receipt:
        """Write the report; called again after a failure, so twice must be as good as once."""

    def restorable(self, changes: Sequence[Change], context: SinkContext) -> Restorable:  # noqa: ARG002 - for an override
        """What `restore` would do now; one that does not look what stands there says: all of it."""
        return Restorable(changes=changes)

    def restore(self, changes: Sequence[Change], context: SinkContext) -> Receipt:
        """Put back `new` wherever `old`, which this sink wrote, still stands; see `remembers`.

        What somebody changed since stays, and is `left`.
        """
        raise NotImplementedError

    def alert(self, alert: Alert, context: SinkContext) -> Receipt:
        """Say it at once; called again after a failure, with the same `context.key`."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One unit of `currency` was `rate` units of the workspace's currency on `day`.

    `rate` is exact, and above zero; it is rounded once, half to even, to the 10 places that the
    ledger keeps. `source_ref` says where it stands (`rates.csv:17`).
    """

    currency: str
    day: date
    rate: Decimal | Fraction
    source_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesRequest(Context):
    """What a source of rates is asked for: all that it knows, for the workspace's `currency`.

    `warn(text)` says what the user should know though nothing failed; it is kept with the run.
    """

    warn: Callable[[str], None] = lambda _text: None


class Rates(_Plugin):
    """A source of exchange rates: what the table [fx] uses."""

    def __init__(self, config: PluginConfig) -> None:
        self.config = config

    @abstractmethod
    def rates(self, request: RatesRequest) -> Iterator[Rate | Quarantined]:
        """Yield every rate there is, in any order, and a `Quarantined` for what cannot be read.

        A currency has no rate after its last day. Raises `SourceError` when the source fails:
        the rates known so far then stay.
        """
