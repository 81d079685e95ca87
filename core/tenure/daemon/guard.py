"""A guard over each worker: a small process that no plugin is in, and that leaves nothing behind.

    daemon ──pipe── guard ──fork── worker ── what its plugin starts

    SIGTERM, the end of the pipe    the worker is told to stop, and killed after its grace
    SIGQUIT                         it is killed at once

A plugin's C code may keep the interpreter to itself, and what it started may leave its group: so
somebody else has to notice that the daemon is gone, and on Linux orphans come to the guard.
"""

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

_PDEATHSIG, _CHILD_SUBREAPER = 1, 36
"""Of prctl(2)."""


def main() -> int:
    """Fork the worker of the order on stdin; the exit code is what `watch` returns."""
    grace, order, guard = float(sys.argv[1]), sys.stdin.buffer.readline(), os.getpid()
    if not order:
        return 1  # the daemon went away before it said what for
    if _children(guard) is not None:
        _prctl(_CHILD_SUBREAPER, 1)
    try:
        worker = os.fork()
    except OSError as error:
        return refuse(error)
    return watch(worker, grace) if worker else _work(order, guard)


def refuse(error: Exception) -> int:
    """Say how it went, for there is no worker to do so."""
    import json  # noqa: PLC0415 - here alone

    said = f"No process could be started: {error}"
    sys.stdout.write(json.dumps({"state": "crashed", "message": said, "exit_code": 1}))
    return 1


def _work(order: bytes, guard: int) -> int:
    """Be the worker; whoever kills the guard has killed this one, too."""
    os.setpgid(0, 0)
    _prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:
        return 1
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from tenure.daemon import work  # noqa: PLC0415 - the guard needs none of it

    return work.main(order)


def watch(worker: int, grace: float) -> int:
    """Wait for the worker and end what it left; its exit code, or 128 and the signal it died of."""

    def kill(*_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the grace begins once
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGTERM)
        signal.setitimer(signal.ITIMER_REAL, grace)

    for number, act in ((signal.SIGTERM, stop), (signal.SIGALRM, kill), (signal.SIGQUIT, kill)):
        signal.signal(number, act)
    try:
        threading.Thread(target=_heed_daemon, daemon=True).start()
    except RuntimeError as error:
        refuse(error)
        kill()
    ended = 0
    while ended != worker:  # orphans end here, too
        ended, status = os.waitpid(-1, 0)
    _end_rest(worker)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _heed_daemon() -> None:
    """Wait for the daemon's end of the pipe to close."""
    with suppress(OSError):
        while os.read(0, 1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def _end_rest(worker: int) -> None:
    """Kill the worker's group, and whoever left it and came to us when its parent died."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(worker, signal.SIGKILL)
    with suppress(ChildProcessError, PermissionError):  # none is left; or one is another user's
        while True:
            for child in _children(os.getpid()) or ():
                os.kill(child, signal.SIGKILL)
            os.waitpid(-1, 0)


def _children(process: int) -> list[int] | None:
    """The children of its main thread; None where the system does not tell."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except OSError:
        return None
    return [int(child) for child in text.split()]


def _prctl(option: int, value: int) -> None:
    """Ask the Linux kernel; another one has no such call, and its orphans go elsewhere."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - here alone

        ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
