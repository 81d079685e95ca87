"""xlsx: what a spreadsheet does to a table."""

import zipfile
from datetime import UTC, date, datetime, time, timedelta

import pytest
from openpyxl import Workbook

from tenure import SourceError

HEADER = ("customer", "start", "end", "mrr")
GOOD = ("good", date(2025, 1, 1), None, 1)


@pytest.fixture
def xlsx(source):
    """What a sheet of these rows yields; `change` may work on the book before it is saved."""

    def read(*rows, change=None, **options):
        book = Workbook()
        for row in rows:
            book.active.append(row)
        if change:
            change(book)
        book.save(source.folder / "subs.xlsx")
        return source.pull(path="subs.xlsx", **options)

    return read


@pytest.fixture
def patched(source):
    """The same after parts of the saved file were replaced as texts."""

    def read(old: str, new: str, part: str = "xl/worksheets/sheet1.xml"):
        path = source.folder / "subs.xlsx"
        with zipfile.ZipFile(path) as book:
            parts = {name: book.read(name) for name in book.namelist()}
        assert old.encode() in parts[part]
        parts[part] = parts[part].replace(old.encode(), new.encode())
        with zipfile.ZipFile(path, "w") as book:
            for name, data in parts.items():
                book.writestr(name, data)
        return source.pull(path="subs.xlsx")

    return read


def test_a_row_of_a_sheet_is_a_row(xlsx):
    pulled = xlsx(HEADER, ("a", date(2025, 1, 1), date(2025, 3, 1), 99.5))
    assert pulled.steps == [("2025-01-01", "99.5", "active"), ("2025-03-01", "0", "ended")]
    assert pulled.points[0].source_ref == "subs.xlsx:2"


@pytest.mark.parametrize("number", [0.1, 1234.56, 0.29 * 100, 1e-7, 99_999_999_999.99])
def test_a_number_is_the_shortest_decimal_that_the_cell_shows(xlsx, number):
    (point,) = xlsx(HEADER, ("a", date(2025, 1, 1), None, number)).points
    assert point.amount == round(float(repr(number)) * 10**6)


def test_a_day_is_read_as_a_day_whatever_the_format_of_texts(xlsx):
    rows = [GOOD, ("b", "28.02.2025", None, 2)]
    pulled = xlsx(HEADER, *rows, date_format="%d.%m.%Y", zone="Europe/Berlin")
    assert [str(item.points[0].effective_at.date()) for item in pulled.items] == [
        "2025-02-27",
        "2024-12-31",
    ]


