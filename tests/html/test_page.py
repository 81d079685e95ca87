"""The report as a page: every figure is the report's, and no name can be more than a name."""

import json
import random
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import Markup
from reports import COHORTS, META, REPORT, ROW

from tenure.charts import DARK, LIGHT, Palette
from tenure.cli import main
from tenure.meta import Variant
from tenure.report import Report, Row

CONFIG = """
[tenure]
store = "sqlite:///tenure.db"
[connectors.book]
use = "file"
path = "book.csv"
[metrics]
segments = ["plan", "owner"]
"""
RANGE = ("--from", "2025-01", "--to", "2025-12")
MONEY = {
    "start": "start_mrr", "new": "new", "back": "reactivation", "up": "expansion",
    "down": "contraction", "lost": "churn", "end": "end_mrr",
}  # fmt: skip
RATIOS = {"NRR": "nrr", "GRR": "grr", "logos": "logo_retention"}

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synced workspace of 120 customers on 40 plans over two years."""
    chance, path = random.Random(7), tmp_path_factory.mktemp("book")
    lines = ["customer,plan,start,end,mrr"]
    for number in range(120):
        amount, month = chance.randint(1, 999_999), chance.randint(1, 24)
        for _ in range(chance.randint(1, 3)):
            until = month + chance.randint(1, 9)
            dates = [f"{2024 + (m - 1) // 12}-{(m - 1) % 12 + 1:02d}-07" for m in (month, until)]
            lines.append(f"c{number},p{number % 40},{dates[0]},{dates[1]},{amount / 100:.2f}")
            month, amount = until, max(1, amount + chance.randint(-60_000, 90_000))
    (path / "book.csv").write_text("\n".join(lines) + "\n")
    (path / "plugins.toml").write_text(CONFIG)
    assert main(["--config", str(path / "plugins.toml"), "sync", "--quiet"]) == 0
    return path


@pytest.fixture(scope="module")
def ask(folder: Path):
    """What `tenure report`, or another command, writes with such options; each is asked once."""

    @cache
    def asked(*words: str, command: str = "report") -> str:
        path = folder / "answer"
        assert main([*called(folder, command), *words, "--output", str(path)]) == 0
        return path.read_text(encoding="utf-8")

    return asked


def called(folder: Path, command: str = "report") -> list[str]:
    return ["--config", str(folder / "plugins.toml"), command, *RANGE]


def rows(text: str) -> Rows:
    return list(json.loads(text)["rows"])


def same(printed: str, exact: str | int | None) -> bool:
    """Whether a printed figure is the exact one, rounded."""
    if exact is None:
        return printed == "-"
    shown = Decimal(re.sub(r"[ ,%]", "", printed))
    if "%" in printed:
        return abs(shown / 100 - Decimal(exact)) <= Decimal("0.0000505")
    return abs(shown - Decimal(exact)) <= Decimal("0.005")


def wrong(table: list[list[str]], wanted: Rows) -> list[tuple[str, str, object]]:
    """The cells that are not the rows' figures."""
    assert len(table) == len(wanted) + 1
    fields = {**MONEY, **RATIOS, "customers": "customers_end"}
    pairs = [
        (name, cell, row[fields[name]])
        for line, row in zip(table[1:], wanted, strict=True)
        for name, cell in zip(table[0], line, strict=True)
        if name in fields
    ]
    assert len(pairs) >= 4 * len(wanted)
    return [(name, cell, exact) for name, cell, exact in pairs if not same(cell, exact)]


def test_every_period_is_the_jsons(ask) -> None:
    table = Markup(ask("--format", "html")).tables["Every period"]
    wanted = rows(ask("--format", "json"))
    assert [line[0] for line in table[1:]] == [row["period"] for row in wanted]
    assert wrong(table, wanted) == []


def test_the_twelve_months_up_to_each_end_are_the_jsons(ask) -> None:
    table = Markup(ask("--format", "html")).tables["Trailing twelve months"]
    wanted = [row for row in rows(ask("--format", "json", "--trailing", "12")) if row["nrr"]]
    assert [line[0] for line in table[1:]] == [row["period"] for row in wanted]
    assert wrong(table, wanted) == []


