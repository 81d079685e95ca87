"""The movement log as it is shown: who moved when, from what to what, and why."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from tenure.meta import Meta, instant_string
from tenure.money import decimal_string, signed_string
from tenure.records import Json
from tenure.sheet import csv_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What one item did to a movement: `change` in micro-units, signed."""

    subscription: str | None
    item: str | None
    plan: str
    product: str
    change: int
    reason: str
    cause: str | None
    evidence: str
    source_ref: str | None

    def as_json(self) -> dict[str, Json]:
        """The values by their names, money as a decimal string."""
        return asdict(self) | {"change": signed_string(self.change)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A customer's level changed. `before` and `after` in micro-units at the opening rate."""

    period: str
    at: datetime
    customer: str
    name: str | None
    kind: str
    before: int
    after: int
    causes: tuple[Cause, ...]
    """They add up to the change."""

    @property
    def change(self) -> int:
        """Signed micro-units."""
        return self.after - self.before

    @property
    def reasons(self) -> tuple[str, ...]:
        """Each reason once, the one that changed most first."""
        ranked = sorted(self.causes, key=lambda cause: (-abs(cause.change), cause.reason))
        return tuple(dict.fromkeys(cause.reason for cause in ranked))

    @property
    def reasons_and_causes(self) -> tuple[str, ...]:
        """The reasons, with who or what ended an item: `product_removed (requested)`."""
        causes = {c.reason: c.cause for c in self.causes if c.cause not in {None, "other"}}
        return tuple(f"{r} ({causes[r]})" if r in causes else r for r in self.reasons)

    def as_json(self) -> dict[str, Json]:
        """The movement as `tenure movements --format json` prints it."""
        causes: list[Json] = [cause.as_json() for cause in self.causes]
        return {
            "period": self.period,
            "at": instant_string(self.at),
            "customer": self.customer,
            "name": self.name,
            "kind": self.kind,
            "before": decimal_string(self.before),
            "after": decimal_string(self.after),
            "change": signed_string(self.change),
            "reasons": list(self.reasons),
            "causes": causes,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementLog:
    """Every movement of some periods, in order of time, then customer."""

    meta: Meta
    movements: tuple[Movement, ...]

    def as_json(self) -> dict[str, Json]:
        """The document that `tenure movements --format json` prints."""
        return {"meta": self.meta.as_json(), "movements": [m.as_json() for m in self.movements]}

    def as_csv(self) -> str:
        """A line per movement; its reasons in one cell."""
        names = ("period", "at", "customer", "name", "kind", "before", "after", "change", "reasons")
        return csv_text(self._cells(), names)

    def _cells(self) -> Iterator[dict[str, Json]]:
        for movement in self.movements:
            yield movement.as_json() | {"reasons": " ".join(movement.reasons)}
