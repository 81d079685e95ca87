"""What a price bills for a quantity: exact fractions of the currency's minor unit, no opinion.

    per unit                   quantity x unit amount
    packages                   the same, of quantity / divide_by rounded up or down
    tiers, volume              all units at the tier that the quantity falls into, and its flat fee
    tiers, graduated           each unit at its own tier, and the flat fee of every tier reached

What cannot be computed raises `UnpricedError`: the caller then has the last invoice to go by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tenure import Interval
from tenure_connectors.stripe.shapes import CurrencyOption, Price, TaxRate, Tier, Transform

Exact = int | Fraction
"""An exact number; most are whole, and integers are much faster than fractions."""

_WHOLE_UNITS = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD JOD KWD OMR TND"
_MICROS = dict.fromkeys(_WHOLE_UNITS.split(), 1_000_000) | dict.fromkeys(
    _THOUSANDTHS.split(), 1_000
)
_INTERVALS = {unit.value: unit for unit in Interval}


class UnpricedError(ValueError):
    """A price does not say what a quantity of it costs; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often a price bills."""

    interval: Interval
    count: int


def minor_unit(currency: str) -> int:
    """Micro-units in what Stripe counts a currency in, which is not always ISO's minor unit.

    ISK and UGX have no decimals, yet Stripe states them with two (docs.stripe.com/currencies).
    """
    return _MICROS.get(currency, 10_000)


def cadence(price: Price) -> Cadence:
    """Raises `UnpricedError` for a price that does not recur, or in an interval unknown to us."""
    recurring = price.recurring
    unit = recurring.interval if recurring else price.interval
    count = recurring.interval_count if recurring else price.interval_count
    if unit not in _INTERVALS:
        raise UnpricedError(f"price {price.id} bills every {unit!r}")
    return Cadence(_INTERVALS[unit], 1 if count is None else count)


def is_metered(price: Price) -> bool:
    """Whether a price bills what was used instead of an agreed quantity."""
    usage = price.recurring.usage_type if price.recurring else price.usage_type
    return usage == "metered"


def charge(price: Price, quantity: Exact, currency: str) -> Exact:
    """What `quantity` costs per interval, in minor units, inclusive tax in it.

    Raises `UnpricedError` where the price does not say it in that currency.
    """
    offer = _offer(price, currency)
    if price.billing_scheme == "tiered" or offer.tiers:
        return _tiered(price, offer.tiers, quantity)
    transform = price.transform_quantity or price.transform_usage
    units = _packages(quantity, transform) if transform else quantity
    return _unit_amount(price, offer) * units


def net_share(rates: Sequence[TaxRate]) -> Exact:
    """The share of a price that is left when its inclusive taxes are out."""
    percent = sum(
        Fraction(rate.percentage or rate.effective_percentage or 0)
        for rate in rates
        if rate.inclusive
    )
    return Fraction(100) / (100 + percent) if percent else 1


def exact(stated: Decimal | int) -> Exact:
    """A stated number, as an integer if it is whole."""
    whole = int(stated)
    return whole if whole == stated else Fraction(stated)


def _offer(price: Price, currency: str) -> Price | CurrencyOption:
    own = (price.currency or "").upper()
    if own == currency:
        return price
    option = (price.currency_options or {}).get(currency.lower())
    if option is None:
        raise UnpricedError(f"price {price.id} is in {own or 'no currency'}, not in {currency}")
    return option


def _unit_amount(price: Price, offer: Price | CurrencyOption) -> Exact:
    unit = _exact(offer.unit_amount_decimal, offer.unit_amount)
    if unit is None and isinstance(offer, Price):
        unit = _exact(offer.amount_decimal, offer.amount)
    if unit is None:
        raise UnpricedError(f"price {price.id} has no unit amount")
    return unit


def _exact(decimal: Decimal | None, whole: int | None) -> Exact | None:
    if whole is not None and (decimal is None or decimal == whole):
        return whole
    return None if decimal is None else exact(decimal)


def _packages(quantity: Exact, transform: Transform) -> int:
    whole, rest = divmod(quantity, transform.divide_by)
    return int(whole) + (1 if rest and transform.round == "up" else 0)


def _tiered(price: Price, tiers: Sequence[Tier] | None, quantity: Exact) -> Exact:
    if not tiers:
        raise UnpricedError(f"the tiers of price {price.id} are not known")
    if price.tiers_mode == "volume":
        return _volume(price, tiers, quantity)
    if price.tiers_mode == "graduated":
        return _graduated(price, tiers, quantity)
    raise UnpricedError(f"price {price.id} has tiers of mode {price.tiers_mode!r}")


def _volume(price: Price, tiers: Sequence[Tier], quantity: Exact) -> Exact:
    for tier in tiers:
        top = _top(tier)
        if top is None or quantity <= top:
            return _unit(tier) * quantity + _flat(tier)
    raise UnpricedError(f"price {price.id} has no tier for {quantity}")


def _graduated(price: Price, tiers: Sequence[Tier], quantity: Exact) -> Exact:
    """The flat fee of the first tier is due without any unit."""
    total: Exact = 0
    bottom = 0
    for tier in tiers:
        if bottom and quantity <= bottom:
            return total
        top = _top(tier)
        units = (quantity if top is None else min(quantity, top)) - bottom
        total += _unit(tier) * units + _flat(tier)
        if top is None:
            return total
        bottom = top
    if quantity > bottom:
        raise UnpricedError(f"price {price.id} has no tier for {quantity}")
    return total


def _top(tier: Tier) -> int | None:
    return None if tier.up_to in {None, "inf"} else int(tier.up_to or 0)


def _unit(tier: Tier) -> Exact:
    return _exact(tier.unit_amount_decimal, tier.unit_amount) or 0


def _flat(tier: Tier) -> Exact:
    return _exact(tier.flat_amount_decimal, tier.flat_amount) or 0
