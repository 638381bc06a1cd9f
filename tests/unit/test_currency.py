import pytest

from observes_assets.currency import from_minor_units, minor_digits
from observes_assets.errors import SettingsError


@pytest.mark.parametrize(("code", "digits"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
def test_digits_of_the_minor_unit(code: str, digits: int) -> None:
    assert minor_digits(code) == digits


@pytest.mark.parametrize("code", ["usd", "XXX", ""])
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(SettingsError, match="no currency"):
        minor_digits(code)


@pytest.mark.parametrize(
    ("units", "digits", "text"),
    [(0, 2, "0.00"), (5, 0, "5"), (1, 3, "0.001"), (990000000000000001, 2, "9900000000000000.01")],
)
def test_amounts_print_with_the_currencys_digits(units: int, digits: int, text: str) -> None:
    assert str(from_minor_units(units, digits)) == text
