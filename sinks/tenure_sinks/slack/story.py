"""What a message says: words and printed figures, ready for a template.

Names of others are made plain here; a template's output escapes the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tenure import Movement, MovementLog, Report, Row, SinkContext, amount, percent, points
from tenure_sinks.slack.editions import Edition
from tenure_sinks.slack.texts import plain, spoken

if TYPE_CHECKING:
    from tenure import Alert
    from tenure_sinks.slack.options import SlackConfig

TOP = 5
"""So many movements are in the message; all of them are in its thread."""
_WORTH_A_LOOK = 3
_ENOUGH = 20
"""A segment is worth a look from a twentieth of the opening MRR on."""
_LINE = 500
"""A line of an alert is cut to so many characters."""
_NOBODY = "(none)"
_Ratio = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of the total, and how it changed since the period before (`-`: not known)."""

    name: str
    now: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """One movement of a customer, and who looks after it (empty: not known)."""

    day: str
    customer: str
    kind: str
    change: str
    reason: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One segment; `lead` is how much more of its opening MRR it kept than the total's NRR says."""

    name: str
    start: str
    end: str
    nrr: str
    grr: str
    lead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything that a template of a report may say."""

    report: str
    """monthly, weekly"""
    title: str
    """October 2025, week 44 of 2025"""
    previous: str
    """The title of the period before; empty: there is none."""
    currency: str
    restated: str
    """What a restatement changed, and when it was noticed; empty: nothing."""
    nrr: Figure
    grr: Figure
    year_nrr: str
    """Over the twelve months up to the period's end; `-`: not known."""
    year_grr: str
    band: str
    """That of `year_nrr`: a band is annual, and says nothing of a month."""
    mrr: Figure
    customers: Figure
    movements: Sequence[Mover]
    """The largest first."""
    worth_a_look: Sequence[Part]
    """Segments that kept most, or least, against the total's NRR."""
    segments: Sequence[Part]
    fresh: str
    """When each source was read to its end."""
    coverage: str
    """How much of the opening MRR is known how well."""
    left_out: str
    dashboard: str
    """Its address; empty: there is none."""
    log: MovementLog
    """For the file in the thread; templates have `movements`."""

    @property
    def top(self) -> Sequence[Mover]:
        """The movements that the message itself tells."""
        return self.movements[:TOP]

    def values(self) -> dict[str, Any]:
        """What a template prints, by name."""
        names = ({*self.__dataclass_fields__} | {"top"}) - {"log"}
        return {name: getattr(self, name) for name in names}


def tell_alert(alert: "Alert", context: SinkContext) -> dict[str, Any]:
    """What the template of an alert prints, by name."""
    lines = [plain(line, _LINE) for line in alert.text.splitlines()]
    return {
        "kind": alert.kind,
        "title": plain(alert.title, _LINE),
        "lines": [line for line in lines if line],
        "period": alert.period or "",
        "dashboard": context.dashboard or "",
    }


def tell(edition: Edition, context: SinkContext, config: "SlackConfig", restated: str) -> Story:
    """The story of an edition."""
    row, meta, log = edition.row, edition.made.meta, context.movements(edition.row.period)
    before, year = edition.before, edition.year
    nrr = year.nrr if year and year.nrr and year.nrr[1] else None
    parts = [(part, _lead(part, row)) for part in edition.segments if part.start_mrr]
    return Story(
        report=edition.report,
        title=_title(row),
        previous=_title(before) if before else "",
        currency=meta.currency,
        restated=restated,
        nrr=_rated("NRR", row.nrr, before.nrr if before else None),
        grr=_rated("GRR", row.grr, before.grr if before else None),
        year_nrr=percent(nrr),
        year_grr=percent(year.grr if year else None),
        band=(config.band(nrr) if nrr else None) or "",
        mrr=_moved("MRR", row.start_mrr, row.end_mrr, meta.currency),
        customers=Figure(
            name="customers", now=f"{row.customers_end:,}",
            change=f"{row.customers_end - row.customers_start:+,}",
        ),
        movements=_movers(log, context, config.owner),
        worth_a_look=[_part(*each, meta.currency) for each in _worth_a_look(parts, row)],
        segments=[_part(*each, meta.currency) for each in parts],
        fresh=" · ".join(_fresh(edition.made)),
        coverage=_coverage(edition.made),
        left_out=_left_out(edition.made),
        dashboard=context.dashboard or "",
        log=log,
    )  # fmt: skip


