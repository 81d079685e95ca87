"""The text of a template as Slack's blocks, within the limits of Block Kit whatever it says.

A paragraph is a block, by how it begins:

    # text          a header
    ---             a line across
    [picture]       the bridge
    [segments]      the table of segments
    | cell          fields, two in a row; a line without a bar goes on with its cell
    ^ text          small print
    anything else   a section

What does not fit is cut and says so: `…`, and a last line about what is missing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenure_sinks.slack.story import Part
from tenure_sinks.slack.texts import clip

if TYPE_CHECKING:
    from slack_sdk.models.blocks import Block, MarkdownTextObject

_HEADER, _SECTION, _FIELD, _ALT = 150, 3000, 2000, 2000
_FIELDS, _ROWS, _TABLE = 10, 100, 6000
_BLOCKS = 50
_MESSAGE = 12_000
"""Characters of all blocks; Slack answers `msg_blocks_too_long` to a little more."""
_MISSING = "_… and more than Slack takes in one message_"

Blocks = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a text may call for by name: a file of Slack with its words, and segments."""

    picture: tuple[str, str] | None = None
    segments: Sequence[Part] = ()


def blocks(text: str, shown: Shown) -> Blocks:
    """The blocks of a message."""
    found: Blocks = []
    left = _MESSAGE - len(_MISSING)
    for block in _every(text, shown):
        if block["type"] == "table" and block in found:
            continue  # Slack takes one in a message
        size = _size(block)
        if size > left or len(found) == _BLOCKS - 1:
            found.append(_section(_MISSING).to_dict())
            break
        left -= size
        found.append(block)
    return found


def _every(text: str, shown: Shown) -> Iterator[dict[str, Any]]:
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line.rstrip() for line in paragraph.split("\n") if line.strip()]
        plain: list[str] = []
        for line in lines:
            if line in _NAMED:
                yield from _sections(plain)
                plain = []
                yield from (each.to_dict() for each in _NAMED[line](shown))
            else:
                plain.append(line)
        yield from _paragraph(plain)


def _paragraph(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    from slack_sdk.models.blocks import ContextBlock, HeaderBlock, PlainTextObject  # noqa: PLC0415

    if not lines:
        return
    mark, rest = lines[0][:2], "\n".join([lines[0][2:], *lines[1:]])
    match mark:
        case "# ":
            title = PlainTextObject(text=clip(rest, _HEADER), emoji=False)
            yield HeaderBlock(text=title).to_dict()
        case "| ":
            yield from _fields(lines)
        case "^ ":
            yield ContextBlock(elements=[_text(rest, _SECTION)]).to_dict()
        case _:
            yield from _sections(lines)


def _sections(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """As many lines in each as fit."""
    found = ""
    for line in lines:
        longer = f"{found}\n{line}" if found else clip(line, _SECTION)
        if len(longer) > _SECTION:
            yield _section(found).to_dict()
            longer = clip(line, _SECTION)
        found = longer
    if found:
        yield _section(found).to_dict()


def _section(text: str) -> "Block":
    from slack_sdk.models.blocks import SectionBlock  # noqa: PLC0415 - heavy

    return SectionBlock(text=_text(text, _SECTION), expand=True)


def _fields(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    from slack_sdk.models.blocks import SectionBlock  # noqa: PLC0415 - heavy

    cells: list[str] = []
    for line in lines:
        if line.startswith("| "):
            cells.append(line[2:])
        else:
            cells[-1] += f"\n{line}"
    said = [cell for cell in cells if cell.strip()]
    for at in range(0, len(said), _FIELDS):
        few = [_text(cell, _FIELD) for cell in said[at : at + _FIELDS]]
        yield SectionBlock(fields=few).to_dict()


def _text(text: str, most: int) -> "MarkdownTextObject":
    from slack_sdk.models.blocks import MarkdownTextObject  # noqa: PLC0415 - heavy

    # Verbatim: else Slack makes links of what looks like one, and mentions of @names.
    return MarkdownTextObject(text=clip(text, most), verbatim=True)


# --- what a line calls for by name


def _divider(_shown: Shown) -> Iterator["Block"]:
    from slack_sdk.models.blocks import DividerBlock  # noqa: PLC0415 - heavy

    yield DividerBlock()


def _picture(shown: Shown) -> Iterator["Block"]:
    from slack_sdk.models.blocks import ImageBlock  # noqa: PLC0415 - heavy

    if shown.picture is not None:
        file, words = shown.picture
        yield ImageBlock(slack_file={"id": file}, alt_text=clip(words, _ALT))


def _segments(shown: Shown) -> Iterator["Block"]:
    from slack_sdk.models.blocks import TableBlock  # noqa: PLC0415 - heavy

    rows, left = [("segment", "start", "NRR", "GRR", "end")], _TABLE
    for one in shown.segments:
        row = (one.name, one.start, one.nrr, one.grr, one.end)
        left -= sum(map(len, row))
        if left < 0 or len(rows) == _ROWS - 1:
            rows.append(("…", "…", "…", "…", "…"))
            break
        rows.append(row)
    if shown.segments:
        right = {"align": "right"}
        cells = [[{"type": "raw_text", "text": cell or "-"} for cell in row] for row in rows]
        yield TableBlock(rows=cells, column_settings=[{"is_wrapped": True}, *[right] * 4])


_NAMED = {"---": _divider, "[picture]": _picture, "[segments]": _segments}


def _size(value: Any) -> int:
    """Characters of all texts in a block."""
    if isinstance(value, dict):
        return sum(_size(each) for each in value.values())
    if isinstance(value, list):
        return sum(_size(each) for each in value)
    return len(value) if isinstance(value, str) else 0
