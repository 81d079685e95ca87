"""Currency codes and their minor digits."""

import pytest

from tenure.currency import CURRENCY_CODES, minor_digits


@pytest.mark.parametrize(("code", "digits"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("HRK", 2)])
def test_minor_digits(code: str, digits: int) -> None:
    assert minor_digits(code) == digits


def test_codes_are_three_capital_letters() -> None:
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in CURRENCY_CODES)


def test_metals_and_testing_codes_are_none() -> None:
    assert not CURRENCY_CODES & {"XAU", "XTS", "XXX", "XDR"}
