"""The JSON Schema of plugins.toml, with the options of every installed plugin, for editors."""

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

from tenure import plugins
from tenure.config.sections import (
    AccountsTable,
    DaemonTable,
    EntryKeys,
    FxKeys,
    MetricsTable,
    SinkKeys,
    TenureTable,
)

_Schema = dict[str, Any]

_REFERENCE: _Schema = {
    "description": "A value from the environment, from .env or from a file",
    "anyOf": [
        {"type": "string", "pattern": r"\$\{"},
        {
            "type": "object",
            "properties": {"file": {"type": "string"}},
            "required": ["file"],
            "additionalProperties": False,
        },
    ],
}

log = logging.getLogger("tenure.config")


def build() -> _Schema:
    """The whole schema; a broken plugin is left out and said in the log."""
    from tenure.metrics.policy import Policy  # noqa: PLC0415 - not at every import

    definitions: _Schema = {"reference": _REFERENCE}
    offers = plugins.offers()
    properties = {
        "tenure": _table("tenure", [TenureTable], definitions),
        "connectors": _entries("connector", offers, definitions),
        "accounts": _table("accounts", [AccountsTable], definitions),
        "fx": _entry("rates", offers, definitions),
        "sinks": _entries("sink", offers, definitions),
        "metrics": _table("metrics", [MetricsTable, Policy], definitions),
        "daemon": _table("daemon", [DaemonTable], definitions),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "plugins.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": definitions,
    }


def _table(prefix: str, models: list[type[BaseModel]], definitions: _Schema) -> _Schema:
    """One table that takes the fields of several models."""
    merged: _Schema = {"type": "object", "properties": {}, "additionalProperties": False}
    required: list[str] = []
    for model in models:
        schema = model.model_json_schema(ref_template=f"#/$defs/{prefix}.{{model}}")
        for name, inner in schema.pop("$defs", {}).items():
            definitions[f"{prefix}.{name}"] = inner
        merged["properties"] |= _with_references(schema.get("properties", {}))
        required += schema.get("required", [])
    return merged | ({"required": required} if required else {})


def _with_references(properties: Mapping[str, _Schema]) -> dict[str, _Schema]:
    reference = {"$ref": "#/$defs/reference"}
    return {name: {"anyOf": [schema, reference]} for name, schema in properties.items()}


def _entries(kind: plugins.Kind, offers: list[plugins.Offer], definitions: _Schema) -> _Schema:
    return {"type": "object", "additionalProperties": _entry(kind, offers, definitions)}


def _entry(kind: plugins.Kind, offers: list[plugins.Offer], definitions: _Schema) -> _Schema:
    """A table that uses a plugin of that kind: any installed one, or a local file."""
    choices = []
    for offer in offers:
        if offer.problem is not None and offer.kind in (kind, None):
            log.warning("%s; left out", offer.problem.reason)
        elif offer.cls is not None and offer.kind == kind:
            choices.append(_plugin(offer.cls, kind, definitions))
    local = _table("entry", [_KEYS[kind]], definitions) | {"additionalProperties": True}
    local["properties"]["use"] = {"type": "string", "pattern": r"\.py$"}
    return {"anyOf": [*choices, local]}


_KEYS: dict[plugins.Kind, type[BaseModel]] = {
    "connector": EntryKeys,
    "sink": SinkKeys,
    "rates": FxKeys,
}


def _plugin(cls: plugins.PluginClass, kind: plugins.Kind, definitions: _Schema) -> _Schema:
    try:
        table = _table(f"{kind}.{cls.name}", [_KEYS[kind], cls.Config], definitions)
    except PydanticInvalidForJsonSchema:
        log.warning("The options of %s %r have no JSON Schema; any are allowed", kind, cls.name)
        table = _table("entry", [_KEYS[kind]], definitions) | {"additionalProperties": True}
    table["properties"]["use"] = {"const": cls.name}
    return table
