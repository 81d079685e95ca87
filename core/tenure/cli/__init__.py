"""The command line. `main` answers `--version` at once; all else is a command module's.

A command module registers its commands with `tenure.cli.app.app` when it is imported, and
imports what they need inside of them.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

from tenure._version import __version__

MODULES = (
    "demo",
    "setup",
    "sync",
    "report",
    "movements",
    "cohorts",
    "customers",
    "accounts",
    "explain",
    "push",
    "deliveries",
    "daemon",
    "state",
    "operations",
    "catalog",
    "policy",
)
"""The modules of this package with commands, in the order of `tenure --help`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    if args == ["--version"]:
        sys.stdout.write(f"tenure {__version__}\n")
        return 0
    if "daemon" in args:
        _keep_sighups()
    from tenure.cli.run import run  # noqa: PLC0415 - typer takes longer than `--version` may

    for name in MODULES:
        import_module(f"tenure.cli.{name}")
    return run(args)


def _keep_sighups() -> None:
    """Let a SIGHUP wait until the daemon heeds it: by itself it ends a process."""
    import signal  # noqa: PLC0415 - `--version` does without it

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
