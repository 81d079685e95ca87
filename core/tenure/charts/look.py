"""What a chart is given: colours by meaning, a size, and figures with how they are printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tenure.money import Ratio

Spec = dict[str, Any]
"""Vega-Lite, or a part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours by what they mean. Any CSS colour: a page may hand in its variables."""

    ink: str
    muted: str
    grid: str
    paper: str
    total: str
    new: str
    back: str
    up: str
    down: str
    lost: str
    fx: str
    nrr: str
    grr: str

    def of(self, name: str) -> str:
        """The colour of a movement or a line; a balance is a total."""
        return str(getattr(self, name.lower(), self.total))


LIGHT = Palette(
    ink="#1c2733", muted="#566474", grid="#dde3e9", paper="#ffffff", total="#4a5b6e",
    new="#15795a", back="#7cc0a5", up="#2f74b5", down="#e0a03f", lost="#c24a2f", fx="#8779b8",
    nrr="#1f5fa8", grr="#15795a",
)  # fmt: skip
DARK = Palette(
    ink="#e6ebf0", muted="#9fb0c0", grid="#2f3b47", paper="#151b22", total="#8ea1b5",
    new="#3fb68b", back="#a5dcc6", up="#64a8e8", down="#edb75e", lost="#ea7a5f", fx="#b1a4e0",
    nrr="#6fb1f2", grr="#3fb68b",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How large a chart is and in which colours."""

    palette: Palette = LIGHT
    width: int = 680
    height: int = 230


class Mark(NamedTuple):
    """One figure: where it stands, its exact value, how it is printed."""

    at: str
    value: int
    printed: str


class Share(NamedTuple):
    """One ratio: where it stands, its exact value if it has one, how it is printed."""

    at: str
    value: Ratio | None
    printed: str


Lines = Mapping[str, Sequence[Share]]
"""Ratios over the periods, by the name of their line."""
