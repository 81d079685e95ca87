"""A real browser without a network: what a page shows in it, and what it complains about."""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip


class Browser:
    """Chromium at the end of two pipes: a command and its answers are JSON, ended by a zero."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = os.fdopen(commands, "wb"), os.fdopen(answers, "rb")
        self._buffer, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        made = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = made["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._commands.write(json.dumps(message).encode() + b"\0")
        self._commands.flush()
        while (said := self._next()).get("id") != self._number:
            self.events.append(said)
        assert "error" not in said, said
        return dict(said["result"])

    def open(self, page: Path) -> None:
        """Go there and wait until all of it is loaded."""
        self.call("Page.navigate", url=page.as_uri())
        while not any(one.get("method") == "Page.loadEventFired" for one in self.events):
            self.events.append(self._next())

    def evaluate(self, script: str) -> Any:
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def complaints(self) -> list[str]:
        """What its console said."""
        kinds = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [json.dumps(one) for one in self.events if one.get("method") in kinds]

    def requests(self) -> list[str]:
        """What it asked for."""
        asked = [one for one in self.events if one.get("method") == "Network.requestWillBeSent"]
        return [one["params"]["request"]["url"] for one in asked]

    def close(self) -> None:
        self._commands.close()
        self._answers.close()

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            read = self._answers.raw.read(65536)  # type: ignore[attr-defined]
            assert read, "the browser ended"
            self._buffer += read
        said, self._buffer = self._buffer.split(b"\0", 1)
        return dict(json.loads(said))


@contextmanager
def browser() -> Iterator[Browser]:
    """A fresh Chromium that resolves no name."""
    program = shutil.which("chromium") or pytest.fail("no chromium: run scripts/test-needs")
    there, commands = os.pipe()
    answers, back = os.pipe()
    # Above 4, so that neither is overwritten while the shell puts them where Chromium looks.
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (there, back)]
    folder = tempfile.mkdtemp(prefix="tenure-chromium-")
    moved = f'exec "$0" "$@" 3<&{ends[0]} 4>&{ends[1]}'
    flags = (*FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}")
    process = subprocess.Popen(
        ["/bin/bash", "-c", moved, program, *flags],
        pass_fds=ends, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for end in (there, back, *ends):
        os.close(end)
    try:
        made = Browser(commands, answers)
        try:
            yield made
        finally:
            made.close()
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
