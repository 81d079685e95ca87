"""The tables [connectors.*], [sinks.*] and [fx]: the core's keys, then the plugin with its options.

A mistake in a table is the user's and is noted with the others. A plugin that is broken itself
is the entry's `problem`: it is disabled and the rest runs.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from tenure import plugins
from tenure.config.mistakes import KeyPath, is_secret, nearest
from tenure.config.reading import Reading, Section
from tenure.config.sections import AlertsTable, EntryKeys, FxKeys, SinkKeys
from tenure.config.workspace import Entry, FxConfig
from tenure.errors import PluginError, TenureError
from tenure.plugin import Connector, PluginConfig, Rates, Sink
from tenure.redaction import redact, url_passwords

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class _Made:
    """A plugin's object, or why there is none."""

    plugin: Connector | Sink | Rates | None = None
    problem: PluginError | None = None
    secrets: frozenset[str] = frozenset()


def read(reading: Reading, kind: plugins.Kind) -> tuple[Entry, ...]:
    """The entries of one kind, in the order of the file; those with mistakes are left out."""
    path: KeyPath = (f"{kind}s",)
    tables = reading.table(path, reading.document.tables.get(f"{kind}s", {}))
    found = [_entry(reading, kind, (*path, name), raw) for name, raw in tables.items()]
    return tuple(entry for entry in found if entry)


def fx(reading: Reading) -> FxConfig:
    """The table [fx]; the default without it, or where it has mistakes."""
    path, before = ("fx",), len(reading.mistakes)
    raw = reading.document.tables.get("fx")
    if raw is None:
        return FxConfig()
    table = reading.table(path, raw)
    own = reading.section(path, {k: v for k, v in table.items() if k in plugins.CORE_KEYS["rates"]})
    keys = reading.validate(FxKeys, own) if isinstance(raw, dict) else None
    made = _Made()
    if keys is None or keys.enabled:
        options = {k: v for k, v in table.items() if k not in plugins.CORE_KEYS["rates"]}
        made = _make(reading, "rates", own, options)
    if keys is None or len(reading.mistakes) > before:
        return FxConfig()
    entry = Entry(
        name="fx",
        kind="rates",
        use=keys.use,
        enabled=keys.enabled,
        plugin=made.plugin,
        problem=made.problem,
        secrets=tuple(sorted(made.secrets | own.resolver.secrets)),
    )
    return FxConfig(entry=entry, max_age_days=keys.max_age_days)


def literal(name: str) -> str:
    """The warning for a secret that stands in plugins.toml itself."""
    variable = re.sub(r"\W", "_", name).upper()
    return f"a secret is written here; put {variable}=… into .env and write ${{{variable}}}"


def _entry(reading: Reading, kind: plugins.Kind, path: KeyPath, raw: Any) -> Entry | None:
    before, name = len(reading.mistakes), str(path[-1])
    if not _NAME.fullmatch(name):
        reading.wrong(path, "a name is made of letters, digits, `_` and `-`")
    table = reading.table(path, raw)
    core = plugins.CORE_KEYS[kind]
    own = reading.section(path, {k: v for k, v in table.items() if k in core})
    model = SinkKeys if kind == "sink" else EntryKeys
    keys = reading.validate(model, own) if isinstance(raw, dict) else None
    made = _Made()
    if keys is None or keys.enabled:
        options = {k: v for k, v in table.items() if k not in core}
        made = _make(reading, kind, own, options)
    if keys is None:
        return None
    more = _more(reading, own, keys, made)
    if len(reading.mistakes) > before:
        return None
    return Entry(
        name=name,
        kind=kind,
        use=keys.use,
        schedule=keys.schedule,
        enabled=keys.enabled,
        plugin=made.plugin,
        problem=made.problem,
        secrets=tuple(sorted(made.secrets | own.resolver.secrets)),
        **more,
    )


def _more(reading: Reading, own: Section, keys: EntryKeys, made: _Made) -> dict[str, Any]:
    """What only connectors are asked for, or only sinks."""
    if not isinstance(keys, SinkKeys):
        return {"provides": _provides(reading, own, keys, made)}
    if keys.provides is not None:
        reading.wrong((*own.path, "provides"), "a sink provides nothing; remove it")
    _watched(reading, own, keys.alerts, made)
    return {
        "reports": _reports(reading, own, keys, made),
        "segments": keys.segments,
        "when": keys.when,
        "alerts": keys.alerts,
    }


