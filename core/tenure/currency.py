"""The currencies of ISO 4217 and how many digits their minor unit has.

Left out on purpose: metals, testing codes, funds and units of account; nobody bills in them.
"""

_MINOR_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_MINOR_2 = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
    "GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD "
    "LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB "
    "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
    "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_MINOR_3 = "BHD IQD JOD KWD LYD OMR TND"
_RETIRED = "ANG CUC HRK SLL ZWL"  # subscriptions were billed in them not long ago

_DIGITS = {
    code: digits
    for digits, codes in ((0, _MINOR_0), (2, _MINOR_2), (2, _RETIRED), (3, _MINOR_3))
    for code in codes.split()
}

CURRENCY_CODES = frozenset(_DIGITS)
"""Every currency code that plugins.toml and a source may state."""


def minor_digits(code: str) -> int:
    """Digits after the decimal sign when people print the currency: 2 for USD, 0 for JPY."""
    return _DIGITS[code]
