"""Way (c): a customer subscribes, and HubSpot bills the subscription and keeps its status."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from hubspot_world.agreed import Agreement, Price, Subscribed, later, midnight
from hubspot_world.deals import ended
from hubspot_world.life import TERMS, Customer, Life, line
from tenure_connectors.hubspot.world import Record

PAYING = {"active", "past_due", "scheduled"}


@dataclass
class Made:
    """A subscription with its records once they are made."""

    subscribed: Subscribed
    record: Record | None = None
    items: list[Record] | None = None


@dataclass
class Subscriptions:
    """One customer's subscriptions, one after the other."""

    life: Life
    customer: Customer

    def live(self, start: date, until: date) -> None:
        """Subscribe, and go on as customers do, until a day."""
        while start < until:
            made, end = self.subscribe(start)
            stop = end or later(start, self.life.pick([5, 9, 20]))
            day = start + timedelta(days=self.life.rng.randrange(10, 60))
            while day < min(stop, until):
                day = self.step(made, day)
            if end is None or self.life.chance(0.3):
                at = self.life.hour(stop - timedelta(days=self.life.pick([0, 3])))
                self.becomes(made, "canceled", at)
            else:
                self.becomes(made, "expired", midnight(end, self.life.zone))
            start = stop + timedelta(days=self.life.pick([5, 100]))

    def subscribe(self, start: date) -> tuple[Made, date | None]:
        """A new subscription with up to three lines; with it the day on which it is over."""
        life, currency = self.life, self.customer.currency
        first = life.price(currency)
        prices = [
            first,
            *(life.price(currency, like=first) for _ in range(life.pick([0, 0, 1, 2]))),
        ]
        text, _ = life.pick([*TERMS[first.frequency or "monthly"], ("", 0), ("", 0)])
        end = ended(start, text) if text else None
        lines = [
            Agreement(f"Plan {n}", currency, price, start, end) for n, price in enumerate(prices)
        ]
        made = Made(Subscribed(start, []))
        self.customer.subscribed.append(made.subscribed)
        ahead = life.pick([0, 0, 12]) if life.level > 1 else 0

        def create(at: datetime) -> None:
            made.subscribed.lines = lines
            self.create(made, text, at, "scheduled" if ahead else "active")

        life.at(life.hour(start - timedelta(days=ahead)), create)
        if ahead:
            self.becomes(made, "active", midnight(start, life.zone))
        return made, end

    def create(self, made: Made, term: str, at: datetime, status: str) -> None:
        life, one = self.life, made.subscribed
        frequency = one.lines[0].price.frequency
        named: dict[str, Any] = {
            "hs_status": status,
            "hs_currency_code": self.customer.currency,
            "hs_recurring_billing_start_date": one.start.isoformat(),
            "hs_recurring_billing_frequency": frequency,
        }
        made.record = life.portal.add_subscription("Plan", self.customer.record, at, **named)
        made.items = []
        for agreed in one.lines:
            given = {
                "hs_line_item_currency_code": self.customer.currency,
                "hs_recurring_billing_start_date": one.start.isoformat(),
                "hs_recurring_billing_period": term or None,
                **line(agreed.price),
            }
            item = life.portal.add_line_item(made.record, agreed.product, at, **given)
            made.items.append(item)

    def step(self, made: Made, day: date) -> date:
        """Something happens on a day; the day after which more may happen."""
        life = self.life
        what = life.pick(["edit", "edit", "nothing", "pause", "dunning"])
        if what == "edit":
            life.at(life.hour(day), lambda at: self.edit(made, at))
        elif what == "pause" and life.level > 1:
            self.becomes(made, "paused", life.hour(day))
            day += timedelta(days=life.pick([10, 45]))
            self.becomes(made, "active", life.hour(day))
        elif what == "dunning" and life.level > 1:
            self.becomes(made, "past_due", life.hour(day))
            day += timedelta(days=9)
            if life.chance(0.5):
                self.becomes(made, "unpaid", life.hour(day))
                day += timedelta(days=20)
            self.becomes(made, "active", life.hour(day))
        return day + timedelta(days=life.rng.randrange(15, 120))

    def becomes(self, made: Made, status: str, at: datetime) -> None:
        """HubSpot changes the status, unless the subscription is over."""

        def act(at: datetime) -> None:
            assert made.record is not None
            if made.record.value("hs_status") not in ("canceled", "expired"):
                made.subscribed.paying.append((at, status in PAYING))
                self.life.portal.update(made.record, at, hs_status=status)

        self.life.at(at, act)

    def edit(self, made: Made, at: datetime) -> None:
        """The price of a line is changed in place."""
        assert made.items is not None
        number = self.life.rng.randrange(len(made.items))
        agreed = made.subscribed.lines[number]
        price: Price = self.life.price(self.customer.currency, like=agreed.price)
        agreed.changes.append((at, price))
        self.life.portal.update(made.items[number], at, **line(price))