def _make(reading: Reading, kind: plugins.Kind, own: Section, options: Mapping[str, Any]) -> _Made:
    """Load the plugin and give it its options."""
    section = reading.section(own.path, options)
    use = own.values.get("use")
    if not (isinstance(use, str) and use):
        _misspelt_use(reading, section)
        return _Made()
    try:
        cls = plugins.load(kind, use, reading.folder)
    except plugins.UnknownPluginError as error:
        reading.wrong((*own.path, "use"), str(error))
        return _Made()
    except PluginError as error:
        return _Made(problem=error)
    reading.sensitive |= _texts({k: v for k, v in options.items() if is_secret(cls.Config, k)})
    return _instance(reading, cls, section, options)


def _misspelt_use(reading: Reading, section: Section) -> None:
    """Without a plugin no option can be judged, but a key close to `use` can."""
    for key in get_close_matches("use", section.values, 1):
        reading.wrong((*section.path, key), "unknown key; did you mean 'use'?")


def _instance(
    reading: Reading, cls: plugins.PluginClass, section: Section, options: Mapping[str, Any]
) -> _Made:
    try:
        config = reading.validate(cls.Config, section, plugins.core_keys(cls))
        if config is None:
            return _Made()
        return _Made(cls(config), None, _secrets(reading, config, section, options))
    except TenureError as error:
        reading.wrong(section.path, str(error))
        return _Made()
    except Exception as error:  # noqa: BLE001 - a stranger's code may raise all
        fault = redact(f"{type(error).__name__}: {error}", reading.sensitive)
    # Made out here, so that the exception, with a secret in it perhaps, does not hang on this one.
    reason = f"Plugin {cls.name!r} failed when it was given its options: {fault}"
    return _Made(problem=PluginError(reason, "Mend it or ask its author"))


def _secrets(
    reading: Reading, config: PluginConfig, section: Section, options: Mapping[str, Any]
) -> frozenset[str]:
    """Every secret among the options; those written literally are warned of."""
    found = dict(_walk(config, ()))
    for key in found:
        path = (*section.path, *key)
        if path not in section.resolver.outside and isinstance(_at(options, key), str):
            reading.warn(path, literal(f"{section.path[-1]}_{key[-1]}"))
    in_urls = {word for text in _texts(section.values) for word in url_passwords(text)}
    return frozenset({*found.values(), *section.resolver.secrets, *in_urls})


def _walk(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Every secret in a validated value, with its path as it is written in the file."""
    if isinstance(value, SecretStr):
        yield path, value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield path, value.get_secret_value().decode(errors="replace")
    elif isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            yield from _walk(getattr(value, name), (*path, info.alias or name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, (*path, str(key)))
    elif isinstance(value, list | tuple | set | frozenset):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*path, index))


def _at(value: Any, path: KeyPath) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    inner = value.values() if isinstance(value, Mapping) else value
    return set().union(*map(_texts, inner)) if isinstance(value, Mapping | list) else set()


def _provides(reading: Reading, own: Section, keys: EntryKeys, made: _Made) -> frozenset[str]:
    """What the entry is a source of: all that its plugin knows, unless the user says less."""
    known = made.plugin.provides if isinstance(made.plugin, Connector) else Connector.provides
    if extra := (keys.provides or frozenset()) - known:
        said = f"plugin {keys.use!r} does not provide {', '.join(sorted(extra))}"
        reading.wrong((*own.path, "provides"), f"{said}. Allowed: {', '.join(sorted(known))}")
    return frozenset(keys.provides or known)


def _reports(reading: Reading, own: Section, keys: SinkKeys, made: _Made) -> tuple[str, ...]:
    """Which of a sink's reports are sent: all of them, unless the user says less."""
    if not isinstance(made.plugin, Sink):
        return keys.reports or ()
    known = made.plugin.reports
    path: KeyPath = (*own.path, "reports")
    if keys.reports and not known:
        reading.wrong(path, f"plugin {keys.use!r} has one report only; remove it")
        return ()
    for number, name in enumerate(keys.reports or ()):
        if name not in known:
            reading.wrong((*path, number), f"no report {name!r}{nearest(name, known)}")
    return tuple(dict.fromkeys(keys.reports or known))


def _watched(reading: Reading, own: Section, alerts: AlertsTable | None, made: _Made) -> None:
    """Alerts want a sink that can send them, and something to watch."""
    path: KeyPath = (*own.path, "alerts")
    if alerts is not None and isinstance(made.plugin, Sink) and not made.plugin.alerts:
        reading.wrong(path, f"plugin {made.plugin.name!r} sends no alerts; remove the table")
    elif alerts is not None and alerts == AlertsTable():
        reading.wrong(path, f"watches nothing; write one of {', '.join(AlertsTable.model_fields)}")
