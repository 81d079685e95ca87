"""csv and jsonl: how they are written, and how they break."""

import json

import pytest

from tenure import SourceError

HEADER = "customer,start,end,mrr"
GOOD = "good,2025-01-01,,1"
OBJECT = '{"customer": "good", "start": "2025-01-01", "mrr": 1}'


@pytest.fixture
def jsonl(source):
    """What a jsonl of these lines yields."""

    def read(*lines: str, **options):
        source.write(*lines, name="subs.jsonl")
        return source.pull(path="subs.jsonl", **options)

    return read


# --- csv


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_a_byte_order_mark_is_no_part_of_the_header(source, encoding):
    source.write(HEADER, GOOD, encoding="utf-8-sig")
    assert list(source.pull(encoding=encoding).subscriptions) == ["good"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_a_text_is_of_the_encoding_that_the_options_name(source, encoding):
    source.write(HEADER, "Zoë,2025-01-01,,1", encoding=encoding)
    assert list(source.pull(encoding=encoding).subscriptions) == ["Zoë"]


def test_only_cells_that_are_of_another_encoding_cannot_be_read(source):
    source.write(HEADER, GOOD, "Zoë,2025-01-01,,1", encoding="latin-1")
    pulled = source.pull()
    ((ref, column, reason),) = pulled.refused
    assert (ref, column) == ("subs.csv:3", "customer")
    assert reason == r"'Zo\udceb' is not of the file's encoding: is that latin-1 or cp1252?"
    assert list(pulled.subscriptions) == ["good"]


def test_a_cell_of_another_encoding_that_nobody_asked_for_is_let_be(source):
    source.write("customer,start,mrr,city", "good,2025-01-01,1,Malmö", encoding="latin-1")
    assert source.pull().refused == []


@pytest.mark.parametrize("written", ["utf-16", "utf-32"])
def test_a_file_of_a_wholly_other_encoding_says_so(source, written):
    source.write(HEADER, GOOD, encoding=written)
    with pytest.raises(SourceError, match=r"subs\.csv is not utf-8-sig") as caught:
        source.pull()
    assert "encoding = " in caught.value.instruction


def test_a_file_that_ends_within_a_character_says_where(source):
    path = source.write(HEADER, GOOD, "é,2025-01-01,,1", encoding="utf-16")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SourceError, match=r"is not utf-16 after line \d"):
        source.pull(encoding="utf-16")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(source, end):
    (source.folder / "subs.csv").write_bytes(end.join([HEADER, GOOD, "bad,,,1"]).encode())
    pulled = source.pull()
    assert list(pulled.subscriptions) == ["good"]
    assert pulled.refused == [("subs.csv:3", "start", "the start is empty")]


def test_blank_lines_are_no_rows(source):
    pulled = source.read("", " ", HEADER, "", GOOD, ",,,", "")
    assert pulled.end.source_count == 1
    assert pulled.items[0].points[0].source_ref == "subs.csv:5"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_delimiter(source, delimiter):
    lines = [line.replace(",", delimiter) for line in (HEADER, GOOD)]
    assert list(source.read(*lines, delimiter=delimiter).subscriptions) == ["good"]


def test_a_wrong_delimiter_is_guessed_in_the_error(refused):
    error = refused("customer;start;mrr", "a;2025-01-01;1")
    assert error.reason == "subs.csv has one column, 'customer;start;mrr'"
    assert error.instruction == "Is it delimiter = ';'?"


def test_a_cell_may_have_delimiters_quotes_and_lines_within_quotes(source):
    pulled = source.read(HEADER, '"a ""b"",\nc",2025-01-01,,1', "bad,,,1")
    assert list(pulled.subscriptions) == ['a "b",\nc']
    assert pulled.refused[0][0] == "subs.csv:4"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("bad,2025-0", "it has 2 cells, the header has 4"),
        ("bad,2025-01-01,,1,2", "it has 5 cells, the header has 4"),
        ('"bad,2025-01-01,,1', "it is no csv, perhaps a quote is not closed: "),
        ('"bad"x,2025-01-01,,1', "it is no csv, perhaps a quote is not closed: "),
        (f"{'x' * 100_001},2025-01-01,,1", "it is no csv, perhaps a quote is not closed: "),
        ("x" * 1_000_001, "the line has more than 1,000,000 characters"),
        ("b\0d,2025-01-01,,1", r"'b\x00d' has a NUL character"),
    ],
)
def test_a_torn_row_is_refused_and_the_others_load(source, row, reason):
    pulled = source.read(HEADER, GOOD, row)
    ((ref, _, said),) = pulled.refused
    assert ref == "subs.csv:3"
    assert said.startswith(reason)
    assert list(pulled.subscriptions) == ["good"]


def test_the_lines_after_one_that_is_too_long_keep_their_numbers(source):
    pulled = source.read(HEADER, "x" * 2_500_000, GOOD, "bad,,,1")
    assert [ref for ref, _, _ in pulled.refused] == ["subs.csv:2", "subs.csv:4"]
    assert pulled.points[0].source_ref == "subs.csv:3"


def test_empty_cells_beyond_the_header_do_not_matter(source):
    assert source.read(HEADER, f"{GOOD},,").refused == []


def test_an_empty_file_is_a_row_that_cannot_be_read(source):
    (source.folder / "subs.csv").touch()
    pulled = source.pull()
    assert pulled.refused == [("subs.csv", None, "the file is empty")]
    assert pulled.end.complete


