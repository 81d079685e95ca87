"""Figures kept from the report before, so that after a sync only what it touched is summed anew.

Every figure of a report is a sum over customers. So what is known at one instant is what was known
at an earlier one, less the part of the customers of which something was recorded, or came into
force, in between, plus their part now. Both parts are made by the same SQL as a whole report, of a
ledger with these customers alone.

Kept beside the copy in columns, and only where customers are all that figures depend on: not with
other currencies, whose rates may change, a grace, which ends without a point, or a reading of
retention that needs more than the rows.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure._version import __version__
from tenure.ledger.store import folder_of
from tenure.ledger.tables import from_micros, to_micros
from tenure.meta import Variant
from tenure.metrics.columns import SCHEMA
from tenure.metrics.figures import Figures, row_of
from tenure.metrics.frame import Basis
from tenure.metrics.source import Source
from tenure.periods import Period
from tenure.report import Row

if TYPE_CHECKING:
    from tenure.config import Workspace
    from tenure.metrics.run import ReportRequest

MOST = 20
"""One in so many customers may be touched; of more, the whole is made in about the same time."""

_MOST_KEPT = 100
_FROM_ROWS = (Variant.COHORT, Variant.INCL_WINBACK, Variant.AS_REPORTED_FX)
_SUMMED = (*Figures._fields, "committed_mrr")

_TOUCHED = f"""
    CREATE TABLE touched AS
    WITH changed AS (
        SELECT customer_id FROM {SCHEMA}.point
        WHERE {{recorded}} OR (effective_at > {{now}} AND effective_at <= {{later}})
        UNION
        SELECT customer_id FROM {SCHEMA}.customer_attribute
        WHERE {{recorded}} OR (valid_from > {{now}} AND valid_from <= {{later}})
        UNION
        SELECT customer_id FROM {SCHEMA}.account_link WHERE {{recorded}}
    )
    SELECT customer_id FROM changed
    UNION  -- and whoever is, or was, of one account with them
    SELECT b.customer_id
    FROM {SCHEMA}.account_link AS a
    JOIN changed AS c ON c.customer_id = a.customer_id
    JOIN {SCHEMA}.account_link AS b ON b.account_id = a.account_id"""  # noqa: S608 - ours
_RECORDED = (
    "((recorded_at > {k} AND recorded_at <= {until})"
    " OR (superseded_at > {k} AND superseded_at <= {until}))"
)

_COUNTED = """
    SELECT c.customer_id
    FROM known_customer AS c
    JOIN known_connector AS k ON k.connector_id = c.connector_id
    JOIN counted AS n ON n.name = k.name"""

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A period's label and a segment."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What adds up over customers: the figures of each row, MRR by evidence, who is left out."""

    rows: dict[Key, list[int]]
    coverage: dict[tuple[str, str], int]
    excluded: int

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            _added(self.rows, other.rows),
            {
                key: self.coverage.get(key, 0) + other.coverage.get(key, 0)
                for key in {**self.coverage, **other.coverage}
            },
            self.excluded + other.excluded,
        )

    def __neg__(self) -> "Sums":
        return Sums(
            {key: [-number for number in line] for key, line in self.rows.items()},
            {key: -number for key, number in self.coverage.items()},
            -self.excluded,
        )


def _added(left: dict[Key, list[int]], right: dict[Key, list[int]]) -> dict[Key, list[int]]:
    blank = [0] * len(_SUMMED)
    return {
        key: [a + b for a, b in zip(left.get(key, blank), right.get(key, blank), strict=True)]
        for key in {**left, **right}
    }


def of_rows(rows: Iterable[Row], coverage: dict[tuple[str, str], int], excluded: int) -> Sums:
    """The sums behind finished rows."""
    made = {
        (row.period, tuple((row.segment or {}).items())): [
            getattr(row, name) or 0 for name in _SUMMED
        ]
        for row in rows
    }
    return Sums(made, coverage, excluded)


