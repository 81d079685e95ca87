"""The picture of a message in Slack: CPU seconds in a fresh process, and again in the same one.

    python benchmarks/slack_picture.py

The first includes the start of Python and every import; budgets: 3 s cold, 0.5 s warm.
"""

import sys
import time
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenure.picture import Picture

COLD, WARM = 3.0, 0.5
ROUNDS = 5


def draw() -> "Picture":
    from tenure.picture import bridge_picture
    from tenure.report import Row

    million = 10**12
    row = Row(
        period="2025-11", start=date(2025, 11, 1), end=date(2025, 12, 1), start_mrr=290 * million,
        new=16 * million, reactivation=million, expansion=3 * million, contraction=2 * million,
        churn=million, end_mrr=307 * million, customers_start=315, customers_end=328,
        customers_churned=5,
    )  # fmt: skip
    return bridge_picture(row, "USD")


def main() -> int:
    size = len(draw().png)
    cold = time.process_time()  # since the process began
    warm = []
    for _ in range(ROUNDS):
        started = time.process_time()
        draw()
        warm.append(time.process_time() - started)
    best = sorted(warm)[ROUNDS // 2]
    print(f"cold {cold:.2f} s of CPU (budget {COLD}), warm {best:.3f} s ({WARM}), {size:,} bytes")
    return int(cold > COLD or best > WARM)


if __name__ == "__main__":
    sys.exit(main())
