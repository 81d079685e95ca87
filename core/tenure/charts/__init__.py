"""Charts of a report: Vega-Lite specifications, and pictures of them.

Nothing here knows of a page or a message. Numbers become floats as places in the picture only;
every label is a string that was made from integers.
"""

from collections.abc import Mapping, Sequence

from tenure.charts.grid import Tick, money_ticks, percent_ticks
from tenure.charts.look import DARK, LIGHT, Lines, Look, Mark, Palette, Share, Spec
from tenure.charts.parts import (
    across,
    bar_of,
    between,
    ends,
    floating,
    framed,
    legend,
    lined,
    place,
    rules,
    table,
    whole,
)
from tenure.money import Ratio, half_even

__all__ = [
    "DARK",
    "LIGHT",
    "Lines",
    "Look",
    "Mark",
    "Palette",
    "Share",
    "Spec",
    "heat",
    "movements",
    "png",
    "svg",
    "trend",
    "waterfall",
]


def trend(lines: Lines, look: Look) -> Spec:
    """Ratios over the periods, the last of each line printed beside it."""
    known = [s.value for line in lines.values() for s in line if s.value and s.value[1]]
    hundredths = [half_even(n * 10_000, d) for n, d in known]
    low = min([*hundredths, 10_000])
    grid = percent_ticks(low, max([*hundredths, 10_000, low + 200]))
    labels = list(dict.fromkeys(share.at for line in lines.values() for share in line))
    layers = [lined(name, line, look) for name, line in lines.items()]
    layers += ends(lines, grid, look)
    return framed(layers, grid, labels, look)


def waterfall(bridge: Mapping[str, Mark], look: Look) -> Spec:
    """A period's bridge: `start` and `end` stand on the ground, what is between them floats.

    Across the page where the printed figures find no room side by side. Where the movements are
    small, `start` and `end` are cut, so that they can be seen: `usermeta.cut` says so.
    """
    bars, level = [], 0
    for name, mark in bridge.items():
        low, high = (0, mark.value) if name in {"start", "end"} else (level, level + mark.value)
        level = high
        bars.append(bar_of(mark.at, sorted((low, high)), look.palette.of(name), mark.printed))
    grid = money_ticks(*_reach(bars))
    _cut(bars, grid[0].at)
    longest = max(len(mark.printed) for mark in bridge.values())
    labels = [mark.at for mark in bridge.values()]
    if longest * 6 > look.width / len(bars):
        made = across(bars, grid, labels, look)
    else:
        made = framed(floating(bars, "x", "y", look), grid, labels, look)
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
            bars.append(bar_of(mark.at, edges, look.palette.of(name), "") | {"kind": name})
    grid = money_ticks(min(0, *below.values(), 0), max(0, *above.values(), 0))
    stacked = {
        "data": table(bars),
        "mark": {"type": "bar", "width": {"band": 0.66}},
        "encoding": between("x", "y") | {"color": legend(list(rows), look)},
    }
    labels = list(dict.fromkeys(mark.at for marks in rows.values() for mark in marks))
    ground = rules([Tick(0, "")], look.palette.muted)
    return framed([stacked, ground], grid, labels, look)


def heat(cohorts: Mapping[str, Sequence[Share]], look: Look) -> Spec:
    """A triangle: a line per cohort, a cell per age, the deeper the farther from the whole.

    More than the whole has the colour of gains, less that of losses; figures are there while they
    find room.
    """
    cells = [
        {"at": share.at, "cohort": name, "printed": share.printed} | _tone(share.value, look)
        for name, line in cohorts.items()
        for share in line
        if share.value and share.value[1]
    ]
    ages = list(dict.fromkeys(share.at for line in cohorts.values() for share in line))
    axis = {
        "title": None, "domain": False, "ticks": False, "labelColor": look.palette.muted,
        "labelAngle": 0, "labelFontSize": 11, "labelPadding": 6,
        "labelOverlap": "parity",
    }  # fmt: skip
    at = {
        "x": place(ages) | {"axis": {**axis, "orient": "top"}},
        "y": place(list(cohorts), field="cohort") | {"axis": axis},
    }
    tone = {
        "fill": {"field": "color", "type": "nominal", "scale": None},
        "fillOpacity": {"field": "depth", "type": "quantitative", "scale": None},
    }
    square = {"type": "rect", "stroke": look.palette.paper}
    figure = {
        "mark": {"type": "text", "fontSize": 11, "color": look.palette.ink},
        "encoding": {**at, "text": {"field": "printed"}},
    }
    longest = max((len(cell["printed"]) for cell in cells), default=0)
    fits = longest * 6.6 <= look.width / max(1, len(ages))
    layers = [{"mark": square, "encoding": {**at, **tone}}, *([figure] if fits else [])]
    return {**whole(look), "height": 22 * len(cohorts), "data": table(cells), "layer": layers}


def svg(spec: Spec) -> str:
    """The picture as SVG, made without a network."""
    import vl_convert  # noqa: PLC0415 - heavy

    return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])


def png(spec: Spec, scale: float = 2) -> bytes:
    """The picture as PNG, made without a network."""
    import vl_convert  # noqa: PLC0415 - heavy

    return vl_convert.vegalite_to_png(spec, scale=scale, allowed_base_urls=[])


def _reach(bars: Sequence[Spec]) -> tuple[int, int]:
    """The lowest and the highest that is shown; a high plain is left out, save some ground."""
    tops, moved = [bar["to"] for bar in bars], [bar["from"] for bar in bars[1:-1]]
    low, high = min([*tops, *moved]), max(tops)
    ground = low - (high - low) // 2
    return (ground, high) if low < high and ground > high // 2 else (min(0, low), high)


def _cut(bars: Sequence[Spec], ground: int) -> None:
    """Let what stands on the ground begin where the picture does."""
    for bar in (bars[0], bars[-1]):
        bar["from"] = max(bar["from"], ground)


def _tone(ratio: Ratio, look: Look) -> Spec:
    """The colour of a share of the whole, never so deep that ink is lost on it."""
    part, of = ratio
    colors = look.palette
    color = colors.up if part > of else colors.lost if part < of else colors.muted
    return {"color": color, "depth": min(0.5, 0.08 + abs(part - of) / of * 1.2)}
