"""Segments: the states with a column for an attribute, whatever that attribute comes from.

plan, product, currency, source   of the customer's largest item
acv_band                          of what it pays at the opening, a year
cohort                            the period of its first paid instant
any other                         an attribute that a connector states
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import count, pairwise

from tenure.errors import UsageError
from tenure.ledger.tables import from_micros, to_micros
from tenure.metrics.frame import Frame, decision_tree
from tenure.periods import Unit, calendar
from tenure.records import BEGINNING

ITEM_ATTRIBUTES = ("currency", "plan", "product", "source")
DERIVED = (*ITEM_ATTRIBUTES, "acv_band", "cohort")
"""Attributes that no connector needs to state."""

NOBODY = "(none)"


class Segments:
    """Adds columns to a frame's states, one table after another."""

    def __init__(self, frame: Frame, unit: Unit) -> None:
        self._frame = frame
        self._unit = unit
        self._numbers = count(1)
        self._split: set[str] = set()

    def attach(self, states: str, attribute: str, column: str) -> str:
        """The name of a table: `states` with `column` as the customer's value of the attribute."""
        self._require(attribute)
        target = f"segmented_{next(self._numbers)}"
        others = self._columns(states, without=("period", "until"))
        member = f"member_{target}"
        names = {"states": states, "target": target, "column": column, "others": others}
        run = self._frame.run
        if attribute == "acv_band":
            run("attach_band", band=self._bands(), **names)
            return target
        self._membership(attribute, member)
        names |= {"member": member, "never": str(to_micros(BEGINNING) - 1)}
        if not (attribute in ITEM_ATTRIBUTES and self._frame.basis.rates.foreign):
            run("attach", kind="VIEW", here="TRUE", **names)
            if states == "state" and self._frame.carries:
                run("steady", **names)
                self._split.add(target)
            return target
        here = "s.customer_id NOT IN (SELECT customer_id FROM foreign_customer)"
        run("attach", kind="TABLE", here=here, **names)
        run("attach_foreign", attribute=attribute, **names)
        return target

    def steady(self, target: str) -> tuple[str, str] | None:
        """Of a table of `attach`: changes of those with one value, and states of the others."""
        return (f"{target}_steady", f"{target}_varying") if target in self._split else None

    def filtered(self, states: str, where: Mapping[str, str], *, strict: bool = True) -> str:
        """The name of a table with the states for which every attribute has the value.

        `strict` says that no state with a value is a mistake of who asks.
        """
        for attribute, value in where.items():
            states = self.attach(states, attribute, "wanted")
            if strict:
                self._require_value(states, attribute, value)
            kept = f"{states}_kept"
            columns = self._columns(states, without=("wanted",))
            self._frame.basis.duck.execute(
                f"CREATE TABLE {kept} AS SELECT {columns} FROM {states} AS s WHERE s.wanted = ?",  # noqa: S608 - ours
                [value],
            )
            states = kept
        return states

    def _columns(self, states: str, without: tuple[str, ...]) -> str:
        """The columns of the states, whatever their shape, for a query that calls them `s`."""
        query = f"SELECT * FROM {states} LIMIT 0"  # noqa: S608 - ours
        names = (column[0] for column in self._frame.basis.duck.execute(query).description or ())
        return ", ".join(f"s.{name}" for name in names if name not in without)

    def known(self) -> list[str]:
        """The attributes that there are."""
        query = "SELECT DISTINCT name FROM known_attribute ORDER BY name"
        stated = (name for (name,) in self._frame.basis.duck.execute(query).fetchall())
        return list(dict.fromkeys((*DERIVED, *stated)))

    def _require(self, attribute: str) -> None:
        if attribute in DERIVED:
            return
        known = self.known()
        if attribute not in known:
            raise UsageError(
                f"No customer has an attribute {attribute!r}",
                f"{_did_you_mean(attribute, known)}There are: {', '.join(known)}",
            )

    def _require_value(self, states: str, attribute: str, value: str) -> None:
        query = f"SELECT DISTINCT wanted FROM {states} ORDER BY wanted"  # noqa: S608 - ours
        known = [found for (found,) in self._frame.basis.duck.execute(query).fetchall()]
        if value not in known:
            few = ", ".join(known[:10]) + (" …" if len(known) > 10 else "")  # noqa: PLR2004 - a line
            raise UsageError(
                f"No customer has {attribute} = {value!r} in these periods",
                f"{_did_you_mean(value, known)}There are: {few or 'none'}",
            )

    def _membership(self, attribute: str, target: str) -> None:
        run = self._frame.run
        if attribute == "cohort":
            self._calendar(target)
        elif attribute in ITEM_ATTRIBUTES:
            run("largest_item", column=attribute, member=target)
        else:
            quoted = attribute.replace("'", "''")
            begins = self._frame.opens[0]
            run("membership", attribute=f"'{quoted}'", begins=begins, member=target)

    def _calendar(self, target: str) -> None:
        """Every period of the unit from the first payment on, and who first paid in which."""
        basis = self._frame.basis
        first = basis.number("SELECT min(first_instant) FROM step")
        unit = Unit.MONTH if self._unit is Unit.CUSTOM else self._unit
        zone = basis.workspace.timezone
        made = list(calendar(unit, from_micros(first), from_micros(basis.now), zone))
        basis.duck.execute("DROP TABLE IF EXISTS calendar")
        rows = [(number, period.label) for number, period in enumerate(made, 1)]
        basis.table("calendar", "number BIGINT, label VARCHAR", rows)
        number = decision_tree([to_micros(period.opens) for period in made])
        self._frame.run("cohort_member", number=number, member=target)

    def _bands(self) -> str:
        """SQL for the band of `acv`, in major units."""
        edges = self._frame.basis.policy.acv_bands
        whens = "".join(
            f" WHEN acv < {edge * 10**6} THEN '{name}'"
            for edge, name in zip(edges, band_names(edges), strict=False)
        )
        return f"CASE{whens} ELSE '{[*band_names(edges)][-1]}' END"


def band_names(edges: tuple[int, ...]) -> Iterator[str]:
    """`<12k`, `12–50k`, `50–250k`, `≥250k` for the edges 12000, 50000, 250000."""  # noqa: RUF002 - a dash
    yield f"<{_short(edges[0])}"
    for low, high in pairwise(edges):
        same = low % 1000 == high % 1000 == 0
        yield f"{low // 1000 if same else low}–{_short(high)}"  # noqa: RUF001 - a dash
    yield f"≥{_short(edges[-1])}"


def _short(edge: int) -> str:
    return f"{edge // 1000}k" if edge % 1000 == 0 else str(edge)


def _did_you_mean(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f"Did you mean {near[0]!r}? " if near else ""
