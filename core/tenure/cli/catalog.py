"""What can stand in plugins.toml: plugins, schema."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenure.cli.app import app
from tenure.cli.console import err, out, table
from tenure.errors import UsageError

if TYPE_CHECKING:
    from tenure.plugins import Offer

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
    name: Annotated[str, typer.Argument(help="A plugin's name, as `stripe` or `sink.file`.")],
) -> None:
    """Show a plugin's options and what it can do."""
    from tenure.plugins import offers  # noqa: PLC0415 - loads pluggy and pydantic

    found = offers()
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
    console.print(table(("", ""), list(_capabilities(offer.cls))))
    console.print(table(("option", "type", "default", "meaning"), list(_options(offer.cls))))


def _origin(offer: "Offer") -> str:
    return f"{offer.plugin.distribution} {offer.plugin.version}"


def _capabilities(cls: Any) -> Iterator[tuple[str, str]]:
    if hasattr(cls, "provides"):
        yield "provides", ", ".join(sorted(cls.provides))
        yield "incremental", "yes" if cls.incremental else "no"
    if cls.requests_per_second is not None:
        yield "requests per second", f"{cls.requests_per_second:g}"
    yield "plugin interface", str(cls.api)


def _options(cls: Any) -> Iterator[tuple[str, str, str, str]]:
    for name, info in cls.Config.model_fields.items():
        default = "required" if info.is_required() else _default_text(info)
        about = " ".join((info.description or "").split())
        yield info.alias or name, _type(info.annotation), default, about


def _default_text(info: Any) -> str:
    value = info.get_default(call_default_factory=True)
    return "" if value is None else str(value)


def _type(annotation: Any) -> str:
    """A type in words: `str | None` is `str`, for None can only be left out in TOML."""
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    text = re.sub(r"\b(?:[A-Za-z_]\w*\.)+", "", text).replace("SecretStr", "secret")
    return re.sub(r"\s*\|\s*None\b", "", text)
