"""What `${NAME}`, `${NAME:-default}` and `{ file = "…" }` in a table stand for.

The environment wins over a `.env` beside plugins.toml. `$${` is a literal `${`.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream

from tenure.config.document import read_text
from tenure.config.mistakes import KeyPath, Mistake
from tenure.errors import ConfigError

_REFERENCE = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_]\w*)(:-([^}]*))?\})?")
_SOUNDS_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|PWD|CREDENTIAL", re.IGNORECASE)


def environment(folder: Path) -> dict[str, str]:
    """The process's environment over what a `.env` in the folder says; raises `ConfigError`."""
    path = folder / ".env"
    if not path.exists():
        return dict(os.environ)
    values: dict[str, str] = {}
    for binding in parse_stream(StringIO(read_text(path))):
        if binding.error:
            line = binding.original.line
            raise ConfigError(f".env:{line}: the line cannot be read", "Write NAME=value")
        if binding.key is not None:
            values[binding.key] = binding.value or ""
    return values | os.environ


@dataclass(slots=True)
class Resolver:
    """Resolves the values of one table and remembers what came from outside the file."""

    folder: Path
    environment: Mapping[str, str]
    mistakes: list[Mistake] = field(default_factory=list)
    outside: dict[KeyPath, str] = field(default_factory=dict)
    """Values that the file does not state itself: they are never shown."""
    secrets: set[str] = field(default_factory=set)
    """Those that are secrets by where they come from."""

    def resolve(self, value: Any, path: KeyPath) -> Any:
        """The value with every reference in it replaced."""
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, list):
            return [self.resolve(inner, (*path, i)) for i, inner in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"file"} and isinstance(value["file"], str):
            return self._file(value["file"], path)
        return {key: self.resolve(inner, (*path, key)) for key, inner in value.items()}

    def _text(self, text: str, path: KeyPath) -> str:
        resolved = _REFERENCE.sub(lambda match: self._reference(match, path), text)
        if any(match[0] != "$${" for match in _REFERENCE.finditer(text)):
            self.outside[path] = resolved
        return resolved

    def _reference(self, match: re.Match[str], path: KeyPath) -> str:
        if match[0] == "$${":
            return "${"
        name, has_default, default = match.groups()
        if name is None:
            return self._fail(path, "`${` without a name; write ${NAME}, ${NAME:-default} or $${")
        if value := self.environment.get(name):
            if _SOUNDS_SECRET.search(name):
                self.secrets.add(value)
            return value
        if has_default:
            return str(default)
        state = "is empty" if name in self.environment else "is not set"
        return self._fail(path, f"variable {name} {state}; set it or write {name}=… into .env")

    def _file(self, name: str, path: KeyPath) -> str:
        source = self.folder / self._text(name, (*path, "file"))
        try:
            text = source.read_text(encoding="utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            return self._fail(path, f"file {source} is not UTF-8 text")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            return self._fail(path, f"file {source} cannot be read: {reason}")
        if not text:
            return self._fail(path, f"file {source} is empty")
        self.outside[path] = text
        self.secrets.add(text)
        return text

    def _fail(self, path: KeyPath, text: str) -> str:
        self.mistakes.append(Mistake(path, text))
        self.outside[path] = ""
        return ""
