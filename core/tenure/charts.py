"""Charts of a report: Vega-Lite specifications, and pictures of them.

Nothing here knows of a page or a message. Numbers become floats as places in the picture only;
every label is a string that was made from integers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tenure.money import MICRO, half_even
from tenure.report import Ratio

Spec = dict[str, Any]


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


class Tick(NamedTuple):
    """A grid line."""

    at: int
    printed: str


# --- the charts


def trend(lines: Lines, look: Look) -> Spec:
    """Ratios over the periods, the last of each line printed beside it."""
    known = [s.value for line in lines.values() for s in line if s.value and s.value[1]]
    hundredths = [half_even(n * 10_000, d) for n, d in known]
    low = min([*hundredths, 10_000])
    found = _ticks(low, max([*hundredths, 10_000, low + 200]))
    grid = [Tick(at, f"{_plain(at, 100)} %") for at in found]
    labels = list(dict.fromkeys(share.at for line in lines.values() for share in line))
    layers = [_line(name, line, look) for name, line in lines.items()]
    layers += _ends(lines, grid, look)
    return _framed(layers, grid, labels, look)


def waterfall(bridge: Mapping[str, Mark], look: Look) -> Spec:
    """A period's bridge: `start` and `end` stand on the ground, what is between them floats.

    Across the page where the printed figures find no room side by side. Where the movements are
    small, `start` and `end` are cut, so that they can be seen: `usermeta.cut` says so.
    """
    bars, level = [], 0
    for name, mark in bridge.items():
        low, high = (0, mark.value) if name in {"start", "end"} else (level, level + mark.value)
        level = high
        bars.append(_bar(mark.at, sorted((low, high)), look.palette.of(name), mark.printed))
    grid = _money_ticks(*_reach(bars))
    _cut(bars, grid[0].at)
    longest = max(len(mark.printed) for mark in bridge.values())
    labels = [mark.at for mark in bridge.values()]
    if longest * 6 > look.width / len(bars):
        made = _across(bars, grid, labels, look)
    else:
        made = _framed(_floating(bars, "x", "y", look), grid, labels, look)
    return {**made, "usermeta": {"cut": grid[0].at > 0}}


def movements(rows: Mapping[str, Sequence[Mark]], look: Look) -> Spec:
    """What came and what went, stacked by period: gains above the ground, losses below."""
    above: dict[str, int] = {}
    below: dict[str, int] = {}
    bars = []
    for name, marks in rows.items():
        for mark in marks:
            side = above if mark.value >= 0 else below
            low = side.get(mark.at, 0)
            side[mark.at] = low + mark.value
            edges = sorted((low, side[mark.at]))
            bars.append(_bar(mark.at, edges, look.palette.of(name), "") | {"kind": name})
    grid = _money_ticks(min(0, *below.values(), 0), max(0, *above.values(), 0))
    stacked = {
        "data": _data(bars),
        "mark": {"type": "bar", "width": {"band": 0.66}},
        "encoding": _between("x", "y") | {"color": _legend(list(rows), look)},
    }
    labels = list(dict.fromkeys(mark.at for marks in rows.values() for mark in marks))
    ground = _rule([Tick(0, "")], look.palette.muted)
    return _framed([stacked, ground], grid, labels, look)


def heat(cohorts: Mapping[str, Sequence[Share]], look: Look) -> Spec:
    """A triangle: a line per cohort, a cell per age, the deeper the more is left."""
    cells = [
        {"at": share.at, "cohort": name, "printed": share.printed} | _depth(share.value)
        for name, line in cohorts.items()
        for share in line
        if share.value and share.value[1]
    ]
    ages = list(dict.fromkeys(share.at for line in cohorts.values() for share in line))
    axis = {
        "title": None, "domain": False, "ticks": False, "labelColor": look.palette.muted,
        "labelAngle": 0, "labelFontSize": 11,
    }  # fmt: skip
    place = {
        "x": _place(ages) | {"axis": {**axis, "orient": "top"}},
        "y": _place(list(cohorts), field="cohort") | {"axis": axis},
    }
    square = {"type": "rect", "color": look.palette.nrr, "stroke": look.palette.paper}
    depth = {"field": "depth", "type": "quantitative", "scale": None, "legend": None}
    deep = {"condition": {"test": "datum.depth > 0.55", "value": look.palette.paper}}
    layers = [
        {"mark": square, "encoding": {**place, "fillOpacity": depth}},
        {
            "mark": {"type": "text", "fontSize": 10},
            "encoding": {
                **place,
                "text": {"field": "printed"},
                "color": {**deep, "value": look.palette.ink},
            },
        },
    ]
    return {**_whole(look), "height": 22 * len(cohorts), "data": _data(cells), "layer": layers}


# --- pictures


def svg(spec: Spec) -> str:
    """The picture as SVG, made without a network."""
    import vl_convert  # noqa: PLC0415 - heavy

    return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])


def png(spec: Spec, scale: float = 2) -> bytes:
    """The picture as PNG, made without a network."""
    import vl_convert  # noqa: PLC0415 - heavy

    return vl_convert.vegalite_to_png(spec, scale=scale, allowed_base_urls=[])


# --- parts


def _whole(look: Look) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": look.width,
        "height": look.height,
        "background": None if look.palette.paper.startswith("var(") else look.palette.paper,
        "padding": 4,
        "config": {"aria": False, "font": "sans-serif", "view": {"stroke": None}},
    }


def _framed(layers: Sequence[Spec], grid: Sequence[Tick], labels: list[str], look: Look) -> Spec:
    """Layers over a grid with our own labels; those of the periods thinned to what fits."""
    scale = _scale(grid)
    beside = {"align": "right", "dx": -8, "baseline": "middle", "x": 0}
    below = {"baseline": "top", "dy": 8, "y": "height"}
    step = -(-len(labels) * (7 * max(map(len, labels), default=0) + 8) // look.width) or 1
    shown = [{"at": label, "printed": label} for label in labels[::-1][::step]]
    return _whole(look) | {
        "encoding": {"x": _place(labels), "y": {"axis": None, "scale": scale}},
        "layer": [
            _rule(grid, look.palette.grid),
            _text(_points(grid), beside, {"y": _amount("at")}, look),
            *layers,
            _text(shown, below, {"x": _place(labels)}, look),
        ],
    }


def _across(bars: list[Spec], grid: Sequence[Tick], labels: list[str], look: Look) -> Spec:
    """Floating bars lying down, each with its name at the left and its figure at the right."""
    scale = _scale(grid)
    names = [{"at": label, "printed": label} for label in labels]
    beside = {"align": "right", "dx": -8, "baseline": "middle", "x": 0}
    at = {"y": _place(labels)}
    return _whole(look) | {
        "width": look.width * 0.75,
        "height": 28 * len(bars),
        "encoding": {"y": _place(labels), "x": {"axis": None, "scale": scale}},
        "layer": [
            *_floating(bars, "y", "x", look),
            _text(names, beside, at, look),
        ],
    }


def _floating(bars: list[Spec], along: str, value: str, look: Look) -> list[Spec]:
    size = "width" if along == "x" else "height"
    body = {"type": "bar", size: {"band": 0.66}, "cornerRadius": 1}
    color = {"field": "color", "type": "nominal", "scale": None}
    away = (
        {"baseline": "bottom", "dy": -5}
        if along == "x"
        else {"baseline": "middle", "align": "left", "dx": 6}
    )
    encoding = {along: {"field": "at", "type": "ordinal"}, value: _amount("to")}
    figures = _text(bars, {**away, "color": look.palette.ink}, encoding, look)
    drawn = {**_between(along, value), "color": color}
    return [{"data": _data(bars), "mark": body, "encoding": drawn}, figures]


def _line(name: str, line: Sequence[Share], look: Look) -> Spec:
    mark = {
        "type": "line", "strokeWidth": 2.5, "color": look.palette.of(name),
        "point": {"color": look.palette.of(name), "size": 28},
        "invalid": "break-paths-show-domains",
    }  # fmt: skip
    values = [{"at": share.at, "value": _hundred(share.value)} for share in line]
    return {"data": _data(values), "mark": mark, "encoding": _upright("value")}


def _ends(lines: Lines, grid: Sequence[Tick], look: Look) -> list[Spec]:
    """The printed last figure of each line, kept apart from its neighbour's."""
    last = [(name, line[-1]) for name, line in lines.items() if line and _hundred(line[-1].value)]
    gap = (grid[-1].at - grid[0].at) * 34 / look.height
    layers, above = [], None
    for name, share in sorted(last, key=lambda one: -float(_hundred(one[1].value) or 0)):
        value = float(_hundred(share.value) or 0)
        value = value if above is None else min(value, above - gap)
        above = value
        shown = [{"at": share.at, "value": value, "printed": [name, share.printed]}]
        away = {
            "align": "left", "dx": 10, "dy": -7, "baseline": "middle", "fontSize": 13,
            "fontWeight": 600, "color": look.palette.of(name),
        }  # fmt: skip
        layers.append(_text(shown, away, _upright("value"), look))
    return layers