def test_a_time_of_a_day_is_one_of_the_workspace(xlsx):
    pulled = xlsx(
        HEADER, ("a", datetime.fromisoformat("2025-07-01T09:30"), None, 1), zone="Europe/Berlin"
    )
    assert pulled.points[0].effective_at == datetime(2025, 7, 1, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize("cell", [time(9, 30), timedelta(hours=30), 45658, True, "1 Jan"])
def test_what_is_no_day_cannot_be_read(xlsx, cell):
    pulled = xlsx(HEADER, GOOD, ("bad", cell, None, 1))
    ((ref, column, reason),) = pulled.refused
    assert (ref, column) == ("subs.xlsx:3", "start")
    assert "is no date like 2025-03-01" in reason


@pytest.mark.parametrize("column", range(4))
def test_an_error_is_refused_with_its_name(xlsx, column):
    row = ["bad", date(2025, 1, 1), date(2025, 2, 1), 1]
    row[column] = "#N/A"
    pulled = xlsx(HEADER, GOOD, row)
    assert pulled.refused == [("subs.xlsx:3", HEADER[column], "it is the error #N/A")]
    assert list(pulled.subscriptions) == ["good"]


def test_a_formula_that_was_never_computed_is_not_taken_for_an_empty_cell(xlsx):
    pulled = xlsx(HEADER, GOOD, ("bad", date(2025, 1, 1), "=B3+31", 1))
    ((ref, column, reason),) = pulled.refused
    assert (ref, column) == ("subs.xlsx:3", "end")
    assert reason.startswith("it is a formula without a value")


@pytest.mark.parametrize(
    ("computed", "amount"),
    [("<v>12.5</v>", 12_500_000), ('" t="str"><f>3+4</f><v>7</v>', 7_000_000)],
)
def test_a_formula_counts_as_it_was_computed(xlsx, patched, computed, amount):
    xlsx(HEADER, ("a", date(2025, 1, 1), None, "=3+4"))
    old, new = '<c r="D2"><f>3+4</f><v />', f'<c r="D2"><f>3+4</f>{computed}'
    if computed.startswith('"'):
        new = f'<c r="D2{computed}'
    assert patched(old, new).points[0].amount == amount


def test_a_formula_that_says_nothing_is_an_empty_cell(xlsx, patched):
    xlsx(HEADER, ("a", date(2025, 1, 1), '=""', 1))
    pulled = patched('<c r="C2"><f>""</f><v />', '<c r="C2" t="str"><f>""</f><v></v>')
    assert len(pulled.points) == 1


SHARED = """<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">\
<si><t>Acme</t></si><si><r><t>Zo</t></r><r><t>ë </t></r></si></sst>"""
SHARED_TYPE = """<Override PartName="/xl/sharedStrings.xml" ContentType=\
"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>"""


@pytest.mark.parametrize(("number", "name"), [(0, "Acme"), (1, "Zoë")])
def test_a_text_may_be_shared_by_cells(source, xlsx, patched, number, name):
    xlsx(HEADER, GOOD)
    with zipfile.ZipFile(source.folder / "subs.xlsx", "a") as book:
        book.writestr("xl/sharedStrings.xml", SHARED)
    patched("</Types>", SHARED_TYPE, "[Content_Types].xml")
    old = '<c r="A2" t="inlineStr"><is><t>good</t></is></c>'
    pulled = patched(old, f'<c r="A2" t="s"><v>{number}</v></c>')
    assert list(pulled.subscriptions) == [name]


def test_a_shared_text_that_is_not_there_breaks_the_file(xlsx, patched):
    xlsx(HEADER, GOOD)
    with pytest.raises(SourceError, match="it has no shared text number 7"):
        patched('<c r="A2" t="inlineStr"><is><t>good</t></is></c>', '<c r="A2" t="s"><v>7</v></c>')


def test_of_merged_cells_only_the_first_has_the_value(xlsx):
    pulled = xlsx(
        HEADER,
        GOOD,
        (None, date(2025, 2, 1), None, 2),
        change=lambda b: b.active.merge_cells("A2:A3"),
    )
    assert pulled.refused == [("subs.xlsx:3", "customer", "the customer is empty")]


def test_a_hidden_sheet_is_not_read(xlsx):
    def hide(book):
        other = book.create_sheet("lookup", 0)
        other.append(["rate"])
        other.sheet_state = "hidden"

    assert list(xlsx(HEADER, GOOD, change=hide).subscriptions) == ["good"]


def test_a_sheet_of_a_chart_is_not_read(xlsx):
    pulled = xlsx(HEADER, GOOD, change=lambda book: book.create_chartsheet("chart", 0))
    assert list(pulled.subscriptions) == ["good"]


def test_rows_above_and_columns_beside_the_table_may_be_empty(xlsx):
    def widen(book):
        book.active["Z99"].number_format = "0.00"

    pulled = xlsx((), HEADER, GOOD, (), ("a", date(2025, 1, 1), None, 2), change=widen)
    assert pulled.refused == []
    assert [item.points[0].source_ref for item in pulled.items] == ["subs.xlsx:5", "subs.xlsx:3"]


def test_a_row_that_stops_early_is_filled_up(xlsx):
    header = ("customer", "start", "mrr", "end")
    assert xlsx(header, ("a", date(2025, 1, 1), 1)).refused == []


@pytest.mark.parametrize("dimension", ["A1", "A1:XFD1048576"])
def test_the_size_that_a_sheet_claims_does_not_matter(xlsx, patched, dimension):
    xlsx(HEADER, GOOD)
    pulled = patched('<dimension ref="A1:D2"', f'<dimension ref="{dimension}"')
    assert list(pulled.subscriptions) == ["good"]


def test_a_day_that_no_calendar_has_is_refused(xlsx, patched):
    xlsx(HEADER, GOOD, ("bad", date(2025, 1, 1), date(2025, 2, 1), 1))
    pulled = patched("<v>45689</v>", "<v>99999999</v>")
    assert pulled.refused == [("subs.xlsx:3", "end", "it is the error #VALUE!")]


@pytest.mark.parametrize("data", [b"PK\x03\x04nonsense", b"customer,mrr", b"\xd0\xcf\x11\xe0" * 99])
def test_what_is_no_spreadsheet_is_said(source, data):
    (source.folder / "subs.xlsx").write_bytes(data)
    with pytest.raises(SourceError, match=r"subs\.xlsx is no whole xlsx file"):
        source.pull(path="subs.xlsx")


def test_a_spreadsheet_that_is_cut_off_is_said(source, xlsx):
    xlsx(HEADER, GOOD)
    path = source.folder / "subs.xlsx"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SourceError, match=r"subs\.xlsx is no whole xlsx file"):
        source.pull(path="subs.xlsx")


def test_a_sheet_that_breaks_off_stops_there(xlsx, patched):
    xlsx(HEADER, GOOD)
    with pytest.raises(SourceError, match=r"subs\.xlsx is no whole xlsx file"):
        patched("</sheetData>", "<row")
