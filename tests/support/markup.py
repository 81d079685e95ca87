"""An HTML page as a test reads it: its tables and the text of its elements."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img"}


class Markup(HTMLParser):
    """`tables` by their title, `texts` of every element as (tag, class, text), `tags` seen."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.texts: list[tuple[str, str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, str, list[str]]] = []
        self._heading = ""
        self.feed(page)
        self.close()
        assert self._open == [], "elements are left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("class") or "", []))
        if tag == "table":
            self.tables[self._heading] = []
        if tag == "tr":
            self.tables[self._heading].append([])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        for _, _, parts in self._open:
            parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        opened, kind, parts = self._open.pop()
        assert opened == tag
        text = "".join(parts)
        self.texts.append((tag, kind, text))
        if tag == "h2":
            self._heading = text
        if tag in {"th", "td"}:
            self.tables[self._heading][-1].append(text)

    def of(self, tag: str, kind: str = "") -> list[str]:
        """The texts of such elements, in order of their ends."""
        return [text for t, k, text in self.texts if t == tag and (not kind or kind in k.split())]
