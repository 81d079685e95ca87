"""Text to micro-units: one rounding, whatever the number of digits."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure import micros


@given(st.decimals("-99999999999", "99999999999", places=30))
def test_a_long_decimal_is_rounded_once(amount: Decimal):
    assert micros(amount) == round(Fraction(amount) * 10**6)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "ten", ""])
def test_what_is_no_amount(amount: str):
    with pytest.raises(ValueError, match="not an amount"):
        micros(amount)
