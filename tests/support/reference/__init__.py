"""Retention by brute force, from the words of the definitions (metrics.md) alone.

Exact fractions, instant by instant, no SQL and nothing of tenure but its records: slow, and so
plain that it can be checked by reading. Money in micro-units.

    policy ── what a point counts        windows ── periods as instants
      └─ customers ── what each pays, instant by instant
           └─ rates ── and in one currency
                └─ segments ── and who is counted where
                     ├─ movements ── bridge, log, coverage
                     │    └─ variants ── NRR and GRR
                     ├─ cohorts
                     └─ measures ── mrr, committed, contracted
"""

from reference.cohorts import Cohort, cohorts
from reference.customers import FOREVER, Line, Payer, in_force, joined, payers
from reference.measures import committed_mrr, contracted_mrr, mrr
from reference.movements import COUNTS, NAMES, Movement, bridge, coverage, log
from reference.policy import DEFAULT, Policy, level
from reference.rates import MissingRateError, Rates
from reference.segments import BANDS, PLAIN, Terms, segment
from reference.variants import VARIANTS, Ratio, Retention, logo_retention, retention
from reference.windows import TICK, Window, between, day_start, monthly, months_before, trailing

__all__ = [
    "BANDS",
    "COUNTS",
    "DEFAULT",
    "FOREVER",
    "NAMES",
    "PLAIN",
    "TICK",
    "VARIANTS",
    "Cohort",
    "Line",
    "MissingRateError",
    "Movement",
    "Payer",
    "Policy",
    "Rates",
    "Ratio",
    "Retention",
    "Terms",
    "Window",
    "between",
    "bridge",
    "cohorts",
    "committed_mrr",
    "contracted_mrr",
    "coverage",
    "day_start",
    "in_force",
    "joined",
    "level",
    "log",
    "logo_retention",
    "monthly",
    "months_before",
    "mrr",
    "payers",
    "retention",
    "segment",
    "trailing",
]