def test_the_largest_segments_have_a_line_and_the_rest_adds_up_to_one(ask) -> None:
    table = Markup(ask("--format", "html")).tables["By plan, 2025-12"]
    found = [row for row in rows(ask("--format", "json", "--by", "plan")) if row["segment"]]
    found = [row for row in found if row["period"] == "2025-12"]
    found.sort(key=lambda row: (-Decimal(row["start_mrr"]), row["segment"]["plan"]))
    assert len(found) > 30
    top = sorted(table[1:31], key=lambda line: (-Decimal(line[1].replace(",", "")), line[0]))
    assert [line[0] for line in top] == [row["segment"]["plan"] for row in found[:30]]
    assert wrong([table[0], *top], found[:30]) == []
    other, total = table[31:]
    assert (other[0], total[0]) == ("(other)", "total")
    for name, cell in zip(table[0][1:8], other[1:8], strict=True):
        assert same(cell, str(sum(Decimal(row[MONEY[name]]) for row in found[30:])))


def test_every_attribute_that_is_asked_for_has_a_table(ask) -> None:
    by = ("--by", "plan", "--by", "source")
    tables = Markup(ask("--format", "html", *by)).tables
    wanted = [row for row in rows(ask("--format", "json", *by)) if row["period"] == "2025-12"]
    (total,) = (row for row in wanted if row["segment"] is None)
    source = [row for row in wanted if row["segment"] and "source" in row["segment"]]
    assert len(tables["By plan, 2025-12"]) == 33
    assert [line[0] for line in tables["By source, 2025-12"]] == ["source", "book", "total"]
    assert wrong(tables["By source, 2025-12"], [*source, total]) == []


KEPT = {"Revenue": "revenue_retention", "Customers": "logo_retention"}


@pytest.mark.parametrize("words", [(), ("--trailing", "12"), ("--where", "plan=p7")])
def test_the_cohorts_are_those_of_their_own_command(ask, words: tuple[str, ...]) -> None:
    tables = Markup(ask("--format", "html", *words)).tables
    asked = [word for word in words if "trailing" not in words[0]]
    wanted = rows(ask("--format", "json", *asked, command="cohorts"))
    assert wanted
    for title, field in KEPT.items():
        head, *lines = tables[f"{title} kept by cohort"]
        ages = [age for row in wanted for age in row["ages"]]
        cells = [(age, cell) for line in lines for age, cell in zip(head, line, strict=True)]
        shares = [cell for name, cell in cells if name.isdigit() and cell]
        assert [line[:2] for line in lines] == [[r["cohort"], str(r["customers"])] for r in wanted]
        assert all(same(line[2], row["base"]) for line, row in zip(lines, wanted, strict=True))
        assert [
            (cell, age[field])
            for cell, age in zip(shares, ages, strict=True)
            if not same(f"{cell} %", age[field])
        ] == []


def test_the_maps_of_cohorts_have_the_same_figures(ask) -> None:
    page = Markup(ask("--format", "html"))
    wanted = rows(ask("--format", "json", command="cohorts"))
    shown = [text for text in page.of("text") if re.fullmatch(r"\d+\.\d", text)]
    exact = [age[field] for field in KEPT.values() for row in wanted for age in row["ages"]]
    pairs = zip(shown, exact, strict=True)  # on a narrow screen they find no room
    assert [
        pair
        for pair in pairs
        if abs(Decimal(pair[0]) / 100 - Decimal(pair[1])) > Decimal("0.00051")
    ] == []


def test_where_nobody_joined_there_are_no_cohorts(ask) -> None:
    words = ("--from", "2024-12", "--to", "2025-01", "--where", "cohort=2024-03")
    page = Markup(ask("--format", "html", *words))
    assert [title for title in page.tables if "cohort" in title] == []
    assert "Every period" in page.tables


