"""Every error that tenure raises on purpose, sorted by what the caller does with it.

* TenureError             reason + instruction, for the person who reads it
  + ConfigError           the user changes plugins.toml or a credential         (exit 2)
    - UsageError          the user types the command again                      (exit 2)
  + SourceError           one source failed, the others go on                   (exit 1)
    - TransientError      the same, and trying again later may help             (exit 1)
  + PluginError           a plugin is broken and disabled, the others run       (exit 1)
  + StoreError            the ledger cannot be opened, read or written          (exit 1)
  + InvariantError        figures contradict each other, nothing is published   (exit 3)
  + WithheldError         figures rest on too little to be published            (exit 3)
"""

from collections.abc import Iterable, Sequence

from tenure.redaction import redact


class TenureError(Exception):
    """What went wrong and what to do about it."""

    exit_code = 1

    def __init__(self, reason: str, instruction: str = "") -> None:
        self.reason = reason
        self.instruction = instruction
        super().__init__(reason, instruction)

    def __str__(self) -> str:
        return f"{self.reason}. {self.instruction}" if self.instruction else self.reason

    def hide(self, secrets: Iterable[str]) -> None:
        """Take secrets out of the words: a plugin may have put one in."""
        self.reason = redact(self.reason, secrets)
        self.instruction = redact(self.instruction, secrets)
        self.args = (self.reason, self.instruction)


class ConfigError(TenureError):
    """The configuration or a credential is wrong; the user can mend it."""

    exit_code = 2


class UsageError(ConfigError):
    """A command was typed with something it does not take."""


class SourceError(TenureError):
    """One source cannot be read; the others are."""


class TransientError(SourceError):
    """A source does not answer now; the same call may work later."""


class PluginError(TenureError):
    """A plugin is broken: it is disabled, the others run."""


class StoreError(TenureError):
    """The ledger cannot be opened, read or written."""


class InvariantError(TenureError):
    """An invariant of the figures failed: they are shown to nobody (exit 3).

    `rows` are lines of text that show the figures which contradict each other.
    """

    exit_code = 3

    def __init__(self, reason: str, rows: Sequence[str] = ()) -> None:
        self.rows = tuple(rows)
        super().__init__(reason, "Nothing was published; please report this with the rows below")


class WithheldError(TenureError):
    """Figures are right as far as they go, but rest on too little to be published (exit 3)."""

    exit_code = 3
