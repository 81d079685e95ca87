"""What the options of the connector may say."""

import pytest
from pydantic import ValidationError

from tenure import SourceError
from tenure_connectors.file.options import FileConfig


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("delimiter", '"', "cannot stand between values"),
        ("delimiter", "\n", "cannot stand between values"),
        ("delimiter", "ab", "at most 1 character"),
        ("decimal", "5", "cannot stand between values"),
        ("thousands", "x", "cannot stand between values"),
        ("thousands", ".", "decimal and thousands are both '.'"),
        ("encoding", "utf-99", "unknown; try utf-8, latin-1 or cp1252"),
        ("encoding", "hex", "unknown; try utf-8, latin-1 or cp1252"),
        ("date_format", "%d.%d", "reads no day, month and year"),
        ("date_format", "%Q", "reads no day, month and year"),
        ("date_format", "%m/%Y", "reads no day, month and year"),
    ],
)
def test_an_option_that_cannot_work_is_refused_at_once(option, value, reason):
    with pytest.raises(ValidationError, match=reason):
        FileConfig(**{"path": "subs.csv", option: value})


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%m/%d/%y", "%d %b %Y %H:%M", "%Y-%m-%dT%H:%M:%S"])
def test_a_format_of_dates(form):
    assert FileConfig(path="subs.csv", date_format=form).date_format == form


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1.234,56", 1_234_560_000),
        ("€ 99,50", 99_500_000),
        ("1 234,5 €", 1_234_500_000),
        ("7", 7_000_000),
    ],
)
def test_amounts_are_read_by_their_signs(source, written, amount):
    row = f'a;2025-01-01;"{written}"'
    pulled = source.read("customer;start;mrr", row, delimiter=";", decimal=",", thousands=".")
    assert [point.amount for point in pulled.points] == [amount]


@pytest.mark.parametrize(
    "written", ["12.34", "1.23.456", "1,234.5", "12 34", "1e5", "(5)", "--", "USD 5"]
)
def test_an_amount_that_is_written_otherwise_is_refused(source, written):
    row = f"a;2025-01-01;{written}"
    pulled = source.read("customer;start;mrr", row, delimiter=";", decimal=",", thousands=".")
    reason = f"{written!r} is not a number (decimal = ',', thousands = '.')"
    assert pulled.refused == [("subs.csv:2", "mrr", reason)]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("-1", "-1 is below zero"),
        ("100000000000.000001", "100000000000.000001 is more than 100,000,000,000"),
        ("9" * 41, f"'{'9' * 40}' is not a number (decimal = '.', thousands = '')"),
        ("NaN", "'NaN' is not a number (decimal = '.', thousands = '')"),
        ("", "it has neither mrr nor amount"),
        ("-", "it has neither mrr nor amount"),
    ],
)
def test_an_amount_that_cannot_be_is_refused(source, written, reason):
    pulled = source.read("customer,start,mrr", f"a,2025-01-01,{written}", "b,2025-01-01,1")
    assert pulled.refused == [("subs.csv:2", "mrr", reason)]
    assert list(pulled.subscriptions) == ["b"]