def to_rows(sums: Sums, shown: Sequence[Period], by: Sequence[str]) -> tuple[Row, ...]:
    """The rows of a report, in its order: a segment without a customer in a period has none."""
    place = {attribute: number for number, attribute in enumerate(by, 1)}
    periods = {period.label: (number, period) for number, period in enumerate(shown)}

    def order(key: Key) -> tuple[int, int, str]:
        label, segment = key
        attribute, value = segment[0] if segment else ("", "")
        return periods[label][0], place.get(attribute, 0), value

    made = []
    for key in sorted(sums.rows, key=order):
        label, segment = key
        line, (_, period) = sums.rows[key], periods[label]
        if segment and not any(line):
            continue
        figures = dict(zip(_SUMMED, line, strict=True))
        made.append(row_of(period, dict(segment) or None, figures))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question whose figures may be kept: of which ledger, as known when, with what behind us."""

    workspace: "Workspace"
    request: "ReportRequest"
    source: Source
    shown: Sequence[Period]

    @property
    def may_be_kept(self) -> bool:
        """Whether its figures depend on nothing but customers."""
        policy = self.workspace.metrics.policy
        plain = self.request.variant in _FROM_ROWS and self.request.horizon is None
        return plain and policy.past_due_grace_days is None

    @property
    def is_kept(self) -> bool:
        """Whether there may be figures of it, which a look at the ledger has to confirm."""
        return self.may_be_kept and self._path.exists()

    def keep(self, basis: Basis, sums: Sums) -> None:
        """Keep the figures, where the ledger is large enough to have a copy."""
        if not self.may_be_kept or basis.rates.foreign or not (self._folder / "copy.json").exists():
            return
        found = self.kept()
        if found and (found[0].known_at, found[0].now) == (self.source.known_at, self.source.now):
            return
        said = json.dumps(
            {
                "known_at": to_micros(self.source.known_at),
                "now": to_micros(self.source.now),
                "rows": [
                    [label, list(segment), line] for (label, segment), line in sums.rows.items()
                ],
                "coverage": [[*key, number] for key, number in sums.coverage.items()],
                "excluded": sums.excluded,
            }
        )
        path = self._path
        made = path.with_suffix(".new")
        try:
            made.write_text(f"{zlib.crc32(said.encode())}\n{said}", encoding="utf-8")
            made.replace(path)
            kept = sorted(self._folder.glob("figures-*.json"), key=lambda p: p.stat().st_mtime)
            for old in kept[:-_MOST_KEPT]:
                old.unlink(missing_ok=True)
        except OSError:  # they are only ever a short cut
            return

    def kept(self) -> "tuple[Source, Sums] | None":
        """What was kept of this question: of which ledger, and the figures."""
        if not self.may_be_kept:
            return None
        try:
            checksum, _, said = self._path.read_text(encoding="utf-8").partition("\n")
            if int(checksum) != zlib.crc32(said.encode()):
                return None
            found = json.loads(said)
        except (OSError, ValueError):
            return None
        source = replace(
            self.source, known_at=from_micros(found["known_at"]), now=from_micros(found["now"])
        )
        if source.known_at > self.source.known_at or source.now > self.source.now:
            return None
        rows = {
            (label, tuple((name, value) for name, value in segment)): line
            for label, segment, line in found["rows"]
        }
        coverage = {(grade, currency): number for grade, currency, number in found["coverage"]}
        return source, Sums(rows, coverage, found["excluded"])

    @property
    def _folder(self) -> Path:
        return folder_of(self.source.store.url)

    @property
    def _path(self) -> Path:
        """Where they are kept: by everything that figures depend on besides what is known."""
        request, workspace = self.request, self.workspace
        depends = [
            __version__, workspace.metrics.policy.hash, str(workspace.timezone), workspace.currency,
            self.source.connectors, workspace.directories, request.unit, request.by,
            sorted(request.where.items()), request.trailing,
            [(one.label, str(one.opens), str(one.closes)) for one in self.shown],
        ]  # fmt: skip
        key = hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:24]
        return self._folder / f"figures-{key}.json"


def touched(duck: Any, then: Source, now: Source) -> tuple[int, ...] | None:
    """The customers of which something changed; None where these are too many to be worth it.

    One customer is among them always, so that there is a ledger to look at.
    """
    names = {
        "recorded": _RECORDED.format(k=to_micros(then.known_at), until=to_micros(now.known_at)),
        "now": to_micros(then.now),
        "later": to_micros(now.now),
    }
    schemas = f"SELECT count(*) FROM duckdb_schemas() WHERE schema_name = '{SCHEMA}'"  # noqa: S608 - ours
    if not duck.execute(schemas).fetchall()[0][0]:
        return None
    duck.execute(_TOUCHED.format(**names))
    query = f"SELECT count(*), coalesce(min(customer_id), 0) FROM ({_COUNTED})"  # noqa: S608 - ours
    whole, first = duck.execute(query).fetchall()[0]
    query = f"SELECT customer_id FROM touched WHERE customer_id IN ({_COUNTED})"  # noqa: S608 - ours
    found = {customer for (customer,) in duck.execute(query).fetchall()}
    return None if len(found) * MOST > whole else tuple(sorted({first, *found}))
