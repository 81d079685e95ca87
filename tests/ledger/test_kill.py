"""kill -9 at any instant of a pull, then pull again: the ledger is that of an undisturbed run."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from everything import everything
from kill_worker import pull
from ledgers import Ledger

from tenure.ledger.store import Store

KILLS = 200 if os.environ.get("TENURE_SOAK") else 4  # on each database
WORKER = str(Path(__file__).with_name("kill_worker.py"))


def pull_and_kill(url: str, seed: int, after: float) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, WORKER, url, str(seed)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(after)  # the instant of the kill is what is being varied
        worker.kill()


def test_a_killed_pull_is_finished_by_the_next(store_url: str, tmp_path: Path):
    """Every pull has something new to say, and each is killed later in its course than the last."""
    chance, landed = random.Random(7), 0
    undisturbed = Ledger(Store.open(f"sqlite:///{tmp_path / 'undisturbed.db'}"))
    disturbed = Ledger(Store.open(store_url))
    for state in (0, 1):
        pull(undisturbed.store, state)
        took = _seconds(disturbed.store, state)
    for number in range(KILLS):
        state = 2 + number
        pull_and_kill(store_url, state, took * (number + chance.random()) / KILLS)
        torn = "SELECT pull_started_at FROM connector_state WHERE pull_started_at IS NOT NULL"
        landed += len(disturbed.rows(torn))
        pull(disturbed.store, state)
        pull(undisturbed.store, state)
        assert everything(disturbed.rows) == everything(undisturbed.rows)
    assert landed >= KILLS // 3, "too few kills hit a pull to say anything"


def _seconds(store: Store, state: int) -> float:
    began = time.monotonic()
    pull(store, state)
    return time.monotonic() - began
