"""Messages as a page that looks much like Slack's: to look at, and for the picture in the docs."""

import base64
import html
import re

STYLE = """
body { font: 15px/1.46 Lato, 'Liberation Sans', sans-serif; color: #1d1c1d; margin: 0; }
main { width: 640px; padding: 16px 20px; background: #fff; }
.message { display: grid; grid-template-columns: 36px 1fr; column-gap: 8px; margin-bottom: 14px; }
.face { width: 36px; height: 36px; border-radius: 6px; background: #1f5fa8; color: #fff;
  font-weight: 800; display: grid; place-items: center; }
.who b { font-weight: 900; } .who i { background: #e8e8e8; font-size: 10px; font-style: normal;
  padding: 1px 3px; border-radius: 2px; color: #616061; } .who small { color: #616061; }
h3 { font-size: 18px; line-height: 1.33; margin: 8px 0 4px; font-weight: 900; }
.section { margin: 6px 0; white-space: pre-wrap; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; margin: 8px 0; }
.fields div { white-space: pre-wrap; }
.context { font-size: 13px; color: #616061; margin: 8px 0; white-space: pre-wrap; }
img { max-width: 500px; border-radius: 8px; display: block; margin: 8px 0;
  box-shadow: 0 0 0 1px #ddd; }
table { border-collapse: collapse; font-size: 13px; margin: 6px 0; }
td { border: 1px solid #ddd; padding: 3px 8px; } td + td { text-align: right; }
tr:first-child { font-weight: 700; }
blockquote { border-left: 4px solid #ddd; margin: 0; padding-left: 8px; }
a { color: #1264a3; text-decoration: none; } .thread { margin-left: 44px; zoom: 0.92; }
.file { border: 1px solid #ddd; border-radius: 8px; padding: 8px 12px; width: 320px; }
"""


def page(messages, files=None):
    """A message, or several, the later ones as its thread; `files` holds pictures by id."""
    shown = [_message(one, files or {}, at > 0) for at, one in enumerate(messages)]
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><main>{''.join(shown)}</main>"


def _message(message, files, in_thread):
    body = "".join(_block(block, files) for block in message.get("blocks", []))
    body += "".join(
        f"<div class=file>{_plain(each['name'])}</div>" for each in message.get("files", [])
    )
    who = "<div class=who><b>tenure</b> <i>APP</i> <small>9:00 AM</small></div>"
    kind = "message thread" if in_thread else "message"
    return f"<div class='{kind}'><div class=face>t</div><div>{who}{body}</div></div>"


def _block(block, files):
    kind = "fields" if "fields" in block else block["type"]
    return SHOWN.get(kind, lambda *_: "<hr>")(block, files)


def _fields(block, _files):
    cells = "".join(f"<div>{_mrkdwn(each)}</div>" for each in block["fields"])
    return f"<div class=fields>{cells}</div>"


def _context(block, _files):
    return f"<div class=context>{' '.join(map(_mrkdwn, block['elements']))}</div>"


def _image(block, files):
    data = base64.b64encode(files.get(block["slack_file"]["id"], b"")).decode()
    return f"<img src='data:image/png;base64,{data}' alt='{_plain(block['alt_text'])}'>"


def _table(block, _files):
    rows = ("".join(f"<td>{_plain(cell['text'])}" for cell in row) for row in block["rows"])
    return f"<table>{''.join(f'<tr>{row}' for row in rows)}</table>"


SHOWN = {
    "header": lambda block, _: f"<h3>{_plain(block['text']['text'])}</h3>",
    "section": lambda block, _: f"<div class=section>{_mrkdwn(block['text'])}</div>",
    "fields": _fields,
    "context": _context,
    "image": _image,
    "table": _table,
}


def _plain(text):
    return html.escape(text)


def _mrkdwn(text):
    """Slack's own escapes are HTML's; then links, bold, italics, quotes, one emoji."""
    said = re.sub(r"<([^|>]+)\|([^>]+)>", r"<a href='\1'>\2</a>", text["text"])
    said = re.sub(r"(?<!\w)\*([^*\n]+)\*(?!\w)", r"<b>\1</b>", said)
    said = re.sub(r"(?<!\w)_([^_\n]+)_(?!\w)", r"<em>\1</em>", said)
    said = re.sub(r"(?m)^&gt; (.*)$|^> (.*)$", r"<blockquote>\1\2</blockquote>", said)
    return said.replace(":warning:", "⚠️").replace("</blockquote>\n", "</blockquote>")
