"""Terms that run by a calendar: schedules, backdated starts, other anchors, migrations."""

from dataclasses import dataclass

from tenure_connectors.stripe.world import render
from tenure_connectors.stripe.world.billing import Billing
from tenure_connectors.stripe.world.book import Book
from tenure_connectors.stripe.world.catalog import Price
from tenure_connectors.stripe.world.desk import Desk, Order
from tenure_connectors.stripe.world.moments import later
from tenure_connectors.stripe.world.things import Phase, Schedule, Sub


@dataclass(slots=True)
class Contracts:
    """Agreements of one customer."""

    book: Book
    billing: Billing
    desk: Desk

    # -- schedules

    def schedule(self, sub: Sub, terms: list[tuple[Price, int]], months: int, ending: str) -> None:
        """Phases of some months each from now on; the first is what the subscription is now."""
        item = sub.items[0]
        first = Phase(sub.start, later(sub.anchor, "month", months), item.price, item.quantity)
        phases = [first]
        for price, quantity in terms:
            end = later(sub.anchor, "month", months * (len(phases) + 1))
            phases.append(Phase(phases[-1].end, end, price, quantity))
        made = Schedule(self.book.id("sub_sched"), sub.customer, self.book.now, phases, ending)
        made.sub = sub
        with self.book.updating(sub):
            sub.schedule = made
        self.book.shelf.schedules.append(made)
        self.tell(made, "created")
        for phase in phases[1:]:
            self.book.at(phase.start, lambda phase=phase: self.turn(made, phase), first=True)
        self.book.at(phases[-1].end, lambda: self.finish(made), first=True)

    def tell(self, schedule: Schedule, kind: str) -> None:
        now = self.book.now
        self.book.tell(f"subscription_schedule.{kind}", lambda: render.schedule(schedule, now))

    def turn(self, schedule: Schedule, phase: Phase) -> None:
        """The next phase begins with a new period: its invoice shows the new terms."""
        sub = schedule.sub
        if schedule.status != "active" or sub is None or not sub.live:
            return
        with self.book.updating(sub):
            sub.items[0].price, sub.items[0].quantity = phase.price, phase.quantity
        self.tell(schedule, "updated")
        self.billing.renew(sub)

    def finish(self, schedule: Schedule) -> None:
        sub = schedule.sub
        if schedule.status != "active" or sub is None or not sub.live:
            return
        schedule.completed_at = self.book.now
        if schedule.end_behavior == "cancel":
            schedule.status = "completed"
            self.desk.bill_leftovers(sub)
            self.desk.close(sub)
            self.tell(schedule, "completed")
            return
        schedule.status, schedule.released_at = "released", self.book.now
        with self.book.updating(sub):
            sub.schedule = None
        self.tell(schedule, "released")

    def plan(self, order: Order, start: int) -> Schedule:
        """A subscription that begins some day: until then there is a schedule and no more."""
        price, quantity = order.prices[0]
        phases = [Phase(start, later(start, "month", 12), price, quantity)]
        made = Schedule(self.book.id("sub_sched"), self.book.person, self.book.now, phases)
        made.status = "not_started"
        self.book.shelf.schedules.append(made)
        self.tell(made, "created")
        return made

    def begin(self, schedule: Schedule) -> Sub:
        """The planned day has come."""
        phase = schedule.phases[0]
        sub = self.desk.subscribe(Order([(phase.price, phase.quantity)]))
        schedule.sub, schedule.status = sub, "active"
        with self.book.updating(sub):
            sub.schedule = schedule
        self.tell(schedule, "updated")
        self.book.at(phase.end, lambda: self.finish(schedule), first=True)
        return sub

    # -- starts and ends

    def agree(self, order: Order) -> Sub:
        """A fixed day to end is asked for when the subscription begins."""
        sub = self.desk.subscribe(order)
        item = sub.items[0]
        cycle = (item.price.interval, 3 * item.price.interval_count)
        self.desk.request_end(sub, later(sub.anchor, *cycle))
        return sub