@pytest.mark.parametrize(
    ("fields", "column", "reason"),
    [
        ("amount=1 mrr=1", "mrr", "it has both mrr and amount"),
        ("amount=1 interval=fortnight", "interval", "'fortnight' is none of day, week, month"),
        ("amount=1 interval_count=0", "interval_count", "0 is not a whole number from 1 to 1200"),
        ("amount=1 interval_count=1.5", "interval_count", "1.5 is not a whole number"),
        ("amount=1 interval=quarter interval_count=401", "interval_count", "401 is not a whole"),
        ("amount=100000000000 quantity=2", "amount", "amount × quantity is more than"),  # noqa: RUF001 - the sign for times
        ("mrr=1 currency=XXQ", "currency", "'XXQ' is no currency"),
        ("mrr=1 discount_percent=101", "discount_percent", "101 % is more than 100 %"),
        ("mrr=1 end=2024-12-31", "end", "it ends before it starts"),
        ("mrr=1 requested_at=2025-02-01", "requested_at", "requested_at needs an end"),
        ("mrr=1 end=2025-02-01 requested_at=2025-03-01", "requested_at", "the end was requested"),
        ("mrr=1 start=2025-02-30", "start", "'2025-02-30' is no date like 2025-03-01"),
        ("mrr=1 start=", "start", "the start is empty"),
        ("mrr=1 customer=-", "customer", "the customer is empty"),
        ("mrr=1 trial_end=soon", "trial_end", "'soon' is no date like"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_by_its_column(source, fields, column, reason):
    pairs = dict(field.split("=") for field in fields.split())
    said = {"customer": "a", "start": "2025-01-01"} | pairs
    pulled = source.read(",".join(said), ",".join(said.values()))
    ((ref, where, why),) = pulled.refused
    assert (ref, where) == ("subs.csv:2", column)
    assert why.startswith(reason)


@pytest.mark.parametrize(
    ("start", "instant"),
    [
        ("2025-10-26 02:30", "2025-10-26 00:30"),  # twice that night: the earlier
        ("2025-10-26T02:30:00+01:00", "2025-10-26 01:30"),
        ("2025-07-01", "2025-06-30 22:00"),
        ("20250701", "2025-06-30 22:00"),
    ],
)
def test_a_local_time_is_an_instant(source, start, instant):
    pulled = source.read("customer,start,mrr", f"a,{start},1", zone="Europe/Berlin")
    assert [at for at, _, _ in pulled.steps] == [instant]


def test_a_local_time_that_does_not_exist_is_refused(source):
    pulled = source.read("customer,start,mrr", "a,2025-03-30 02:30,1", zone="Europe/Berlin")
    assert pulled.reason == "2025-03-30 02:30 does not exist in Europe/Berlin"


def test_a_day_begins_at_its_first_existing_instant(source):
    pulled = source.read("customer,start,mrr", "a,2024-09-08,1", zone="America/Santiago")
    assert pulled.steps[0][0] == "2024-09-08 04:00"


@pytest.mark.parametrize(("month", "zone"), [("9999-12", "UTC"), ("0001-01", "Asia/Tokyo")])
def test_a_month_at_the_end_of_time_is_refused(source, month, zone):
    pulled = source.read("customer,month,mrr", f"a,{month},1", "b,2025-01,1", zone=zone)
    ((ref, column, reason),) = pulled.refused
    assert (ref, column) == ("subs.csv:2", "month")
    assert reason.endswith("is out of range")
    assert list(pulled.subscriptions) == ["b"]


def test_a_month_may_be_a_day_in_the_format_of_dates(source):
    tall = source.read("customer,month,mrr", "a,31.01.2025,1", date_format="%d.%m.%Y")
    assert tall.steps[0][0] == "2025-01-01"
    wide = source.read("customer,01.02.2025", "a,1", date_format="%d.%m.%Y")
    assert wide.steps[0][0] == "2025-02-01"


# --- the mapping


@pytest.mark.parametrize(
    ("header", "options", "words"),
    [
        ("customer,start,mrr,mrr", {}, "has the column 'mrr' twice. Rename one"),
        ("customer,start,mrr,x,X", {"attributes": ("x ",)}, "has the column 'x ' twice"),
        ("Account,start,mrr", {"columns": {"customer": "Acount"}}, "Did you mean 'Account'?"),
        ("a,b", {"columns": {"customer": "zzz"}}, "has no column 'zzz'. It has: a, b"),
        ("a,start", {"columns": {"custmer": "a"}}, "Did you mean 'customer'?"),
        ("a,start", {"columns": {"zzz": "a"}}, "There are: customer, customer_name"),
        ("who,start,mrr", {}, "has no column for customer; it has: who, start, mrr"),
        ("customer,mrr", {}, "has no column for start, or month and mrr"),
        ("customer,month", {}, "has no column for start, or month and mrr"),
        ("customer,start", {}, "has no column for mrr, or amount; it has: customer, start"),
    ],
)
def test_a_header_that_cannot_be_understood_shows_what_is_there(refused, header, options, words):
    assert words in str(refused(header, **options))


def test_a_column_that_is_there_twice_and_not_needed_is_let_be(source):
    assert source.read("customer,start,mrr,x,x", "a,2025-01-01,1,,").refused == []


# --- several files


def test_a_glob_reads_every_file_that_fits(source):
    for name in ("b.csv", "a.csv", "c.txt"):
        source.write("customer,start,mrr", f"{name},2025-01-01,1", name=name)
    pulled = source.pull(path="*.csv")
    assert [item.points[0].source_ref for item in pulled.items] == ["a.csv:2", "b.csv:2"]


def test_files_of_one_name_are_told_apart_by_their_folders(source):
    for folder in ("2024", "2025"):
        (source.folder / folder).mkdir()
        source.write("customer,start,mrr", f"{folder},2025-01-01,x", name=f"{folder}/subs.csv")
    refs = [ref for ref, _, _ in source.pull(path="*/subs.csv").refused]
    assert refs == ["2024/subs.csv:2", "2025/subs.csv:2"]


@pytest.mark.parametrize("path", ["no.csv", "no*.csv", "/nowhere/x.csv"])
def test_a_file_that_is_not_there_is_named(source, path):
    with pytest.raises(SourceError, match="There is no file") as caught:
        source.pull(path=path)
    assert path in caught.value.reason


@pytest.mark.parametrize("broken", ["a.csv", "z.csv"])
def test_a_broken_file_does_not_keep_the_others_out(source, broken):
    source.write("who,when", "x,y", name=broken)
    source.write("customer,start,mrr", "good,2025-01-01,1", name="m.csv")
    pulled, error = source.fail(path="*.csv")
    assert error.reason.startswith(f"{broken} has no column for customer")
    assert list(pulled.subscriptions) == ["good"]
    assert (pulled.end.complete, pulled.end.cursor) == (False, None)


def test_what_a_broken_file_may_say_of_an_item_leaves_it_incomplete(source):
    source.write("customer,month,mrr", "good,2025-01,1", name="a.csv")
    source.write("who,when", "x,y", name="z.csv")
    pulled, _ = source.fail(path="*.csv")
    assert pulled.items[0].complete is False


def test_all_broken_files_are_named(source):
    for name in ("a.csv", "b.csv"):
        source.write("who,when", "x,y", name=name)
    _, error = source.fail(path="*.csv")
    assert error.reason.startswith("a.csv has no column")
    assert "; b.csv has no column" in error.reason


def test_files_of_two_layouts_are_told_to_part(source):
    source.write("customer,start,mrr", "good,2025-01-01,1", name="a.csv")
    source.write("customer,month,mrr", "b,2025-01,1", name="b.csv")
    pulled, error = source.fail(path="*.csv")
    assert error.reason == "b.csv has another layout than the files before it"
    assert list(pulled.subscriptions) == ["good"]


def test_an_unreadable_end_does_not_renumber_rows_that_are_equal_but_for_it(source):
    rows = ["a,2025-01-01,2025-02-01,1", "a,2025-01-01,,1"]
    known = source.read("customer,start,end,mrr", *rows).items[0].id
    pulled = source.read("customer,start,end,mrr", rows[0].replace("02-01", "02-31"), rows[1])
    assert [(item.id, item.complete) for item in pulled.items] == [(known, False)]


def test_the_same_files_again_are_not_read(source):
    cursor = source.read("customer,start,mrr", "a,2025-01-01,1").end.cursor
    again = source.pull(cursor=cursor)
    assert (again.items, again.end.complete) == ([], False)
    assert source.pull(cursor=cursor, zone="Europe/Berlin").items != []
    assert source.pull(cursor=cursor, full=True).items != []
