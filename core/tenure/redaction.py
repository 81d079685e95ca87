"""Secrets taken out of text that somebody will read."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote

_MASK = "***"
_SHORTEST = 4
"""Below this a value stands in ordinary words everywhere, and hiding it would hide those."""

_PYDANTIC_HEAD, _PYDANTIC_TAIL = 24, 23

_PASSWORD = re.compile(r"(?<=://)([^/\s:@'\"]*):([^/\s@'\"]+)@")


class Redactor:
    """Takes the same secrets, in any spelling, and passwords in URLs out of many texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {form for s in secrets if len(s) >= _SHORTEST for form in _forms(s)}
        self._spellings = sorted(found, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without them."""
        for secret in self._spellings:
            text = text.replace(secret, _MASK)
        return _PASSWORD.sub(rf"\1:{_MASK}@", text)


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, in any spelling, and without passwords in URLs."""
    return Redactor(secrets)(text)


def url_passwords(text: str) -> set[str]:
    """Passwords that stand in the URLs of a text, as written and decoded."""
    found = {match[2] for match in _PASSWORD.finditer(text)}
    return found | {unquote(password) for password in found}


def _forms(secret: str) -> set[str]:
    """A secret as it is, as `repr` and JSON write it, in a URL, and its lines if it has several."""
    shown = repr(secret)[1:-1]
    spelt = {secret, shown, json.dumps(secret)[1:-1]}
    if len(shown) > _PYDANTIC_HEAD + _PYDANTIC_TAIL:
        # Pydantic's errors repeat their input, a long one without its middle.
        spelt.add(f"{shown[:_PYDANTIC_HEAD]}...{shown[-_PYDANTIC_TAIL:]}")
    quoted = {quote(secret, "", errors="surrogateescape")}
    quoted.add(quote_plus(secret, errors="surrogateescape"))
    return spelt | quoted | {line for line in secret.splitlines() if len(line) > _SHORTEST}
