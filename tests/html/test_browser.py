"""The page in a real browser: offline, quiet, every chart to be seen on any screen and on paper."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import Browser, browser
from reports import COHORTS, REPORT, ROW

from tenure.report import Report

MONTHS = tuple(
    replace(
        ROW, period=f"2025-{month:02}", start_mrr=3 * 10**11, end_mrr=3 * 10**11 + month * 10**9,
        new=month * 10**9 + 2 * 10**8, expansion=0, churn=2 * 10**8,
    )
    for month in range(1, 13)
)  # fmt: skip
SEGMENTS = tuple(replace(MONTHS[-1], segment={"owner": n}) for n in ("w" * 500, "ann", "👩‍👧 שלום"))
MADE = Report(
    meta=REPORT.meta, rows=(*MONTHS, *SEGMENTS), trailing=Report(meta=REPORT.meta, rows=MONTHS),
    cohorts=replace(
        COHORTS,
        cohorts=tuple(
            replace(
                COHORTS.cohorts[0], label=f"{2023 + n // 12}-{n % 12 + 1:02}",
                revenue=tuple(100 + 3 * n - 2 * age for age in range(24 - n)), logos=(3,) * (24 - n)
            )
            for n in range(24)
        ),
    ),
)  # fmt: skip
SIZES = """[...document.querySelectorAll("svg")].map(svg => svg.getBoundingClientRect())
    .filter(box => box.width > 150 && box.height > 80).length"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
TOO_WIDE_OF = """Math.max(...[...document.querySelectorAll("{}")]
    .map(one => one.scrollWidth - one.clientWidth))"""
CONTRASTS = """[...document.querySelectorAll("h1, h2, p, th, td, li, dt, dd, text")].map(one => {
    const style = getComputedStyle(one), ink = one.tagName == "text" ? style.fill : style.color
    const under = one.closest(".warning, .card, figure, section") ?? document.body
    const light = color => color.match(/\\d+/g).slice(0, 3)
      .map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
    const [low, high] = [ink, getComputedStyle(under).backgroundColor].map(light).sort()
    return (high + 0.05) / (low + 0.05)
  }).sort((a, b) => a - b)[0]"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The page, open."""
    path: Path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(MADE.as_html(), encoding="utf-8")
    with browser() as made:
        made.open(path)
        yield made


def resize(shown: Browser, width: int) -> None:
    shown.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=900, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip


@pytest.mark.parametrize("width", [1280, 800, 400])
def test_every_chart_is_seen_and_nothing_sticks_out(shown: Browser, width: int) -> None:
    resize(shown, width)
    assert (shown.evaluate(SIZES), shown.evaluate(TOO_WIDE)) == (6, 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whatever_is_read_stands_out(shown: Browser, scheme: str) -> None:
    resize(shown, 1280)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    shown.call("Emulation.setEmulatedMedia", features=[feature])
    paper = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(244, 246, 248)", "dark": "rgb(14, 19, 24)"}[scheme]
    assert shown.evaluate(CONTRASTS) >= 4.5


def test_paper_is_white_and_wide_enough(shown: Browser) -> None:
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    shown.call("Emulation.setEmulatedMedia", media="print", features=[dark])
    paper = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    resize(shown, 690)  # A4 between its margins
    upright = shown.evaluate(SIZES), shown.evaluate(TOO_WIDE_OF.format("main > :not(.broad)"))
    resize(shown, 1017)  # the same lying down, for broad tables
    lying = shown.evaluate(TOO_WIDE_OF.format("main > .broad"))
    shown.call("Emulation.setEmulatedMedia", media="", features=[])
    assert (paper, upright, lying) == ("rgb(255, 255, 255)", (6, 0), 0)


def test_it_asks_for_nothing_and_complains_of_nothing(shown: Browser) -> None:
    assert shown.evaluate("document.querySelectorAll('table').length") == 6
    assert [url for url in shown.requests() if not url.startswith("data:")] == [
        shown.evaluate("location.href")
    ]
    assert shown.complaints() == []
