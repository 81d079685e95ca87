"""A TOML file that was read: its text, its tables, and the line of every key."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tenure.config.lines import Lines
from tenure.config.mistakes import KeyPath
from tenure.errors import ConfigError

_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = re.compile(r"^Cannot declare \((.*)\) twice")


@dataclass(frozen=True)
class Document:
    """A TOML file that could be read."""

    path: Path
    text: str
    tables: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path, text: str | None = None) -> "Document":
        """Read the file, or `text` in its place; raises `ConfigError` if that cannot be done."""
        text = read_text(path) if text is None else text
        try:
            return cls(path, text, tomllib.loads(text))
        except ValueError as error:  # an integer of 5000 digits is one, too
            raise _syntax_error(path, str(error)) from None
        except RecursionError:
            raise ConfigError(f"{shown(path)}: values are nested too deeply") from None

    @property
    def shown(self) -> str:
        """The file's name in messages."""
        return shown(self.path)

    def line(self, key: KeyPath) -> int | None:
        """The line that states `key`, or the nearest table around it."""
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key)

    @cached_property
    def _lines(self) -> Mapping[KeyPath, int]:
        return Lines(self.text).lines


def shown(path: Path) -> str:
    """A path as short as it can be said."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, a byte order mark taken off; raises `ConfigError`."""
    try:
        # TOML knows "\n" and "\r\n" only, as the other reading modes do not.
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise ConfigError(
            f"There is no file {path}", "Run `tenure init` to make one, or name it with --config"
        ) from None
    except IsADirectoryError:
        hint = f"Name the file in it: --config {shown(path)}/plugins.toml"
        is_dotenv = path.name == ".env"
        raise ConfigError(
            f"{path} is a folder", "Move it away: variables stand in a file" if is_dotenv else hint
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{shown(path)}:{line}: byte 0x{error.object[error.start]:02x} is not UTF-8",
            "Save the file as UTF-8",
        ) from None


def _syntax_error(path: Path, message: str) -> ConfigError:
    found = _WHERE.search(message)
    line, column = found.groups() if found else (None, None)
    place = f"{shown(path)}:{line}:{column}" if line else shown(path)
    text = _WHERE.sub("" if line else " at the end of the file", message)
    if twice := _TWICE.match(text):
        name = ".".join(re.findall(r"'([^']*)'", twice[1]))
        return ConfigError(f"{place}: the name [{name}] is used twice", "Rename one of them")
    if text.startswith("Cannot overwrite a value"):
        return ConfigError(f"{place}: this key is set twice in its table", "Remove one of them")
    return ConfigError(f"{place}: not TOML: {text}", "Strings need quotes, tables [brackets]")
