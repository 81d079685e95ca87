"""Exchange rates: from the source that [fx] names into the ledger.

What a source states is code and data of others: each rate is checked here, and one that cannot
be believed is named and left out. Two rates of one currency and day that differ are both out,
for nobody knows which one is right. Days that a source does not state stay as they are known;
those that another source stated before are closed, or two sources would be mixed day by day.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from difflib import get_close_matches
from fractions import Fraction

from sqlalchemy import select

from tenure.config import Entry, Workspace
from tenure.currency import CURRENCY_CODES
from tenure.errors import PluginError
from tenure.ledger.pull import Counts
from tenure.ledger.statements import RATE_UNIT, RateFact, state_rates
from tenure.ledger.store import Store
from tenure.ledger.tables import EPOCH, table
from tenure.ledger.tables import Rate as RateRow
from tenure.ledger.validate import InvalidRecordError, text
from tenure.lending import give_back, lend
from tenure.money import half_even
from tenure.plugin import Context as Lent
from tenure.plugin import Rate, Rates, RatesRequest
from tenure.plugins import isolated
from tenure.printing import counted
from tenure.records import Quarantined
from tenure.redaction import redact

PLACES = 10
_PLACE = Decimal(1).scaleb(-PLACES)
_WIDE = Context(prec=40, rounding=ROUND_HALF_EVEN)
_LIMIT = 2**63
_SHOWN = 20

_Key = tuple[str, date]
_RATE = table(RateRow)

log = logging.getLogger("tenure.rates")


class UnbelievableError(ValueError):
    """A rate breaks a rule: the reason, and which part of it is wrong."""

    def __init__(self, column: str, reason: str) -> None:
        self.column = column
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What one pull of rates did: `remarks` name what was left out, `warnings` are the source's."""

    counts: Counts
    remarks: tuple[str, ...]
    warnings: tuple[str, ...]


def pull(workspace: Workspace, store: Store, entry: Entry) -> Pulled:
    """Ask the source for all its rates and record what is new; raises its `TenureError`."""
    warnings: list[str] = []

    def warn(text: str) -> None:
        warnings.append(redact(" ".join(text.split()), entry.secrets))
        log.warning("%s: %s", entry.name, warnings[-1])

    book = _stated(workspace, entry, warn)
    facts, unreadable = book.closed()
    fresh, gone = _compared(store, workspace.currency, entry, facts)
    if unreadable:
        gone = []  # one of the rows that cannot be read may state them
    if fresh or gone:
        state_rates(store, [*fresh, *gone])
    stored, bad = len(fresh), len(unreadable)
    counts = Counts(
        read=book.read,
        stored=stored,
        unchanged=book.read - stored - bad - book.excluded,
        quarantined=bad,
        excluded=book.excluded,
    )
    return Pulled(
        counts=counts, remarks=tuple(_remarks(entry, unreadable, gone)), warnings=tuple(warnings)
    )


def _stated(workspace: Workspace, entry: Entry, warn: Callable[[str], None]) -> "_Book":
    source = entry.plugin
    if entry.problem is not None:
        raise entry.problem
    if not isinstance(source, Rates):
        raise PluginError("The rates are disabled", "Remove `enabled = false` from [fx]")
    lent, book = lend(workspace, entry), _Book(workspace.currency, entry.use)
    request = RatesRequest(**{f.name: getattr(lent, f.name) for f in fields(Lent)}, warn=warn)
    try:
        with isolated(f"The rates plugin {source.name!r} failed", entry.secrets):
            for each in source.rates(request):
                book.add(each)
    finally:
        give_back(lent)
    return book


def _compared(
    store: Store, reporting: str, entry: Entry, facts: dict[_Key, RateFact]
) -> tuple[list[RateFact], list[RateFact]]:
    """The rates that the ledger does not know like that, and those of another source as closed."""
    query = select(_RATE.c.currency, _RATE.c.day, _RATE.c.rate, _RATE.c.source_ref).where(
        _RATE.c.reporting == reporting, _RATE.c.superseded_at.is_(None)
    )
    fresh, gone = dict(facts), []
    with store.read() as connection:
        for currency, number, rate, ref in connection.execute(query):
            day = EPOCH.date() + timedelta(days=number)
            stated = facts.get((currency, day))
            if stated is None and facts and not ref.startswith(_source(entry.use)):
                gone.append(
                    RateFact(
                        reporting=reporting, currency=currency, day=day, rate=None, source_ref=ref
                    )
                )
            elif stated is not None and stated.rate == rate:
                del fresh[currency, day]
    return list(fresh.values()), gone


