"""Reading plugins.toml into a `Workspace`: everything that is wrong is found before any is said.

find ─► Document ─► [tenure], [connectors.*], [accounts], [fx], [sinks.*], [metrics], [daemon]
              ─► Workspace;  each: resolve references ─► validate ─► mistakes with their lines
"""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tenure.config import entries
from tenure.config.document import Document, shown
from tenure.config.mistakes import names, nearest
from tenure.config.reading import Reading
from tenure.config.sections import FOREVER, AccountsTable, DaemonTable, MetricsTable, TenureTable
from tenure.config.values import environment
from tenure.config.workspace import AccountsConfig, MetricsConfig, Workspace
from tenure.modes import open_to
from tenure.redaction import url_passwords

VARIABLE = "TENURE_CONFIG"
TABLES = ("tenure", "connectors", "accounts", "fx", "sinks", "metrics", "daemon")


def find(path: Path | None = None) -> Path:
    """Where the file is: `path`, else `$TENURE_CONFIG`, else the current folder's plugins.toml."""
    return (path or Path(os.environ.get(VARIABLE) or "plugins.toml")).absolute()


def load(path: Path | None = None, text: str | None = None) -> Workspace:
    """Read the workspace's file; raises `ConfigError` with all its mistakes, one per line.

    With `text` as if the file said that.
    """
    document = Document.read(find(path), text)
    reading = Reading(document, environment(document.path.parent))
    _unknown_tables(reading)
    tenure, secrets = _tenure(reading)
    connectors, sinks = entries.read(reading, "connector"), entries.read(reading, "sink")
    fx, metrics = entries.fx(reading), _metrics(reading)
    accounts, daemon = _accounts(reading), _daemon(reading)
    if reading.mistakes or tenure is None or metrics is None or daemon is None:
        raise reading.error()
    _warn_of_dotenv(reading)
    return Workspace(
        path=document.path,
        folder=reading.folder,
        store=_absolute(tenure.store, reading.folder),
        timezone=ZoneInfo(tenure.timezone),
        currency=tenure.currency,
        dashboard=tenure.dashboard,
        connectors=connectors,
        sinks=sinks,
        metrics=metrics,
        fx=fx,
        accounts=accounts,
        daemon=daemon,
        warnings=tuple(reading.warnings),
        keep_raw=_days(tenure.keep_raw),
        store_secrets=(*secrets, *([daemon.heartbeat] if daemon.heartbeat else [])),
    )


def _unknown_tables(reading: Reading) -> None:
    for name in reading.document.tables:
        if name not in TABLES:
            reading.wrong((name,), f"unknown table{nearest(name, TABLES)}")


def _tenure(reading: Reading) -> tuple[TenureTable | None, set[str]]:
    raw = reading.table(("tenure",), reading.document.tables.get("tenure", {}))
    section = reading.section(("tenure",), raw)
    store = ("tenure", "store")
    passwords = url_passwords(str(section.values.get("store", "")))
    if passwords and store not in section.resolver.outside:
        reading.warn(store, entries.literal("STORE_PASSWORD"))
    if "?" in str(reading.folder):
        reading.wrong(store, "the folder's name has a `?`, which cannot stand in a store URL")
    return reading.validate(TenureTable, section), section.resolver.secrets | passwords


def _days(text: str) -> timedelta | None:
    return None if text == FOREVER else timedelta(days=int(text.removesuffix("d")))


def _accounts(reading: Reading) -> AccountsConfig | None:
    """The table [accounts]; None without it."""
    path = ("accounts",)
    if path[0] not in reading.document.tables:
        return None
    raw = reading.table(path, reading.document.tables[path[0]])
    table = reading.validate(AccountsTable, reading.section(path, raw))
    if table is None:
        return None
    if isinstance(reading.document.tables[path[0]], dict) and not (table.match or table.map):
        reading.wrong(path, "joins nobody; write match = ['email', 'domain'], a map, or both")
    return AccountsConfig(
        match=table.match,
        map=None if table.map is None else reading.folder / table.map,
        shared_domains=table.shared_domains,
    )


def _daemon(reading: Reading) -> DaemonTable | None:
    tables = reading.document.tables
    section = reading.section(("daemon",), reading.table(("daemon",), tables.get("daemon", {})))
    timeouts, known = section.values.get("timeouts"), [*_job_names(tables)]
    for name in timeouts if isinstance(timeouts, dict) else ():
        if name not in known:
            path = ("daemon", "timeouts", name)
            reading.wrong(path, f"there is no job {name!r}{nearest(name, known)}")
    return reading.validate(DaemonTable, section)


def _job_names(tables: Mapping[str, Any]) -> Iterator[str]:
    """What the daemon's jobs may be called: those too whose table is disabled, or has mistakes."""
    yield from ("alerts", "report", *(["rates"] if "fx" in tables else []))
    for job, table in (("sync", "connectors"), ("push", "sinks")):
        named = tables.get(table)
        yield from (f"{job}:{name}" for name in (named if isinstance(named, dict) else ()))


def _metrics(reading: Reading) -> MetricsConfig | None:
    from tenure.metrics.policy import Policy  # noqa: PLC0415 - `--help` does without it

    raw = reading.table(("metrics",), reading.document.tables.get("metrics", {}))
    section, own = reading.section(("metrics",), raw), names(MetricsTable)
    table = reading.validate(MetricsTable, section.only(own))
    policy = reading.validate(Policy, section.without(own), own)
    if table is None or policy is None:
        return None
    return MetricsConfig(
        preset=table.preset,
        segments=table.segments,
        schedule=table.schedule,
        policy=policy,
        min_coverage=table.min_coverage,
    )


def _warn_of_dotenv(reading: Reading) -> None:
    path = reading.folder / ".env"
    if who := open_to(path):
        reading.warnings.append(f"{shown(path)}: {who} may read it; run `chmod 600 {shown(path)}`")


def _absolute(url: str, folder: Path) -> str:
    path = url.removeprefix("sqlite:///")
    return url if path == url else f"sqlite:///{folder / path}"
