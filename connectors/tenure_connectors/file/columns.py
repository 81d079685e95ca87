"""Which column means what: the header of a file against the names of the two layouts."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum

from tenure import SourceError
from tenure_connectors.file.cells import month_of
from tenure_connectors.file.options import FileConfig

COMMON = ("customer", "customer_name", "subscription", "item", "plan", "product", "currency")
PERIODS = (
    *COMMON, "start", "end", "mrr", "amount", "interval", "interval_count", "quantity",
    "trial_end", "discount_percent", "requested_at",
)  # fmt: skip
SNAPSHOTS = (*COMMON, "month", "mrr")
NAMES = tuple(dict.fromkeys((*PERIODS, *SNAPSHOTS)))
"""Every name that `columns` may map."""


class Layout(StrEnum):
    """How the rows tell the history."""

    PERIODS = "periods"
    SNAPSHOTS = "snapshots"
    WIDE = "snapshots, a column per month"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each of our names stands in a row, and each attribute, and each month if wide."""

    layout: Layout
    at: dict[str, int]
    attributes: dict[str, int]
    months: dict[int, date]


def understand(name: str, header: Sequence[str], config: FileConfig) -> Columns:
    """Find the layout and the columns; raises `SourceError` that shows what is there."""
    at = _mapped(name, header, config)
    attributes = {wanted: _place(name, header, wanted) for wanted in config.attributes}
    taken = {*at.values(), *attributes.values()}
    months = {} if "start" in at or "month" in at else _months(name, header, taken, config)
    layout = _layout(at, months)
    if layout is None:
        raise _refusal(name, header, at, config)
    return Columns(layout, at, attributes, months)


def _layout(at: dict[str, int], months: dict[int, date]) -> Layout | None:
    if "customer" not in at:
        return None
    if "start" in at:
        return Layout.PERIODS if "mrr" in at or "amount" in at else None
    if "month" in at and "mrr" in at:
        return Layout.SNAPSHOTS
    return Layout.WIDE if months and "month" not in at else None


def _mapped(name: str, header: Sequence[str], config: FileConfig) -> dict[str, int]:
    unknown = [ours for ours in config.columns if ours not in NAMES]
    if unknown:
        near = get_close_matches(unknown[0], NAMES, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(NAMES)}"
        raise SourceError(f"columns maps {unknown[0]!r}, which is no name of ours", hint)
    at = {ours: _place(name, header, theirs) for ours, theirs in config.columns.items()}
    taken = {*at.values()}
    for ours in NAMES:
        if ours not in at:
            places = [i for i, h in enumerate(header) if _plain(h) == ours and i not in taken]
            if len(places) > 1:
                raise _twice(name, ours)
            if places:
                at[ours] = places[0]
    return at


def _place(name: str, header: Sequence[str], wanted: str) -> int:
    places = [i for i, h in enumerate(header) if h == wanted]
    places = places or [i for i, h in enumerate(header) if _plain(h) == _plain(wanted)]
    if len(places) == 1:
        return places[0]
    if places:
        raise _twice(name, wanted)
    near = get_close_matches(wanted, header, 1, 0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"It has: {_shown(header)}"
    raise SourceError(f"{name} has no column {wanted!r}", hint)


def _twice(name: str, wanted: str) -> SourceError:
    return SourceError(f"{name} has the column {wanted!r} twice", "Rename one of them")


def _months(
    name: str, header: Sequence[str], taken: set[int], config: FileConfig
) -> dict[int, date]:
    free = [(i, h) for i, h in enumerate(header) if i not in taken]
    found = {i: month for i, h in free if (month := month_of(h, config.date_format))}
    twice = next((m for m, count in Counter(found.values()).items() if count > 1), None)
    if twice:
        raise SourceError(f"{name} has the month {twice:%Y-%m} twice", "Take one of them out")
    return found


def _refusal(
    name: str, header: Sequence[str], at: dict[str, int], config: FileConfig
) -> SourceError:
    other = next((sign for sign in ";\t|," if sign != config.delimiter and sign in header[0]), None)
    if len(header) == 1 and other:
        return SourceError(f"{name} has one column, {header[0]!r}", f"Is it delimiter = {other!r}?")
    wanted = "mrr, or amount" if "start" in at else "start, or month and mrr"
    wanted = wanted if "customer" in at else "customer"
    return SourceError(
        f"{name} has no column for {wanted}; it has: {_shown(header)}",
        'Name them: columns = { customer = "…", start = "…", mrr = "…" }, '
        "or let `tenure init --from FILE` guess",
    )


def _plain(header: str) -> str:
    return re.sub(r"[\s\-]+", "_", header.strip().lower())


def _shown(header: Sequence[str]) -> str:
    return ", ".join(header[:30])[:1000].encode("utf-8", "replace").decode()
