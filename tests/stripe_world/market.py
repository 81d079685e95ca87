"""What a made-up account sells, richer with every level."""

from decimal import Decimal
from enum import IntEnum
from random import Random

from tenure_connectors.stripe.world.catalog import Catalog, Coupon, Price, Product, TaxRate, Tier
from tenure_connectors.stripe.world.moments import DAY


class Level(IntEnum):
    """How much of Stripe a world uses; each level adds to the one before."""

    BASIC = 1  # monthly and yearly prices, quantities, plan changes, both ways to cancel
    DISCOUNTS = 2  # coupons of every kind in three places, trials
    PRICES = 3  # tiers, packages, decimals, other intervals and currencies, tax inclusive
    ITEMS = 4  # several items, mixed intervals, items that come and go in mid-period
    STATES = 5  # failed payments, incomplete, unpaid, pauses
    SCHEDULES = 6  # phases, future starts, scheduled ends, backdated starts, migrations
    ADVANCED = 7  # what the API forgets, deleted customers and coupons, usage, test mode


NAMES = ("Starter", "Team", "Business", "Storage", "Support")
TWO_DIGITS = ("usd", "eur", "gbp")
INTERVALS = [("month", 3), ("month", 6), ("week", 1), ("week", 2), ("day", 30), ("year", 2)]
INTERVALS += [*INTERVALS, ("day", 1)]
TIERS = {
    "graduated": ((5, "1000", "0"), (20, "850.5", "500"), (None, "700", "0")),
    "volume": ((10, "1200", "0"), (50, "990", "2500"), (None, "750.25", "0")),
}


def stock(rng: Random, level: Level, opened: int, most: int = 3) -> Catalog:
    """What is sold from `opened` on, in at most so many currencies."""
    catalog = Catalog()
    for n, name in enumerate(NAMES):
        catalog.products.append(Product(f"prod_1W{n:04d}", name, opened))
    for currency in currencies(rng, level)[:most]:
        for product in catalog.products:
            catalog.prices += ordinary(rng, catalog, product, currency)
            if level >= Level.PRICES:
                catalog.prices += special(rng, catalog, product, currency)
        if level >= Level.ADVANCED:
            catalog.prices += extras(rng, catalog, currency)
    if level >= Level.DISCOUNTS:
        catalog.coupons += coupons(rng, level, catalog, opened)
    if level >= Level.PRICES:
        catalog.tax_rates.append(TaxRate("txr_1Winclusive", Decimal(19), True, opened))  # noqa: FBT003
        catalog.tax_rates.append(TaxRate("txr_1Wexclusive", Decimal("7.7"), False, opened))  # noqa: FBT003
    return catalog


def currencies(rng: Random, level: Level) -> list[str]:
    found = [rng.choice(TWO_DIGITS)]
    if level >= Level.PRICES:
        found += rng.sample(["jpy", "kwd", "isk", *(c for c in TWO_DIGITS if c not in found)], 2)
    return found


def price_id(catalog: Catalog, currency: str) -> str:
    return f"price_1W{len(catalog.prices):04d}{currency}"


def ordinary(rng: Random, catalog: Catalog, product: Product, currency: str) -> list[Price]:
    """A price a month, the same with a year's rebate, and a dearer one."""
    made: list[Price] = []
    monthly = Decimal(rng.choice((900, 1000, 1900, 2900, 4900, 9900)) + rng.randrange(100))
    for interval, unit in (("month", monthly), ("year", monthly * 10), ("month", monthly * 2)):
        name = f"{product.name} {interval} {len(made)}" if rng.random() < 0.7 else None
        key = f"{price_id(catalog, currency)}{product.id[-1]}{len(made)}"
        made.append(
            Price(key, product, currency, product.created, interval, 1, unit, nickname=name)
        )
    return made


def special(rng: Random, catalog: Catalog, product: Product, currency: str) -> list[Price]:
    """Tiers, packages, decimals and the rarer intervals."""
    key = f"{price_id(catalog, currency)}{product.id[-1]}x"
    unit = Decimal(rng.randrange(100, 5000))
    base = {"product": product, "currency": currency, "created": product.created}
    interval, count = rng.choice(INTERVALS)
    return [
        Price(key + "t", **base, tiers=tiers("graduated"), tiers_mode="graduated"),
        Price(key + "v", **base, tiers=tiers("volume"), tiers_mode="volume"),
        Price(key + "p", **base, unit=unit * 10, divide_by=5, round_up=rng.random() < 0.5),
        Price(key + "d", **base, unit=unit / Decimal(7).quantize(1) // 1 + Decimal("0.055")),
        Price(key + "i", **base, interval=interval, interval_count=count, unit=unit),
    ]


def extras(rng: Random, catalog: Catalog, currency: str) -> list[Price]:
    """A metered price, and a fee that is billed once."""
    product = catalog.products[-1]
    key = f"{price_id(catalog, currency)}{product.id[-1]}e"
    base = {"product": product, "currency": currency, "created": product.created}
    return [
        Price(key + "m", **base, unit=Decimal(rng.randrange(1, 20)), meter="mtr_1Wcalls"),
        Price(key + "f", **base, unit=Decimal(5000), one_time=True),
    ]


def tiers(mode: str) -> tuple[Tier, ...]:
    return tuple(Tier(up, Decimal(unit), Decimal(flat)) for up, unit, flat in TIERS[mode])


def coupons(rng: Random, level: Level, catalog: Catalog, opened: int) -> list[Coupon]:
    """Percent and amount off (in each currency), for ever, for some months and for once."""
    made = []
    for duration in ("forever", "once", "repeating"):
        months = rng.choice((2, 3, 6, 12)) if duration == "repeating" else None
        percent = rng.choice((Decimal(10), Decimal("25.5"), Decimal("33.33"), Decimal(50)))
        base = {"duration": duration, "created": opened, "duration_in_months": months}
        word = duration.upper()
        made.append(Coupon(f"{word}PCT", **base, percent_off=percent, name=f"{percent}% off"))
        made += [
            Coupon(
                f"{word}{currency.upper()}",
                **base,
                amount_off=rng.choice((300, 500, 777)),
                currency=currency,
                name=f"{currency} off",
            )
            for currency in sorted({price.currency for price in catalog.prices})
        ]
    if level >= Level.ADVANCED:
        for coupon in rng.sample(made, 3):
            coupon.deleted_at = opened + rng.randrange(30, 500) * DAY
        kept = [coupon for coupon in made if coupon.deleted_at is None]
        for coupon in rng.sample(kept, 2):
            coupon.products = tuple(p.id for p in rng.sample(catalog.products, 3))
    return made
