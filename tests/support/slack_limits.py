"""What Slack takes in a message: the documented limits, as one small table, and who keeps them."""

import re

TEXT = {"header": 150, "section": 3000, "context": 3000, "markdown": 12_000}
"""Characters of a block's text."""
ITEMS = {"fields": (1, 10), "elements": (1, 10), "rows": (1, 100), "column_settings": (0, 20)}
"""How many a list of a block may hold."""
BLOCKS, MESSAGE, FIELD, ALT, URL, CELLS, TABLE = 50, 40_000, 2000, 2000, 3000, 20, 10_000
NEEDED = {
    "header": ("text",), "section": (), "divider": (), "context": ("elements",),
    "image": ("alt_text",), "markdown": ("text",), "table": ("rows",), "actions": ("elements",),
    "rich_text": ("elements",),
}  # fmt: skip
TAKEN = {
    "header": {"text"}, "section": {"text", "fields", "accessory", "expand"}, "divider": set(),
    "context": {"elements"}, "image": {"alt_text", "image_url", "slack_file", "title"},
    "markdown": {"text"}, "table": {"rows", "column_settings"}, "actions": {"elements"},
    "rich_text": {"elements"},
}  # fmt: skip
PINGS = re.compile(r"<[!@#]")


def problems(message):
    """Everything that Slack would refuse in a message; empty: it takes it."""
    blocks = message.get("blocks", [])
    if not blocks and not message.get("text"):
        return ["no_text"]
    found = [] if len(message.get("text", "")) <= MESSAGE else ["msg_too_long"]
    found += ["too many blocks"] if len(blocks) > BLOCKS else []
    found += ["two tables"] if sum(one.get("type") == "table" for one in blocks) > 1 else []
    for number, block in enumerate(blocks):
        found += [f"{number} {block.get('type')}: {each}" for each in _of_block(block)]
    return found


def _of_block(block):
    kind = block.get("type")
    if kind not in NEEDED:
        return ["no such block"]
    return [*_of_shape(kind, block), *_of_lists(kind, block), *_of_texts(kind, block)]


def _of_shape(kind, block):
    if any(not block.get(name) for name in NEEDED[kind]):
        yield "something is missing"
    if extra := block.keys() - TAKEN[kind] - {"type", "block_id"}:
        yield f"takes no {sorted(extra)}"
    if kind == "section" and not (block.get("text") or block.get("fields")):
        yield "neither text nor fields"
    if kind == "image" and ("image_url" in block) == ("slack_file" in block):
        yield "one picture, please"
    if len(block.get("alt_text", "")) > ALT or len(block.get("image_url", "")) > URL:
        yield "too long"


def _of_lists(kind, block):
    most = {"elements": 25} if kind == "actions" else {}
    for name, (low, high) in ITEMS.items():
        if name in block and not low <= len(block[name]) <= most.get(name, high):
            yield f"{len(block[name])} {name}"
    if kind == "table":
        yield from _of_rows(block["rows"])


def _of_texts(kind, block):
    if kind in TEXT and "text" in block:
        text, only = block["text"], "plain_text" if kind == "header" else None
        text = {"type": "mrkdwn", "text": text} if isinstance(text, str) else text
        yield from _of_text(text, TEXT[kind], only)
    for field in block.get("fields", []):
        yield from _of_text(field, FIELD)
    for one in block["elements"] if kind == "context" else []:
        if one.get("type") != "image":
            yield from _of_text(one, TEXT[kind])


def _of_text(text, most, only=None):
    if text.get("type") not in ({only} if only else {"mrkdwn", "plain_text"}):
        yield f"text of type {text.get('type')}"
    if not 1 <= len(text.get("text", "")) <= most:
        yield f"{len(text.get('text', ''))} characters"
    if extra := text.keys() - {"type", "text", "emoji", "verbatim"}:
        yield f"text takes no {sorted(extra)}"


def _of_rows(rows):
    texts = [cell.get("text", "") for row in rows for cell in row if cell["type"] == "raw_text"]
    if any(len(row) > CELLS for row in rows) or not all(texts) or sum(map(len, texts)) > TABLE:
        yield "a table too large, or with an empty cell"


def pings(message):
    """The texts of a message in which somebody would be called."""
    return [text for text in _texts(message) if PINGS.search(text)]


def _texts(value):
    if isinstance(value, dict):  # Slack reads nothing in a raw text
        value = [] if value.get("type") == "raw_text" else list(value.values())
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
