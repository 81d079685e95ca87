"""Running a command: every way it may end becomes an exit code and a word on stderr."""

import logging
import os
import signal
import sys
import threading

from tenure.cli.app import app, hoisted
from tenure.errors import InvariantError, TenureError
from tenure.logs import secrets
from tenure.redaction import redact

INTERRUPTED = 130

log = logging.getLogger("tenure")


def run(args: list[str]) -> int:
    """Run the app; returns the exit code. Nothing typed, nothing asked: that is `--help`."""
    _end_on_sigterm()
    try:
        app(args=hoisted(args) or ["--help"], prog_name="tenure")
    except SystemExit as end:
        return _flushed(_code(end))
    except TenureError as error:
        _say(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort; the log has the traceback
        _say_bug(error)
        return 1
    return _flushed(0)


def _code(end: SystemExit) -> int:
    if end.code is None:
        return 0
    return end.code if isinstance(end.code, int) else 1


def _end_on_sigterm() -> None:
    # Only the main thread may; in another one whoever runs us handles signals.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _flushed(code: int) -> int:
    """Write out what is left; a reader that went away (`| head`) is no reason for a word."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more when it ends, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or 1
    return code


def _say(error: TenureError) -> None:
    log.debug("failed", exc_info=error)
    lines = [error.reason, error.instruction]
    if isinstance(error, InvariantError):
        lines += error.rows
    _write("\n".join(line for line in lines if line))


def _say_bug(error: Exception) -> None:
    log.debug("failed", exc_info=error)
    hint = "Run again with --verbose for the traceback, and report it with that"
    _write(f"This is a mistake in tenure: {type(error).__name__}: {error}\n{hint}")


def _write(text: str) -> None:
    sys.stderr.write(redact(text, secrets()) + "\n")