def _remarks(entry: Entry, unreadable: list[Quarantined], gone: list[RateFact]) -> Iterator[str]:
    for row in unreadable[:_SHOWN]:
        yield ": ".join(part for part in (row.source_ref, row.column, row.reason) if part)
    if len(unreadable) > _SHOWN:
        yield f"and {len(unreadable) - _SHOWN:,} more"
    if gone:
        yield f"{counted(len(gone), 'rate')} of another source than {entry.use} counted until now"


def _source(use: str) -> str:
    """How the source reference of every rate begins, whichever file or address it came from."""
    return f"{use}: "


@dataclass(slots=True)
class _Book:
    """All that one pull states: rates that can be believed, and what cannot, with the reason."""

    reporting: str
    use: str
    read: int = 0
    excluded: int = 0
    """Rows that say that the reporting currency is itself."""
    _facts: dict[_Key, RateFact] = field(default_factory=dict)
    _again: dict[_Key, list[RateFact]] = field(default_factory=dict)
    _unreadable: list[Quarantined] = field(default_factory=list)

    def add(self, stated: object) -> None:
        """Take one row, whatever it is."""
        self.read += 1
        if isinstance(stated, Quarantined):
            self._unreadable.append(stated)
            return
        try:
            fact = _fact(stated, self.reporting, self.use)
        except UnbelievableError as error:
            ref = str(getattr(stated, "source_ref", "?"))
            self._unreadable.append(
                Quarantined(source_ref=ref, column=error.column, reason=str(error))
            )
            return
        if fact.currency == self.reporting:
            self.excluded += 1
        elif self._facts.setdefault((fact.currency, fact.day), fact) is not fact:
            self._again.setdefault((fact.currency, fact.day), []).append(fact)

    def closed(self) -> tuple[dict[_Key, RateFact], list[Quarantined]]:
        """The rates by currency and day, and all that is left out."""
        for key, others in self._again.items():
            rows = [self._facts[key], *others]
            if len({row.rate for row in rows}) > 1:
                del self._facts[key]
                self._unreadable += [self._contradiction(row, rows) for row in rows]
        self._again.clear()
        return self._facts, self._unreadable

    def _contradiction(self, row: RateFact, rows: list[RateFact]) -> Quarantined:
        other = next(each for each in rows if each.rate != row.rate)
        start = len(_source(self.use))
        said = f"{row.currency} {row.day} {_shown(row.rate)} contradicts {_shown(other.rate)} in "
        return Quarantined(
            source_ref=row.source_ref[start:], column="rate", reason=said + other.source_ref[start:]
        )


def _fact(stated: object, reporting: str, use: str) -> RateFact:
    """The rate as the ledger keeps it; raises `UnbelievableError`."""
    if not isinstance(stated, Rate):
        raise UnbelievableError("rate", f"a {type(stated).__name__} is no tenure.Rate")
    if stated.currency not in CURRENCY_CODES:
        raise UnbelievableError("currency", _unknown(stated.currency))
    if type(stated.day) is not date:
        raise UnbelievableError("date", f"{stated.day!r} is no date")
    try:
        source_ref = _source(use) + text(stated.source_ref, "source_ref")
    except InvalidRecordError as error:
        raise UnbelievableError("source_ref", str(error)) from None
    rate = _rounded(stated.rate)
    if stated.currency == reporting and rate != RATE_UNIT:
        raise UnbelievableError("rate", f"one {reporting} is 1 {reporting}, not {_shown(rate)}")
    return RateFact(
        reporting=reporting,
        currency=stated.currency,
        day=stated.day,
        rate=rate,
        source_ref=source_ref,
    )


def _unknown(code: object) -> str:
    said = str(code)
    near = get_close_matches(said.upper(), sorted(CURRENCY_CODES), 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{said[:20]!r} is not a currency code of ISO 4217{hint}"


def _rounded(rate: object) -> int:
    """The rate times 10**10, rounded once."""
    if isinstance(rate, Fraction):
        value = half_even(rate.numerator * RATE_UNIT, rate.denominator)
    elif isinstance(rate, Decimal):
        value = _scaled(rate)
    else:
        raise UnbelievableError("rate", f"{rate!r} is a {type(rate).__name__}, not an exact number")
    if 0 < value < _LIMIT:
        return value
    if rate <= 0:
        raise UnbelievableError("rate", f"{rate} is not above zero")
    word = "large" if value else "small"
    raise UnbelievableError("rate", f"{rate} is too {word} to be kept with {PLACES} places")


def _scaled(rate: Decimal) -> int:
    if rate.is_nan():
        raise UnbelievableError("rate", f"{rate} is no number")
    try:
        return int(rate.quantize(_PLACE, context=_WIDE).scaleb(PLACES, _WIDE))
    except InvalidOperation:  # more digits than any rate has, or infinite
        return _LIMIT


def _shown(rate: int | None) -> str:
    return "none" if rate is None else f"{Decimal(rate).scaleb(-PLACES, _WIDE).normalize(_WIDE):f}"
