"""What should be known at once: figures beyond a limit, a stale source, nothing published.

`due` holds what is known of the last complete period, and of the sources, against the rules of a
sink. What was said already is the outbox's business (`tenure.delivery.alerting`).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tenure.money import Ratio, micros
from tenure.printing import in_currency, percent, when

if TYPE_CHECKING:
    from tenure.config.sections import AlertsTable
    from tenure.report import Row

OF_FIGURES = ("nrr_below", "grr_below", "churn_above", "customer_loss_above")
"""The rules that nothing can be said of while there are no figures."""

_SINGLY = 20
"""So many customers' losses are alerts of their own; the others share one."""

_LONGEST_NAME = 80

_TURNS = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks in a name that would turn the direction of all that follows, the amount with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to be said once. Money and ratios are written out in `title` and `text`.

    `kind` is the key of `[sinks.NAME.alerts]` that asked for it, `key` tells it from all others,
    `period` is the one that it is about.
    """

    key: str
    kind: str
    title: str
    text: str
    period: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What one customer pays less at the end of a period than at its start, in micro-units."""

    customer: str
    name: str
    amount: int
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known: of the last complete period (`row` and who lost in it), and of the sources.

    `sources` are the connectors with their last complete syncs; `withheld` says why nothing could
    be published.
    """

    now: datetime
    currency: str
    row: "Row | None" = None
    losses: Callable[[], Sequence[Loss]] = tuple
    sources: Sequence[tuple[str, datetime | None]] = ()
    withheld: str | None = None


def due(rules: "AlertsTable", facts: Facts) -> list[Alert]:
    """Every alert that the rules ask for now; its key names the condition."""
    found = [*_sources(rules, facts)]
    if rules.withheld and facts.withheld is not None:
        title = "No figures were published"
        found.append(Alert(key="withheld", kind="withheld", title=title, text=facts.withheld))
    if facts.row is not None:
        found += _ratios(rules, facts.row, facts.currency)
        found += _losses(rules, facts.row, facts)
    return found


def _sources(rules: "AlertsTable", facts: Facts) -> Iterator[Alert]:
    from tenure.config.sections import duration  # noqa: PLC0415 - loads pydantic
    from tenure.status import is_ahead, is_fresh  # noqa: PLC0415 - loads SQLAlchemy

    if rules.stale_after is None:
        return
    for name, last in facts.sources:
        if is_fresh(last, facts.now, duration(rules.stale_after)):
            continue
        ahead = last is not None and is_ahead(last, facts.now)
        ago = "by a clock that was ahead" if ahead else f"over {rules.stale_after} ago"
        said = "never" if last is None else f"last at {when(last)}, {ago}"
        yield Alert(
            key=f"stale_after:{name}",
            kind="stale_after",
            title=f"Connector {name} is stale",
            text=f"Connector {name} was read to its end {said}.",
        )


def _ratios(rules: "AlertsTable", row: "Row", currency: str) -> Iterator[Alert]:
    opening = in_currency(row.start_mrr, currency)
    watched = (
        ("nrr_below", "NRR", row.nrr, rules.nrr_below),
        ("grr_below", "GRR", row.grr, rules.grr_below),
        ("churn_above", "Revenue churn", row.revenue_churn, rules.churn_above),
    )
    for kind, called, ratio, limit in watched:
        if limit is None or ratio is None or not _is_beyond(kind, ratio, limit):
            continue
        side = kind.rpartition("_")[2]
        yield Alert(
            key=f"{kind}:{row.period}",
            kind=kind,
            title=f"{called} of {row.period} is {percent(ratio)}",
            text=f"{called} of {row.period} is {percent(ratio)}, {side} {_share(limit)}, "
            f"of an opening MRR of {opening}.",
            period=row.period,
        )


def _is_beyond(kind: str, ratio: Ratio, limit: Decimal) -> bool:
    if not ratio[1]:
        return False
    now, most = Fraction(*ratio), Fraction(limit)
    return now > most if kind.endswith("above") else now < most


def _share(limit: Decimal) -> str:
    return percent(limit.as_integer_ratio())


def _losses(rules: "AlertsTable", row: "Row", facts: Facts) -> Iterator[Alert]:
    if rules.customer_loss_above is None:
        return
    least = micros(rules.customer_loss_above)
    lost = sorted(
        (loss for loss in facts.losses() if loss.amount > least),
        key=lambda loss: (-loss.amount, loss.customer),
    )
    kind, limit = "customer_loss_above", in_currency(least, facts.currency)
    for loss in lost[:_SINGLY]:
        name, amount = _short(loss.name), in_currency(loss.amount, facts.currency)
        why = f" ({', '.join(loss.reasons)})" if loss.reasons else ""
        yield Alert(
            key=f"{kind}:{row.period}:{loss.customer}",
            kind=kind,
            title=f"{name} pays {amount} less",
            text=f"{name} pays {amount} less at the end of {row.period} than at its start{why}.",
            period=row.period,
        )
    if more := len(lost[_SINGLY:]):
        yield Alert(
            key=f"{kind}:{row.period}",
            kind=kind,
            title=f"{more:,} more customers pay over {limit} less",
            text=f"Besides the {_SINGLY} largest losses of {row.period}, {more:,} more customers "
            f"pay over {limit} less at its end than at its start.",
            period=row.period,
        )


def _short(name: str) -> str:
    line = " ".join(_TURNS.sub(" ", name).split())
    return line if len(line) <= _LONGEST_NAME else f"{line[: _LONGEST_NAME - 1]}…"
