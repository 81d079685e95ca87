"""Unix seconds as instants."""

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(8192)
def instant(seconds: int) -> datetime:
    """The instant of Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)
