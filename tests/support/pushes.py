"""What is done with one sink over a ledger; `ready`, `store` and `report` are whose desk it is."""

from tenure.delivery import deliver, preview
from tenure.lending import give_back, lend


class Pushes:
    """Pushes to it, looks at what would change, checks it."""

    def push(self):
        (done,) = deliver(self.ready(), self.store, self.report())
        return done

    def preview(self):
        (found,) = preview(self.ready(), self.store, self.report())
        return found

    def check(self):
        ready = self.ready()
        context = lend(ready, ready.sinks[0])
        try:
            return list(ready.sinks[0].plugin.check(context))
        finally:
            give_back(context)
