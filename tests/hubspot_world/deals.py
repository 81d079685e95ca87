"""Ways (a) and (b): a customer agrees, and the seller closes deals.

(a) A deal has line items; a renewal, an upgrade or a downgrade is a new deal with new line items
    whose start takes over. (b) A deal has a recurring revenue amount a month; the seller sets the
    day and the reason when it is no longer collected.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from hubspot_world.agreed import Agreement, Price, later
from hubspot_world.life import TERMS, Customer, Life, iso, line
from tenure_connectors.hubspot.world import Record

WON, LOST = "closedwon", "closedlost"
DELAY = "hs_billing_start_delay"


@dataclass
class Sale:
    """An agreement with the deal and the line item that stand for it once they are made."""

    agreement: Agreement
    won: date
    deal: Record | None = None
    item: Record | None = None


@dataclass
class Selling:
    """What both ways have in common: deals that are opened, won, and perhaps undone."""

    life: Life
    customer: Customer

    def close(self, sale: Sale, opened: Callable[[datetime], None]) -> None:
        """A deal is opened, and won on its day."""

        def signed(at: datetime) -> None:
            sale.agreement.signed = at
            self.life.portal.update(sale.deal, at, dealstage=WON, closedate=iso(at))

        won = self.life.hour(sale.won)
        self.life.at(won - timedelta(days=self.life.pick([0, 3, 25]), hours=1), opened)
        self.life.at(won, signed)

    def after(self, sale: Sale, day: date, act: Callable[[datetime], None]) -> None:
        """Something that happens on a day, but not before the deal was won."""
        self.life.at(self.life.hour(max(day, sale.won + timedelta(days=1))), act)

    def call_off(self, sale: Sale, day: date) -> None:
        """Lost after it was won, or deleted: it never counted."""
        lost = self.life.chance(0.5)

        def act(at: datetime) -> None:
            sale.agreement.off = at
            if lost:
                self.life.portal.update(sale.deal, at, dealstage=LOST, closedate=iso(at))
            else:
                self.life.portal.archive(sale.deal, at)

        self.after(sale, day, act)

    def belongs(self, deal: Record, at: datetime) -> bool:
        """Associate a deal with its company; False if nobody could tell whose it is."""
        life = self.life
        company = self.customer.record
        kind = life.rng.random() if life.level > 2 else 1.0
        if kind < 0.05:
            return False
        if kind < 0.1:
            life.portal.associate(deal, company, at=at)
            life.portal.associate(deal, life.partner, at=at)
            return False
        life.portal.associate(deal, company, primary=kind > 0.25, at=at)
        if 0.25 < kind < 0.35:
            life.portal.associate(deal, life.partner, at=at)
        return True


@dataclass
class LineItems(Selling):
    """(a) One customer's agreements on one product: each takes over from the one before."""

    product: Record

    def live(self, start: date, until: date) -> None:
        """Sell, and go on as customers do, until a day."""
        price = self.life.price(self.customer.currency)
        while start < until:
            start, price = self.step(start, price)

    def step(self, start: date, price: Price) -> tuple[date, Price]:
        """One agreement; when the next one begins, and at which price."""
        life = self.life
        sale, months = self.sell(start, price)
        agreed = sale.agreement
        length = months or life.pick([7, 12, 19])
        if life.level > 1 and life.chance(0.3):
            self.edit(sale, agreed.start + timedelta(days=life.rng.randrange(20, length * 28)))
        if life.level > 1 and life.chance(0.15):
            self.call_off(sale, agreed.start + timedelta(days=life.pick([3, 40, 100])))
            return later(agreed.start, length - 1), price
        if life.chance(0.35) and length > 3:  # taken over before it is over
            day = later(agreed.start, life.rng.randrange(2, length))
            return day + timedelta(days=life.pick([0, 3])), self.another(price)
        if agreed.end is None or (life.level > 1 and life.chance(0.2)):
            day = later(agreed.start, length - 1)
            self.stop(sale, day, length - 1)
            return day + timedelta(days=life.pick([130, 400])), price
        days = life.pick([0, 0, 0, 1, 14, 60, 88, 120, 200])  # renewed on time, late, or not
        return agreed.end + timedelta(days=days), life.pick([price, self.another(price)])

    def another(self, price: Price) -> Price:
        return self.life.price(self.customer.currency, like=price)

    def stop(self, sale: Sale, day: date, months: int) -> None:
        """The customer leaves: the seller writes an end date, or a term where there was none."""
        renews = sale.agreement.end is None  # HubSpot: an end date alone makes no fixed term
        term = {"hs_recurring_billing_period": f"P{months}M"}
        end = term if renews else {"hs_recurring_billing_end_date": day.isoformat()}

        def act(at: datetime) -> None:
            sale.agreement.end = day
            self.life.portal.set(sale.item, end, at)

        self.after(sale, day - timedelta(days=self.life.pick([2, 20])), act)

    def edit(self, sale: Sale, day: date) -> None:
        """The price or the quantity of the line item is changed in place."""
        price = self.another(sale.agreement.price)

        def act(at: datetime) -> None:
            sale.agreement.changes.append((at, price))
            self.life.portal.update(sale.item, at, **line(price))

        self.after(sale, day, act)

    def sell(self, start: date, price: Price) -> tuple[Sale, int]:
        """Write an agreement down; with it the months of its term, 0 if it renews itself."""
        life = self.life
        how = life.pick(["date", "date", "close", "days", "months"][: 5 if life.level > 1 else 3])
        won, given = start, {}
        if how == "date":
            won -= timedelta(days=life.pick([0, 1, 10, 45, -5]))
            given["hs_recurring_billing_start_date"] = start.isoformat()
            given[f"{DELAY}_type"] = "hs_recurring_billing_start_date"
        elif how == "days":
            delay = life.pick([7, 30, 60])
            won -= timedelta(days=delay)
            given |= {f"{DELAY}_days": str(delay), f"{DELAY}_type": f"{DELAY}_days"}
        elif how == "months":
            delay = life.pick([1, 2])
            won = later(start, -delay)
            start = later(won, delay)
            given |= {f"{DELAY}_months": str(delay), f"{DELAY}_type": f"{DELAY}_months"}
        text, months = life.pick([*TERMS[price.frequency or "monthly"], ("", 0)])
        end = ended(start, text) if text else None
        given |= {"hs_recurring_billing_period": text or None, **line(price)}
        sale = Sale(Agreement(self.product.value("name") or "", price, start, end), won)
        self.customer.agreements.append(sale.agreement)
        self.close(sale, lambda at: self.open(sale, given, at))
        return sale, months

    def open(self, sale: Sale, given: dict[str, Any], at: datetime) -> None:
        """A deal with its line item, and now and then one that is paid once."""
        life, portal = self.life, self.life.portal
        first = sale.agreement is self.customer.agreements[0]
        kind = "newbusiness" if first else life.pick(["existingbusiness", None])
        named = {"deal_currency_code": self.customer.currency, "dealtype": kind}
        sale.deal = portal.add_deal(f"{sale.agreement.product} deal", None, at, **named)
        sale.agreement.counted = self.belongs(sale.deal, at)
        currency = {"hs_line_item_currency_code": self.customer.currency}
        of = {"hs_product_id": self.product.id} | currency
        sale.item = portal.add_line_item(sale.deal, sale.agreement.product, at, **of, **given)
        if life.level > 1 and life.chance(0.2):
            term = life.pick([None, "P12M"])
            fee = {"price": "500", "hs_recurring_billing_period": term}
            portal.add_line_item(sale.deal, "Set-up", at, **fee, **currency)


