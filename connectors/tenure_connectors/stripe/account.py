"""The lists of an account, and what becomes of their objects: pieces on the spool, or records."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from tenure import Attribute, Context, Excluded, Observation, Quarantined, RawChunk, Record
from tenure import Customer as Stated
from tenure_connectors.decoding import decoder
from tenure_connectors.spool import Spool
from tenure_connectors.stripe import pieces, shapes
from tenure_connectors.stripe.client import Api
from tenure_connectors.stripe.events import observation
from tenure_connectors.stripe.listing import Broken, Listing, Page, Reading
from tenure_connectors.stripe.options import StripeConfig
from tenure_connectors.stripe.pace import Pace
from tenure_connectors.stripe.pieces import encoded
from tenure_connectors.stripe.progress import Mark
from tenure_connectors.stripe.usage import under_way, used

COUPON = "source.coupon"

SUBSCRIPTIONS = Listing(
    "/v1/subscriptions",
    shapes.Subscription,
    {"status": "all", "expand": [f"data.discounts.{COUPON}", "data.items.data.discounts"]},
)
INVOICES = Listing(
    "/v1/invoices",
    shapes.Invoice,
    {"expand": [f"data.discounts.{COUPON}", "data.lines.data.discounts"]},
)
INVOICE_ITEMS = Listing(
    "/v1/invoiceitems", shapes.InvoiceItem, {"pending": True, "expand": ["data.discounts"]}
)
SCHEDULES = Listing("/v1/subscription_schedules", shapes.Schedule)
CUSTOMERS = Listing("/v1/customers", shapes.Customer, {"expand": [f"data.discount.{COUPON}"]})
PRODUCTS = Listing("/v1/products", shapes.Product)
PRICES = Listing("/v1/prices", shapes.Price, {"expand": ["data.tiers"]})
COUPONS = Listing("/v1/coupons", shapes.Coupon, {"expand": ["data.applies_to"]})
TAX_RATES = Listing("/v1/tax_rates", shapes.TaxRate)
METERS = Listing("/v1/billing/meters", shapes.Meter, windows=False)
CREDIT_NOTES = Listing("/v1/credit_notes", shapes.CreditNote)
EVENTS = Listing("/v1/events", shapes.Event)

LISTS = (
    PRODUCTS, PRICES, COUPONS, TAX_RATES, CUSTOMERS, SUBSCRIPTIONS, INVOICES, INVOICE_ITEMS,
    SCHEDULES, CREDIT_NOTES,
)  # fmt: skip
"""All that a full sweep reads."""

SHELVES: Mapping[type[Any], str] = {
    shapes.Product: "product",
    shapes.Price: "price",
    shapes.Coupon: "coupon",
    shapes.TaxRate: "tax_rate",
}
_CUTS: Mapping[type[Any], pieces.Cut] = {
    shapes.Subscription: pieces.of_subscription,
    shapes.Invoice: pieces.of_invoice,
    shapes.InvoiceItem: pieces.of_invoice_item,
    shapes.Schedule: pieces.of_schedule,
}
_ALONE = {
    "product": ("/v1/products", ()),
    "price": ("/v1/prices", ("tiers",)),
    "coupon": ("/v1/coupons", ("applies_to",)),
    "tax_rate": ("/v1/tax_rates", ()),
}
_SET_ASIDE = 50_000


@dataclass(slots=True)
class Account:
    """Reads lists of one account; what is not a record goes to the spool."""

    context: Context
    config: StripeConfig
    api: Api
    spool: Spool
    keep_raw: bool = True
    usage_so_far: bool = False
    livemode: bool | None = field(init=False)
    _aside: set[str] = field(init=False, default_factory=set)
    _chunks: Counter[str] = field(init=False, default_factory=Counter)
    _counted: Counter[str] = field(init=False, default_factory=Counter)
    _pace: Pace = field(init=False)
    _reading: Reading = field(init=False)

    def __post_init__(self) -> None:
        key = self.config.api_key.get_secret_value()
        known = key.startswith(("sk_live_", "rk_live_")) or self.config.is_test
        self.livemode = not self.config.is_test if known else None
        self._pace = Pace(self.config.requests_per_second)
        self._reading = Reading(self.api, self._pace)

    def read(self, *listings: Listing) -> Iterator[Record]:
        """Read lists to their end, with every inner list; the records that come of it."""
        for page in self.pages(*listings):
            yield from self.taken(page)

    def pages(self, *listings: Listing) -> Iterator[Page]:
        """The pages of lists, objects of the other mode and what cannot be read taken out."""
        for listing in listings:
            self._reading.add(listing)
        yield from self._reading

    def mark(self) -> Mark:
        """Where the reading stands, after the pages that were given."""
        left = self._reading.left()
        return Mark(left, dict(self._chunks), dict(self._counted), self.spool.doubts)

    def go_on(self, mark: Mark) -> None:
        """Read on from there: `pages` gives what is left."""
        self._reading.go_on(mark.left)
        self._chunks.update(mark.chunks)
        self._counted.update(mark.counted)
        self.spool.doubts |= mark.doubts

    def raw(self, page: Page) -> Iterator[Record]:
        """What is said of a page as a whole: how it came, what cannot be read, what is left out."""
        name = page.listing.path.removeprefix("/v1/")
        if self.keep_raw and page.body:
            yield RawChunk(
                name=name,
                position=self._chunks[name],
                data=page.body,
                holds=pieces.names(page.objects),
            )
            self._chunks[name] += 1
        for broken in page.broken:
            self._doubt(broken)
            raw = broken.raw.decode(errors="replace")
            yield Quarantined(source_ref=broken.id or name, reason=broken.reason, raw=raw)

    def taken(self, page: Page) -> Iterator[Record]:
        """What comes of a page; the rest of it goes to the spool."""
        yield from self.raw(page)
        if page.gone and page.listing.owner is not None:
            yield Excluded(reason="deleted while it was read")
        if page.listing.kind is shapes.MeterSummary:
            yield from (used(str(page.listing.owner), one) for one in page.objects)
            return
        if page.listing.owner is not None:
            yield from self._inner(page)
            return
        for one in page.objects:
            if self.is_ours(one):
                yield from self.take(one, page.listing.rank)
            else:
                yield left_out(one)

    def _inner(self, page: Page) -> Iterator[Record]:
        """What comes of a page of an inner list; it has to be as long as Stripe says."""
        listing, owner = page.listing, page.listing.owner
        if isinstance(owner, shapes.Invoice):
            name, of = owner.id, pieces.subscription_of(owner)
            found = pieces.of_lines(owner, page.number, page.objects, self.aside)
        else:
            name = of = str(owner)
            found = pieces.of_items(name, page.number, page.objects, self.aside)
        self._add(found, listing.rank)
        self._counted[name] += len(page.objects) + len(page.broken)
        if not page.last:
            return
        read = self._counted.pop(name)
        if read < listing.count and not page.gone:
            self.spool.doubt(of or "*")
            reason = f"Stripe counts {listing.count} of {listing.path} and gave {read}"
            yield Quarantined(source_ref=name, reason=reason)

    def observed(self, event: shapes.Event) -> Iterator[Record]:
        """What is kept of an event for good."""
        if not self.is_ours(event):
            yield left_out(event)
            return
        try:
            kept = observation(event)
        except msgspec.ValidationError as error:
            raw = bytes(event.data.object).decode(errors="replace")
            yield Quarantined(source_ref=event.id, reason=str(error), raw=raw)
            return
        if kept is not None:
            yield kept

    def is_ours(self, one: Any) -> bool:
        """Whether it is of the mode that the key is for."""
        mode = getattr(one, "livemode", None)
        return {mode, self.livemode} != {True, False}

    def take(self, one: Any, rank: int = 0) -> Iterator[Record]:
        """Keep an object; a customer is a record, a credit note is kept for good."""
        if isinstance(one, shapes.Customer):
            yield from self.customer(one)
        elif isinstance(one, shapes.CreditNote):
            yield credited(one)
        elif type(one) in SHELVES:
            name = SHELVES[type(one)]
            pieces.unnested(one, self.aside)
            self.spool.put(f"{name}:{one.id}", encoded(one))
        else:
            if self.usage_so_far and isinstance(one, shapes.Subscription):
                for listing in under_way(one, self.context.clock()):
                    self._reading.add(listing)
            self._add(_CUTS[type(one)](one, self.aside), rank)
            self._read_inner(one, rank)

    def ask(self, kind: str, key: str) -> bytes | None:
        """One thing that is sold, of which only the id is known."""
        path, expand = _ALONE[kind]
        decode = decoder(next(k for k, v in SHELVES.items() if v == kind)).decode
        found = self.api.find(f"{path}/{quote(key, safe='')}", {"expand": expand}, decode)
        if found is None or not self.is_ours(found):
            return None
        pieces.unnested(found, self.aside)
        return encoded(found)

    def lay_coupons(self, invoice: str) -> None:
        """Lay the coupons aside that come with the lines of an invoice, deleted ones, too."""
        path, expand = f"/v1/invoices/{quote(invoice, safe='')}/lines", f"data.discounts.{COUPON}"
        lines = Listing(path, shapes.Line, {"expand": [expand]}, windows=False)
        for page in self.pages(lines):
            for line in page.objects:
                pieces.set_aside(line, self.aside)

    def _read_inner(self, one: Any, rank: int) -> None:
        """Read what an object has more of than came with it, before the lists go on."""
        inner = Listing("", shapes.Line, {"expand": ["data.discounts"]}, windows=False, rank=rank)
        if isinstance(one, shapes.Invoice) and one.lines.has_more:
            path, head = f"/v1/invoices/{quote(one.id, safe='')}/lines", pieces.headless(one)
            self._reading.add(replace(inner, path=path, owner=head, count=_count(one.lines, rank)))
        if isinstance(one, shapes.Subscription) and one.items and one.items.has_more:
            asked = {**inner.params, "subscription": one.id}
            path, kind = "/v1/subscription_items", shapes.SubscriptionItem
            inner = replace(inner, path=path, kind=kind, params=asked, owner=one.id)
            self._reading.add(replace(inner, count=_count(one.items, rank)))

    def customer(self, one: shapes.Customer) -> Iterator[Record]:
        """Who pays; what it has to do with its subscriptions is laid on the shelf."""
        kept = pieces.of_customer(one, self.aside)
        self.spool.put(f"customer:{one.id}", kept)
        if not one.deleted:
            yield stated(one)

    def aside(self, name: str, one: shapes.Shape) -> None:
        """Lay what came inside of another object on the shelf, once."""
        if name not in self._aside:
            if len(self._aside) >= _SET_ASIDE:
                self._aside.clear()
            self._aside.add(name)
            self.spool.put(f"inside {name}", encoded(one), over=False)

    def _add(self, found: Iterable[pieces.Piece], rank: int = 0) -> None:
        for subject, name, data in found:
            self.spool.add(subject, name, data, rank)

    def _doubt(self, broken: Broken) -> None:
        """Whatever it may say something of is in doubt; everything, if it does not say of what."""
        try:
            names = decoder(_Names).decode(broken.raw)
        except msgspec.ValidationError:
            names = _Names()
        details = (names.parent or _Parent()).subscription_details or _Details()
        subjects = (names.subscription, details.subscription, names.customer)
        self.spool.doubt(next((one for one in subjects if one), broken.id or "*"))


def _count(inner: shapes.Page[Any], rank: int) -> int:
    """How many Stripe says there are; what an event said so of may have become less."""
    return 0 if rank else inner.total_count or 0


def left_out(one: Any) -> Excluded:
    """An object of the other mode than the key's."""
    return Excluded(reason="live mode" if one.livemode else "test mode")


