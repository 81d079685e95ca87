"""Work in processes that may die: for each line that is read, a fork whose process id is told.

What is heavy is imported once. The end of a fork is awaited at the next line, so that until then
its id is nobody else's.
"""

import os
import sys
from collections.abc import Callable


def serve(work: Callable[[str], None]) -> None:
    """Have each line that comes worked on."""
    while line := sys.stdin.readline():
        child = os.fork()
        if not child:
            work(line.strip())
            os._exit(0)
        _say(str(child))
        sys.stdin.readline()
        os.waitpid(child, 0)
        _say("over")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
