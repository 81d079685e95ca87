"""tenure: net revenue retention that is exact, open and explainable.

What a plugin author imports is here; every other module is private. The names are resolved on
first use, so that `tenure --version` and `tenure --help` import nothing they do not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tenure._version import __version__

if TYPE_CHECKING:
    from tenure.alerts import Alert
    from tenure.cohorts import Cohorts
    from tenure.currency import CURRENCY_CODES
    from tenure.customers import LastMovement, Standing
    from tenure.demo.company import Company, Stretch
    from tenure.errors import (
        ConfigError,
        PluginError,
        SourceError,
        TenureError,
        TransientError,
    )
    from tenure.money import MICRO, decimal_string, half_even, micros, ratio_string
    from tenure.movements import Movement, MovementLog
    from tenure.periods import day_start
    from tenure.picture import Picture, bridge_picture
    from tenure.plugin import (
        API,
        Change,
        Connector,
        Context,
        HttpConfig,
        MakeReport,
        Memory,
        PluginConfig,
        PullRequest,
        Rate,
        Rates,
        RatesRequest,
        Receipt,
        Restorable,
        Sink,
        SinkContext,
        Unwritten,
        hookimpl,
    )
    from tenure.printing import amount, counted, percent, points
    from tenure.records import (
        BEGINNING,
        Attribute,
        Cause,
        Checkpoint,
        Claim,
        Customer,
        Evidence,
        Excluded,
        Interval,
        Item,
        ItemKind,
        Json,
        Observation,
        Point,
        Quarantined,
        RawChunk,
        Record,
        State,
        Subscription,
        Tombstone,
        TombstoneKind,
    )
    from tenure.report import Report, Row
    from tenure.sheet import csv_text

_EXPORTS = {
    "tenure.alerts": "Alert",
    "tenure.cohorts": "Cohorts",
    "tenure.currency": "CURRENCY_CODES",
    "tenure.customers": "LastMovement Standing",
    "tenure.demo.company": "Company Stretch",
    "tenure.errors": "ConfigError PluginError SourceError TenureError TransientError",
    "tenure.money": "MICRO decimal_string half_even micros ratio_string",
    "tenure.movements": "Movement MovementLog",
    "tenure.periods": "day_start",
    "tenure.picture": "Picture bridge_picture",
    "tenure.plugin": "API Change Connector Context HttpConfig MakeReport Memory PluginConfig "
    "PullRequest Rate Rates RatesRequest Receipt Restorable Sink SinkContext Unwritten hookimpl",
    "tenure.printing": "amount counted percent points",
    "tenure.records": "BEGINNING Attribute Cause Checkpoint Claim Customer Evidence Excluded "
    "Interval Item ItemKind Json Observation Point Quarantined RawChunk Record State "
    "Subscription Tombstone TombstoneKind",
    "tenure.report": "Report Row",
    "tenure.sheet": "csv_text",
}
_HOME = {name: module for module, names in _EXPORTS.items() for name in names.split()}

__all__ = [
    "API",
    "BEGINNING",
    "CURRENCY_CODES",
    "MICRO",
    "Alert",
    "Attribute",
    "Cause",
    "Change",
    "Checkpoint",
    "Claim",
    "Cohorts",
    "Company",
    "ConfigError",
    "Connector",
    "Context",
    "Customer",
    "Evidence",
    "Excluded",
    "HttpConfig",
    "Interval",
    "Item",
    "ItemKind",
    "Json",
    "LastMovement",
    "MakeReport",
    "Memory",
    "Movement",
    "MovementLog",
    "Observation",
    "Picture",
    "PluginConfig",
    "PluginError",
    "Point",
    "PullRequest",
    "Quarantined",
    "Rate",
    "Rates",
    "RatesRequest",
    "RawChunk",
    "Receipt",
    "Record",
    "Report",
    "Restorable",
    "Row",
    "Sink",
    "SinkContext",
    "SourceError",
    "Standing",
    "State",
    "Stretch",
    "Subscription",
    "TenureError",
    "Tombstone",
    "TombstoneKind",
    "TransientError",
    "Unwritten",
    "__version__",
    "amount",
    "bridge_picture",
    "counted",
    "csv_text",
    "day_start",
    "decimal_string",
    "half_even",
    "hookimpl",
    "micros",
    "percent",
    "points",
    "ratio_string",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tenure' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
