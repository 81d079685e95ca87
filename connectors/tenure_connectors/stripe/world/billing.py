"""Invoices as Stripe makes them: cycles, prorations, discounts, tax, payment."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from tenure_connectors.stripe.world import render_billing
from tenure_connectors.stripe.world.book import Book
from tenure_connectors.stripe.world.catalog import Discount, Price, TaxRate, whole
from tenure_connectors.stripe.world.moments import HOUR, instant, later, period_of
from tenure_connectors.stripe.world.things import Invoice, Item, Line, Sub
from tenure_connectors.stripe.world.truth import GIVEN, OFF, TERMS
from tenure_connectors.stripe.world.worth import inherited, shares

STATE = ("state", "cause")
REASONS_TOLD = "2026-09-30"
"""The version from which an uncollectible invoice says whether a pause made it so."""


@dataclass(slots=True)
class Billing:
    """Bills the subscriptions of one customer."""

    book: Book
    failing: Callable[[Invoice], bool] = lambda _: False
    sent: Callable[[Invoice], None] = lambda _: None
    failed: Callable[[Invoice], None] = lambda _: None
    paid: Callable[[Invoice], None] = lambda _: None

    # -- cycles

    def first(self, sub: Sub) -> Invoice:
        """The invoice that a new subscription starts with."""
        now = self.book.now
        for item in sub.items:
            item.period = self.period(sub, item, now)
        short = sub.anchor > now and sub.status != "trialing"
        if short:
            self.shorten(sub)
        invoice = self.invoice(sub, "subscription_create", [] if short else sub.items)
        self.await_renewal(sub)
        if sub.collection_method == "send_invoice":
            self.book.at(now + HOUR, lambda: self.finalize(invoice))
        else:
            self.finalize(invoice)
        return invoice

    def period(self, sub: Sub, item: Item, at: int) -> tuple[int, int]:
        if sub.status == "trialing" and sub.trial is not None:
            return sub.trial
        return period_of(sub.anchor, item.price.interval, item.price.interval_count, at)

    def shorten(self, sub: Sub) -> None:
        """Until its anchor a subscription has a short first period, billed in proportion."""
        now = self.book.now
        for item in sub.items:
            start, end = self.period(sub, item, now)
            gross = item.price.amount(item.quantity) * (end - now) / (end - start)
            self.proration(sub, item, whole(gross), (now, end), item.price)
            item.period = (now, end)
            self.book.shelf.tracks[item.id].pin(now, TERMS)

    def await_renewal(self, sub: Sub) -> None:
        due = min(item.period[1] for item in sub.items)
        self.book.at(due, lambda: self.renew(sub))

    def renew(self, sub: Sub) -> None:
        """Bill the items whose period ends now; the last renewal bills what is left over."""
        now = self.book.now
        due = [item for item in sub.items if item.period[1] == now]
        if not due or not sub.live or sub.status in ("paused", "incomplete", "trialing"):
            return
        if sub.cancel_at is not None and sub.cancel_at <= now:
            return
        self.book.dally(60)  # Stripe gets to it within a minute
        before = due[0].period[0]
        for item in due:
            item.usage = self.book.rng.randrange(400) if item.price.metered else 0
        with self.book.updating(sub):
            for item in due:
                item.period = self.period(sub, item, now)
            invoice = self.invoice(sub, "subscription_cycle", due, arrears=due)
        invoice.period = (before, now)
        self.book.tell_invoice("updated", invoice)
        self.book.note(sub)
        self.await_renewal(sub)
        self.book.at(invoice.created + HOUR, lambda: self.finalize(invoice))
        self.book.lag = 0

    # -- what is on an invoice

    def invoice(
        self, sub: Sub, reason: str, items: Iterable[Item], arrears: Iterable[Item] = ()
    ) -> Invoice:
        """A draft with everything that waits for the subscription and a period of each item."""
        now = self.book.now
        items = list(items)
        pending = [line for line in self.pending(sub) if line.invoice is None]
        lines = pending[::-1] + [line for item in items[::-1] for line in self.service(sub, item)]
        lines += [self.usage(sub, item) for item in arrears if item.price.metered]
        count = len(self.book.shelf.invoices) + 1
        invoice = Invoice(
            self.book.id("in"),
            f"{self.book.tag}-{count:04d}",
            sub.customer,
            sub,
            now + self.book.lag,
            reason,
            (now, now),
            lines,
            collection_method=sub.collection_method,
            paused=sub.pause,
            auto_advance=sub.status != "unpaid",
        )
        for line in lines:
            line.invoice = invoice
        self.discount(sub, invoice, items)
        self.tax(sub, invoice)
        sub.latest_invoice = invoice.id
        self.book.shelf.invoices.append(invoice)
        self.pin(sub, invoice, items)
        self.book.tell_invoice("created", invoice)
        return invoice

    def pending(self, sub: Sub) -> list[Line]:
        return [ln for ln in self.book.shelf.lines if ln.sub is sub and not ln.dropped]

    def service(self, sub: Sub, item: Item) -> list[Line]:
        """The lines of an item's period: one per tier, and flat fees with quantity 0."""
        if item.price.metered:
            return []
        name = item.price.product.name
        if sub.status == "trialing":
            line = self.line(sub, item, item.quantity, 0, item.period, f"Trial period for {name}")
            line.unit = item.price.unit and item.price.unit * 0
            return [line]
        made = []
        for bill in item.price.bills(item.quantity):
            text = bill.label or f"{bill.quantity} × {name}"  # noqa: RUF001 (Stripe's own sign)
            line = self.line(sub, item, bill.quantity, whole(bill.amount), item.period, text)
            line.unit = bill.unit
            made.append(line)
        return made

    def usage(self, sub: Sub, item: Item) -> Line:
        start, end = self.elapsed(sub, item)
        amount = whole(item.price.amount(item.usage))
        line = self.line(sub, item, item.usage, amount, (start, end), item.price.product.name)
        line.unit = item.price.unit
        self.book.shelf.usage.append((item.id, start, end, item.usage))
        self.book.used(sub, item)
        return line

    def elapsed(self, sub: Sub, item: Item) -> tuple[int, int]:
        now = self.book.now
        start, _ = period_of(sub.anchor, item.price.interval, item.price.interval_count, now - 1)
        return max(start, item.start), now

    def line(  # noqa: PLR0913, PLR0917 (a line is these six)
        self, sub: Sub, item: Item, quantity: int, amount: int, period: tuple[int, int], text: str
    ) -> Line:
        key = self.book.id("il")
        return Line(key, item.price, quantity, amount, period, sub, item, text, date=self.book.now)

    def pin(self, sub: Sub, invoice: Invoice, items: list[Item]) -> None:
        """What an invoice states for ever: the terms of what it bills, the state of the rest."""
        now, tracks = self.book.now, self.book.shelf.tracks
        for item in items:
            if item.id in tracks:
                tracks[item.id].pin(now, (*TERMS, *OFF, GIVEN))
        told = REASONS_TOLD if invoice.paused == "mark_uncollectible" else ""
        for item in sub.items if items else ():
            if item.id in tracks:
                tracks[item.id].pin(now, STATE, since=told)

    # -- prorations

    def prorate(self, sub: Sub, item: Item, sign: int, gross: Fraction, price: Price) -> Line:
        """A credit for unused time (-1) or a charge for the time that is left (+1)."""
        start, end = item.period
        now = self.book.now
        amount = sign * whole(gross * (end - now) / (end - start))
        word = "Unused" if sign < 0 else "Remaining"
        return self.proration(sub, item, amount, (now, end), price, word)

    def proration(  # noqa: PLR0913, PLR0917 (a line is these six)
        self,
        sub: Sub,
        item: Item,
        amount: int,
        period: tuple[int, int],
        price: Price,
        word: str = "Remaining",
    ) -> Line:
        day = f"{instant(self.book.now):%d %b %Y}"
        text = f"{word} time on {price.product.name} after {day}"
        line = self.line(sub, item, item.quantity, amount, period, text)
        line.price = price
        line.proration = True
        line.discountable = False
        line.invoice_item = self.book.id("ii")
        self.book.shelf.lines.append(line)
        self.tell_item("created", line)
        return line

    def tell_item(self, kind: str, line: Line) -> None:
        person = self.book.person
        self.book.tell(
            f"invoiceitem.{kind}",
            lambda: render_billing.invoice_item(line, person.id, livemode=person.livemode),
        )

    def backdate(self, sub: Sub) -> None:
        """Bill the time before the subscription was made: one prorated line (classic mode).

        The proration counts from an imagined period that begins at the start (docs:
        "backdate subscriptions").
        """
        for item in sub.items:
            price, now = item.price, self.book.now
            end = later(item.start, price.interval, price.interval_count)
            gross = price.amount(item.quantity) * (now - item.start) / (end - item.start)
            self.proration(sub, item, whole(gross), (item.start, now), price)

    def fee(self, sub: Sub, price: Price) -> None:
        """A set-up fee: billed once, and no part of what the subscription is worth."""
        item = sub.items[0]
        now = self.book.now
        amount = whole(price.amount(1))
        line = self.line(sub, item, 1, amount, (now, now), price.product.name)
        line.price, line.item, line.unit, line.discountable = price, None, price.unit, False
        line.invoice_item = self.book.id("ii")
        self.book.shelf.lines.append(line)

    # -- discounts and tax

    def discount(self, sub: Sub, invoice: Invoice, items: list[Item]) -> None:
        """Take the discounts off the lines of the items' period, and use up those for once."""
        lines = [line for line in invoice.lines if line.discountable]
        if not lines:
            return
        for item in items:
            item.once = []
        used: dict[str, tuple[Discount, list[Line]]] = {}
        shared = self.due_discounts(sub, inherited(sub, self.book.now))
        for line in lines:
            own = line.item.discounts if line.item else []
            line.discounts = self.due_discounts(sub, own)
            for one in (d for d in (*line.discounts, *shared) if d.fits(line.price)):
                used.setdefault(one.id, (one, []))[1].append(line)
        for one, covered in sorted(
            used.values(), key=lambda pair: pair[0].subscription_item is None
        ):
            self.take_off(one, covered)
            if sub.status != "trialing":  # whether a bill of nothing names them, who knows
                one.used_by.add(sub.id)
            if one.once:
                self.use_up(sub, one, covered)
        invoice.discounts = shared

    def due_discounts(self, sub: Sub, found: list[Discount]) -> list[Discount]:
        """Those that have not lapsed; a trial bills nothing, so it uses up none for once."""
        trial, now = sub.status == "trialing", self.book.now
        return [d for d in found if (d.end is None or now < d.end) and not (trial and d.once)]

    def take_off(self, one: Discount, lines: list[Line]) -> None:
        left = [Fraction(n.amount - sum(a for _, a in n.discount_amounts)) for n in lines]
        currency = lines[0].price.currency if lines[0].price else "usd"
        parts = spread(shares(one, currency, left))
        for line, part in zip(lines, parts, strict=True):
            line.discount_amounts.append((one, part))

    def use_up(self, sub: Sub, one: Discount, lines: list[Line]) -> None:
        """A discount for once is gone after its invoice, and counts until that period ends."""
        for line in lines:
            if line.item is not None and one not in line.item.once:
                line.item.once.append(one)
        holders: list[Sub | Item] = [sub, *sub.items]
        for holder in holders:
            if one in holder.discounts:
                holder.discounts = [d for d in holder.discounts if d is not one]
        if sub.customer.discount is one:
            sub.customer.discount = None

    def tax(self, sub: Sub, invoice: Invoice) -> None:
        for line in invoice.lines:
            rates = (line.item.tax_rates if line.item else []) or sub.tax_rates
            taxable = line.amount - sum(amount for _, amount in line.discount_amounts)
            line.taxes = [(rate, tax_on(taxable, rate)) for rate in rates]

    # -- what becomes of it

    def finalize(self, invoice: Invoice) -> None:
        sub = invoice.sub
        if invoice.status != "draft" or invoice.paused == "keep_as_draft":
            return
        if not invoice.auto_advance or (sub and not sub.live):
            invoice.auto_advance = False
            self.book.tell_invoice("updated", invoice)
            return
        invoice.finalized_at = self.book.now
        invoice.status = "open"
        self.book.tell_invoice("finalized", invoice)
        if invoice.paused == "void":
            self.void(invoice)
        elif invoice.paused == "mark_uncollectible":
            self.give_up(invoice, "subscription_paused")
        elif invoice.total > 0 and invoice.collection_method == "send_invoice":
            self.sent(invoice)
        elif invoice.total <= 0 or not self.failing(invoice):
            self.pay(invoice)
        else:
            self.fail(invoice)
            self.failed(invoice)

    def pay(self, invoice: Invoice) -> None:
        invoice.attempts += invoice.total > 0
        invoice.status = "paid"
        invoice.paid_at = self.book.now
        self.book.tell_invoice("paid", invoice)
        self.paid(invoice)

    def fail(self, invoice: Invoice) -> None:
        invoice.attempts += 1
        self.book.tell_invoice("payment_failed", invoice)

    def void(self, invoice: Invoice) -> None:
        invoice.status = "void"
        invoice.voided_at = self.book.now
        self.book.tell_invoice("voided", invoice)

    def give_up(self, invoice: Invoice, reason: str) -> None:
        invoice.status = "uncollectible"
        invoice.uncollectible_at = self.book.now
        invoice.uncollectible_reason = reason
        self.book.tell_invoice("marked_uncollectible", invoice)


def spread(parts: list[Fraction]) -> list[int]:
    """Whole minor units with the same rounded sum, by largest remainder."""
    floors = [int(part) for part in parts]
    short = whole(sum(parts, Fraction(0))) - sum(floors)
    by_rest = sorted(range(len(parts)), key=lambda n: floors[n] - parts[n])
    for n in by_rest[:short]:
        floors[n] += 1
    return floors


def tax_on(taxable: int, rate: TaxRate) -> int:
    if rate.inclusive:
        return taxable - whole(rate.net(Fraction(taxable)))
    return whole(Fraction(taxable) * Fraction(rate.percentage) / 100)
