"""The line of every key of a TOML text, which `tomllib` does not tell.

It walks only over text that `tomllib` has accepted, so it can be small: it follows headers, keys
and brackets and skips every value.
"""

import re
import tomllib
from collections.abc import Iterator

from tenure.config.mistakes import KeyPath

_WORD = re.compile(
    r"""
      (?P<skip>[ \t\r]+|\#[^\n]*)
    | (?P<newline>\n)
    | (?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    | (?P<mark>[\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,.\#"']+)
    """,
    re.VERBOSE | re.DOTALL,
)


class Lines:
    """Fills `lines`: for every key path of a valid TOML text the line where it is stated."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}
        self._line = 1
        self._words = self._split(text)
        self._word = ""
        self._next()
        table: KeyPath = ()
        while self._word:
            if self._word == "\n":
                self._next()
            elif self._word == "[":
                table = self._header()
            else:
                self._pair(table)

    def _split(self, text: str) -> Iterator[str]:
        line = 1
        for match in _WORD.finditer(text):
            if match.lastgroup != "skip":
                self._line = line
                yield match[0]
            line += match[0].count("\n")

    def _next(self) -> str:
        passed, self._word = self._word, next(self._words, "")
        return passed

    def _header(self) -> KeyPath:
        line = self._line
        self._next()
        is_array = self._word == "["
        if is_array:
            self._next()
        path = self._resolve(self._key("]"))
        if is_array:
            self._next()
            self._arrays[path] = self._arrays.get(path, -1) + 1
            self.lines.setdefault(path, line)
            path = (*path, self._arrays[path])
        self._note(path, line)
        return path

    def _resolve(self, path: KeyPath) -> KeyPath:
        """Put the index of the current element after every array of tables on the way."""
        resolved: KeyPath = ()
        for part in path[:-1]:
            resolved = (*resolved, part)
            if resolved in self._arrays:
                resolved = (*resolved, self._arrays[resolved])
        return (*resolved, *path[-1:])

    def _pair(self, table: KeyPath) -> None:
        line = self._line
        path = (*table, *self._key("="))
        self._note(path, line)
        self._value(path)

    def _note(self, path: KeyPath, line: int) -> None:
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], line)

    def _key(self, end: str) -> KeyPath:
        parts: list[str] = []
        while self._word != end:
            word = self._next()
            if word != ".":
                parts.append(_unquoted(word))
        self._next()
        return tuple(parts)

    def _value(self, path: KeyPath) -> None:
        if self._word == "[":
            self._array(path)
        elif self._word == "{":
            self._inline_table(path)
        else:
            while self._word not in ("", "\n", ",", "]", "}"):
                self._next()

    def _array(self, path: KeyPath) -> None:
        self._next()
        index = 0
        while self._word != "]":
            if self._word in ("\n", ","):
                index += self._next() == ","
                continue
            self.lines[*path, index] = self._line
            self._value((*path, index))
        self._next()

    def _inline_table(self, path: KeyPath) -> None:
        self._next()
        while self._word != "}":
            if self._word in ("\n", ","):
                self._next()
            else:
                self._pair(path)
        self._next()


def _unquoted(key: str) -> str:
    if key[0] == '"':
        return str(tomllib.loads(f"key = {key}")["key"])
    return key.strip("'")
