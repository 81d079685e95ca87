"""Charts: round grid lines around all there is, and printed figures that are not the picture's."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure import charts
from tenure.charts import DARK, LIGHT, Look, Mark, Palette, Share, grid
from tenure.money import MICRO

LOOK = Look(width=440)


@given(low=st.integers(-(10**24), 10**24), span=st.integers(0, 10**24))
def test_grid_lines_are_few_round_and_around_everything(low: int, span: int) -> None:
    ticks = grid.ticks(low, low + span)
    steps = {right - left for left, right in pairwise(ticks)}
    assert ticks[0] <= low <= low + span <= ticks[-1]
    assert 2 <= len(ticks) <= 9
    assert {int(str(step).rstrip("0")) for step in steps} <= {1, 2, 5}
    assert len(steps) == 1


def test_money_on_a_grid_is_short_and_exact() -> None:
    printed = [tick.printed for tick in grid.money_ticks(0, 1_400_000 * MICRO)]
    assert printed == ["0", "0.5M", "1M", "1.5M"]
    assert grid.money_ticks(-1, 1)[-1].printed == "0.000001"


def bridge(start: int, **moves: int) -> dict[str, Mark]:
    values = {"start": start, **moves, "end": start + sum(moves.values())}
    return {name: Mark(name, value * MICRO, f"{value:,}") for name, value in values.items()}


def test_small_movements_on_a_high_plain_are_seen_and_the_cut_is_told() -> None:
    flat = charts.waterfall(bridge(100_000, new=900, lost=-500), LOOK)
    steep = charts.waterfall(bridge(100, new=900, lost=-500), LOOK)
    assert (flat["usermeta"], steep["usermeta"]) == ({"cut": True}, {"cut": False})


def test_where_nothing_moves_start_and_end_are_seen_whole() -> None:
    assert charts.waterfall(bridge(55_696, new=0, lost=0), LOOK)["usermeta"] == {"cut": False}


def test_a_bridge_down_to_nothing_and_out_of_nothing() -> None:
    for start, move in ((0, 0), (5, -5), (0, 7)):
        assert "<svg" in charts.svg(charts.waterfall(bridge(start, new=move), LOOK))


def test_long_figures_lie_beside_their_bars() -> None:
    wide = charts.waterfall(bridge(10**15, new=10**14, up=0, down=0), LOOK)
    short = charts.waterfall(bridge(10**3, new=10**2, up=0, down=0), LOOK)
    assert wide["width"] < short["width"] == LOOK.width
    assert "1,100,000,000,000,000" in charts.svg(wide)


def test_a_line_has_a_gap_where_a_ratio_has_no_value() -> None:
    line = [Share("a", (1, 1), "x"), Share("b", (1, 0), "-"), Share("c", None, "-")]
    line += [Share("d", (9, 10), "90.00 %")]
    drawn = charts.svg(charts.trend({"NRR": line}, LOOK))
    assert "90.00 %" in drawn
    assert "NaN" not in drawn


def test_a_line_without_any_value_is_a_grid() -> None:
    assert "100 %" in charts.svg(charts.trend({"NRR": [Share("a", None, "-")]}, LOOK))


def test_what_is_lost_hangs_below_the_ground() -> None:
    rows = {
        "new": [Mark("a", 5 * MICRO, "5")], "lost": [Mark("a", -3 * MICRO, "3")],
        "fx": [Mark("a", -1 * MICRO, "1")],
    }  # fmt: skip
    spec = charts.movements(rows, LOOK)
    bars = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "bar")
    edges = [(bar["from"] // MICRO, bar["to"] // MICRO) for bar in bars["data"]["values"]]
    assert edges == [(0, 5), (-3, 0), (-4, -3)]


def test_cohorts_are_a_triangle_of_printed_figures() -> None:
    cohorts = {
        "2025-01": [Share("0", (1, 1), "100.00"), Share("1", (1, 2), "50.00")],
        "2025-02": [Share("0", (1, 1), "100.00"), Share("1", (1, 0), "-")],
    }
    drawn = charts.svg(charts.heat(cohorts, LOOK))
    assert (drawn.count(">100.00<"), drawn.count(">50.00<"), drawn.count(">-<")) == (2, 1, 0)


def test_figures_that_find_no_room_are_left_to_the_table() -> None:
    line = [Share(f"{age}", (1, 1), "100.0") for age in range(24)]
    narrow, wide = (
        charts.svg(charts.heat({"2025-01": line}, Look(width=width))) for width in (265, 960)
    )
    assert (narrow.count(">100.0<"), wide.count(">100.0<")) == (0, 24)


def luminance(color: list[float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def rgb(color: str) -> list[float]:
    return [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize("share", [(0, 1), (1, 2), (99, 100), (1, 1), (101, 100), (10**9, 1)])
def test_a_figure_stands_out_from_its_cell(palette: Palette, share: tuple[int, int]) -> None:
    spec = charts.heat({"2025-01": [Share("0", share, "x")]}, Look(palette=palette))
    (cell,) = spec["data"]["values"]
    paper, tone = rgb(palette.paper), rgb(cell["color"])
    cell_color = [p + (t - p) * cell["depth"] for p, t in zip(paper, tone, strict=True)]
    low, high = sorted(map(luminance, (cell_color, rgb(palette.ink))))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_gains_losses_and_what_stayed_differ_in_colour() -> None:
    line = [Share("0", (1, 1), "x"), Share("1", (2, 1), "x"), Share("2", (1, 2), "x")]
    cells = charts.heat({"2025-01": line}, LOOK)["data"]["values"]
    assert [cell["color"] for cell in cells] == [LIGHT.muted, LIGHT.up, LIGHT.lost]


def test_a_picture_for_a_message() -> None:
    assert charts.png(charts.waterfall(bridge(5, new=2), LOOK))[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_balance_has_the_colour_of_a_total() -> None:
    assert (LIGHT.of("start"), LIGHT.of("NRR")) == (LIGHT.total, LIGHT.nrr)
