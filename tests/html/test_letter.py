"""The report as a mail: the page's figures, and nothing that a mail client would have to fetch."""

import re
from dataclasses import replace

from markup import Markup
from reports import COHORTS, REPORT, ROW

from tenure.report import Report

HOSTILE = '<script>"&\u202e\r\nBcc: eve@x.test ' + "x" * 200


def several(names, report=REPORT) -> Report:
    """Two months, the last one cut by plan."""
    before = replace(ROW, period="2025-02")
    cut = [replace(ROW, segment={"plan": name}) for name in names]
    return replace(report, rows=(before, ROW, *cut), cohorts=COHORTS)


def test_the_tables_have_the_pages_figures():
    letter = several(["pro"]).as_letter()
    tables = Markup(letter.html).tables
    page = Markup(several(["pro"]).as_html()).tables
    assert [line[:9] for line in tables["Every period"]] == [
        [*line[:9]] for line in page["Every period"]
    ]
    assert [line[0] for line in tables["By plan, 2025-03"]] == ["plan", "pro", "total"]


def test_each_picture_is_named_once_and_is_a_png():
    letter = several(["pro"]).as_letter()
    assert re.findall(r'src="cid:([^"]+)"', letter.html) == list(letter.pictures)
    assert len(letter.pictures) >= 4
    assert {png[:4] for png in letter.pictures.values()} == {b"\x89PNG"}


def test_nothing_is_fetched_and_no_name_is_more_than_a_name():
    markup = Markup(several([HOSTILE, "b"]).as_letter().html)
    assert {tag for tag, _ in markup.tags} & {"script", "link", "svg", "iframe"} == set()
    assert [a for _, each in markup.tags for a in each if a.startswith("on")] == []
    names = [line[0] for line in markup.tables["By plan, 2025-03"]]
    assert [(name[:9], len(name)) for name in names[1:3]] == [('<script>"', 60), ("b", 1)]


def test_of_many_segments_the_largest_have_a_line():
    letter = several([f"p{n}" for n in range(25)]).as_letter()
    table = Markup(letter.html).tables["By plan, 2025-03"]
    assert [len(table), table[-1][0]] == [12, "total"]
    assert "15 more are in the csv." in letter.html


def test_the_text_says_the_same_without_html():
    text = several(["pro"]).as_letter("It was restated.").text
    assert "Net revenue retention, 2025-03" in text
    assert "It was restated." in text
    assert re.search(r"^total .* 110\.00 %  +100\.00 %$", text, re.MULTILINE)
    assert "<" not in text
