"""What must hold of figures before anybody sees them (metrics.md section 9)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tenure.errors import InvariantError
from tenure.money import decimal_string
from tenure.printing import counted
from tenure.report import Row
from tenure.status import ConnectorStatus

_ADDED_UP = (
    "start_mrr", "new", "reactivation", "expansion", "contraction", "churn", "fx", "end_mrr",
    "customers_start", "customers_end", "customers_churned", "committed_mrr", "contracted_mrr",
)  # fmt: skip


def check(rows: Sequence[Row], sources: Sequence[ConnectorStatus]) -> None:
    """Raise `InvariantError` with every breach, one a line."""
    breaches = [*_untied(rows), *_not_adding_up(rows), *_impossible(rows), *_unaccounted(sources)]
    require_none(breaches)


def require_none(breaches: Sequence[str]) -> None:
    """Raise `InvariantError` where there are any."""
    if breaches:
        several = counted(
            len(breaches), "figure contradicts another", "figures contradict each other"
        )
        raise InvariantError(several, breaches)


def _untied(rows: Sequence[Row]) -> Iterator[str]:
    """The bridge ties, for the total and for every segment."""
    for row in rows:
        won = row.new + row.reactivation + row.expansion
        end = row.start_mrr + won - row.contraction - row.churn + row.fx
        if end != row.end_mrr:
            held = decimal_string(row.end_mrr)
            yield f"{_name(row)}: the bridge ends at {decimal_string(end)}, the balance is {held}"


def _not_adding_up(rows: Sequence[Row]) -> Iterator[str]:
    """The segments of an attribute add up to the total."""
    totals = {row.period: row for row in rows if row.segment is None}
    parts: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.segment is not None:
            parts[row.period, " and ".join(row.segment)].append(row)
    for (period, attribute), members in parts.items():
        for figure in _ADDED_UP:
            whole = getattr(totals[period], figure) or 0
            added = sum(getattr(member, figure) or 0 for member in members)
            if added != whole:
                yield f"{period} by {attribute}: {figure} adds up to {added}, the total is {whole}"


def _impossible(rows: Sequence[Row]) -> Iterator[str]:
    """0 <= GRR <= 1 and GRR <= NRR; nothing is below zero."""
    for row in rows:
        (net, base), (gross, _) = row.cohort.nrr or (0, 0), row.cohort.grr or (0, 0)
        if not 0 <= gross <= base or gross > net:
            yield f"{_name(row)}: GRR {gross}/{base} and NRR {net}/{base} cannot both be"
        if min(getattr(row, figure) or 0 for figure in _ADDED_UP if figure != "fx") < 0:
            yield f"{_name(row)}: a figure is below zero"
        if (row.committed_mrr or 0) > row.end_mrr:
            yield f"{_name(row)}: more is committed than there is"


def _unaccounted(sources: Sequence[ConnectorStatus]) -> Iterator[str]:
    """Nothing was dropped in silence: what was read was stored, or it is said where it went."""
    for source in sources:
        counts = {name: value for name, value in source.counts.items() if isinstance(value, int)}
        if source.outcome != "done" or not counts:
            continue
        read = counts["read"]
        places = ("stored", "unchanged", "quarantined", "excluded")
        found = sum(counts[place] for place in places)
        said = counts.get("source_count", read)
        if found != read or said != read:
            yield f"{source.name}: read {read} rows, accounted for {found}, the source has {said}"


def _name(row: Row) -> str:
    segment = "".join(f", {name} {value}" for name, value in (row.segment or {}).items())
    return f"{row.period}{segment}"
