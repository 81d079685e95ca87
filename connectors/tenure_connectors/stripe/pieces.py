"""What is kept of each object, and of which subscription it is evidence.

A price, a coupon or a tax rate inside of an object is set aside, and its id stays: the same object
comes with it in one answer and without it in another, and is the same piece then.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import msgspec

from tenure_connectors.decoding import decoder
from tenure_connectors.stripe.life.lines import origin_of, owner_of, recurs
from tenure_connectors.stripe.shapes import (
    Coupon,
    Customer,
    Discount,
    Event,
    Invoice,
    InvoiceItem,
    Line,
    Page,
    Price,
    Product,
    Ref,
    Schedule,
    Shape,
    Subscription,
    SubscriptionItem,
    TaxRate,
    id_of,
)

T = TypeVar("T", bound=Shape)

_json = msgspec.json.Encoder(order="sorted")


class Piece(NamedTuple):
    """An object, or a part of one, that says something of `subject`."""

    subject: str
    name: str
    data: bytes | None


Aside = Callable[[str, Shape], None]
"""Takes an object that came inside of another one, by its name."""

Cut = Callable[[Any, Aside], Iterable[Piece]]


def encoded(one: Any) -> bytes:
    """The one way in which a piece is written, so that equal pieces are equal bytes."""
    return _json.encode(one)


def names(objects: Iterable[Any]) -> list[str]:
    """What may be named as a source and came in these objects: they, and their discounts."""
    return list(dict.fromkeys(name for one in objects for name in _names(one)))


def _names(one: Any) -> Iterator[str]:
    yield one.id
    if isinstance(one, Event):
        with suppress(msgspec.ValidationError):
            yield decoder(Ref).decode(one.data.object).id
    inner: Iterable[Any] = ()
    if isinstance(one, Invoice):
        inner = one.lines.data
    elif isinstance(one, Subscription) and one.items is not None:
        inner = one.items.data
    for holder in (one, *inner):
        for d in (getattr(holder, "discount", None), *(getattr(holder, "discounts", None) or ())):
            if isinstance(d, Discount) and d.id:
                yield d.id


def of_subscription(sub: Subscription, aside: Aside) -> Iterator[Piece]:
    """A subscription is evidence of itself; items that did not come with it, `of_items` brings.

    Its discounts are so beyond the day on which they, or the items that they are of, are gone.
    """
    sub.customer = id_of(sub.customer) or ""
    sub.schedule = id_of(sub.schedule)
    sub.plan = _price(sub.plan, aside)
    _discounts(sub, aside)
    _tax_rates(sub.default_tax_rates, aside)
    more = sub.items is not None and sub.items.has_more
    items = [_item(item, aside) for item in (sub.items.data if sub.items else ())]
    head = msgspec.structs.replace(sub, items=Page()) if more else sub
    yield Piece(sub.id, "subscription", encoded(head))
    yield from _told(sub.id, items, [sub.discount, *(sub.discounts or ())])


def of_items(
    sub: str, number: int, items: Iterable[SubscriptionItem], aside: Aside
) -> Iterator[Piece]:
    """A page of a subscription's items."""
    page = [_item(item, aside) for item in items]
    yield Piece(sub, f"items:{number:06}", encoded(page))
    yield from _told(sub, page)


def _item(item: SubscriptionItem, aside: Aside) -> SubscriptionItem:
    item.price, item.plan = _price(item.price, aside), _price(item.plan, aside)
    item.discounts = [_discount(one, aside) for one in item.discounts or ()] or None
    for one in item.discounts or ():
        if isinstance(one, Discount):
            one.subscription_item = item.id  # which it does not always say itself
    _tax_rates(item.tax_rates, aside)
    return item


