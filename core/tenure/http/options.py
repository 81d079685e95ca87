"""What a client is made with, and the clock it waits by."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time as the client sees it; tests hand in one that does not wait."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """Everything that differs between two plugins' clients."""

    api_base: str = ""
    kind: str = "connector"
    timeout: float = 30.0
    requests_per_second: float | None = None
    max_attempts: int = 5
    largest_body: int = 256 * 2**20
    """Bytes of an answer, unpacked, that are taken into memory; a stream has no such limit."""
    proxy: str | None = field(default=None, repr=False)
    ca_bundle: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def table(self, name: str) -> str:
        """The table of plugins.toml that the user would edit."""
        return f"[{name}]" if self.kind == "rates" else f"[{self.kind}s.{name}]"
