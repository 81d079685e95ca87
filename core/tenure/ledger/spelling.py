"""One name in many spellings: case, composed or not, full width, ligatures, invisible characters.

`folded` is Unicode's caseless compatibility matching (D146) and, besides, Turkish i's as others
write them. What differs by an accent or a letter is another name.
"""

import re
from collections.abc import Iterator
from unicodedata import combining, normalize

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_TURKISH = str.maketrans({"\u0131": "i", "\u0130": "i"})


def folded(text: str) -> str:
    """The text as every spelling of it becomes."""
    if text.isascii():
        return text.lower()
    seen = normalize("NFC", _INVISIBLE.sub("", text)).translate(_TURKISH)
    return normalize("NFKC", normalize("NFKD", seen.casefold()).casefold())


def replaced(pattern: re.Pattern[str], token: str, text: str) -> str:
    """The text with the token wherever its folded form matches, and all else as it was written.

    Where characters that do not combine become one, as in half-width kana, it is folded.
    """
    text = normalize("NFC", text)
    whole, ends, written = "", list[int](), 0
    begins = list[int]()
    for cluster in _clusters(text):
        part = folded(cluster)
        begins += [written] * len(part)
        written += len(cluster)
        ends += [written] * len(part)
        whole += part
    said, done = "", 0
    for found in pattern.finditer(whole):
        said += text[done : begins[found.start()]] + token
        done = ends[found.end() - 1]
    said += text[done:]
    return pattern.sub(token, folded(text)) if pattern.search(folded(said)) else said


def _clusters(text: str) -> Iterator[str]:
    """Characters, each with the ones that combine with it."""
    start = 0
    for at in range(1, len(text)):
        if not combining(text[at]):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]
