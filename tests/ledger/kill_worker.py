"""Pulls a large made-up source into a ledger, to be killed at any instant: URL ITEMS SEED."""

import random
import sys

from ledgers import Ledger, item, subscription

from tenure import Checkpoint, Customer, Evidence
from tenure.ledger.store import Store


def records(items: int, seed: int):
    """The same source for the same seed."""
    source = random.Random(seed)
    for number in range(items):
        days = sorted(source.sample(range(400), 3))
        timeline = {at: (source.randint(1, 500), Evidence.OBSERVED) for at in days}
        yield Customer(id=f"customer of s{number}", name=f"Customer {number}")
        yield subscription(f"s{number}", item(f"i{number}", timeline))
        if number % 100 == 0:
            yield Checkpoint(cursor=number)


if __name__ == "__main__":
    url, items, seed = sys.argv[1:]
    ledger = Ledger(Store.open(url))
    sys.stdout.write("pulling\n")
    sys.stdout.flush()
    ledger.pull(records(int(items), int(seed)))
