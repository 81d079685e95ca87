"""Grid lines: round numbers around all that is shown, in whole numbers throughout."""

from typing import NamedTuple

from tenure.money import MICRO


class Tick(NamedTuple):
    """A grid line."""

    at: int
    printed: str


def money_ticks(low: int, high: int) -> list[Tick]:
    """Grid lines of micro-units, as `150k`."""
    found = ticks(low, high if high > low else low + MICRO)
    largest = max(map(abs, found))
    units = ((10**9, "B"), (10**6, "M"), (1000, "k"), (1, ""))
    size, unit = next((u for u in units if largest >= u[0] * MICRO), (1, ""))
    return [Tick(at, f"{_plain(at, size * MICRO)}{unit if at else ''}") for at in found]


def percent_ticks(low: int, high: int) -> list[Tick]:
    """Grid lines of hundredths of a percent, as `97.5 %`."""
    return [Tick(at, f"{_plain(at, 100)} %") for at in ticks(low, high)]


def ticks(low: int, high: int, count: int = 5) -> list[int]:
    """About `count` round numbers around all that is between."""
    high = max(high, low + 1)
    step = _round_up(-((low - high) // count))
    return list(range(low // step * step, -(-high // step) * step + step, step))


def _round_up(step: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 and so on."""
    power = int("1" + "0" * (len(str(step)) - 1))
    return next(each for each in (power, 2 * power, 5 * power, 10 * power) if each >= step)


def _plain(value: int, unit: int) -> str:
    """A quotient that has few digits, as a decimal without trailing zeros."""
    sign, digits = "-" if value < 0 else "", len(str(unit)) - 1
    whole, rest = divmod(abs(value), unit)
    places = f"{rest:0{digits}d}".rstrip("0")
    return f"{sign}{whole:,}" + (f".{places}" if places else "")