@dataclass
class RecurringRevenue(Selling):
    """(b) One customer's recurring revenue: amounts a month that are added up."""

    def live(self, start: date, until: date) -> None:
        """Sell, and go on as customers do, until a day."""
        sale = self.sell(start, "NEW_BUSINESS")
        day = later(start, self.life.rng.randrange(2, 13))
        while day < until:
            sale = self.step(sale, day)
            day = later(max(day, sale.won), self.life.rng.randrange(2, 13))

    def step(self, sale: Sale, day: date) -> Sale:
        """What happens next: another amount, one more, none, or the deal is undone."""
        life = self.life
        what = life.pick(["RENEWAL", "UPGRADE", "DOWNGRADE", "UPGRADE", "ADD", "CHURNED"])
        if life.level > 1 and life.chance(0.12):
            self.call_off(sale, day)
            return self.sell(day + timedelta(days=40), "NEW_BUSINESS")
        if what == "ADD":
            self.sell(day, "UPGRADE")
            return sale
        self.stop(sale, day, what)
        if what == "CHURNED":
            return self.sell(day + timedelta(days=life.pick([20, 150])), "NEW_BUSINESS")
        return self.sell(day, what)

    def sell(self, won: date, kind: str) -> Sale:
        """Write an agreement down."""
        life, currency = self.life, self.customer.currency
        price = Price(life.price(currency).unit)
        sale = Sale(Agreement("", price, won), won)
        self.customer.agreements.append(sale.agreement)
        once = life.level > 1 and life.chance(0.1)

        def opened(at: datetime) -> None:
            amount = {} if once else {"recurring_revenue_amount": str(price.unit)}
            named = {"deal_currency_code": currency, "recurring_revenue_deal_type": kind}
            sale.deal = life.portal.add_deal("Deal", None, at, amount="99", **named, **amount)
            sale.agreement.counted = self.belongs(sale.deal, at) and not once

        self.close(sale, opened)
        return sale

    def stop(self, sale: Sale, day: date, why: str) -> None:
        """From a day on the amount is no longer collected."""

        def act(at: datetime) -> None:
            sale.agreement.end = day
            day_and_why = {
                "recurring_revenue_inactive_date": day.isoformat(),
                "recurring_revenue_inactive_reason": why,
            }
            self.life.portal.set(sale.deal, day_and_why, at)

        self.after(sale, day - timedelta(days=self.life.pick([-3, 0, 15])), act)


def ended(start: date, term: str) -> date:
    """The day after the last one of a term."""
    number = int(term[1:-1])
    if term.endswith("W"):
        return start + timedelta(weeks=number)
    return later(start, number * (12 if term.endswith("Y") else 1))
