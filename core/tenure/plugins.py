"""Finding and loading plugins: by entry point or by path, only those that are named, one by one.

    use = "stripe"      the entry point `connector.stripe` (or `stripe`) of group `tenure.plugins`
    use = "./acme.py"   a module beside plugins.toml

The module behind it is registered with a pluggy manager of its own, its hook is called once, and
the class of that kind and name comes back. Whatever is wrong with a plugin becomes a
`PluginError` that says where it is and why: it is disabled, the others run.
"""

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, Literal

import pluggy

from tenure import hookspecs
from tenure.errors import PluginError, TenureError
from tenure.plugin import API, Connector, PluginConfig, Rates, Sink

GROUP = "tenure.plugins"
Kind = Literal["connector", "sink", "rates"]
_OF_ALL = ("use", "schedule", "enabled", "provides")
CORE_KEYS: dict[Kind, tuple[str, ...]] = {
    "connector": _OF_ALL,
    "sink": (*_OF_ALL, "reports", "segments", "when", "alerts"),
    "rates": ("use", "enabled", "max_age_days"),
}
"""Keys of a plugin's table that belong to the core."""
PluginClass = type[Connector] | type[Sink] | type[Rates]

_BASES: dict[Kind, PluginClass] = {"connector": Connector, "sink": Sink, "rates": Rates}

log = logging.getLogger("tenure.plugins")


class UnknownPluginError(PluginError):
    """Nothing is where `use` points."""


@dataclass(frozen=True, slots=True, order=True)
class Installed:
    """An entry point of the group, and the distribution that brought it.

    `kind` is None where the entry point's name does not say it.
    """

    name: str
    kind: Kind | None
    value: str
    distribution: str
    version: str

    @property
    def where(self) -> str:
        """The place that a message names."""
        return f"{self.value} of {self.distribution} {self.version}"


def available(ending: str = "") -> list[Installed]:
    """Every installed plugin, or those whose names end so, by name; none of them is imported."""
    points = [each for each in entry_points(group=GROUP) if each.name.endswith(ending)]
    return sorted(
        {_installed(point) for point in points},  # reads a file for each
        key=lambda plugin: (plugin.name, plugin.kind or "", plugin.distribution),
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """One class that an installed plugin offers, or why it cannot be had."""

    name: str
    kind: Kind | None
    plugin: Installed
    cls: PluginClass | None = None
    problem: PluginError | None = None


def offers() -> list[Offer]:
    """All that is installed, imported; a broken plugin is listed with its problem."""
    return [offer for plugin in available() for offer in _offers(plugin)]


def offers_of(path: str) -> list[Offer]:
    """What a plugin offers that is not installed but a file, as `use` may name it."""
    return _offers(Installed(path, None, path, str(Path(path).resolve()), ""))


def _offers(plugin: Installed) -> list[Offer]:
    kinds = [plugin.kind] if plugin.kind else list(_BASES)
    tried = [_offer(plugin, kind) for kind in kinds]
    # A plugin that does not say its kind is asked for each; one answer is enough.
    return [offer for offer in tried if offer.cls] or tried[:1]


def _offer(plugin: Installed, kind: Kind) -> Offer:
    try:
        return Offer(plugin.name, kind, plugin, load(kind, plugin.name, Path()))
    except PluginError as error:
        return Offer(plugin.name, plugin.kind, plugin, problem=error)


def load(kind: Kind, use: str, folder: Path) -> PluginClass:
    """Import the one plugin that `use` names and return its class of that kind.

    Raises `PluginError` for a broken plugin, `UnknownPluginError` if there is none.
    """
    if is_local(use):
        path = (folder / use).resolve()
        return _only(kind, _offered(kind, _local_module(path), str(path)), str(path))
    plugin = _find(kind, use)
    offered = _offered(kind, _entry_module(plugin), plugin.where)
    return _named(kind, use, offered, plugin.where)


def core_keys(cls: PluginClass) -> tuple[str, ...]:
    """The keys of the core in the table of such a plugin."""
    return next(CORE_KEYS[kind] for kind, base in _BASES.items() if issubclass(cls, base))


def plural(kind: Kind) -> str:
    """The kind's word for several; its hook is `tenure_` and that."""
    return kind if kind.endswith("s") else f"{kind}s"


def is_local(use: str) -> bool:
    """Whether `use` is a path and not a name."""
    return use.endswith(".py") or use.startswith(("./", "../", "/"))


@contextmanager
def isolated(failed: str, secrets: Iterable[str] = ()) -> Iterator[None]:
    """Run code of a plugin: whatever it raises becomes a `TenureError` without a secret in it.

    `failed` begins the message of the `PluginError` that an exception of its own becomes, even
    one like `SystemExit`, which would end the others too. What it prints goes to stderr.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except KeyboardInterrupt:
        raise
    except TenureError as error:
        error.hide(secrets)
        raise
    except BaseException as error:
        log.debug("%s", failed, exc_info=True)
        fault = PluginError(
            f"{failed}: {_said(error)}",
            "Run again with --verbose for the traceback, and tell the plugin's author",
        )
        fault.hide(secrets)
        raise fault from error


def _installed(point: EntryPoint) -> Installed:
    distribution = point.dist.name if point.dist else "an unknown distribution"
    version = point.dist.version if point.dist else ""
    for kind in _BASES:
        if point.name.startswith(f"{kind}."):
            name = point.name.removeprefix(f"{kind}.")
            return Installed(name, kind, point.value, distribution, version)
    return Installed(point.name, None, point.value, distribution, version)


def _find(kind: Kind, use: str) -> Installed:
    named = [plugin for plugin in available(use) if plugin.name == use]
    found = [p for p in named if p.kind == kind] or [p for p in named if p.kind is None]
    if not found:
        raise _unknown(kind, use)
    if len(found) > 1:
        places = " and ".join(plugin.where for plugin in found)
        raise PluginError(
            f"The name of {kind} plugin {use!r} clashes: {places} both have it",
            "Uninstall one of them",
        )
    return found[0]


def _unknown(kind: Kind, use: str) -> UnknownPluginError:
    known = sorted({plugin.name for plugin in available() if plugin.kind in (kind, None)})
    near = get_close_matches(use, known, 1)
    instruction = f"Did you mean {near[0]!r}? " if near else ""
    instruction += f"Installed: {', '.join(known) or 'none'}"
    return UnknownPluginError(f"No {kind} plugin {use!r} is installed", instruction)


def _entry_module(plugin: Installed) -> Any:
    point = EntryPoint(name=plugin.name, value=plugin.value, group=GROUP)
    with _importing(plugin.where):
        return point.load()


def _local_module(path: Path) -> ModuleType:
    name = f"_tenure_local_{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UnknownPluginError(f"There is no plugin file {path}", "Name a .py file beside it")
    # Dataclasses and pydantic look the module up while it runs.
    module = sys.modules[name] = module_from_spec(spec)
    try:
        with _importing(str(path)):
            spec.loader.exec_module(module)
    except PluginError:
        del sys.modules[name]
        raise
    return module


@contextmanager
def _importing(where: str) -> Iterator[None]:
    try:
        # What a plugin prints while it is imported must not get into a result on stdout.
        with redirect_stdout(sys.stderr):
            yield
    except (KeyboardInterrupt, PluginError):
        raise
    except BaseException as error:
        raise PluginError(
            f"Plugin {where} cannot be imported: {_said(error)}{_place(error)}",
            "Mend it or install what it needs",
        ) from error


def _place(error: BaseException) -> str:
    """The line of the plugin that raised it."""
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename != __file__]
    lines = [f"{f.filename}:{f.lineno}" for f in frames if "importlib" not in f.filename]
    return f" (at {lines[-1]})" if lines else ""


def _offered(kind: Kind, module: Any, where: str) -> Sequence[PluginClass]:
    """Call the module's hook; everything in the answer is a class of that kind that fits."""
    manager = pluggy.PluginManager("tenure")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module)
        manager.check_pending()
        classes = _listed(f"tenure_{plural(kind)}", manager)
    except (KeyboardInterrupt, PluginError):  # a plugin that says itself what it lacks
        raise
    except BaseException as error:
        known = ", ".join(f"tenure_{plural(each)}" for each in _BASES)
        raise PluginError(
            f"Plugin {where}: {_said(error)}", f"Mend its hook; there are: {known}"
        ) from error
    for cls in classes:
        _fits(kind, cls, where)
    return classes


