"""The scanner tells for every key the line on which it stands."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.config.lines import Lines

TRICKY = '''
top = 1
[a]          # [not.a.table]
"b.c" = "x # no comment"
'd e'.f = """
[g]
h = 1""" # end
i = [
  1,
  { j = 2, k = [3] },
]
[[t]]
u = QUOTESv = 1QUOTES
[t.w]
x = {y.z = 1}
[[t]]
u = 2
'''.lstrip().replace("QUOTES", "'" * 3)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else ()
    for key, inner in pairs if not isinstance(value, list) else enumerate(value):
        yield from paths(inner, (*path, key))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 1),
        (("a",), 2),
        (("a", "b.c"), 3),
        (("a", "d e", "f"), 4),
        (("a", "i"), 7),
        (("a", "i", 0), 8),
        (("a", "i", 1, "k"), 9),
        (("t", 0, "u"), 12),
        (("t", 0, "w", "x", "y", "z"), 14),
        (("t", 1, "u"), 16),
    ],
)
def test_every_way_to_write_a_key(path: tuple[str | int, ...], line: int) -> None:
    assert Lines(TRICKY).lines[path] == line


def test_finds_exactly_the_keys_that_tomllib_finds() -> None:
    assert set(Lines(TRICKY).lines) == set(paths(tomllib.loads(TRICKY)))


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)


@given(st.lists(st.tuples(KEYS, st.text(max_size=8)), unique_by=lambda pair: pair[0], max_size=8))
def test_any_quoted_key_has_the_line_it_was_written_on(pairs: list[tuple[str, str]]) -> None:
    quoted = [(_basic(key), _basic(text)) for key, text in pairs]
    text = "\n".join(f"{key} = {value}" for key, value in quoted)
    assert Lines(text).lines == {(key,): line for line, (key, _) in enumerate(pairs, 1)}


def _basic(text: str) -> str:
    return '"' + "".join(f"\\U{ord(c):08x}" if not c.isalnum() else c for c in text) + '"'
