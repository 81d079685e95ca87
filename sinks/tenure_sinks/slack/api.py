"""The requests of Slack's Web API, through the client that tenure lends.

Reading may be tried again by it. A write is not: when its answer is lost it may have been carried
out, and only the channel tells.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenure_sinks.answers import json_object
from tenure_sinks.slack.errors import refused

if TYPE_CHECKING:
    import httpx

_PAGE = 200
"""Slack recommends no more messages or channels at a time."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be brought to Slack; without a channel only messages of the bot show it."""

    name: str
    content: bytes
    title: str
    channel: str | None = None
    thread: str | None = None


class Api:
    """One bot's requests."""

    def __init__(self, http: "httpx.Client", sink: str, token: str) -> None:
        self._http = http
        self._sink = sink
        self._headers = {"Authorization": f"Bearer {token}"}

    def read(self, method: str, **query: str | int) -> dict[str, Any]:
        """The answer of a method that only reads."""
        return self.ok(method, self.asked(method, **query))

    def asked(self, method: str, **query: str | int) -> "httpx.Response":
        """The whole answer, for its headers."""
        return self._http.get(f"/{method}", params=query, headers=self._headers)

    def pages(self, method: str, key: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """Everything that a method lists, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            more = {"cursor": cursor} if cursor else {}
            body = self.read(method, **query, **more, limit=_PAGE)
            yield from (each for each in body.get(key, ()) if isinstance(each, dict))
            cursor = (body.get("response_metadata") or {}).get("next_cursor") or None

    def write(self, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a method that changes something."""
        answer = self._http.post(f"/{method}", json=dict(body), headers=self._headers)
        return self.ok(method, answer)

    def upload(self, file: Upload) -> str:
        """Bring a file to Slack; its id. Nobody sees one whose upload broke off."""
        place = self.read(
            "files.getUploadURLExternal", filename=file.name, length=len(file.content)
        )
        # The address is the permission: it gets no token.
        self._http.post(str(place["upload_url"]), content=file.content)
        where = {"channel_id": file.channel, "thread_ts": file.thread} if file.channel else {}
        files = [{"id": place["file_id"], "title": file.title}]
        self.write("files.completeUploadExternal", {"files": files, **where})
        return str(place["file_id"])

    def ok(self, method: str, answer: "httpx.Response") -> dict[str, Any]:
        """The body of an answer; raises for one that is not `ok`."""
        body = json_object(answer, f"[sinks.{self._sink}] {method}")
        if body.get("ok") is not True:
            raise refused(self._sink, method, answer, body)
        return body
