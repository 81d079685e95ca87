"""Pushes to a Slack on loopback, for each figure it reads, in a process that may be killed."""

import sys
from pathlib import Path

from forks import serve
from slack_desk import Desk, row
from slack_world import World


def push(store_url, base, folder, churn):
    """Deliver a month with that churn; the templates of `folder` say how."""
    desk = Desk(store_url, World(base))
    desk.rows[-1] = row(churn=churn, end_mrr=21_000 - churn)
    desk.options |= {"templates": folder, "max_attempts": 1} if folder else {"max_attempts": 1}
    desk.folder = Path("/")
    try:
        return desk.push()
    finally:
        desk.store.engine.dispose()


if __name__ == "__main__":
    serve(lambda line: push(*sys.argv[1:], int(line)))