def test_a_header_alone_is_a_whole_file_of_nothing(source):
    pulled = source.read(HEADER)
    assert (pulled.refused, pulled.items) == ([], [])
    assert (pulled.end.complete, pulled.end.source_count) == (True, 0)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"PK\x03\x04", "a spreadsheet or an archive"),
        (b"PAR1", "a parquet file"),
        (b"\x1f\x8b", "compressed"),
        (b"\xd0\xcf\x11\xe0", "an old spreadsheet (xls)"),
    ],
)
def test_what_is_no_text_is_no_csv(source, start, kind):
    (source.folder / "subs.csv").write_bytes(start + b"\x00\xff" * 20)
    with pytest.raises(SourceError, match="Save it as csv") as caught:
        source.pull()
    assert caught.value.reason == f"subs.csv is {kind}"


# --- jsonl


def test_a_line_is_an_object(jsonl):
    pulled = jsonl(OBJECT, "", '{"mrr": 2, "customer": "b", "start": "2025-01-01"}')
    assert [item.points[0].source_ref for item in pulled.items] == ["subs.jsonl:3", "subs.jsonl:1"]


def test_a_key_counts_wherever_it_first_occurs(jsonl):
    rows = [OBJECT.replace("good", f"c{number}") for number in range(1_500)]
    pulled = jsonl(*rows, OBJECT.replace('"mrr"', '"end": "2025-02-01", "mrr"'))
    assert len(pulled.subscriptions["good"].items[0].points) == 2


def test_null_and_no_key_are_an_empty_cell(jsonl):
    line = '{"customer": "a", "start": "2025-01-01", "end": null, "mrr": 1}'
    assert jsonl(line, OBJECT).refused == []


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("0.1", 100_000),
        ("12345678901.123456", 12_345_678_901_123_456),
        ("1e2", 100_000_000),
        ('"7.5"', 7_500_000),
        ("100000000000", 10**17),
    ],
)
def test_a_number_is_read_exactly(jsonl, said, amount):
    pulled = jsonl(OBJECT.replace("1}", f"{said}}}"))
    assert [point.amount for point in pulled.points] == [amount]


@pytest.mark.parametrize(
    ("said", "column", "reason"),
    [
        ("1e400", "mrr", "1E+400 is more than 100,000,000,000"),
        ("1e999999999", "mrr", "1E+999999999 is more than 100,000,000,000"),
        ("1e-999999999", "mrr", "1E-999999999 has too many digits"),
        ("1" * 5000, None, "it is no JSON: Exceeds the limit"),
        ("NaN", "mrr", "'nan' is not a number"),
        ("-Infinity", "mrr", "'-inf' is not a number"),
        ("-0.01", "mrr", "-0.01 is below zero"),
        ("true", "mrr", "'true' is not a number"),
        ("[1]", "mrr", "it holds a list, an object or bytes"),
        ('{"a": 1}', "mrr", "it holds a list, an object or bytes"),
        ("1, ", None, "it is no JSON: "),
        ('1, "mrr": 2', None, "it is no JSON: it has the key 'mrr' twice"),
    ],
)
def test_a_value_that_is_no_amount_is_refused(jsonl, said, column, reason):
    pulled = jsonl(OBJECT, OBJECT.replace("good", "bad").replace("1}", f"{said}}}"))
    ((ref, where, why),) = pulled.refused
    assert (ref, where) == ("subs.jsonl:2", column)
    assert why.startswith(reason)
    assert list(pulled.subscriptions) == ["good"]


@pytest.mark.parametrize("line", ["[1]", '"text"', "{", "nothing", "[" * 100_000])
def test_a_line_that_is_no_object_is_refused(jsonl, line):
    pulled = jsonl(OBJECT, line)
    ((ref, column, reason),) = pulled.refused
    assert (ref, column) == ("subs.jsonl:2", None)
    assert reason.startswith("it is no JSON")
    assert list(pulled.subscriptions) == ["good"]


@pytest.mark.parametrize("column", ["customer", "start", "plan", "item", "owner", "currency"])
def test_a_nested_value_is_refused_where_it_is_needed(jsonl, column):
    good = {"customer": "a", "start": "2025-01-01", "mrr": 1, "item": "i", "owner": "x"}
    pulled = jsonl(json.dumps(good), json.dumps(good | {column: {}}), attributes=("owner",))
    assert pulled.refused == [("subs.jsonl:2", column, "it holds a list, an object or bytes")]


def test_a_nested_value_that_nobody_needs_is_let_be(jsonl):
    assert jsonl(OBJECT.replace("1}", '1, "tags": ["x"]}')).refused == []


def test_a_text_that_is_no_unicode_is_refused(jsonl):
    pulled = jsonl(OBJECT, OBJECT.replace("good", r"\ud800"))
    assert pulled.refused[0][:2] == ("subs.jsonl:2", "customer")


def test_a_file_without_any_object_is_refused(jsonl):
    with pytest.raises(SourceError, match="an object a line"):
        jsonl("[", f"{OBJECT},", "]")


def test_a_whole_number_is_an_id(jsonl):
    pulled = jsonl(OBJECT.replace('"good"', "42"), OBJECT.replace('"good"', "true"))
    assert list(pulled.subscriptions) == ["42", "true"]
