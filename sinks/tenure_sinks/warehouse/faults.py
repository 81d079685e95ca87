"""What went wrong at the warehouse, in words and with what to do; no secret, no traceback."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from tenure import ConfigError, SourceError, TenureError, TransientError
from tenure_sinks.warehouse.place import Place

_PRIVILEGES = "Grant what docs/warehouse.md lists: to make two schemas, and tables in them"
_KINDS: tuple[tuple[type[TenureError], str, str, tuple[str, ...]], ...] = (
    (
        ConfigError,
        "refused the credentials",
        "Check `url` or `credentials`",
        (
            "authentication fail", "password", "access denied", "not authenticated",
            "unauthorized", "invalid credential", "invalidaccesskeyid", "signaturedoesnotmatch",
            "unable to locate credentials", "no pg_hba.conf", "field(s) in configuration",
        ),
    ),
    (
        ConfigError,
        "does not let tenure write",
        _PRIVILEGES,
        ("permission denied", "insufficient privilege", "read-only", "forbidden", "accessdenied"),
    ),
    (ConfigError, "is not there", "Check `url`", ('database "', "no such bucket", "nosuchbucket")),
    (
        SourceError,
        "has no room",
        "Make room, then push again: what is missing is sent",
        ("no space left", "disk full", "file too large", "quota", "could not extend file"),
    ),
    (
        TransientError,
        "cannot be reached, or is busy",
        "Push again later: what is missing is sent",
        (
            "could not connect", "connection refused", "connection failed", "timeout", "timed out",
            "could not translate host", "server closed", "terminating connection",
            "set lock on file", "name or service not known", "starting up", "connection reset",
            "deadlock",
        ),
    ),
)  # fmt: skip
"""By words in what the innermost error says, the first that fits."""


@contextmanager
def told(place: Place) -> Iterator[None]:
    """Whatever fails in dlt, a driver or a file becomes a `TenureError`."""
    try:
        yield
    except TenureError:
        raise
    except Exception as error:  # noqa: BLE001 - twenty destinations have their own
        found = _in_words(place, error)
    else:
        return
    raise found from None  # what dlt says may have a URL in it


def _in_words(place: Place, error: BaseException) -> TenureError:
    if inner := next((one for one in _chain(error) if isinstance(one, TenureError)), None):
        return inner  # of the figures that dlt was being handed
    said = [line for one in _chain(error) if (line := _line(one))]
    text = " ".join(said).lower()
    if any(isinstance(one, OSError) and one.errno == errno.ENOSPC for one in _chain(error)):
        text = "no space left"
    for kind, what, instruction, words in _KINDS:
        if any(word in text for word in words):
            return kind(f"The warehouse at {place.shown} {what}: {said[-1]}", instruction)
    last = said[-1] if said else type(error).__name__
    return SourceError(
        f"The warehouse at {place.shown} failed: {last}", "Mend that, then push again"
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, the innermost last."""
    seen = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def _line(error: BaseException) -> str:
    """The first line; and the next where that only leads to it, as Snowflake's do."""
    first, *more = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    return " ".join([first, *more[:1]]) if first.endswith(":") else first
