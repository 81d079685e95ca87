"""What can stand in plugins.toml: plugins, schema."""

import json
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import typer

from tenure.cli.app import app
from tenure.cli.console import err, out, table
from tenure.errors import UsageError

if TYPE_CHECKING:
    from tenure.plugins import Offer

_WORDS = {
    "str": "text",
    "int": "integer",
    "float": "number",
    "Decimal": "number",
    "bool": "true | false",
    "SecretStr": "secret",
    "SecretBytes": "secret",
    "Path": "path",
}

_plugins = typer.Typer(help="Installed plugins, their options and capabilities.")
app.add_typer(_plugins, name="plugins")


@app.command()
def schema() -> None:
    """Print a JSON Schema of plugins.toml, for editors."""
    from tenure.config.jsonschema import build  # noqa: PLC0415 - loads pydantic

    typer.echo(json.dumps(build(), indent=2, ensure_ascii=False))


@_plugins.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


@_plugins.command("list")
def list_() -> None:
    """List what is installed; a broken plugin is marked."""
    from tenure.plugins import offers  # noqa: PLC0415 - loads pluggy and pydantic

    found = offers()
    columns = ("kind", "name", "from", "state")
    rows = [(o.kind or "?", o.name, _origin(o), "broken" if o.problem else "ok") for o in found]
    out().print(table(columns, rows))
    for offer in found:
        if offer.problem is not None:
            err().print(f"{offer.name}: {offer.problem}", markup=False)


@_plugins.command()
def show(
    name: Annotated[
        str, typer.Argument(help="A plugin's name, as `stripe` or `sink.file`, or its ./file.py.")
    ],
) -> None:
    """Show a plugin's options and what it can do."""
    from tenure.plugins import is_local, offers, offers_of  # noqa: PLC0415 - loads pydantic

    found = offers_of(name) if is_local(name) else offers()
    chosen = [offer for offer in found if name in (offer.name, f"{offer.kind}.{offer.name}")]
    if not chosen:
        known = ", ".join(sorted({offer.name for offer in found})) or "none"
        raise UsageError(f"No plugin {name!r} is installed", f"Installed: {known}")
    for offer in chosen:
        if offer.problem is not None:
            raise offer.problem
        _show(offer)


def _show(offer: "Offer") -> None:
    console = out()
    console.print(f"{offer.kind} {offer.name}", style="bold", end=" ", markup=False)
    console.print(f"({_origin(offer)})", markup=False)
    if offer.cls is not None and offer.cls.__doc__:
        console.print(offer.cls.__doc__.strip().splitlines()[0], markup=False)
    for name, value in _capabilities(offer.cls):
        console.print(f"  {name}: {value}", markup=False)
    console.print(table(("option", "type", "default", "meaning"), list(_options(offer.cls))))


def _origin(offer: "Offer") -> str:
    return f"{offer.plugin.distribution} {offer.plugin.version}".strip()


def _capabilities(cls: Any) -> Iterator[tuple[str, str]]:
    if hasattr(cls, "provides"):
        yield "provides", ", ".join(sorted(cls.provides))
        yield "incremental", "yes" if cls.incremental else "no"
    for name, about in getattr(cls, "reports", {}).items():
        yield f"report {name}", about
    if hasattr(cls, "alerts"):
        yield "alerts", "yes" if cls.alerts else "no"
    if cls.requests_per_second is not None:
        yield "requests per second", f"{cls.requests_per_second:g}"
    yield "plugin interface", str(cls.api)


def _options(cls: Any) -> Iterator[tuple[str, str, str, str]]:
    for name, info in cls.Config.model_fields.items():
        default = "required" if info.is_required() else _default_text(info)
        about = " ".join((info.description or "").split())
        yield info.alias or name, _type(info.annotation), default, about


def _default_text(info: Any) -> str:
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 - pydantic is loaded by then

    from tenure.config.starter import to_toml  # noqa: PLC0415 - likewise

    value = info.get_default(call_default_factory=True)
    return "" if value is None else to_toml(to_jsonable_python(value))


def _type(annotation: Any) -> str:
    """A type in the words of one who writes TOML, where None can only be left out."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(str(choice) for choice in inner)
    if origin in {Union, UnionType}:
        return " or ".join(_type(each) for each in inner if each is not NoneType)
    if origin in {list, tuple, set, frozenset}:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return f"table of {_type(inner[1])}"
    if origin is Annotated:
        return _type(inner[0])
    name = getattr(annotation, "__name__", str(annotation))
    return "table" if hasattr(annotation, "model_fields") else _WORDS.get(name, name)