def of_invoice(invoice: Invoice, aside: Aside) -> Iterator[Piece]:
    """An invoice is evidence of its subscription, and of any other that it has lines of.

    Where it has more lines than came with it, it goes without any: `of_lines` brings them all.
    """
    head = headless(headed(invoice, aside))
    owner = subscription_of(head)
    here = [] if invoice.lines.has_more else invoice.lines.data
    shares = _shares(here, owner, aside)
    for subject in sorted({*shares, *([owner] if owner else ())}):
        head.lines = Page(data=shares.get(subject, []))
        yield Piece(subject, f"invoice:{head.id}", encoded(head))
    yield from _no_longer_pending(shares)


def of_lines(invoice: Invoice, number: int, lines: Iterable[Line], aside: Aside) -> Iterator[Piece]:
    """A page of an invoice's lines."""
    owner = subscription_of(invoice)
    shares = _shares(lines, owner, aside)
    for subject, share in shares.items():
        if subject != owner:
            yield Piece(subject, f"invoice:{invoice.id}", encoded(headless(invoice)))
        yield Piece(subject, f"lines:{invoice.id}:{number:06}", encoded(share))
    yield from _no_longer_pending(shares)


def of_invoice_item(item: InvoiceItem, aside: Aside) -> Iterator[Piece]:
    """An invoice item is evidence of its subscription as long as no invoice has it.

    It stays so when it is dropped, as prorations are by a cancellation at once: the change that it
    proves was made.
    """
    owner = owner_of(item)
    if owner is None:
        return
    item.price, item.plan = _price(item.price, aside), _price(item.plan, aside)
    _pricing(item, aside)
    _tax_rates(item.tax_rates, aside)
    item.discounts = [_discount(one, aside) for one in item.discounts or ()] or None
    yield Piece(owner, f"item:{item.id}", None if item.invoice else encoded(item))


def of_schedule(schedule: Schedule, aside: Aside) -> Iterator[Piece]:
    """A schedule is evidence of its subscription; before there is one, of itself."""
    schedule.customer = id_of(schedule.customer)
    for phase in schedule.phases:
        for item in (*(phase.items or ()), *(phase.plans or ())):
            item.price, item.plan = _price(item.price, aside), _price(item.plan, aside)
    subject = id_of(schedule.subscription) or id_of(schedule.released_subscription)
    name, data = f"schedule:{schedule.id}", encoded(schedule)
    waits = subject is None and schedule.status in {"not_started", "active"}
    if subject is not None:
        yield Piece(subject, name, data)
    yield Piece(schedule.id, name, data if waits else None)


def of_customer(customer: Customer, aside: Aside) -> bytes:
    """What a customer has to do with its subscriptions; a deleted one takes nothing off."""
    discount = None if customer.deleted else _discount(customer.discount, aside)
    return encoded(Customer(id=customer.id, discount=discount, deleted=customer.deleted))


def unnested(one: Any, aside: Aside) -> None:
    """Set aside what came inside of an object that is itself for the shelf."""
    if isinstance(one, Price) and isinstance(one.product, Product):
        aside(f"product:{one.product.id}", one.product)
        one.product = one.product.id


def set_aside(line: Line, aside: Aside) -> None:
    """Set aside what came inside of a line of which nothing else is needed."""
    _line(line, aside)


def tell(one: Subscription | Invoice, told: Mapping[str | None, Discount]) -> bool:
    """Put discounts where their ids are, everywhere in an object; whether one is not told."""
    inner: list[Any] = one.lines.data if isinstance(one, Invoice) else []
    if isinstance(one, Subscription) and one.items is not None:
        inner = one.items.data
    unknown = False
    for holder in (one, *inner):
        found = [told.get(d, d) if isinstance(d, str) else d for d in holder.discounts or ()]
        unknown = unknown or any(isinstance(d, str) for d in found)
        holder.discounts = found or None
    return unknown


def headed(invoice: Invoice, aside: Aside) -> Invoice:
    """The invoice with what came inside of it set aside, but for its lines."""
    invoice.customer = id_of(invoice.customer)
    invoice.subscription = id_of(invoice.subscription)
    _discounts(invoice, aside)
    for taken in invoice.total_discount_amounts or ():
        taken.discount = _discount(taken.discount, aside)
    return invoice


