"""A Slack of a few lines: its documented answers, limits and errors, and answers that get lost.

`World` answers httpx requests (for respx), `serving` the same on loopback (for processes).
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import httpx
from slack_limits import problems

TOKEN = "xoxb-s3cret-77"
HOOK = "/services/T0/B0/hooks3cret"
WORKSPACE_SCOPES = (
    "chat:write,files:write,channels:read,channels:history,groups:read,groups:history"
)
NEEDS = {
    "chat.postMessage": ("chat:write",), "chat.update": ("chat:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.history": ("channels:history", "groups:history"),
    "conversations.replies": ("channels:history", "groups:history"),
}  # fmt: skip
A_MINUTE = {
    "conversations.list": 20, "conversations.info": 50, "conversations.history": 50,
    "conversations.replies": 50, "chat.update": 50, "files.getUploadURLExternal": 20,
    "files.completeUploadExternal": 100, "chat.postMessage": 60,
}  # fmt: skip
"""Slack's tiers: so many requests of a method."""


class RefusedError(Exception):
    """`ok: false`."""

    def __init__(self, code, *messages, **more):
        super().__init__(code)
        self.body = {"ok": False, "error": code, **more}
        if messages:
            self.body["response_metadata"] = {"messages": list(messages)}


class World:
    """One workspace. `fail` may answer, or raise, before a request; `lose` after it was done."""

    def __init__(self, base="https://slack.test", now=lambda: 1_764_550_800.0):
        self.base = base
        self.now = now
        self.scopes = WORKSPACE_SCOPES
        self.channels = {
            "C00000001": {"id": "C00000001", "name": "general"},
            "C00000002": {"id": "C00000002", "name": "revenue"},
        }
        self.members = {"C00000001", "C00000002"}
        self.messages = {key: [] for key in self.channels}
        self.files = {}
        self.asked = []
        self.posts = Counter()
        self.hook_messages = []
        self.page = 200
        self.slow_files = 0
        self.limits = False
        self.retry_after = "7"
        self.fail = lambda _method: None
        self.lose = lambda _method: None
        self._spent = Counter()
        self._numbers = count(1)
        self.lock = threading.Lock()

    # --- what tests look at

    def parents(self, channel="C00000002"):
        return [one for one in self.messages[channel] if "thread_ts" not in one]

    def thread(self, ts, channel="C00000002"):
        return [one for one in self.messages[channel] if one.get("thread_ts") == ts]

    def writes(self):
        reads = ("auth.", "conversations.", "files.getUpload")
        return [each for each in self.asked if not each.startswith(reads)]

    # --- requests

    def __call__(self, request):
        method = request.url.path.removeprefix("/api/").removeprefix("/")
        with self.lock:
            self.asked.append(method)
            if (failed := self.fail(method)) is not None:
                return failed
            answer = self._answer(request, method)
            if (lost := self.lose(method)) is not None:
                return lost
            return answer

    def _answer(self, request, method):
        if f"/{method}" == HOOK:
            return self._hook(request)
        if method.startswith("upload/"):
            assert "authorization" not in request.headers
            return self._upload(method, request.content)
        headers = {"x-oauth-scopes": self.scopes}
        try:
            body = self._carried_out(request, method)
        except RefusedError as error:
            if error.body["error"] == "ratelimited":
                return httpx.Response(
                    429, json=error.body, headers={"retry-after": self.retry_after}
                )
            return httpx.Response(200, json=error.body, headers=headers)
        return httpx.Response(200, json={"ok": True, **body}, headers=headers)

    def _carried_out(self, request, method):
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise RefusedError("invalid_auth")
        self._spend(method)
        granted = self.scopes.split(",")
        needed = NEEDS.get(method, ())
        if needed and not set(needed) & set(granted):
            raise RefusedError("missing_scope", needed=needed[0], provided=self.scopes)
        query = dict(request.url.params)
        body = json.loads(request.content) if request.content else query
        return getattr(self, f"_{method.replace('.', '_')}")(body)

    def _spend(self, method):
        key = method, int(self.now() // 60)
        self._spent[key] += 1
        if self.limits and self._spent[key] > A_MINUTE.get(method, 100):
            raise RefusedError("ratelimited")

    def _auth_test(self, _body):
        return {"user": "tenure", "team": "Acme", "user_id": "U1", "bot_id": "B1"}

    def _conversations_list(self, body):
        private = body["types"] == "private_channel"
        found = [c for c in self.channels.values() if c.get("is_private", False) == private]
        return self._paged("channels", found, body)

    def _conversations_info(self, body):
        channel = self._channel(body)
        return {"channel": channel | {"is_member": channel["id"] in self.members}}

    def _conversations_history(self, body):
        self._joined(body)
        found = [one for one in self.parents(body["channel"]) if self._between(one, body)]
        return self._paged("messages", found[::-1], body)

    def _conversations_replies(self, body):
        self._joined(body)
        every = self.messages[body["channel"]]
        found = [one for one in every if body["ts"] in {one["ts"], one.get("thread_ts")}]
        if not found:
            raise RefusedError("thread_not_found")
        return self._paged("messages", found, body)

    def _between(self, message, body):
        at, inclusive = float(message["ts"]), body.get("inclusive") == "true"
        oldest, latest = float(body.get("oldest", 0)), float(body.get("latest", "inf"))
        return oldest <= at <= latest if inclusive else oldest < at < latest

    def _paged(self, key, found, body):
        start = int(body.get("cursor", "0").removeprefix("at:"))
        size = min(int(body["limit"]), self.page)
        rest = f"at:{start + size}" if start + size < len(found) else ""
        few = [self._shown(one, body) for one in found[start : start + size]]
        return {key: few, "response_metadata": {"next_cursor": rest}}

    def _shown(self, one, body):
        hidden = set() if body.get("include_all_metadata") == "true" else {"metadata"}
        return {name: value for name, value in one.items() if name not in hidden}

    def _chat_postMessage(self, body):
        channel = self._writable(body)
        self._valid(body)
        thread = body.get("thread_ts")
        if thread and thread not in {one["ts"] for one in self.messages[channel]}:
            raise RefusedError("thread_not_found")
        return {"channel": channel, "ts": self._add(channel, body)}

    def _add(self, channel, body):
        ts = f"{self.now() + next(self._numbers):.6f}"
        kept = ("text", "blocks", "metadata", "thread_ts", "files")
        self.messages[channel].append({"ts": ts} | {k: body[k] for k in kept if k in body})
        return ts

    def _chat_update(self, body):
        channel = self._writable(body)
        self._valid(body)
        for one in self.messages[channel]:
            if one["ts"] == body["ts"]:
                one |= {key: body[key] for key in ("text", "blocks", "metadata") if key in body}
                one["edited"] = one.get("edited", 0) + 1
                return {"channel": channel, "ts": one["ts"]}
        raise RefusedError("message_not_found")

    def _files_getUploadURLExternal(self, body):
        key = f"F{next(self._numbers):08}"
        self.files[key] = {"name": body["filename"], "length": int(body["length"])}
        return {"file_id": key, "upload_url": f"{self.base}/upload/{key}"}

    def _upload(self, method, content):
        file = self.files[method.removeprefix("upload/")]
        assert len(content) == file["length"]
        file["content"] = content
        return httpx.Response(200, text=f"OK - {len(content)}")

    def _files_completeUploadExternal(self, body):
        if body.get("channel_id"):
            self._writable({"channel": body["channel_id"]})
        for each in body["files"]:
            self.files[each["id"]]["done"] = True
            file = {"id": each["id"], "name": self.files[each["id"]]["name"]}
            if body.get("channel_id"):
                told = {"files": [file], "thread_ts": body.get("thread_ts")}
                self._add(body["channel_id"], {k: v for k, v in told.items() if v})
        return {"files": body["files"]}

    # --- refusals

    def _channel(self, body):
        if body.get("channel") not in self.channels:
            raise RefusedError("channel_not_found")
        return self.channels[body["channel"]]

    def _joined(self, body):
        if self._channel(body)["id"] not in self.members:
            raise RefusedError("not_in_channel")

    def _writable(self, body):
        if self._channel(body).get("is_archived"):
            raise RefusedError("is_archived")
        self._joined(body)
        return body["channel"]

    def _valid(self, body):
        if len(body.get("text", "")) > 40_000:
            raise RefusedError("msg_too_long")
        if found := problems(body):
            raise RefusedError("invalid_blocks", *found)
        for number, block in enumerate(body.get("blocks", ())):
            file = self.files.get(block.get("slack_file", {}).get("id"), {"done": True})
            if "slack_file" in block and (not file.get("done") or self.slow_files > 0):
                self.slow_files -= 1
                where = f"[json-pointer:/blocks/{number}/slack_file]"
                raise RefusedError("invalid_blocks", f"[ERROR] invalid slack file {where}")

    def _hook(self, request):
        body = json.loads(request.content)
        if not body.get("text"):
            return httpx.Response(400, text="no_text")
        if problems(body):
            return httpx.Response(400, text="invalid_blocks")
        self.hook_messages.append(body)
        return httpx.Response(200, text="ok")


# --- on loopback


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        url = f"{self.server.world.base}{self.path}"
        request = httpx.Request(self.command, url, headers=dict(self.headers), content=content)
        answer = self.server.world(request)
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    def do_GET(self):
        self.do_POST()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Who asked was killed."""


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The address of the world's API."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.world = world
    world.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"{world.base}/api"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