def _title(row: Row) -> str:
    year, _, week = row.period.partition("-W")
    named = f"week {int(week)} of {year}" if week else f"{row.start:%B %Y}"
    return f"{named} (to date)" if row.partial else named


def _rated(name: str, now: _Ratio | None, before: _Ratio | None) -> Figure:
    return Figure(name=name, now=percent(now), change=points(now, before))


def _moved(name: str, start: int, end: int, currency: str) -> Figure:
    change = amount(end - start, currency, plus="+")
    return Figure(name=name, now=amount(end, currency), change=change)


# --- movements: the log of the period, each with its customer's owner


def _movers(log: MovementLog, context: SinkContext, owner: str) -> list[Mover]:
    found = sorted(log.movements, key=lambda one: (-abs(one.change), one.at, one.customer))
    owners = _owners([one.customer for one in found[:TOP]], context, owner)
    return [_mover(one, owners, context, log.meta.currency) for one in found]


def _owners(customers: Sequence[str], context: SinkContext, owner: str) -> dict[str, str]:
    """Who looks after these customers now; all are read until the last one is found."""
    wanted, found = set(customers), dict[str, str]()
    if not wanted:
        return found
    for one in context.customers(attributes=(owner,)):
        if one.id in wanted:
            stated = one.attributes.get(owner)
            found[one.id] = "" if stated in {None, _NOBODY} else plain(str(stated))
            if len(found) == len(wanted):
                break
    return found


def _mover(one: Movement, owners: Mapping[str, str], context: SinkContext, currency: str) -> Mover:
    return Mover(
        day=f"{one.at.astimezone(context.timezone):%Y-%m-%d}",
        customer=plain(one.name or one.customer) or "(no name)",
        kind=one.kind,
        change=amount(one.change, currency, plus="+"),
        reason=", ".join(spoken(reason) for reason in one.reasons_and_causes),
        owner=owners.get(one.customer, ""),
    )


# --- segments: how much each kept against the total


def _kept(row: Row) -> int:
    return row.start_mrr + row.expansion - row.contraction - row.churn


def _lead(part: Row, total: Row) -> int:
    """What it kept, less what the total's NRR makes of its opening MRR; rounded down."""
    if not total.start_mrr:
        return 0
    return (_kept(part) * total.start_mrr - part.start_mrr * _kept(total)) // total.start_mrr


def _worth_a_look(parts: Sequence[tuple[Row, int]], total: Row) -> list[tuple[Row, int]]:
    """Those of enough MRR with the largest lead or lag; a segment that is all of it has none."""
    enough = [one for one in parts if one[0].start_mrr * _ENOUGH >= total.start_mrr and one[1]]
    return sorted(enough, key=lambda one: (-abs(one[1]), _named(one[0])))[:_WORTH_A_LOOK]


def _named(part: Row) -> str:
    return " · ".join(f"{plain(k)} {plain(v)}" for k, v in (part.segment or {}).items())


def _part(part: Row, lead: int, currency: str) -> Part:
    return Part(
        name=_named(part),
        start=amount(part.start_mrr, currency),
        end=amount(part.end_mrr, currency),
        nrr=percent(part.nrr),
        grr=percent(part.grr),
        lead=amount(lead, currency, plus="+"),
    )


# --- what the figures rest on


def _fresh(made: Report) -> Iterator[str]:
    for source in made.meta.sources:
        unfinished = ", not read to its end" if source.incomplete else ""
        yield f"{plain(source.name)} {_when(source.last_complete_sync)}{unfinished}"


def _when(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "never"


def _coverage(made: Report) -> str:
    shares = {
        grade: percent((int(share.replace(".", "")), 10**6))
        for grade, share in made.meta.coverage.items()
        if share is not None and share != "0.000000"
    }
    return ", ".join(f"{share} {grade}" for grade, share in shares.items())


def _left_out(made: Report) -> str:
    meta = made.meta
    counts = {
        "quarantined": meta.quarantined,
        "excluded": meta.excluded,
        "excluded customers": meta.excluded_customers,
    }
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
