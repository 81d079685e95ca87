"""What the workspace lends to a plugin: its context, with an HTTP client made on first use."""

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from tenure.config import Entry, Workspace
from tenure.plugin import Context

if TYPE_CHECKING:
    import httpx


class _Lazy:
    """Stands for an object until its first attribute is asked for.

    A plugin that reads files must not pay for the import of an HTTP library.
    """

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._made: object | None = None
        self._lock = Lock()

    def __getattr__(self, name: str) -> Any:
        with self._lock:  # a plugin's threads share one client, and so one limit
            if self._made is None:
                self._made = self._make()
        return getattr(self._made, name)

    def close_if_made(self) -> None:
        """Close the connections, if any were opened."""
        if self._made is not None:
            self._made.close()  # type: ignore[attr-defined]  # it is an httpx.Client


def lend(workspace: Workspace, entry: Entry) -> Context:
    """The context of one plugin; `give_back` closes what it opened."""

    def client() -> object:
        from tenure.http import client_for  # noqa: PLC0415 - only where HTTP is spoken

        return client_for(entry, workspace.folder)

    return workspace.context(entry, cast("httpx.Client", _Lazy(client)))


def give_back(context: Context) -> None:
    """Close the connections that a plugin opened."""
    lent = cast("object", context.http)
    if isinstance(lent, _Lazy):
        lent.close_if_made()
