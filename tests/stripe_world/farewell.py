"""What the API forgets: deleted customers, and money given back."""

from dataclasses import dataclass

from tenure_connectors.stripe.world import render, render_billing
from tenure_connectors.stripe.world.book import Book
from tenure_connectors.stripe.world.desk import Desk
from tenure_connectors.stripe.world.things import CreditNote


@dataclass(slots=True)
class Farewell:
    """Ends that leave little behind."""

    book: Book
    desk: Desk

    def delete_customer(self) -> None:
        """Cancels all it has; what is left of it is an id."""
        person = self.book.person
        for sub in self.book.shelf.subs:
            if sub.live:
                self.desk.cancel(sub, None)
        before = render.customer(person)
        if person.discount is not None:
            self.desk.vouchers.forget_unused(person.discount, known_by=self.book.now)
        person.deleted_at = self.book.now
        self.book.tell("customer.deleted", lambda: before)

    def give_back(self) -> None:
        """A credit note on the latest paid invoice: a refund, and no change of what is billed."""
        paid = [i for i in self.book.shelf.invoices if i.status == "paid" and i.total > 100]
        if paid and not paid[-1].credited:
            invoice = paid[-1]
            invoice.credited = invoice.total // 2
            note = CreditNote(self.book.id("cn"), invoice, self.book.now, invoice.credited)
            self.book.shelf.credit_notes.append(note)
            self.book.tell("credit_note.created", lambda: render_billing.credit_note(note))
