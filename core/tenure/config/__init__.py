"""plugins.toml: `load` turns it into a `Workspace`, or says all that is wrong with it.

document   the file and the line of every key      values     ${NAME} and { file = "…" }
sections   the core's tables, typed                 mistakes   what to say and what to hide
entries    the plugins' tables                      reading    all of it for one file
"""

from tenure.config.load import find, load
from tenure.config.workspace import AccountsConfig, Entry, FxConfig, MetricsConfig, Workspace

__all__ = [
    "AccountsConfig",
    "Entry",
    "FxConfig",
    "MetricsConfig",
    "Workspace",
    "find",
    "load",
]
