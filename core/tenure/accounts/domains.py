"""Web domains as they are compared, and those that say nothing about who is who."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

_BEFORE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//")
_HOST = re.compile(r"^(?:[^@/?#]*@)?(?P<host>[^/?#:]+)")
_NORMAL = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*")
_LONGEST = 253


def normal(text: str) -> str | None:
    """`https://www.Bücher.example/about` is xn--bcher-kva.example; None for what is no domain."""
    bare = _BEFORE.sub("", text.strip().lower())
    found = _HOST.match(bare)
    host = found["host"].strip(".").removeprefix("www.") if found else ""
    if not host.isascii():
        host = _ascii(host)
    return host if _NORMAL.fullmatch(host) and len(host) <= _LONGEST else None


def _ascii(host: str) -> str:
    import idna  # noqa: PLC0415 - few hosts need its tables

    try:
        return idna.encode(host, uts46=True).decode().removeprefix("www.")
    except idna.IDNAError:
        return ""


@cache
def _bundled() -> frozenset[str]:
    text = files("tenure.accounts").joinpath("shared_domains.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def shared(more: Iterable[str]) -> frozenset[str]:
    """Mail providers and the like, with the user's own."""
    return _bundled() | {domain for text in more if (domain := normal(text))}
