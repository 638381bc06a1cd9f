"""How many digits a currency's minor unit has, after ISO 4217."""

from decimal import Decimal

from observes_assets.errors import SettingsError

_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO_DIGITS = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT
    MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU
    UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"

# A table of our own: thirty lines, where a library would bring megabytes of names. Codes that were
# withdrawn since 2025 (ANG, BGN) stay: months before are still billed again in audits.
MINOR_DIGITS = {
    code: digits
    for digits, codes in ((0, _NO_DIGITS), (2, _TWO_DIGITS), (3, _THREE_DIGITS), (4, _FOUR_DIGITS))
    for code in codes.split()
}


def minor_digits(code: str) -> int:
    """Digits after the point of an amount in that currency: 2 for USD, 0 for JPY, 3 for KWD.

    Raises:
        SettingsError: ISO 4217 has no such currency (codes are three capital letters).
    """
    if code not in MINOR_DIGITS:
        raise SettingsError(
            f"{code!r} is no currency that can be billed in.",
            "Use a code of ISO 4217 in capital letters, such as USD.",
        )
    return MINOR_DIGITS[code]


def from_minor_units(units: int, digits: int) -> Decimal:
    """An amount of whole minor units as a decimal that prints with exactly ``digits`` digits."""
    return Decimal(f"{units}E-{digits}")
