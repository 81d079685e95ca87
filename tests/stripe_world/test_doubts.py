"""What the API cannot tell is in doubt until a record tells it, and no longer."""

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import pytest

from stripe_world.dunning import Dunning, Exhausted
from tenure_connectors.stripe.world.billing import Billing
from tenure_connectors.stripe.world.book import Book
from tenure_connectors.stripe.world.catalog import Catalog, Coupon, Price, Product
from tenure_connectors.stripe.world.desk import Desk, Order
from tenure_connectors.stripe.world.moments import DAY, HOUR, epoch
from tenure_connectors.stripe.world.things import Item, Person, Sub
from tenure_connectors.stripe.world.vouchers import Vouchers

OPENED = epoch("2024-01-01T08:00:00")
PRODUCT = Product("prod_a", "Team", OPENED)
MONTHLY = Price("price_m", PRODUCT, "usd", OPENED, unit=Decimal(1000))
YEARLY = Price("price_y", PRODUCT, "usd", OPENED, "year", unit=Decimal(9000))
OTHER = Price("price_o", Product("prod_o", "Other", OPENED), "usd", OPENED, unit=Decimal(2000))
OTHERS = Coupon("OTHERS", "forever", OPENED, Decimal(50), products=("prod_o",))
HALF = Coupon("HALF", "forever", OPENED, Decimal(50))
TENTH = Coupon("TENTH", "forever", OPENED, Decimal(10))


