"""Pulls one state of a made-up source into a ledger, to be killed at any instant: URL SEED."""

import random
import sys

from ledgers import day, item, subscription

from tenure import Checkpoint, Customer, Evidence, Observation, Quarantined
from tenure.ledger.lease import Ask, hold
from tenure.ledger.pull import Pull
from tenure.ledger.store import Store

ITEMS = 600
PAGE = 50


def records(seed: int, after: int):
    """The source as it stands at `seed`, from item `after` on; half of it changes every time."""
    for number in range(after, ITEMS):
        chance = random.Random(f"{seed if number % 2 else 0} {number}")
        days = sorted(chance.sample(range(400), 3))
        timeline = {at: (chance.randint(1, 500), Evidence.OBSERVED) for at in days}
        name = f"s{number}"
        yield Customer(id=f"customer of {name}", name=f"Customer {chance.randrange(9)}")
        yield Observation(subject=name, key=f"evt {seed}", at=day(seed), data={"seen": seed})
        if seed % 2 and number % 100 == 7:  # in every other state rows that hold back the rest
            yield Quarantined(source_ref=f"f:{number}", reason="torn", raw=f"{seed} {number}")
        elif number % 20 != seed % 20:  # and in each of them a few are gone
            yield subscription(name, item(f"i{number}", timeline))
        if number % PAGE == PAGE - 1:
            yield Checkpoint(cursor=number + 1)
    yield Checkpoint(complete=True)


def pull(store: Store, seed: int) -> None:
    """Pull the source, from where the last pull was torn."""
    ask = Ask(name="test", plugin="test")
    with hold(store, ask) as lease, store.connect() as connection:
        pulling = Pull(store, connection, lease)
        for record in records(seed, int(str(lease.cursor or 0))):
            pulling.add(record)
        pulling.end()


if __name__ == "__main__":
    url, state = sys.argv[1:]
    opened = Store.open(url)
    sys.stdout.write("pulling\n")
    sys.stdout.flush()
    pull(opened, int(state))
