"""Ways (a) and (b): a customer agrees, and the seller closes deals.

(a) A deal has line items; a renewal, an upgrade or a downgrade is a new deal with new line items
    whose start takes over. (b) A deal has a recurring revenue amount a month; the seller sets the
    day and the reason when it is no longer collected.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hubspot_world.agreed import Agreement, Price, later
from hubspot_world.life import TERMS, Customer, Life, iso, line
from tenure_connectors.hubspot.world import Record

DELAY = "hs_billing_start_delay"


@dataclass
class Sale:
    """An agreement with the deal and the line item that stand for it once they are made."""

    agreement: Agreement
    won: date
    stages: tuple[str, str, str] = ("qualifiedtobuy", "closedwon", "closedlost")
    deal: Record | None = None
    items: list[Record] = field(default_factory=list)


@dataclass
class Selling:
    """What both ways have in common: deals that are opened, won, and perhaps undone."""

    life: Life
    customer: Customer

    def sale(self, agreement: Agreement, won: date) -> Sale:
        """A deal that is to be, in one of the pipelines."""
        self.customer.agreements.append(agreement)
        if self.life.level > 2 and self.life.chance(0.15):
            return Sale(agreement, won, ("p_open", "p_won", "p_lost"))
        return Sale(agreement, won)

    def deal(self, sale: Sale, at: datetime, **values: Any) -> Record:
        """The deal is opened, and associated with its company as people do."""
        life = self.life
        own = sale.stages[0] == "p_open"
        placed = {"dealstage": sale.stages[0], "pipeline": life.partners.id if own else "default"}
        named = {"deal_currency_code": sale.agreement.currency, **placed, **values}
        sale.deal = life.portal.add_deal(f"{sale.agreement.product} deal", None, at, **named)
        sale.agreement.counted = self.belongs(sale.deal, at)
        return sale.deal

    def close(self, sale: Sale, opened: Callable[[datetime], None]) -> None:
        """A deal is opened, and won on its day."""

        def signed(at: datetime) -> None:
            sale.agreement.signed = at
            self.life.portal.update(sale.deal, at, dealstage=sale.stages[1], closedate=iso(at))

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
                self.life.portal.update(sale.deal, at, dealstage=sale.stages[2], closedate=iso(at))
            else:
                self.life.portal.archive(sale.deal, at)

        self.after(sale, day, act)

    def move(self, sale: Sale, day: date) -> None:
        """The deal was another customer's: it has always been."""

        def act(at: datetime) -> None:
            other = self.life.pick([c for c in self.life.customers if c is not self.customer])
            if sale.agreement.counted and other.record is not self.customer.record:
                self.customer.agreements.remove(sale.agreement)
                other.agreements.append(sale.agreement)
                self.life.portal.associate(sale.deal, other.record, primary=True, at=at)

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
    alone: bool  # whether it is all that the customer buys

    @property
    def name(self) -> str:
        return self.product.value("name") or ""

    def live(self, start: date, until: date) -> None:
        """Sell, and go on as customers do, until a day."""
        price = self.life.price(self.customer.currency)
        while start < until:
            start, price = self.step(start, price)

    def step(self, start: date, price: Price) -> tuple[date, Price]:
        """One agreement; when the next one begins, and at which price."""
        life = self.life
        sale, months = self.sell(self.name, start, price)
        agreed = sale.agreement
        length = months or life.pick([7, 12, 19])
        self.besides(sale, length)
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

    def besides(self, sale: Sale, length: int) -> None:
        """What may happen besides: an edit, a further purchase, a deal that was another's."""
        life, start = self.life, sale.agreement.start
        if life.level > 1 and life.chance(0.3):
            self.edit(sale, start + timedelta(days=life.rng.randrange(20, length * 28)))
        if life.level > 2 and life.chance(0.1):
            more = f"{self.name}+{len(self.customer.agreements)}"
            self.sell(more, start + timedelta(days=life.rng.randrange(5, 90)), self.another(None))
        if life.level > 2 and life.chance(0.05):
            self.move(sale, start + timedelta(days=life.pick([5, 50])))

    def another(self, price: Price | None) -> Price:
        return self.life.price(self.customer.currency, like=price)

    def stop(self, sale: Sale, day: date, months: int) -> None:
        """The customer leaves: a deal says so, or an end date, or a term where there was none."""
        renews, how = sale.agreement.end is None, self.life.rng.random()
        if self.life.level > 1 and how < 0.4:
            self.life.at(self.life.hour(day), lambda at: self.churn(day, at))
            return
        term = {"hs_recurring_billing_period": f"P{months}M"}
        end = {"hs_recurring_billing_end_date": day.isoformat()}

        def act(at: datetime) -> None:
            sale.agreement.end = day
            for item in sale.items:
                self.life.portal.set(item, term if renews and how > 0.7 else end, at)

        self.after(sale, day - timedelta(days=self.life.pick([2, 20])), act)

    def churn(self, day: date, at: datetime) -> None:
        """A deal in the pipeline of those who leave, with what is given up, or everything."""
        portal, life = self.life.portal, self.life
        placed = {"pipeline": life.churn.id, "dealstage": "gone", "closedate": iso(at)}
        deal = portal.add_deal("Leaves", self.customer.record, at, **placed)
        if life.level > 2 or not self.alone or life.chance(0.5):
            portal.add_line_item(deal, self.name, at, hs_product_id=self.product.id)
        self.customer.left.setdefault(self.name, []).append(day)

    def edit(self, sale: Sale, day: date) -> None:
        """The price or the quantity of the line item is changed in place."""
        price = self.another(sale.agreement.price)

        def act(at: datetime) -> None:
            sale.agreement.changes.append((at, price))
            self.life.portal.update(sale.items[0], at, **line(price))

        self.after(sale, day, act)

    def sell(self, product: str, start: date, price: Price) -> tuple[Sale, int]:
        """Write an agreement down; with it the months of its term, 0 if it renews itself."""
        life, currency = self.life, self.customer.currency
        won, start, given = self.begins(start)
        text, months = life.pick([*TERMS[price.frequency or "monthly"], ("", 0)])
        end = ended(start, text) if text else None
        given["hs_recurring_billing_period"] = text or None
        agreement = Agreement(product, currency, price, start, end)
        if life.level > 2 and life.chance(0.15):
            agreement.beside.append(self.another(price))
        sale = self.sale(agreement, won)
        self.close(sale, lambda at: self.open(sale, given, at))
        return sale, months

    def begins(self, start: date) -> tuple[date, date, dict[str, Any]]:
        """When it is won and when it starts, and how a line item says that."""
        life = self.life
        how = life.pick(["date", "date", "close", "days", "months"][: 5 if life.level > 1 else 3])
        if how == "date":
            given = {
                "hs_recurring_billing_start_date": start.isoformat(),
                f"{DELAY}_type": "hs_recurring_billing_start_date",
            }
            return start - timedelta(days=life.pick([0, 1, 10, 45, -5])), start, given
        if how == "days":
            delay = life.pick([7, 30, 60])
            given = {f"{DELAY}_days": str(delay), f"{DELAY}_type": f"{DELAY}_days"}
            return start - timedelta(days=delay), start, given
        if how == "months":
            delay = life.pick([1, 2])
            won = later(start, -delay)
            given = {f"{DELAY}_months": str(delay), f"{DELAY}_type": f"{DELAY}_months"}
            return won, later(won, delay), given
        return start, start, {}

    def open(self, sale: Sale, given: dict[str, Any], at: datetime) -> None:
        """A deal with its line items, and now and then one that is paid once."""
        life, portal, agreed = self.life, self.life.portal, sale.agreement
        first = agreed is self.customer.agreements[0]
        kind = "newbusiness" if first else life.pick(["existingbusiness", None])
        deal = self.deal(sale, at, dealtype="addon" if "+" in agreed.product else kind)
        named = life.level < 3 or life.chance(0.7)  # else the deal alone says which currency
        currency = {"hs_line_item_currency_code": agreed.currency if named else None}
        given = {"hs_product_id": self.product.id, **currency, **given}
        draft = agreed.price
        if life.level > 1 and life.chance(0.2):  # haggled over while the deal is open
            draft = self.another(agreed.price)
        for price in (draft, *agreed.beside):
            made = portal.add_line_item(deal, self.name, at, **given, **line(price))
            sale.items.append(made)
        if draft is not agreed.price:
            half, item = timedelta(minutes=30), sale.items[0]
            life.at(at + half, lambda then: portal.update(item, then, **line(agreed.price)))
        if life.level > 1 and life.chance(0.2):
            fee = {"price": "500", "hs_recurring_billing_period": life.pick([None, "P12M"])}
            portal.add_line_item(deal, "Set-up", at, **fee, **currency)


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
        sale = self.sale(Agreement("", currency, price, won), won)
        once = life.level > 1 and life.chance(0.1)

        def opened(at: datetime) -> None:
            amount = {} if once else {"recurring_revenue_amount": str(price.unit)}
            self.deal(sale, at, amount="99", recurring_revenue_deal_type=kind, **amount)
            sale.agreement.counted &= not once

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
