"""The parts that charts are put together from."""

from collections.abc import Sequence

from tenure.charts.grid import Tick
from tenure.charts.look import Lines, Look, Share, Spec
from tenure.money import Ratio


def whole(look: Look) -> Spec:
    """What every chart begins with."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": look.width,
        "height": look.height,
        "background": None if look.palette.paper.startswith("var(") else look.palette.paper,
        "padding": 4,
        "config": {"aria": False, "font": "sans-serif", "view": {"stroke": None}},
    }


def framed(layers: Sequence[Spec], grid: Sequence[Tick], labels: list[str], look: Look) -> Spec:
    """Layers over a grid with our own labels; those of the periods thinned to what fits."""
    scale = _scale(grid)
    beside = {"align": "right", "dx": -8, "baseline": "middle", "x": 0}
    below = {"baseline": "top", "dy": 8, "y": "height"}
    step = -(-len(labels) * (7 * max(map(len, labels), default=0) + 8) // look.width) or 1
    shown = [{"at": label, "printed": label} for label in labels[::-1][::step]]
    return whole(look) | {
        "encoding": {"x": place(labels), "y": {"axis": None, "scale": scale}},
        "layer": [
            rules(grid, look.palette.grid),
            _text(_points(grid), beside, {"y": _amount("at")}, look),
            *layers,
            _text(shown, below, {"x": place(labels)}, look),
        ],
    }


def across(bars: list[Spec], grid: Sequence[Tick], labels: list[str], look: Look) -> Spec:
    """Floating bars lying down, each with its name at the left and its figure at the right."""
    scale = _scale(grid)
    names = [{"at": label, "printed": label} for label in labels]
    beside = {"align": "right", "dx": -8, "baseline": "middle", "x": 0}
    at = {"y": place(labels)}
    return whole(look) | {
        "width": look.width * 0.75,
        "height": 28 * len(bars),
        "encoding": {"y": place(labels), "x": {"axis": None, "scale": scale}},
        "layer": [
            *floating(bars, "y", "x", look),
            _text(names, beside, at, look),
        ],
    }


def floating(bars: list[Spec], along: str, value: str, look: Look) -> list[Spec]:
    """Bars that begin and end anywhere, each with its figure."""
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
    drawn = {**between(along, value), "color": color}
    return [{"data": table(bars), "mark": body, "encoding": drawn}, figures]


def lined(name: str, line: Sequence[Share], look: Look) -> Spec:
    """One line, with a gap where there is no value."""
    mark = {
        "type": "line", "strokeWidth": 2.5, "color": look.palette.of(name),
        "point": {"color": look.palette.of(name), "size": 28},
        "invalid": "break-paths-show-domains",
    }  # fmt: skip
    values = [{"at": share.at, "value": _hundred(share.value)} for share in line]
    return {"data": table(values), "mark": mark, "encoding": _upright("value")}


def ends(lines: Lines, grid: Sequence[Tick], look: Look) -> list[Spec]:
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


def bar_of(at: str, edges: Sequence[int], color: str, printed: str) -> Spec:
    """One bar, as a row."""
    return {"at": at, "from": edges[0], "to": edges[1], "color": color, "printed": printed}


def between(along: str, value: str) -> Spec:
    """From one edge of a bar to the other."""
    return {
        along: {"field": "at", "type": "ordinal"},
        value: _amount("from"),
        f"{value}2": {"field": "to"},
    }


def _upright(value: str) -> Spec:
    return {"x": {"field": "at", "type": "ordinal"}, "y": _amount(value)}


def _amount(field: str) -> Spec:
    return {"field": field, "type": "quantitative"}


def place(labels: list[str], field: str = "at") -> Spec:
    """Where a label stands, in the order given."""
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


def legend(names: list[str], look: Look) -> Spec:
    """Colours by name, above the chart."""
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


def rules(ticks: Sequence[Tick], color: str) -> Spec:
    """Lines over the whole width."""
    values = _points(ticks)
    return {
        "data": table(values),
        "mark": {"type": "rule", "color": color},
        "encoding": {"x": {"value": 0}, "x2": {"value": "width"}, "y": _amount("at")},
    }


def _text(values: list[Spec], mark: Spec, encoding: Spec, look: Look) -> Spec:
    style = {"type": "text", "fontSize": 11, "color": look.palette.muted, **mark}
    free = {channel: {"value": style.pop(channel)} for channel in ("x", "y") if channel in style}
    return {
        "data": table(values),
        "mark": style,
        "encoding": {**free, **encoding, "text": {"field": "printed", "type": "nominal"}},
    }


def _points(ticks: Sequence[Tick]) -> list[Spec]:
    return [{"at": tick.at, "printed": tick.printed} for tick in ticks]


def table(values: list[Spec]) -> Spec:
    """Rows whose integers are places in the picture: the renderer reads no more than 64 bits."""
    rows = [
        {name: float(cell) if isinstance(cell, int) else cell for name, cell in row.items()}
        for row in values
    ]
    return {"values": rows}


def _hundred(ratio: Ratio | None) -> float | None:
    """A ratio's place on an axis of hundredths of a percent."""
    return ratio[0] / ratio[1] * 10_000 if ratio and ratio[1] else None