def headless(invoice: Invoice) -> Invoice:
    """The invoice without its lines."""
    return msgspec.structs.replace(invoice, lines=Page())


def subscription_of(invoice: Invoice) -> str | None:
    """The subscription that an invoice is of."""
    details = invoice.parent.subscription_details if invoice.parent else None
    return id_of(invoice.subscription) or id_of(details.subscription if details else None)


def _shares(lines: Iterable[Line], owner: str | None, aside: Aside) -> dict[str, list[Line]]:
    """The lines that say something, by the subscription that they are of."""
    shares: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        subject = owner_of(line) or owner
        if subject is not None and recurs(line):
            shares[subject].append(_line(line, aside))
    return shares


def _no_longer_pending(shares: Mapping[str, Iterable[Line]]) -> Iterator[Piece]:
    """An invoice item that is on an invoice waits for none; no event says so."""
    for subject, lines in shares.items():
        for line in lines:
            origin = origin_of(line)
            if item := id_of(line.invoice_item) or (origin.invoice_item if origin else None):
                yield Piece(subject, f"item:{item}", None)


def _line(line: Line, aside: Aside) -> Line:
    line.price, line.plan = _price(line.price, aside), _price(line.plan, aside)
    _pricing(line, aside)
    _tax_rates(line.tax_rates, aside)
    line.discounts = [_discount(one, aside) for one in line.discounts or ()] or None
    for taken in line.discount_amounts or ():
        taken.discount = _discount(taken.discount, aside)
    for tax in (*(line.tax_amounts or ()), *(line.taxes or ())):
        if isinstance(tax.tax_rate, TaxRate):
            aside(f"tax_rate:{tax.tax_rate.id}", tax.tax_rate)
            tax.tax_rate = tax.tax_rate.id
    return line


def _pricing(line: Line | InvoiceItem, aside: Aside) -> None:
    if line.pricing and line.pricing.price_details:
        line.pricing.price_details.price = _price(line.pricing.price_details.price, aside)


def _discounts(holder: Subscription | Invoice, aside: Aside) -> None:
    holder.discount = _discount(holder.discount, aside)
    holder.discounts = [_discount(one, aside) for one in holder.discounts or ()] or None


def _discount(one: Any, aside: Aside) -> Any:
    if isinstance(one, Discount):
        one.customer = id_of(one.customer)
        if isinstance(one.coupon, Coupon):
            one.coupon = _coupon(one.coupon, aside)
        if one.source is not None and isinstance(one.source.coupon, Coupon):
            one.source.coupon = _coupon(one.source.coupon, aside)
    return one


def _told(sub: str, items: Iterable[SubscriptionItem], own: Iterable[Any] = ()) -> Iterator[Piece]:
    """Its own discounts and those of the items that stand there as more than their ids."""
    for one in (*own, *(one for item in items for one in item.discounts or ())):
        if isinstance(one, Discount) and one.id:
            yield Piece(sub, f"discount:{one.id}", encoded(one))


def _coupon(coupon: Coupon, aside: Aside) -> str:
    return _aside("coupon", coupon, aside)


def _price(price: Price | str | None, aside: Aside) -> str | None:
    return _aside("price", price, aside) if isinstance(price, Price) else price


def _tax_rates(rates: Iterable[TaxRate] | None, aside: Aside) -> None:
    for rate in rates or ():
        aside(f"tax_rate:{rate.id}", rate)


def _aside(kind: str, one: Any, aside: Aside) -> str:
    unnested(one, aside)
    aside(f"{kind}:{one.id}", one)
    return str(one.id)


def decoded(data: bytes, kind: type[T]) -> T:
    """A piece as an object again."""
    one: T = decoder(kind).decode(data)
    return one


def decoded_list(data: bytes, kind: type[T]) -> list[T]:
    """The same for a piece that is a list."""
    all_: list[T] = decoder(list[kind]).decode(data)  # type: ignore[valid-type]
    return all_
