"""When money does not come: failed payments, retries, and the three ways to pause.

A first invoice that fails leaves the subscription incomplete for 23 hours; a later one makes
it past due until a retry succeeds or all have failed. Then the account's setting decides.
"""

from dataclasses import dataclass
from enum import StrEnum

from tenure_connectors.stripe.world import render_billing
from tenure_connectors.stripe.world.billing import Billing
from tenure_connectors.stripe.world.book import Book
from tenure_connectors.stripe.world.desk import Desk
from tenure_connectors.stripe.world.moments import DAY, HOUR
from tenure_connectors.stripe.world.things import Invoice, Sub
from tenure_connectors.stripe.world.truth import NEVER

RETRIES = (3 * DAY, 5 * DAY, 7 * DAY)
"""When a failed payment is tried again, counted from the failure before."""

EXPIRES = 23 * HOUR
BECAME_UNPAID = "when it became unpaid: known between its failed invoice and the next record"
PAUSED = "a pause or a resume, known to the billing period only"


class Exhausted(StrEnum):
    """What the account does with a subscription once all retries have failed."""

    CANCEL = "cancel"
    UNPAID = "unpaid"
    PAST_DUE = "leave past due"


@dataclass(slots=True)
class Dunning:
    """Collects, or fails to, for one customer."""

    book: Book
    billing: Billing
    desk: Desk
    odds: float
    exhausted: Exhausted

    def __post_init__(self) -> None:
        self.billing.failing = self.failing
        self.billing.failed = self.failed
        self.billing.paid = self.paid
        self.billing.sent = self.sent

    def chance(self, odds: float) -> bool:
        return self.book.rng.random() < odds

    # -- failure

    def failing(self, invoice: Invoice) -> bool:
        """Whether a payment fails: never of short cycles, whose retries would overlap."""
        sub = invoice.sub
        if sub is None or any(item.price.interval in ("day", "week") for item in sub.items):
            return False
        if sub.status == "incomplete":
            return True
        if sub.status == "trialing" or invoice.billing_reason == "subscription_create":
            return False  # what fails at the start makes it incomplete, and never past due
        if sub.no_card:
            return True
        return self.chance(0.5 if sub.status == "past_due" else self.odds)

    def failed(self, invoice: Invoice) -> None:
        sub = invoice.sub
        assert sub is not None
        if sub.status == "incomplete":
            self.book.at(self.book.now + EXPIRES, lambda: self.expire(sub, invoice))
            if self.chance(0.6):
                soon = self.book.now + self.book.rng.randrange(120, EXPIRES)
                self.book.at(soon, lambda: self.collect(invoice))
            return
        with self.book.updating(sub):
            sub.status = "past_due"
        self.book.note(sub)
        self.book.at(self.book.now + RETRIES[0], lambda: self.retry(invoice, 0))

    def sent(self, invoice: Invoice) -> None:
        """An invoice by mail is paid some day; its subscription is past due from the due date."""
        sub = invoice.sub
        assert sub is not None
        days = sub.days_until_due or 0
        invoice.due_date = self.book.now + days * DAY
        self.book.tell_invoice("updated", invoice)
        paid = self.book.now + self.book.rng.randrange(HOUR, days * 3 * DAY // 2)
        self.book.at(paid, lambda: self.collect(invoice))
        self.book.at(invoice.due_date, lambda: self.overdue(sub, invoice))

    def overdue(self, sub: Sub, invoice: Invoice) -> None:
        if sub.latest_invoice != invoice.id or sub.status == "trialing":
            self.collect(invoice)  # what two invoices, or a trial's, make of it no document says
        elif invoice.status == "open" and sub.live and sub.status == "active":
            with self.book.updating(sub):
                sub.status = "past_due"
            self.book.note(sub)

    def expire(self, sub: Sub, invoice: Invoice) -> None:
        if sub.status != "incomplete" or not sub.live:
            return
        with self.book.updating(sub):
            sub.status = "incomplete_expired"
            sub.ended_at = sub.canceled_at = self.book.now
        for item in sub.items:
            self.book.shelf.tracks[item.id].free.add("cause")
        self.book.note(sub)
        self.billing.void(invoice)

    def retry(self, invoice: Invoice, count: int) -> None:
        sub = invoice.sub
        assert sub is not None
        if invoice.status != "open" or not sub.live or sub.latest_invoice != invoice.id:
            return
        if self.chance(0.45):
            self.collect(invoice)
            return
        self.billing.fail(invoice)
        if count + 1 < len(RETRIES):
            after = self.book.now + RETRIES[count + 1]
            self.book.at(after, lambda: self.retry(invoice, count + 1))
        else:
            self.give_up(sub, invoice)

    def give_up(self, sub: Sub, invoice: Invoice) -> None:
        if self.exhausted is Exhausted.CANCEL:
            self.desk.cancel(sub, "payment_failed")
            if self.chance(0.5):
                self.billing.give_up(invoice, "subscription_canceled")
            return
        if self.exhausted is Exhausted.UNPAID:
            with self.book.updating(sub):
                sub.status = "unpaid"
            self.book.note(sub, BECAME_UNPAID)
        if self.chance(0.6):
            later = self.book.now + self.book.rng.randrange(2 * DAY, 60 * DAY)
            self.book.at(later, lambda: self.recover(sub))

    # -- recovery

    def recover(self, sub: Sub) -> None:
        """The customer pays its latest invoice, though nothing tried to collect it any more.

        But none that is a draft as any is when it is new: it could not tell what there was.
        """
        if not sub.live or sub.status not in ("past_due", "unpaid"):
            return
        invoice = next(i for i in self.book.shelf.invoices if i.id == sub.latest_invoice)
        if invoice.status == "draft":
            by_itself = invoice.created + 3 * HOUR
            if self.book.now < by_itself:
                self.book.at(by_itself, lambda: self.recover(sub))
                return
            invoice.status, invoice.finalized_at = "open", self.book.now
            self.book.tell_invoice("finalized", invoice)
        self.collect(invoice)

    def collect(self, invoice: Invoice) -> None:
        sub = invoice.sub
        if sub is not None and sub.live and invoice.status == "open":
            self.billing.pay(invoice)

    def paid(self, invoice: Invoice) -> None:
        """Paying the latest invoice makes a subscription active; older ones are forgiven."""
        sub = invoice.sub
        if sub is None or not sub.live or not self.settles(sub, invoice):
            return
        if sub.status in ("incomplete", "past_due", "unpaid"):
            with self.book.updating(sub):
                sub.status = "active"
                sub.no_card = False
            self.book.note(sub)
        for older in self.book.shelf.invoices:
            before = older.sub is sub and older.created < invoice.created
            if before and older.status == "open" and self.chance(0.7):
                self.billing.give_up(older, "user_forgiven")

    def settles(self, sub: Sub, invoice: Invoice) -> bool:
        """The latest invoice decides; by mail, so does the last one that is overdue.

        Source: docs.stripe.com/billing/subscriptions/overview, the statuses.
        """
        if invoice.id == sub.latest_invoice or sub.collection_method != "send_invoice":
            return invoice.id == sub.latest_invoice
        mine = [i for i in self.book.shelf.invoices if i.sub is sub and i.status == "open"]
        return not any((i.due_date or NEVER) <= self.book.now for i in mine)

    # -- pauses

    def pause(self, sub: Sub, behavior: str, resumes_at: int | None = None) -> None:
        """Stop collecting: the subscription stays active, and its invoices say what became."""
        with self.book.updating(sub):
            sub.pause = behavior
            sub.resumes_at = resumes_at
        self.book.note(sub, PAUSED)
        if resumes_at is not None:
            self.book.at(resumes_at, lambda: self.resume_as_set(sub, resumes_at))

    def resume_as_set(self, sub: Sub, when: int) -> None:
        if sub.live and sub.resumes_at == when:
            self.resume(sub)

    def resume(self, sub: Sub) -> None:
        with self.book.updating(sub):
            sub.pause = sub.resumes_at = None
        self.book.note(sub, PAUSED)

    def restart(self, sub: Sub) -> None:
        """Resume what a trial without a card has paused: a new cycle begins and is billed."""
        with self.book.updating(sub):
            sub.status = "active"
            sub.no_card = False
            sub.anchor = self.book.now
            for item in sub.items:
                item.period = self.billing.period(sub, item, self.book.now)
            self.desk.invoice_now(sub, sub.items)
        kind = "customer.subscription.resumed"
        self.book.tell(kind, lambda: render_billing.subscription(sub))
        self.book.note(sub)
        self.billing.await_renewal(sub)
