"""Logging of a command: to stderr, as text or one JSON object per line, never with a secret.

Redaction is in the formatter, not in a filter: only there is the whole text known, with the
arguments filled in and the traceback written out.
"""

import json
import logging
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TextIO

from tenure.redaction import redact

FORMATS = ("text", "json")


class Formatter(logging.Formatter):
    """Writes a record as text or JSON, with every secret it was told of masked.

    A text has the time only with fields: a daemon's is read later, a command's at once.
    """

    def __init__(
        self, style: str, secrets: Iterable[str] = (), fields: Mapping[str, str] | None = None
    ) -> None:
        self._fields = dict(fields or {})
        said = "".join(f" {name}={value}" for name, value in self._fields.items())
        time = "%(asctime)s " if said else ""
        super().__init__(f"{time}%(levelname)s %(name)s{said.replace('%', '%%')}: %(message)s")
        self._as_json = style == "json"
        self.secrets = frozenset(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """The line, or lines, to write."""
        if self._as_json:
            return self._json(record)
        return redact(super().format(record), self.secrets)

    def formatTime(self, record: logging.LogRecord, _: str | None = None) -> str:  # noqa: N802
        """The instant in UTC."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def _json(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            **self._fields,
            "message": redact(record.getMessage(), self.secrets),
        }
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info), self.secrets)
        return json.dumps(line, ensure_ascii=False)


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what stderr is now, not to what it was at the set-up."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def setup(
    level: int,
    style: str = "text",
    secrets: Iterable[str] = (),
    fields: Mapping[str, str] | None = None,
) -> None:
    """Log to stderr from `level` on, each line with the fields; what was set up before is gone."""
    handler = _Stderr()
    handler.setFormatter(Formatter(style, secrets, fields))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h.formatter, Formatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # other libraries' chatter is nobody's concern here
    logging.getLogger("tenure").setLevel(level)


def secrets() -> frozenset[str]:
    """What the current set-up keeps out of the log, for text that goes elsewhere."""
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    known = [f.secrets for f in formatters if isinstance(f, Formatter)]
    return frozenset().union(*known)
