"""Text of Stripe's that was cut in the middle of a character, in a page or in a webhook."""

import re

_HALF = re.compile(rb"(\\[^u]|\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F]..", re.DOTALL)
"""Half a surrogate pair, which is no character; group 1 is any other escape that it may be in."""


def whole(body: bytes) -> bytes:
    """JSON in which no text was cut in the middle of a character; U+FFFD stands for the rest."""
    if b"\\" not in body or (b"\\ud" not in body and b"\\uD" not in body):
        return body
    return _HALF.sub(lambda found: found[1] or rb"\ufffd", body)
