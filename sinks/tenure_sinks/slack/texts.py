"""Names of others, made harmless, and text cut to a length.

Slack reads `<!channel>`, `*bold*` and the like in any text it gets. `& < >` are escaped where a
template prints a value; what else would format is replaced by a look-alike, for want of an escape.
"""

import re
import unicodedata

NAME = 80
"""A name is cut to so many characters."""

_ALIKE = str.maketrans("*_~`", "\u2217\u02cd\u223c\u02cb")
_MARKUP = re.compile(r"(?<![^\W_])[*_~`]+|[*_~`]+(?![^\W_])")
"""Inside a word they format nothing: `acme_corp` keeps its own."""
_HALF = re.compile(r"&[^;&\s]{0,5}$|<[^<>]*$")
"""An escape or a link that a cut went through."""


def plain(text: str, most: int = NAME) -> str:
    """A value that drives nothing: on one line, without controls and without formatting."""
    printable = (" " if _drives(each) else each for each in text)
    line = " ".join("".join(printable).split())
    return clip(_MARKUP.sub(lambda found: found[0].translate(_ALIKE), line), most)


def _drives(character: str) -> bool:
    # Cf holds the marks that turn the direction of all that follows; joiners only join emoji.
    kind = unicodedata.category(character)
    return kind in {"Cc", "Cs", "Co", "Zl", "Zp"} or (kind == "Cf" and character != "\u200d")


def clip(text: str, most: int) -> str:
    """The text, or its beginning with an ellipsis; never half an escape or half a link."""
    if len(text) <= most:
        return text
    return f"{_HALF.sub('', text[: most - 1]).rstrip()}…"


def escaped(text: str) -> str:
    """A text outside of blocks, for notifications: in it `<!channel>` would call a channel, too."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def spoken(name: str) -> str:
    """A name of the ledger as words: `product_removed` is `product removed`."""
    return plain(name.replace("_", " "))
