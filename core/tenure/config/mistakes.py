"""What is wrong in plugins.toml: collected, so that all of it is said at once.

A mistake has a key path, and says what was found, what is allowed and the nearest known name.
Pydantic's errors become mistakes here. They carry the input, which may be a secret: what is
shown of a value is decided in one place, `_text`.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic_core import ErrorDetails

KeyPath: TypeAlias = "tuple[str | int, ...]"
"""Where a value is: the names of the tables and keys, and positions in arrays."""

_LONGEST_SHOWN = 60
_BARE = re.compile(r"[\w-]+")
HIDDEN = "hidden"
"""Metadata of an option whose value is not shown where it is wrong."""

HARMLESS = "tenure"
"""The error type of the core's own checks."""

_HARMLESS = re.compile(
    r"(string|int|bool|float|decimal|list|dict|tuple|set|frozen_set|model|mapping|literal|enum"
    rf"|{HARMLESS}|greater|less|finite|multiple|too|missing|extra|none|bytes)_?"
)
"""Error types of pydantic whose message never repeats the input."""

_IN_TOML = (
    (re.compile(r"^should be a valid (tuple|list|set|frozenset)\b.*"), "should be an array, [ … ]"),
    (re.compile(r"^should be a valid (dictionary|mapping).*"), "should be a table, { … }"),
    (re.compile(r"^should be a valid string$"), 'should be text in quotes, "…"'),
    (re.compile(r"^should be a valid boolean.*"), "should be true or false"),
    (re.compile(r"^should be a valid (integer|number).*"), r"should be a valid \1"),
    (re.compile(r"^(\w+) should have at least 1 (character|item).*"), "should not be empty"),
)
"""Pydantic's words for types, and what a person who writes TOML calls them."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend."""

    path: KeyPath
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where in the file a validated table stands, and which of its values must not be shown."""

    path: KeyPath
    table: Mapping[str, Any]
    hidden: Collection[KeyPath] = ()
    failed: Collection[KeyPath] = ()
    """Values with a mistake of their own already: nothing more is said of them."""
    known: Collection[str] = field(default=())
    """Names that are allowed besides the model's."""


def dotted(path: KeyPath) -> str:
    """A key path as people write it: `connectors.crm.stages[2]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{_quoted(part)}"
    return text.removeprefix(".")


def _quoted(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def nearest(name: str, known: Collection[str]) -> str:
    """The end of a message: the name that was probably meant, and all that are allowed."""
    near = get_close_matches(name, sorted(known), 1, 0.6)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"{hint} Allowed: {', '.join(sorted(known)) or 'none'}"


def from_validation(
    error: ValidationError, model: type[BaseModel], origin: Origin
) -> Iterator[Mistake]:
    """The mistakes in a pydantic error, one per key."""
    texts: dict[KeyPath, list[str]] = {}
    for details in error.errors(include_url=False):
        path = origin.path + _real(details, origin.table)
        if any(_overlap(path, failed) for failed in origin.failed):
            continue
        text = _text(details, path, model, origin)
        if text not in texts.setdefault(path, []):
            texts[path].append(text)
    for path, said in texts.items():
        yield Mistake(path, ", or ".join(said))


def names(model: type[BaseModel]) -> list[str]:
    """The keys that a model takes."""
    return [info.alias or name for name, info in model.model_fields.items()]


def is_secret(model: type[BaseModel], key: str) -> bool:
    """Whether an option may hold a secret. An unknown one may be a misspelt secret."""
    for name, info in model.model_fields.items():
        if key in (name, info.alias):
            return HIDDEN in info.metadata or _mentions_secret(info.annotation)
    return True


def _mentions_secret(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, SecretStr | SecretBytes):
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_mentions_secret(f.annotation) for f in annotation.model_fields.values())
    return any(_mentions_secret(inner) for inner in get_args(annotation))


def _overlap(one: KeyPath, other: KeyPath) -> bool:
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _real(details: ErrorDetails, table: Any) -> KeyPath:
    """Pydantic's location less what is not in the file: the branches of unions and validators."""
    path: KeyPath = ()
    for part in details["loc"]:
        try:
            table = table[part]
        except (KeyError, IndexError, TypeError):
            return (*path, part) if details["type"] == "missing" else path
        path = (*path, part)
    return path


def _text(details: ErrorDetails, path: KeyPath, model: type[BaseModel], origin: Origin) -> str:
    kind, message = details["type"], details["msg"].removeprefix("Value error, ")
    if kind == "missing":
        return "is required and missing"
    if kind == "extra_forbidden":
        table = details["loc"][:-1]
        allowed = {*_names_at(model, table), *(() if table else origin.known)}
        return f"unknown key{nearest(str(path[-1]), allowed)}"
    message = _in_toml(message.replace("Input should", "should"))
    key = path[len(origin.path) :]
    if not key:
        return message
    if not is_secret(model, str(key[0])) and not any(_overlap(path, p) for p in origin.hidden):
        return f"{_found(details['input'])}{message}"
    return f"the value (not shown) {message if _HARMLESS.match(kind) else 'is not accepted'}"


def _in_toml(message: str) -> str:
    for words, said in _IN_TOML:
        message = words.sub(said, message)
    return message


def _found(value: Any) -> str:
    if isinstance(value, dict | list):
        return ""
    text = repr(value)
    return f"{text[:_LONGEST_SHOWN]}{'…' if len(text) > _LONGEST_SHOWN else ''}: "


def _names_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys allowed in the table at `path` inside the model's own."""
    if not path:
        return names(model)
    for name, info in model.model_fields.items():
        if path[0] in (name, info.alias):
            return [key for inner in _models(info.annotation) for key in names(inner)]
    return []


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