def test_the_headline_is_the_last_complete_period_and_its_change(ask) -> None:
    page = Markup(ask("--format", "html"))
    before, last = rows(ask("--format", "json"))[-2:]
    fields = ("nrr", "grr", "end_mrr", "logo_retention", "customers_end")
    values = page.of("p", "value")
    assert [same(cell, last[f]) for cell, f in zip(values, fields, strict=True)] == [True] * 5
    changes = [text for text in page.of("span") if text.endswith(" pp")]
    for field, change in zip(("nrr", "grr", "logo_retention"), changes, strict=True):
        points = Decimal(change.removesuffix(" pp")) / 100
        assert abs(points - Decimal(last[field]) + Decimal(before[field])) <= Decimal("0.000052")


def test_the_figures_in_the_charts_are_the_jsons(ask) -> None:
    page = Markup(ask("--format", "html"))
    last, trailing = (rows(ask("--format", "json", *w))[-1] for w in ((), ("--trailing", "12")))
    texts = set(page.of("text"))
    bridge = [text for text in page.of("text") if re.fullmatch(r"-?[\d,]+\.\d\d", text)]
    signed = [f"-{last[f]}" if f in {"churn", "contraction"} else last[f] for f in MONEY.values()]
    assert [same(*pair) for pair in zip(bridge, signed * 2, strict=True)] == [True] * 2 * len(MONEY)
    ends = [text for text in page.of("tspan") if text.endswith("%")]
    exact = [
        figure
        for one in (last, trailing)
        for _ in ("wide", "narrow")
        for figure in sorted((one["nrr"], one["grr"]), key=Decimal, reverse=True)
    ]
    assert [same(*pair) for pair in zip(ends, exact, strict=True)] == [True] * 8
    assert "2025-12" in texts


def test_a_page_names_what_it_rests_on(ask) -> None:
    text = ask("--format", "html")
    meta = json.loads(ask("--format", "json"))["meta"]
    for said in (meta["policy"], meta["timezone"], meta["currency"], "100.00 % observed"):
        assert said in text
    assert [line[0] for line in Markup(text).tables["Sources"][1:]] == ["book"]


def test_what_is_printed_is_what_a_file_holds(ask, folder: Path, capsysbinary) -> None:
    assert main([*called(folder), "--format", "html"]) == 0
    assert capsysbinary.readouterr().out.decode() == ask("--format", "html")


def test_a_page_is_whole_by_itself(ask) -> None:
    page = ask("--format", "html")
    links = [v for _, attrs in Markup(page).tags for k, v in attrs.items() if k in {"src", "href"}]
    assert links == ["data:,"]
    assert not re.search(r"url\((?!['\"]?#)|@import|<script|<image", page)


def test_the_charts_have_words_and_the_tables_have_heads(ask) -> None:
    page = Markup(ask("--format", "html"))
    words = [attrs["aria-label"] for tag, attrs in page.tags if attrs.get("role") == "img"]
    assert [text.split()[0] for text in words] == [
        "Lines", "Lines", "Waterfall", "Stacked", "Heat", "Heat"
    ]  # fmt: skip
    scopes = {attrs.get("scope") for tag, attrs in page.tags if tag == "th"}
    assert scopes == {"col", "row"}
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


# --- pages of reports made here


def segmented(*names: str) -> Report:
    return replace(REPORT, rows=(ROW, *(replace(ROW, segment={"owner": n}) for n in names)))


NAMES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style><b>",
    "{{ meta }}{% raw %}",
    "\u202emoc.live\u202c שלום",
    "👩‍👩‍👧 ﷽",
    "&amp;&#0;",
    "x" * 500,
)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_only_a_name(name: str) -> None:
    page = Markup(segmented(name, "b").as_html())
    assert name in [line[0] for line in page.tables["By owner, 2025-03"]]
    assert not {"script", "img", "b"} & {tag for tag, _ in page.tags}


@settings(max_examples=10)
@given(name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1))
def test_any_name_reads_as_it_is(name: str) -> None:
    meta = replace(META, where={"owner": name}, sources=(replace(META.sources[0], name=name),))
    page = Markup(replace(segmented(name), meta=meta).as_html())
    assert page.of("bdi").count(name) >= 3


