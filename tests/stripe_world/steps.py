"""What may happen to a subscription, from which level on and how often."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from stripe_world.market import Level
from tenure_connectors.stripe.world.moments import DAY
from tenure_connectors.stripe.world.things import Item, Sub

if TYPE_CHECKING:
    from stripe_world.life import Life

Step = Callable[["Life", Sub], None]


def settled(sub: Sub) -> bool:
    """Active, not leaving, not paused: what most changes need."""
    free = sub.cancel_at is None and sub.pause is None and sub.schedule is None
    return sub.status == "active" and free


def any_item(life: "Life", sub: Sub) -> Item | None:
    items = [item for item in sub.items if not item.price.metered]
    free = settled(sub) or (life.level >= Level.ADVANCED and on_trial(sub))
    return life.rng.choice(items) if items and free else None


def on_trial(sub: Sub) -> bool:
    return sub.status == "trialing" and sub.cancel_at is None


def change_quantity(life: "Life", sub: Sub) -> None:
    item = any_item(life, sub)
    if item:
        quantity = life.rng.choice([n for n in (1, 2, 4, 7, 15, 40) if n != item.quantity])
        life.desk.change(sub, item, item.price, quantity, proration=life.tastes.proration())


def change_plan(life: "Life", sub: Sub) -> None:
    item = any_item(life, sub)
    if item:
        price = life.tastes.price(like=item.price)
        if any(price == other.price for other in sub.items):
            return
        life.desk.change(sub, item, price, item.quantity, proration=life.tastes.proration())


def change_interval(life: "Life", sub: Sub) -> None:
    item = any_item(life, sub)
    if item and len(sub.items) == 1 and settled(sub):
        price = life.tastes.price()
        if price.interval != item.price.interval:
            life.desk.change(sub, item, price, item.quantity, proration=life.tastes.proration())


def cancel_now(life: "Life", sub: Sub) -> None:
    if sub.status != "incomplete":
        life.desk.cancel(sub)


def cancel_later(life: "Life", sub: Sub) -> None:
    if settled(sub) or on_trial(sub):
        ends = {item.period[1] for item in sub.items}
        latest = max(ends) if len(ends) > 1 and life.chance(0.5) else None
        if life.level >= Level.SCHEDULES and sub.status == "active" and life.chance(0.3):
            latest = life.book.now + life.rng.randrange(20, 90) * DAY  # on a day of its own
        life.desk.request_end(sub, latest)


def add_coupon(life: "Life", sub: Sub) -> None:
    if settled(sub) and not sub.discounts:
        life.desk.vouchers.apply(sub, life.tastes.coupon(sub.items[0].price, life.book.now))


def add_item_coupon(life: "Life", sub: Sub) -> None:
    item = any_item(life, sub)
    if item and not item.discounts:
        life.desk.vouchers.apply(sub, life.tastes.coupon(item.price, life.book.now), item)


def give_coupon(life: "Life", sub: Sub) -> None:
    if life.book.person.discount is None:
        life.desk.vouchers.give(life.tastes.coupon(sub.items[0].price, life.book.now))


def add_item(life: "Life", sub: Sub) -> None:
    if settled(sub) and len(sub.items) < 4:
        price = life.tastes.beside([item.price for item in sub.items], flexible=sub.flexible)
        if price is not None:
            life.desk.add(sub, price, life.tastes.quantity(), proration=life.tastes.proration())


def remove_item(life: "Life", sub: Sub) -> None:
    item = any_item(life, sub)
    licensed = [one for one in sub.items if not one.price.metered]
    if item and len(licensed) > 1 and settled(sub):
        life.desk.remove(sub, item, proration=life.tastes.proration())


def pause(life: "Life", sub: Sub) -> None:
    """One of three behaviors, with or without a day to resume; what is paused is resumed."""
    if sub.status == "paused":
        life.dunning.restart(sub)
    elif sub.pause is not None:
        life.dunning.resume(sub)
    elif settled(sub) and sub.days_until_due is None:
        behavior = life.rng.choice(("void", "mark_uncollectible", "keep_as_draft"))
        days = life.rng.choice((None, 20, 45, 90))
        until = None if days is None else life.book.now + days * DAY
        life.dunning.pause(sub, behavior, until)


def withdraw(life: "Life", sub: Sub) -> None:
    if sub.cancel_at is not None and sub.canceled_at != sub.created:
        life.desk.withdraw(sub)


def remove_coupon(life: "Life", sub: Sub) -> None:
    if settled(sub) and sub.discounts:
        life.desk.vouchers.remove(sub)


def move_trial(life: "Life", sub: Sub) -> None:
    if on_trial(sub):
        life.desk.move_trial(sub, life.book.now + life.rng.choice((0, 7, 20)) * DAY)


def delete_customer(life: "Life", sub: Sub) -> None:
    life.farewell.delete_customer()


def give_back(life: "Life", sub: Sub) -> None:
    life.farewell.give_back()


def migrate(life: "Life", sub: Sub) -> None:
    """Leave one subscription for another within the minute."""
    if settled(sub):
        life.desk.cancel(sub)
        life.book.at(life.book.now + 40, life.begin)


STEPS: list[tuple[Level, float, Step]] = [
    (Level.BASIC, 4, change_quantity),
    (Level.BASIC, 2, change_plan),
    (Level.BASIC, 1, change_interval),
    (Level.BASIC, 0.3, cancel_now),
    (Level.BASIC, 0.4, cancel_later),
    (Level.DISCOUNTS, 1.5, add_coupon),
    (Level.DISCOUNTS, 0.7, add_item_coupon),
    (Level.DISCOUNTS, 0.7, give_coupon),
    (Level.ITEMS, 1.5, add_item),
    (Level.ITEMS, 1.2, remove_item),
    (Level.STATES, 1.6, pause),
    (Level.SCHEDULES, 0.4, migrate),
    (Level.ADVANCED, 2, withdraw),
    (Level.ADVANCED, 1.5, remove_coupon),
    (Level.ADVANCED, 1, move_trial),
    (Level.ADVANCED, 0.3, delete_customer),
    (Level.ADVANCED, 0.7, give_back),
]
