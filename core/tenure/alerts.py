"""What should be known at once: figures beyond a limit, a stale source, nothing published."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to be said once. Money and ratios are written out in `title` and `text`.

    `kind` is the key of `[sinks.NAME.alerts]` that asked for it, `key` tells it from all others,
    `period` is the one that it is about.
    """

    key: str
    kind: str
    title: str
    text: str
    period: str | None = None
