"""A folder of source files, and what the file connector makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tenure import (
    Checkpoint,
    Customer,
    Item,
    Json,
    Point,
    PullRequest,
    Quarantined,
    Record,
    SourceError,
    Subscription,
    decimal_string,
)
from tenure_connectors.file import File
from tenure_connectors.file.options import FileConfig

Step = tuple[str, str, str]


@dataclass(frozen=True)
class Pulled:
    """The records of one pull, sorted out."""

    records: Sequence[Record]

    def of(self, kind):
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def subscriptions(self) -> dict[str, Subscription]:
        return {found.id: found for found in self.of(Subscription)}

    @property
    def items(self) -> list[Item]:
        return [item for found in self.of(Subscription) for item in found.items]

    @property
    def points(self) -> list[Point]:
        """Of the only item."""
        (item,) = self.items
        return list(item.points)

    @property
    def steps(self) -> list[Step]:
        """The only timeline: when (UTC), how much, in which state."""
        return [steps(point) for point in self.points]

    @property
    def attributes(self) -> list[tuple[str, str | None, str]]:
        """Of the only customer."""
        (customer,) = self.of(Customer)
        return [(a.name, a.value, when(a.valid_from)) for a in customer.attributes]

    @property
    def refused(self) -> list[tuple[str, str | None, str]]:
        """Where, which column and why, of every row that could not be read."""
        return [(q.source_ref, q.column, q.reason) for q in self.of(Quarantined)]

    @property
    def reason(self) -> str:
        """Why the only refused row was refused."""
        ((_, _, reason),) = self.refused
        return reason

    @property
    def end(self) -> Checkpoint:
        return self.of(Checkpoint)[-1]


def when(instant) -> str:
    """`2025-03-01` at midnight UTC, else with the time."""
    return f"{instant:%Y-%m-%d %H:%M}".removesuffix(" 00:00")


def steps(point: Point) -> Step:
    amount = decimal_string(point.amount).rstrip("0").rstrip(".")
    return when(point.effective_at), amount, str(point.state)


@dataclass(frozen=True)
class Source:
    """A folder, and pulls from it."""

    folder: Path

    def write(self, *lines: str, name: str = "subs.csv", encoding: str = "utf-8") -> Path:
        """A text file of these lines."""
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        return path

    def connector(self, **options) -> File:
        return File(FileConfig(**{"path": "subs.csv"} | options))

    def request(self, *, zone: str = "UTC", full: bool = False, cursor: Json = None) -> PullRequest:
        return PullRequest(
            name="history",
            folder=self.folder,
            timezone=ZoneInfo(zone),
            currency="USD",
            http=None,
            full=full,
            cursor=cursor,
            observations=lambda _subject: [],
        )

    def pull(self, *, zone: str = "UTC", full: bool = False, cursor: Json = None, **options):
        """Everything that one pull yields."""
        request = self.request(zone=zone, full=full, cursor=cursor)
        return Pulled(list(self.connector(**options).pull(request)))

    def fail(self, **options) -> tuple[Pulled, SourceError]:
        """What a pull yields before it fails, and why it does."""
        records: list[Record] = []
        pull = self.connector(**options).pull(self.request())
        with pytest.raises(SourceError) as caught:
            records.extend(pull)  # keeps what came before the failure
        return Pulled(records), caught.value

    def read(self, *lines: str, zone: str = "UTC", **options) -> Pulled:
        """What a csv of these lines yields."""
        self.write(*lines)
        return self.pull(zone=zone, **options)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path)


@pytest.fixture
def refused(source: Source):
    """Why a csv of these lines cannot be read at all."""

    def read(*lines: str, **options) -> SourceError:
        with pytest.raises(SourceError) as caught:
            source.read(*lines, **options)
        return caught.value

    return read