def _bar(at: str, edges: Sequence[int], color: str, printed: str) -> Spec:
    return {"at": at, "from": edges[0], "to": edges[1], "color": color, "printed": printed}


def _between(along: str, value: str) -> Spec:
    return {
        along: {"field": "at", "type": "ordinal"},
        value: _amount("from"),
        f"{value}2": {"field": "to"},
    }


def _upright(value: str) -> Spec:
    return {"x": {"field": "at", "type": "ordinal"}, "y": _amount(value)}


def _amount(field: str) -> Spec:
    return {"field": field, "type": "quantitative"}


def _place(labels: list[str], field: str = "at") -> Spec:
    return {
        "field": field,
        "type": "ordinal",
        "sort": None,
        "axis": None,
        "scale": {"type": "band", "domain": labels},
    }


def _scale(grid: Sequence[Tick]) -> Spec:
    ends = [float(grid[0].at), float(grid[-1].at)]
    return {"domain": ends, "nice": False, "zero": False}


def _legend(names: list[str], look: Look) -> Spec:
    colors = [look.palette.of(name) for name in names]
    legend = {
        "orient": "top", "direction": "horizontal", "title": None, "symbolType": "square",
        "labelColor": look.palette.ink, "labelFontSize": 12,
        "columns": look.width // 70,
    }  # fmt: skip
    return {
        "field": "kind",
        "type": "nominal",
        "legend": legend,
        "scale": {"domain": names, "range": colors},
    }


