"""(a) Won deals and their recurring line items: those of one company and product are one item."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tenure import Cause, Item, Quarantined
from tenure_connectors.hubspot import chain
from tenure_connectors.hubspot.chain import Deal, Line
from tenure_connectors.hubspot.client import Asked
from tenure_connectors.hubspot.levels import FREQUENCY, PRICED, edits, is_recurring
from tenure_connectors.hubspot.shapes import Object
from tenure_connectors.hubspot.source import (
    Held,
    Stated,
    Terms,
    billed_once,
    claims,
    currencies,
    known_since,
    midnight,
    ref,
    refused,
)
from tenure_connectors.hubspot.terms import DATED, term
from tenure_connectors.hubspot.values import instant, local_day

PLACED = ("pipeline", "dealstage", "dealtype", "closedate", "hs_is_closed_won", "dealname")
CLAIMED = ("hs_mrr", "hs_arr")
_NAMED = ("name", "hs_product_id", "hs_sku")
_LINES = "line_items"


@dataclass(frozen=True, slots=True)
class _Churn:
    """From `at` on the company has these products no more; all of them if none is named."""

    at: datetime
    ref: str
    products: frozenset[str]


@dataclass
class _Read:
    """What was read of one company."""

    products: dict[str, list[Deal]] = field(default_factory=lambda: defaultdict(list))
    churns: list[_Churn] = field(default_factory=list)
    doubts: list[Quarantined] = field(default_factory=list)


class LineItems:
    """Counts the line items of won deals."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        config = terms.config
        self.asked = Asked("deals", (*PLACED, *CLAIMED, *currencies(config, "deals")))
        lines = (*PRICED, *DATED, *_NAMED, *currencies(config, _LINES))
        self.lines: Asked | None = Asked(_LINES, lines, PRICED)

    def counts(self, one: Object) -> bool:
        """Won, or the end of something."""
        return self._terms.directory.kind(one) is not None

    def stated(self, held: Sequence[Held]) -> Iterator[Stated]:
        """An item for each product, and for each line of it that stands beside another one."""
        read = _Read()
        for one in held:
            yield from self._read(one, read)
        gap = self._terms.config.renewal_gap_days
        for product, deals in sorted(read.products.items()):
            ended = [_ended(deal, product, read.churns) for deal in deals]
            slots, continued = chain.chained(ended, gap)
            for number, slot in enumerate(slots, 1):
                key = product if number == 1 else f"{product}#{number}"
                yield Item(id=key, points=chain.points(slot), rows=len(slot))
            for line in continued:
                yield Item(id=f"{product}~{line.ref}", points=chain.points([line]), rows=0)
        yield from read.doubts

    def _read(self, one: Held, read: _Read) -> Iterator[Stated]:
        deal, kind = one.object, self._terms.directory.kind(one.object)
        try:
            closed = instant(deal.get("closedate") or "")
        except ValueError as error:
            missing = error if deal.get("closedate") else ValueError("it has no close date")
            read.doubts.append(refused("deals", deal, missing))
            return
        if kind == "churn":
            read.churns.append(self._churn(one))
            return
        lines, once = defaultdict[str, list[Line]](list), 0
        for found in one.lines:
            try:
                once += not self._line(deal, found, closed, lines)
            except ValueError as error:
                read.doubts.append(refused(_LINES, found, error))
        if once:
            yield billed_once(once)
        for product, some in lines.items():
            beside = f"{product}+{deal.id}" if kind == "addition" else product
            read.products[beside].append(Deal(deal.id, closed, some, continues=kind != "new"))
        if lines:
            yield from claims("deals", deal, next(iter(lines.values()))[0].currency)

    def _line(
        self, deal: Object, line: Object, closed: datetime, into: Mapping[str, list[Line]]
    ) -> bool:
        """Whether it recurs, or ever did."""
        past = (line.properties_with_history or {}).get(FREQUENCY, ())
        if not (is_recurring(line.properties) or any(version.value for version in past)):
            return False
        zone = self._terms.zone
        span = term(line.properties, deal.get("closedate"), zone)
        start = midnight(span.start, zone)
        steps = edits(line, start, known_since(line, start, closed))
        if not any(step.level for step in steps):
            return False
        found = Line(
            ref=ref(_LINES, line.id),
            currency=self._terms.currency(deal.properties, line.properties),
            start=start,
            end=midnight(span.end, zone) if span.end else None,
            steps=steps,
            plan=line.get("name"),
            product=line.get("name"),
            start_ref=_source(deal, line, span.start_source),
            end_ref=_source(deal, line, span.end_source),
        )
        into[product_of(line)].append(found)
        return True

    def _churn(self, one: Held) -> _Churn:
        day = local_day(one.object.get("closedate") or "", self._terms.zone)
        named = frozenset(product_of(line) for line in one.lines)
        source = ref("deals", one.object.id, "closedate")
        return _Churn(midnight(day, self._terms.zone), source, named)


def product_of(line: Object) -> str:
    """What makes two line items the same: the product, else the name."""
    if product := line.get("hs_product_id"):
        return f"product:{product}"
    name = " ".join((line.get("name") or "").split()).casefold()
    return f"name:{name}" if name else ref(_LINES, line.id)


def _source(deal: Object, line: Object, name: str) -> str:
    if name == "closedate":
        return ref("deals", deal.id, name)
    return ref(_LINES, line.id, name)


def _ended(deal: Deal, product: str, churns: Sequence[_Churn]) -> Deal:
    """The deal, its lines ended by what says that the company left."""
    for churn in churns:
        if churn.products and product.partition("+")[0] not in churn.products:
            continue
        lines = [_cut(line, churn) for line in deal.lines]
        deal = replace(deal, lines=lines)
    return deal


def _cut(line: Line, churn: _Churn) -> Line:
    if line.start >= churn.at or (line.end is not None and line.end <= churn.at):
        return line
    return replace(line, end=churn.at, end_ref=churn.ref, cause=Cause.REQUESTED)
