"""parquet: types that a text does not have."""

from datetime import UTC, datetime

import duckdb
import pytest

from tenure import SourceError


@pytest.fixture
def parquet(source):
    """What a parquet file of the rows of this SELECT yields."""

    def read(select: str, name: str = "subs.parquet", **options):
        with duckdb.connect() as duck:
            duck.execute(f"COPY ({select}) TO '{source.folder / name}' (FORMAT parquet)")
        return source.pull(path=name, **options)

    return read


def row(mrr: str = "1", start: str = "DATE '2025-01-01'", customer: str = "'a'") -> str:
    return f"SELECT {customer} AS customer, {start} AS start, {mrr} AS mrr"


@pytest.mark.parametrize(
    ("mrr", "amount"),
    [
        ("12.345678::DECIMAL(18, 6)", 12_345_678),
        ("0.0000005::DECIMAL(38, 10)", 0),
        ("1234.56::DOUBLE", 1_234_560_000),
        ("1234.56::FLOAT", 1_234_560_000),
        ("7::UTINYINT", 7_000_000),
        ("7::HUGEINT", 7_000_000),
        ("'8.5'", 8_500_000),
    ],
)
def test_an_amount_is_read_exactly(parquet, mrr, amount):
    assert [point.amount for point in parquet(row(mrr)).points] == [amount]


@pytest.mark.parametrize(
    "mrr", ["'nan'::DOUBLE", "'inf'::FLOAT", "(-1)::DECIMAL(9, 2)", "1e300", "true"]
)
def test_what_is_no_amount_is_refused(parquet, mrr):
    ((ref, column, _),) = parquet(row(mrr)).refused
    assert (ref, column) == ("subs.parquet:1", "mrr")


@pytest.mark.parametrize(
    ("start", "instant"),
    [
        ("DATE '2025-07-01'", datetime(2025, 6, 30, 22, tzinfo=UTC)),
        ("TIMESTAMP '2025-07-01 00:00'", datetime(2025, 6, 30, 22, tzinfo=UTC)),
        ("TIMESTAMP '2025-07-01 09:30'", datetime(2025, 7, 1, 7, 30, tzinfo=UTC)),
        ("TIMESTAMP_NS '2025-07-01 09:30'", datetime(2025, 7, 1, 7, 30, tzinfo=UTC)),
        ("TIMESTAMPTZ '2025-07-01 09:30+05'", datetime(2025, 7, 1, 4, 30, tzinfo=UTC)),
        ("'2025-07-01'", datetime(2025, 6, 30, 22, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_one_of_the_workspace(parquet, start, instant):
    (point,) = parquet(row(start=start), zone="Europe/Berlin").points
    assert point.effective_at == instant


@pytest.mark.parametrize("start", ["TIME '09:30'", "INTERVAL 1 DAY", "20250101.5", "[1]"])
def test_what_is_no_day_is_refused(parquet, start):
    ((ref, column, _),) = parquet(row(start=start)).refused
    assert (ref, column) == ("subs.parquet:1", "start")


@pytest.mark.parametrize("customer", ["'x'::BLOB", "{'id': 1}", "MAP {'a': 1}", "['x']"])
def test_what_is_no_text_is_no_customer(parquet, customer):
    pulled = parquet(row(customer=customer))
    assert pulled.refused == [("subs.parquet:1", "customer", "it holds a list, an object or bytes")]


def test_nulls_are_empty_cells_and_words_may_be_of_a_dictionary(parquet):
    rows = f"{row()}, 'pro'::ENUM('pro', 'team') AS plan, NULL::DATE AS \"end\""
    (point,) = parquet(rows).points
    assert point.plan == "pro"


def test_a_month_may_be_a_day_or_an_instant(parquet):
    months = [
        "DATE '2025-03-01'",
        "TIMESTAMP '2025-03-05 12:00'",
        "TIMESTAMPTZ '2025-02-28 23:30Z'",
    ]
    for month in months:
        pulled = parquet(
            f"SELECT 'a' AS customer, {month} AS month, 1 AS mrr", zone="Europe/Berlin"
        )
        assert [at for at, _, _ in pulled.steps] == ["2025-02-28 23:00", "2025-03-31 22:00"]


def test_rows_come_in_the_order_of_the_file(parquet):
    rows = "SELECT 'c' || i AS customer, DATE '2025-01-01' AS start, i AS mrr FROM range(5000) t(i)"
    for item in parquet(rows).items:
        assert int(item.points[0].source_ref.split(":")[1]) == item.points[0].amount // 10**6 + 1


@pytest.mark.parametrize("name", ["year=2024/subs[1].parquet", "a*b?.parquet"])
def test_a_path_is_that_of_one_file_and_says_nothing(source, parquet, name):
    (source.folder / name).parent.mkdir(exist_ok=True)
    pulled = parquet(row(), name)
    assert len(pulled.items) == 1


@pytest.mark.parametrize("data", [b"PAR1nonsensePAR1", b"customer,mrr\n" * 9])
def test_what_is_no_parquet_is_said(source, data):
    (source.folder / "subs.parquet").write_bytes(data)
    with pytest.raises(SourceError, match=r"subs\.parquet is no whole parquet file: .") as caught:
        source.pull(path="subs.parquet")
    assert caught.value.instruction == "Write it again"


def test_a_parquet_that_is_cut_off_is_said(source, parquet):
    parquet(row())
    path = source.folder / "subs.parquet"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SourceError, match=r"subs\.parquet is no whole parquet file"):
        source.pull(path="subs.parquet")
