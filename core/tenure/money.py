"""Money as integers of micro-units: 1 USD = 1_000_000, 1 JPY = 1_000_000. No float, ever.

Everything between text and the ledger goes through here, and so does the one rounding rule:
exact rational arithmetic, then half to even (metrics.md section 1).
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from fractions import Fraction

MICRO = 1_000_000
"""Micro-units in one major unit of any currency."""

MAX_AMOUNT = 10**11 * MICRO
"""The largest amount a fact may state; what is larger is quarantined."""

Ratio = tuple[int, int]
"""Numerator and denominator; a ratio over an empty base has no value."""

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def micros(amount: Decimal | int | str | Fraction) -> int:
    """Turn major units into whole micro-units, half to even.

    Raises `ValueError` for text that is no finite decimal number and `TypeError` for a float.
    """
    if isinstance(amount, float):
        raise TypeError(f"a float cannot state money exactly: {amount!r}; use str or Decimal")
    if isinstance(amount, Fraction):
        return half_even(amount.numerator * MICRO, amount.denominator)
    if isinstance(amount, int):
        return amount * MICRO
    try:
        value = Decimal(amount)
        return int(_EXACT.multiply(value, MICRO).to_integral_value(context=_EXACT))
    except (InvalidOperation, OverflowError, ValueError):
        raise ValueError(f"not an amount: {amount!r}") from None


def half_even(numerator: int, denominator: int) -> int:
    """Divide two integers and round the exact quotient half to even; `denominator` > 0."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient % 2):
        quotient += 1
    return quotient


def decimal_string(value: int) -> str:
    """Micro-units as a decimal string with 6 places: `1_500_000` is `"1.500000"`."""
    whole, rest = divmod(abs(value), MICRO)
    return f"{'-' if value < 0 else ''}{whole}.{rest:06d}"


def signed_string(value: int) -> str:
    """A change in micro-units, with its sign: `+50.000000`."""
    return f"{'+' if value > 0 else ''}{decimal_string(value)}"


def ratio_string(numerator: int, denominator: int) -> str:
    """A ratio of two integers as a decimal string with 6 places, half to even."""
    return decimal_string(half_even(numerator * MICRO, denominator))


def optional_ratio(ratio: Ratio | None) -> str | None:
    """A ratio with 6 places; None over an empty base."""
    if ratio is None or not ratio[1]:
        return None
    return ratio_string(*ratio)
