"""kill -9 at any instant of a push: the next one finishes it, and nothing stands twice."""

import os
import random
import signal
import subprocess
import sys
import threading

import slack_worker
from slack_worker import push
from slack_world import World, serving

SOAK = bool(os.environ.get("TENURE_SOAK"))
KILLS = 200 if SOAK else 4  # half of them at a request, half at a time
REQUESTS = 9
"""So many has a push that restates a month without a picture."""


class Worker:
    """Pushes that can be killed."""

    def __init__(self, *arguments):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, slack_worker.__file__, *arguments]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, churn):
        self.process.stdin.write(f"{churn}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def wait(self):
        self.process.stdin.write("over?\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "over\n"


def test_a_killed_push_is_finished_by_the_next_and_nothing_stands_twice(sqlite_database, tmp_path):
    chance, landed, world = random.Random(7), 0, World()
    if not SOAK:  # drawing takes most of the time, and a picture that nobody sees is no double
        (tmp_path / "monthly.txt").write_text("# {{ title }}\n\nNRR {{ nrr.now }}")
    with serving(world):
        arguments = (sqlite_database, world.base, "" if SOAK else str(tmp_path))
        worker = Worker(*arguments)
        try:
            for number in range(KILLS):
                landed += killed(worker, world, number, chance)
                assert push(*arguments, number).error is None
                assert stands(world, number)
        finally:
            worker.process.communicate()
    assert landed >= KILLS // 3, "too few kills hit a push to say anything"


def stands(world, number):
    """One message with the last figures, and for each version one reply and one file."""
    (parent,) = world.parents()
    thread = world.thread(parent["ts"])
    details = [one["metadata"]["event_payload"]["key"] for one in thread if "metadata" in one]
    files = [file["name"] for one in thread for file in one.get("files", ())]
    versions = number + 1
    assert (len(details), len(files)) == (versions, versions)
    assert (len(set(details)), len(set(files))) == (versions, versions)
    return parent["metadata"]["event_payload"]["key"] == details[-1]


def killed(worker, world, number, chance):
    """Push in the worker and kill it; whether anything was left to do."""
    at, side = 1 + number // 2 * 5 % REQUESTS, "after" if number % 4 < 2 else "before"
    child, pushing, asked = [0], threading.Event(), [0]

    def kill(when):
        pushing.wait(10)
        asked[0] += when == "before"
        if number % 2 and (asked[0], when) == (at, side):
            os.kill(child[0], signal.SIGKILL)

    world.fail, world.lose = lambda _: kill("before"), lambda _: kill("after")
    child[0] = worker.start(number)
    pushing.set()
    if not number % 2:
        threading.Event().wait(chance.random() * (1.5 if SOAK else 0.25))
        os.kill(child[0], signal.SIGKILL)
    worker.wait()
    world.fail = world.lose = lambda _: None
    files = sum("files" in one for one in world.messages["C00000002"])
    return files <= number  # the last write of a push has not happened
