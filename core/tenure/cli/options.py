"""What the commands that show figures share: their options, and how a result is handed over."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from tenure.cli import console

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from tenure.meta import Meta


class Format(StrEnum):
    """How figures are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class TableOrJson(StrEnum):
    """How a result is printed that is no rows."""

    TABLE = "table"
    JSON = "json"


First = Annotated[
    str | None, typer.Option("--from", metavar="P", help="First period: 2025-03, 2025-Q3 …")
]
Last = Annotated[str | None, typer.Option("--to", metavar="P", help="Last period.")]
Where = Annotated[
    list[str] | None, typer.Option(metavar="ATTR=VALUE", help="Only these customers.")
]
KnownAt = Annotated[
    str | None, typer.Option(metavar="T", help="As it was known then: a date or an instant.")
]
Form = Annotated[Format, typer.Option("--format", help="How it is printed.")]
FormTableOrJson = Annotated[TableOrJson, typer.Option("--format", help="How it is printed.")]
Output = Annotated[Path | None, typer.Option(help="Write it into this file.")]


class Printable(Protocol):
    """A result that says itself what programs read."""

    def as_json(self) -> Mapping[str, object]:
        """The document."""

    def as_csv(self) -> str:
        """The rows."""


_Made = TypeVar("_Made", bound=Printable)


def hand_over(made: _Made, show: Callable[[_Made], None], form: str, output: Path | None) -> None:
    """Print a result in a format, or write it into a file; `show` makes the table."""
    if output is not None:
        write(output, text_of(made, show, form))
    elif form == Format.TABLE:
        show(made)
    else:
        typer.echo(text_of(made, show, form).encode(), nl=False)


def text_of(made: _Made, show: Callable[[_Made], None], form: str) -> str:
    """A result as text."""
    if form == Format.JSON:
        return json.dumps(made.as_json(), indent=1) + "\n"
    if form == Format.CSV:
        return made.as_csv()
    with console.out().capture() as captured:
        show(made)
    return captured.get()


def conditions(texts: list[str] | None) -> dict[str, str]:
    """All `--where`."""
    return dict(condition(text) for text in texts or ())


def condition(text: str) -> tuple[str, str]:
    """`owner=ann` as attribute and value; raises `UsageError` for anything else."""
    from tenure.errors import UsageError  # noqa: PLC0415 - see tenure.cli

    attribute, equals, value = text.partition("=")
    if not (attribute and equals and value):
        raise UsageError(f"{text!r} is no condition", "Write --where owner=ann")
    return attribute, value


def moment(text: str | None, zone: "ZoneInfo") -> datetime | None:
    """The instant of `--known-at`, where it is given."""
    return None if text is None else instant(text, zone)


def instant(text: str, zone: "ZoneInfo") -> datetime:
    """An instant, or the end of a day; raises `UsageError` for anything else."""
    from tenure.errors import UsageError  # noqa: PLC0415 - see tenure.cli
    from tenure.periods import day_start  # noqa: PLC0415 - see tenure.cli

    try:
        if len(text) == len("2025-03-01"):
            return day_start(date.fromisoformat(text) + timedelta(days=1), zone) - _A_MOMENT
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no instant", "Write 2025-03-01 or 2025-03-01T12:00Z"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


_A_MOMENT = timedelta(microseconds=1)


def days(text: str) -> timedelta:
    """`90d` as so many days; raises `UsageError` for anything else."""
    from tenure.errors import UsageError  # noqa: PLC0415 - see tenure.cli

    number = text.removesuffix("d")
    if not (number.isascii() and number.isdigit() and 0 < int(number) <= _MOST_DAYS):
        raise UsageError(f"{text!r} is no horizon", f"Write 90d, at most {_MOST_DAYS}d")
    return timedelta(days=int(number))


_MOST_DAYS = 3660


def share(text: str) -> tuple[int, int]:
    """`0.8` as an exact ratio; raises `UsageError` unless it is above 0 and at most 1."""
    from tenure.errors import UsageError  # noqa: PLC0415 - see tenure.cli

    try:
        found = Fraction(text)
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    if not 0 < found <= 1:
        raise UsageError(f"{text!r} is no gross margin", "Write a share of revenue such as 0.8")
    return found.as_integer_ratio()


def write(path: Path, text: str) -> None:
    """Write a whole file or none."""
    from tenure.errors import TenureError  # noqa: PLC0415 - see tenure.cli
    from tenure.files import put  # noqa: PLC0415 - see tenure.cli

    try:
        put(path, text)
    except OSError as error:
        raise TenureError(
            f"{path} cannot be written: {error.strerror}", "Choose another --output"
        ) from None


def rests_on(meta: "Meta") -> list[str]:
    """What figures rest on, for the lines below a table."""
    from tenure.printing import counted, shares, when  # noqa: PLC0415 - see tenure.cli

    graded = ", ".join(f"{share} {grade}" for grade, share in shares(meta))
    fresh = ", ".join(
        f"{source.name} {when(source.last_complete_sync)}{' (incomplete)' * source.incomplete}"
        for source in meta.sources
    )
    lines = [
        f"MRR in {meta.currency}, days of {meta.timezone}, as known at {when(meta.known_at)}",
        f"sources: {fresh or 'none'}" + (f" · evidence: {graded}" if graded else ""),
    ]
    if meta.where:
        lines.append(
            "only customers with " + " and ".join(f"{a} {v}" for a, v in meta.where.items())
        )
    if meta.quarantined or meta.excluded:
        lines.append(
            f"left out: {counted(meta.quarantined, 'quarantined row')}, {meta.excluded:,} excluded"
        )
    if meta.excluded_customers:
        lines.append(f"left out by the policy: {counted(meta.excluded_customers, 'customer')}")
    if meta.ignored_connectors:
        names = ", ".join(meta.ignored_connectors)
        lines.append(f"not counted, since plugins.toml does not name them: {names}")
    return lines