def _rule(ticks: Sequence[Tick], color: str) -> Spec:
    values = _points(ticks)
    return {
        "data": _data(values),
        "mark": {"type": "rule", "color": color},
        "encoding": {"x": {"value": 0}, "x2": {"value": "width"}, "y": _amount("at")},
    }


def _text(values: list[Spec], mark: Spec, encoding: Spec, look: Look) -> Spec:
    style = {"type": "text", "fontSize": 11, "color": look.palette.muted, **mark}
    free = {channel: {"value": style.pop(channel)} for channel in ("x", "y") if channel in style}
    return {
        "data": _data(values),
        "mark": style,
        "encoding": {**free, **encoding, "text": {"field": "printed", "type": "nominal"}},
    }


def _points(ticks: Sequence[Tick]) -> list[Spec]:
    return [{"at": tick.at, "printed": tick.printed} for tick in ticks]


def _data(values: list[Spec]) -> Spec:
    """Rows whose integers are places in the picture: the renderer reads no more than 64 bits."""
    rows = [
        {name: float(cell) if isinstance(cell, int) else cell for name, cell in row.items()}
        for row in values
    ]
    return {"values": rows}


def _hundred(ratio: Ratio | None) -> float | None:
    """A ratio's place on an axis of hundredths of a percent."""
    return ratio[0] / ratio[1] * 10_000 if ratio and ratio[1] else None


def _depth(ratio: Ratio | None) -> Spec:
    share = ratio[0] / ratio[1] if ratio and ratio[1] else 0.0
    return {"depth": min(0.95, max(0.06, share * 0.7))}


# --- grid lines, in whole numbers


def _reach(bars: Sequence[Spec]) -> tuple[int, int]:
    """The lowest and the highest that is shown; a high plain is left out, save some ground."""
    tops, moved = [bar["to"] for bar in bars], [bar["from"] for bar in bars[1:-1]]
    low, high = min([*tops, *moved]), max(tops)
    ground = low - (high - low) // 2
    return (ground, high) if ground > high // 2 else (min(0, low), high)


def _cut(bars: Sequence[Spec], ground: int) -> None:
    """Let what stands on the ground begin where the picture does."""
    for bar in (bars[0], bars[-1]):
        bar["from"] = max(bar["from"], ground)


def _money_ticks(low: int, high: int) -> list[Tick]:
    """Grid lines of micro-units, as `150k`."""
    found = _ticks(low, high if high > low else low + MICRO)
    largest = max(map(abs, found))
    units = ((10**9, "B"), (10**6, "M"), (1000, "k"), (1, ""))
    size, unit = next((u for u in units if largest >= u[0] * MICRO), (1, ""))
    return [Tick(at, f"{_plain(at, size * MICRO)}{unit if at else ''}") for at in found]


def _ticks(low: int, high: int, count: int = 5) -> list[int]:
    """About `count` round numbers around all that is between."""
    high = max(high, low + 1)
    step = _round_up(-((low - high) // count))
    return list(range(low // step * step, -(-high // step) * step + step, step))


def _round_up(step: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 and so on."""
    power = int("1" + "0" * (len(str(step)) - 1))
    return next(each for each in (power, 2 * power, 5 * power, 10 * power) if each >= step)


def _plain(value: int, unit: int) -> str:
    """A quotient that has few digits, as a decimal without trailing zeros."""
    sign, digits = "-" if value < 0 else "", len(str(unit)) - 1
    whole, rest = divmod(abs(value), unit)
    places = f"{rest:0{digits}d}".rstrip("0")
    return f"{sign}{whole:,}" + (f".{places}" if places else "")
