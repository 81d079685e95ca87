"""kill -9 at any instant of a pull, then pull again: the ledger is that of an undisturbed run."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from kill_worker import records
from ledgers import Ledger

from tenure.ledger.store import Store

KILLS = 200 if os.environ.get("TENURE_SOAK") else 10
ITEMS = 600


def facts(ledger: Ledger):
    """Everything in force, without keys and stamps."""
    points = (
        "SELECT c.external_id, s.external_id, i.external_id, p.effective_at, p.amount, p.evidence"
        " FROM point AS p JOIN item AS i ON i.id = p.item_id"
        " JOIN subscription AS s ON s.id = i.subscription_id"
        " JOIN customer AS c ON c.id = s.customer_id WHERE p.superseded_at IS NULL"
    )
    names = (
        "SELECT count(*), count(DISTINCT value) FROM customer_attribute WHERE superseded_at IS NULL"
    )
    return (
        sorted(ledger.rows(points)),
        ledger.rows(names),
        ledger.rows("SELECT count(*) FROM point"),
    )


def pull_and_kill(url: str, seed: int, after: float) -> None:
    command = [
        sys.executable,
        str(Path(__file__).with_name("kill_worker.py")),
        url,
        str(ITEMS),
        str(seed),
    ]
    path = os.pathsep.join(sys.path)
    environment = os.environ | {"PYTHONPATH": path}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(after)  # the instant of the kill is what is being varied
        worker.kill()


def test_a_killed_pull_is_finished_by_the_next(store_url: str, tmp_path: Path):
    chance = random.Random(7)
    undisturbed = Ledger(Store.open(f"sqlite:///{tmp_path / 'undisturbed.db'}"))
    undisturbed.pull(records(ITEMS, 1))
    wanted = facts(undisturbed)
    disturbed = Ledger(Store.open(store_url))
    for _ in range(KILLS):
        pull_and_kill(store_url, 1, chance.uniform(0, 0.3))
    disturbed.pull(records(ITEMS, 1))
    assert facts(disturbed) == wanted
    assert disturbed.pull(records(ITEMS, 1)).stored == 0
