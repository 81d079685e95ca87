"""How long the command line takes to start, against Python itself."""

import statistics
import subprocess
import sys
import time

RUNS = 15
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "tenure --version": ["-m", "tenure", "--version"],
    "tenure --help": ["-m", "tenure", "--help"],
    "tenure plugins": ["-m", "tenure", "plugins"],
    "tenure schema": ["-m", "tenure", "schema"],
}


def main() -> None:
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):  # in turn, so that all see the same machine
        for name, words in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, capture_output=True)
            taken[name].append(time.perf_counter() - started)
    bare = statistics.median(taken["python -c pass"])
    print(f"{'command':20} {'ms':>6} {'x python':>9}")
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        print(f"{name:20} {middle * 1000:6.0f} {middle / bare:9.1f}")


if __name__ == "__main__":
    main()
