"""Facts in short words."""

from datetime import UTC, datetime

from tenure import Point, State, micros


def at(day: str) -> datetime:
    """An instant in UTC: `2026-01-15` or `2026-01-15T12:00`."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def point(day: str, amount, **facts) -> Point:
    """`amount` dollars from that day on, a month unless said; None: ended."""
    facts = {"currency": "USD", "source_ref": "made"} | facts
    if amount is None:
        facts, amount = {"state": State.ENDED} | facts, 0
    return Point(effective_at=at(day), amount=micros(amount), **facts)


def lasting(day: str = "2025-01-01", amount=100, **facts) -> list[Point]:
    """One point that nothing follows."""
    return [point(day, amount, **facts)]
