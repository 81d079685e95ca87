"""What is wrong with a workspace, in the order in which to mend it, and what to do about each.

    surroundings   plugins.toml, plugins, file modes, disk, clock, time zones
    ledger         schema, integrity, what may never be, leases, freshness, what waits

It reads and changes nothing; `mend` does what can be done without losing anything. Of each of
`KINDS` docs/production.md has a paragraph.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from tenure.errors import ConfigError, TenureError

if TYPE_CHECKING:
    from tenure.config import Workspace
    from tenure.records import Json


class Grade(StrEnum):
    """How bad a finding is: `wrong` needs somebody now."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


KINDS = (
    "config",
    "plugins",
    "modes",
    "disk",
    "timezones",
    "store",
    "clock",
    "integrity",
    "ledger",
    "leases",
    "freshness",
    "quarantine",
    "deliveries",
)
"""Every kind of finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `todo` says what to do, `mend` does it where that is safe."""

    kind: str
    text: str
    grade: Grade = Grade.OK
    todo: str = ""
    mend: Callable[[], None] | None = None
    mended: bool = False

    def as_json(self) -> dict[str, "Json"]:
        """The finding as `tenure doctor --format json` prints it."""
        found = {"kind": self.kind, "grade": self.grade.value, "text": self.text}
        return {**found, "todo": self.todo or None, "mended": self.mended}


def mend(finding: Finding) -> Finding:
    """The finding once it was mended; raises `ConfigError` where that is not ours to do."""
    if finding.mend is None:
        return finding
    try:
        finding.mend()
    except OSError as error:
        raise ConfigError(
            f"{finding.kind}: {finding.text}, and cannot be mended: {error.strerror}",
            f"As the file's owner, or root: {finding.todo}",
        ) from error
    return replace(finding, mended=True)


def examine(workspace: "Workspace") -> Iterator[Finding]:
    """Look at everything; what cannot be looked at is a finding, too."""
    from tenure.doctor import ledger, surroundings  # noqa: PLC0415 - they need what is above

    yield from surroundings.examine(workspace)
    try:
        yield from ledger.examine(workspace)
    except TenureError as error:
        yield Finding(kind="store", text=error.reason, grade=Grade.WRONG, todo=error.instruction)
    except (ValueError, OverflowError, TypeError) as error:  # of a value that stands there
        said = f"a value that tenure never writes: {error}"
        yield Finding(kind="integrity", text=said, grade=Grade.WRONG, todo=ledger.RESTORE)
