"""Many segments as the largest and the rest, for people: programs get them all."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from tenure.meta import Variant
from tenure.report import Retention, Row

TOP = 30
"""So many segments have a line; the rest have one together."""

OTHER = "(other)"
"""The name of the rest."""

_SUMMED = (
    "start_mrr", "new", "reactivation", "expansion", "contraction", "churn", "fx", "end_mrr",
    "customers_start", "customers_end", "customers_churned", "reported", "reported_at_most",
)  # fmt: skip
_UNSAID = Retention(None, None)


def folded(rows: Sequence[Row], top: int = TOP) -> tuple[Row, ...]:
    """One period's segments by what they started with, the smallest added up as `(other)`."""
    ranked = sorted(rows, key=lambda row: -row.start_mrr)
    if len(ranked) <= top:
        return tuple(ranked)
    return (*ranked[:top], _sum(ranked[top:]))


def folded_by_period(rows: Sequence[Row], top: int = TOP) -> tuple[Row, ...]:
    """Rows of any periods and attributes with the segments of each folded, in the order they had.

    Where there are few segments, nothing changes.
    """
    found: list[Row] = []
    for _, group in groupby(rows, key=lambda row: (row.period, tuple(row.segment or ()))):
        members = list(group)
        found += members if len(members) <= top else folded(members, top)
    return tuple(found)


def _sum(rows: Sequence[Row]) -> Row:
    first = rows[0]
    sums = {name: sum(getattr(row, name) for row in rows) for name in _SUMMED}
    committed = _whole([row.committed_mrr for row in rows])
    contracted = _whole([row.contracted_mrr for row in rows])
    variants = dict.fromkeys(first.variants, _UNSAID)  # a sum of ratios says nothing
    if first.variant not in {Variant.COHORT, Variant.ALL}:
        variants[first.variant] = _UNSAID
    name = dict.fromkeys(first.segment or {"": ""}, OTHER)
    return replace(
        first,
        segment=name,
        variants=variants,
        committed_mrr=committed,
        contracted_mrr=contracted,
        **sums,
    )


def _whole(parts: Sequence[int | None]) -> int | None:
    """The sum; None where a part is not known."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