def credited(one: shapes.CreditNote) -> Observation:
    """What is kept of a credit note: its invoice says all the same what was sold, and when."""
    at = one.voided_at if one.status == "void" else one.created
    one.invoice, one.customer = shapes.id_of(one.invoice) or "", shapes.id_of(one.customer)
    return Observation(
        subject=one.invoice,
        key=f"{one.id}:{one.status}",
        at=datetime.fromtimestamp(at or 0, UTC),
        data={"credit_note": msgspec.to_builtins(one)},
    )


def stated(one: shapes.Customer) -> Stated:
    """A customer with what is known of it now; its address says more than where it ships to."""
    shipped = one.shipping.address if one.shipping else None
    country = (one.address and one.address.country) or (shipped and shipped.country)
    metadata = {f"metadata.{k}": str(v) for k, v in sorted((one.metadata or {}).items())}
    values = {"country": country or None, "currency": (one.currency or "").upper() or None}
    return Stated(
        id=one.id,
        name=one.name or one.description or None,
        email=one.email or None,
        attributes=[Attribute(name=n, value=v) for n, v in {**values, **metadata}.items()],
    )


class _Details(msgspec.Struct):
    subscription: str | None = None


class _Parent(msgspec.Struct):
    subscription_details: _Details | None = None


class _Names(msgspec.Struct):
    subscription: str | None = None
    customer: str | None = None
    parent: _Parent | None = None