@dataclass
class Shop:
    """The books of one customer with a subscription; events are told from day `told` on."""

    told: int = 1000
    order: Order = field(default_factory=lambda: Order([(MONTHLY, 3)]))

    def __post_init__(self) -> None:
        person = Person("cus_1", "One", "one@example.com", "DE", "usd", OPENED)
        told_from = OPENED + self.told * DAY
        self.book = Book(Random(1), "0001", Catalog(), person, told_from, OPENED)
        self.vouchers = Vouchers(self.book)
        self.desk = Desk(self.book, Billing(self.book), self.vouchers)
        self.sub: Sub = self.desk.subscribe(self.order)
        self.item: Item = self.sub.items[0]

    def on(self, day: int) -> None:
        """Live until that day; months are billed on days 31, 60, 91, ..."""
        self.book.live(OPENED + day * DAY)

    def doubted(self, name: str, item: Item | None = None) -> list[int]:
        """The days on which a field is in doubt."""
        track = self.book.shelf.tracks[(item or self.item).id]
        doubts = list(track.doubts(self.book.now, self.book.told_from))
        days = range((self.book.now - OPENED) // DAY)
        return [
            day
            for day in days
            if any(
                name in d.names and d.start <= OPENED + day * DAY + DAY - 1 < d.end for d in doubts
            )
        ]


def change(shop):
    shop.desk.change(shop.sub, shop.item, MONTHLY, 5)


def another(shop):
    shop.vouchers.apply(shop.sub, TENTH, shop.item)


@pytest.mark.parametrize("meanwhile", [change, another])
def test_a_discount_taken_away_by_hand_is_known_by_the_next_invoice_and_by_nothing_before(
    meanwhile,
):
    shop = Shop(order=Order([(MONTHLY, 3)], coupon=HALF))
    shop.on(40)
    shop.vouchers.remove(shop.sub)
    shop.on(50)
    meanwhile(shop)
    shop.on(100)
    assert shop.doubted("discount") == list(range(31, 60))
    assert shop.doubted("amount") == []


def test_a_discount_taken_away_by_hand_is_in_doubt_for_an_item_of_another_product():
    """That becomes one of its own before the next invoice."""
    shop = Shop(order=Order([(MONTHLY, 3)], coupon=OTHERS))
    shop.on(40)
    shop.vouchers.remove(shop.sub)
    shop.on(50)
    shop.desk.change(shop.sub, shop.item, OTHER, 3)
    shop.on(100)
    assert shop.doubted("discount") == list(range(31, 60))


def test_a_discount_that_no_invoice_shows_kept_the_customers_off_all_items():
    shop = Shop(order=Order([(MONTHLY, 3), (YEARLY, 1)]))
    yearly = shop.sub.items[1]
    shop.on(5)
    shop.vouchers.apply(shop.sub, HALF, yearly)
    shop.on(10)
    shop.vouchers.give(TENTH)
    shop.on(20)
    shop.desk.remove(shop.sub, yearly, proration="create_prorations")
    shop.on(40)
    assert shop.doubted("discount") == list(range(5, 20))


def test_an_item_is_in_doubt_that_goes_with_a_discount_of_which_events_know_the_id_alone():
    shop = Shop(told=35, order=Order([(MONTHLY, 3), (YEARLY, 1)]))
    yearly = shop.sub.items[1]
    shop.on(5)
    shop.vouchers.apply(shop.sub, HALF, yearly)
    shop.on(40)
    shop.desk.remove(shop.sub, yearly, proration="create_prorations")
    shop.on(50)
    assert shop.doubted("amount", yearly) == list(range(40))
    assert shop.doubted("amount") == []


def test_an_event_of_the_customer_tells_nothing_of_what_a_subscription_does():
    shop = Shop(told=65)
    dunning = Dunning(shop.book, shop.desk.billing, shop.desk, 0.0, Exhausted.CANCEL)
    shop.on(40)
    dunning.pause(shop.sub, "void", OPENED + 62 * DAY)
    shop.on(70)
    shop.vouchers.give(TENTH)
    shop.on(80)
    shop.vouchers.apply(shop.sub, HALF)
    shop.on(85)
    assert shop.doubted("state") == list(range(31, 80))


@pytest.mark.parametrize("behavior", ["void", "keep_as_draft"])
def test_a_draft_that_an_end_left_behind_tells_no_pause(behavior):
    shop = Shop()
    dunning = Dunning(shop.book, shop.desk.billing, shop.desk, 0.0, Exhausted.CANCEL)
    shop.on(40)
    dunning.pause(shop.sub, behavior)
    shop.book.live(shop.item.period[1] + 1800)
    ended = shop.book.now
    shop.desk.cancel(shop.sub)
    shop.on(70)
    track = shop.book.shelf.tracks[shop.item.id]
    doubts = [d for d in track.doubts(shop.book.now) if "state" in d.names]
    assert max(d.end for d in doubts) == ended


def test_what_happens_just_after_a_renewal_is_told_after_it():
    shop = Shop(told=0)
    shop.book.at(shop.item.period[1] + 1, lambda: change(shop))
    shop.on(40)
    told = [event.created for event in shop.book.shelf.events]
    assert told == sorted(told)


def test_a_draft_is_known_to_wait_before_what_is_unpaid_is_recovered():
    shop = Shop()
    dunning = Dunning(shop.book, shop.desk.billing, shop.desk, 0.0, Exhausted.UNPAID)
    shop.sub.status = "unpaid"
    shop.book.live(shop.item.period[1] + 300)
    dunning.recover(shop.sub)
    draft = shop.book.shelf.invoices[-1]
    shop.on(40)
    assert (draft.finalized_at or 0) - draft.created == 3 * HOUR
    assert shop.sub.status == "active"


def test_what_is_sent_by_mail_leaves_none_past_due_whose_latest_invoice_is_paid():
    """Though an older one is still owed: the latest of them gives more back than it bills."""
    shop = Shop()
    Dunning(shop.book, shop.desk.billing, shop.desk, 0.0, Exhausted.CANCEL)
    shop.sub.collection_method, shop.sub.days_until_due = "send_invoice", 10
    shop.on(42)
    assert shop.sub.status == "past_due"
    shop.desk.change(shop.sub, shop.item, MONTHLY, 1, proration="always_invoice")
    assert shop.sub.status == "active"