def _listed(hook: str, manager: pluggy.PluginManager) -> list[Any]:
    answers = getattr(manager.hook, hook)()
    if any(isinstance(answer, type) or not isinstance(answer, Iterable) for answer in answers):
        raise TypeError(f"{hook}() should return a list of classes")
    return [cls for answer in answers for cls in answer]


def _said(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _named(kind: Kind, use: str, classes: Iterable[PluginClass], where: str) -> PluginClass:
    named = [cls for cls in classes if cls.name == use]
    if len(named) == 1:
        return named[0]
    if named:
        raise PluginError(f"Plugin {where} offers two {plural(kind)} named {use!r}", "Rename one")
    names = ", ".join(sorted(cls.name for cls in classes)) or "none"
    raise PluginError(
        f"Plugin {where} offers no {kind} named {use!r}; its {plural(kind)}: {names}",
        _hook_hint(kind),
    )


def _only(kind: Kind, classes: Sequence[PluginClass], where: str) -> PluginClass:
    if len(classes) == 1:
        return classes[0]
    if classes:
        names = ", ".join(sorted(cls.name for cls in classes))
        raise PluginError(
            f"Plugin {where} offers {len(classes)} {plural(kind)} ({names})",
            "Put each in its own file",
        )
    raise PluginError(f"Plugin {where} offers no {kind}", _hook_hint(kind))


def _hook_hint(kind: Kind) -> str:
    return f"Return the class from a function tenure_{plural(kind)} marked with @tenure.hookimpl"


def _fits(kind: Kind, cls: Any, where: str) -> None:
    for fault in _faults(kind, cls):
        shown = cls.__name__ if isinstance(cls, type) else repr(cls)
        raise PluginError(f"Plugin {where}: {shown} {fault}", "Ask its author for a fitting one")


def _faults(kind: Kind, cls: Any) -> Iterator[str]:
    """Why a class cannot be used; only the first one said is reliable."""
    if not (isinstance(cls, type) and issubclass(cls, _BASES[kind])):
        yield f"is not a subclass of tenure.{_BASES[kind].__name__}"
    if not isinstance(getattr(cls, "name", None), str):
        yield "has no `name`"
    api = getattr(cls, "api", None)
    if api is None:
        yield f"does not say `api = {API}`, the plugin interface it was written for"
    if api != API:
        yield f"was written for plugin interface {api!r}; this tenure has {API}"
    config: Any = getattr(cls, "Config", None)
    if not (isinstance(config, type) and issubclass(config, PluginConfig)):
        yield "has no `Config` that is a subclass of tenure.PluginConfig"
    if config.model_config.get("extra") != "forbid" or not config.model_config.get("frozen"):
        yield 'has a `Config` that is not `frozen=True, extra="forbid"`, as PluginConfig is'
    if missing := sorted(getattr(cls, "__abstractmethods__", ())):
        yield f"lacks {', '.join(missing)}"
    for key in core_keys(cls):
        if key in config.model_fields:
            yield f"has an option named {key!r}, which belongs to the core"