def test_a_report_of_nothing_says_so() -> None:
    nothing = dict.fromkeys(("start_mrr", "new", "expansion", "end_mrr"), 0)
    row = replace(ROW, **nothing, customers_start=0, customers_end=0)
    page = Markup(replace(REPORT, rows=(row,)).as_html())
    assert page.of("p", "value") == ["-", "-", "0.00", "-", "0"]
    assert "nothing paid at the start" in page.of("li")


def test_what_is_not_over_is_no_headline() -> None:
    late = replace(ROW, period="2025-04", partial=True, end_mrr=9_000_000)
    page = Markup(replace(REPORT, rows=(ROW, late)).as_html())
    assert "2025-03" in page.of("title")[0]
    assert page.tables["Every period"][2][0] == "2025-04 (to date)"


def test_a_source_that_is_half_read_is_said_at_the_top() -> None:
    meta = replace(META, sources=(replace(META.sources[0], incomplete=True),))
    assert "billing is not completely read" in Markup(
        replace(REPORT, meta=meta).as_html()
    ).of("p", "warning")[0]  # fmt: skip


def test_another_reading_is_named_and_not_added_up() -> None:
    def read(row: Row) -> Row:
        return replace(row, variant=Variant.FLOW, variants={Variant.FLOW: row.cohort})

    many = [replace(ROW, segment={"owner": f"o{n}"}) for n in range(32)]
    made = replace(REPORT, meta=replace(META, variant=Variant.FLOW), rows=(ROW, *many))
    page = Markup(replace(made, rows=tuple(map(read, made.rows))).as_html())
    table = page.tables["By owner, 2025-03"]
    assert page.of("h1") == ["Net revenue retention (flow)"]
    assert [line[table[0].index("NRR")] for line in table[30:33]] == ["110.00 %", "-", "110.00 %"]


def test_of_many_cohorts_there_are_the_last_and_it_is_said() -> None:
    first = COHORTS.cohorts[0]
    ages = tuple(range(1, 31))
    many = [replace(first, label=f"c{n}", revenue=ages, logos=ages) for n in range(1, 41)]
    cohorts = replace(COHORTS, cohorts=tuple(many))
    page = Markup(replace(REPORT, cohorts=cohorts).as_html())
    head, *lines = page.tables["Revenue kept by cohort"]
    assert head[3:] == [f"{age}" for age in range(24)]
    assert [line[0] for line in lines] == [f"c{n}" for n in range(17, 41)]
    said = [text for text in page.of("p", "note") if "last 24 of 40 cohorts" in text]
    assert len([text for text in said if "first 24 of 30 ages" in text]) == 4


def test_cohorts_without_a_history_are_no_picture() -> None:
    young = replace(COHORTS, cohorts=COHORTS.cohorts[1:])
    page = Markup(replace(REPORT, cohorts=young).as_html())
    assert [title for title in page.tables if "cohort" in title] == []


def test_the_digest_is_of_the_figures() -> None:
    trailing = replace(REPORT, trailing=REPORT)
    joined = replace(REPORT, cohorts=COHORTS)
    assert REPORT.digest == replace(REPORT, meta=replace(META, version="2")).digest
    assert len({one.digest for one in (REPORT, trailing, joined, segmented("a"))}) == 4
    assert f'content="{trailing.digest}"' in trailing.as_html()


def test_the_style_sheet_has_the_colours_of_the_charts() -> None:
    css = re.search(r"<style>(.*?)</style>", REPORT.as_html(), re.DOTALL)
    assert css is not None
    light, dark = re.findall(r":root \{(.*?)\}", css[1], re.DOTALL)[:2]
    for block, palette in ((light, LIGHT), (dark, DARK)):
        found = dict(re.findall(r"--(\w+): (#\w+);", block))
        assert {name: found[name] for name in Palette.__slots__} == {
            name: getattr(palette, name) for name in Palette.__slots__
        }
