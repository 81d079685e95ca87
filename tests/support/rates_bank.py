"""A bank that states what a test says, and the ledger behind it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import text
from workspaces import workspace

from tenure import API, PluginConfig, Quarantined, Rate, Rates
from tenure.config import Entry, FxConfig, Workspace
from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros
from tenure.rates import Pulled, pull


class Bank(Rates):
    """States these rows, and does `fate` at the end."""

    name, api, Config = "bank", API, PluginConfig

    def __init__(self, rows: Iterable[Any], fate: Callable[[Any], None] = lambda _request: None):
        super().__init__(PluginConfig())
        self.rows, self.fate = rows, fate

    def check(self, _context):
        yield "open"

    def rates(self, request):
        yield from self.rows
        self.fate(request)


def rate(currency: str = "EUR", day: int = 1, value: Any = "1.1", ref: str = "made:1") -> Rate:
    """A rate of a day in January 2025."""
    exact = value if isinstance(value, Fraction | float) else Decimal(value)
    return Rate(currency=currency, day=date(2025, 1, day), rate=exact, source_ref=ref)


UNREADABLE = Quarantined(source_ref="made:9", column="rate", reason="smudged")


@dataclass
class Books:
    """One store; `state` pulls from a bank, each into the reporting currency."""

    store: Store
    reporting: str = "USD"
    secrets: tuple[str, ...] = field(default=())

    def workspace(self, bank: Rates | None, use: str = "bank", **facts: Any) -> Workspace:
        entry = Entry(name="fx", kind="rates", use=use, plugin=bank, secrets=self.secrets, **facts)
        plain = workspace(self.store.url, "billing")
        return replace(plain, currency=self.reporting, fx=FxConfig(entry=entry))

    def state(self, *rows: Any, use: str = "bank", fate: Any = lambda _request: None) -> Pulled:
        there = self.workspace(Bank(rows, fate), use)
        assert there.fx.entry is not None
        return pull(there, self.store, there.fx.entry)

    def known(self, at: Any = None) -> dict[tuple[str, int], int]:
        """Rates as known at a stamp, by currency and day of January 2025."""
        stamp = to_micros(at or self.store.known_at() or self.store.clock())
        first = (date(2025, 1, 1) - date(1970, 1, 1)).days - 1
        rows = self.rows(
            "SELECT currency, day, rate FROM rate WHERE reporting = :r AND recorded_at <= :k"
            " AND (superseded_at IS NULL OR superseded_at > :k)",
            k=stamp,
            r=self.reporting,
        )
        found = {(code, day - first): value for code, day, value in rows}
        assert len(found) == len(rows)
        return found

    def written(self) -> list[tuple[Any, ...]]:
        """Every rate with its stamps: equal before and after means nothing was written."""
        return self.rows("SELECT * FROM rate WHERE reporting = :r ORDER BY id", r=self.reporting)

    def rows(self, query: str, **binds: Any) -> list[tuple[Any, ...]]:
        with self.store.read() as connection:
            return [tuple(row) for row in connection.execute(text(query), binds)]
