"""The plugins.toml that `tenure init` writes: commented, valid as it stands, with room to grow."""

import json
from collections.abc import Mapping

from pydantic import BaseModel

from tenure.records import Json

_HEAD = """\
# What tenure reads, where it keeps it and where it delivers. `tenure check` says what is wrong
# with this file, `tenure plugins` what else can stand here.
#
# Secrets do not belong here: write ${NAME} and put NAME=… into .env beside this file,
# or { file = "/run/secrets/name" }.

[tenure]
store    = "sqlite:///tenure.db"   # or postgresql+psycopg://user:${PGPASSWORD}@host/database
timezone = "UTC"                   # periods begin and end at this zone's midnight
currency = "USD"                   # what figures are stated in
"""

_EXAMPLE = """\
# A file of subscriptions: one row each with customer, start, end, mrr;
# or a spreadsheet with customer, month, mrr. csv, xlsx, jsonl, parquet.
# `tenure init DIR --from FILE` writes this table for a file that you have.
#
# [connectors.history]
# use      = "file"
# path     = "subscriptions.csv"
# columns  = { customer = "customer_id", mrr = "monthly_amount" }
# schedule = "every 1h"
"""

_TAIL = """\
[metrics]
preset   = "default"
# segments = ["plan", "country"]   # reports by these attributes too

# Figures as files:
#
# [sinks.files]
# use     = "file"
# path    = "reports"
# formats = ["json", "csv"]
"""

DOTENV = """\
# Copy to .env, fill in, `chmod 600 .env`. Real environment variables win over it.
#
# PGPASSWORD=
"""


def render(connector: str = _EXAMPLE) -> str:
    """The whole file, with this text where the connectors stand."""
    return f"{_HEAD}\n{connector}\n{_TAIL}"


_MANY = 3
"""Pairs that fit into a line; more stand below each other."""


def connector_table(options: Mapping[str, Json], config: type[BaseModel]) -> str:
    """A [connectors.history] for guessed options, each with a comment to review it by."""
    lines = ["# Guessed from the file: please review.", "[connectors.history]", 'use = "file"']
    for key, value in options.items():
        if value is not None:
            about = _description(config, key)
            lines += [f"# {about}"] if about else []
            lines += _pairs(_key(key), value)
    return "\n".join(lines) + "\n"


def _pairs(key: str, value: Json) -> list[str]:
    if isinstance(value, dict) and len(value) > _MANY:
        return [f"{key}.{_key(k)} = {to_toml(v)}" for k, v in value.items() if v is not None]
    return [f"{key} = {to_toml(value)}"]


def to_toml(value: Json) -> str:
    """A JSON value as TOML writes it inline; nulls in it are left out."""
    if isinstance(value, str):
        # "${" would be taken for a variable, and DEL may stand in JSON but not in TOML.
        text = json.dumps(value, ensure_ascii=False).replace("${", "$${")
        return text.replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(to_toml(inner) for inner in value if inner is not None)}]"
    if isinstance(value, dict):
        pairs = [f"{_key(k)} = {to_toml(v)}" for k, v in value.items() if v is not None]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    return json.dumps(value)


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if is_bare else json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


def _description(config: type[BaseModel], key: str) -> str:
    for name, info in config.model_fields.items():
        if key in (name, info.alias):
            return " ".join((info.description or "").split())
    return ""
