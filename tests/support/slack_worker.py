"""Pushes to a Slack on loopback, for each figure it reads, in a process that may be killed.

What is heavy is imported once: each push is a fork, whose process id is told (see push_worker).
"""

import os
import sys
from pathlib import Path

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
    while line := sys.stdin.readline():
        child = os.fork()
        if not child:
            push(*sys.argv[1:], int(line))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        sys.stdin.readline()
        os.waitpid(child, 0)
        sys.stdout.write("over\n")
        sys.stdout.flush()
