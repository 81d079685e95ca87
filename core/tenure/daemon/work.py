"""A worker: one job in a process of its own, so that a plugin can take nobody along.

    stdin    nothing; the order, one line of JSON, is what its guard read there
    stdout   the result, one line of JSON, whatever a plugin prints
    stderr   the log

A plugin may hang, crash the interpreter or eat the memory: the daemon never imports one. When the
daemon goes away, the guard ends its worker, and what it had committed stays.
"""

import contextlib
import logging
import os
import signal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tenure import logs
from tenure.errors import TenureError, WithheldError
from tenure.redaction import redact

PLAN = "plan"
"""The job that reads plugins.toml for the daemon; its message is a `Plan`."""

_LONGEST_MESSAGE = 4000

log = logging.getLogger("tenure.daemon")


class Order(BaseModel):
    """What a worker is to do: a job, over plugins.toml at `path` as if it said `text`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    job: str
    path: Path
    text: str | None = Field(default=None, repr=False)
    run: int = 0
    instance: str = ""
    level: int = logging.INFO
    style: str = "text"


class Result(BaseModel):
    """How it ended: a `State`, what to say of it, and the exit code of a command that did it."""

    model_config = ConfigDict(frozen=True)

    state: str
    message: str = ""
    exit_code: int = 0


def main(line: bytes) -> int:
    """Do what the line orders; the exit code says nothing, the result does."""
    told = os.dup(1)
    os.dup2(2, 1)  # what a plugin prints goes to the log
    _first_to_be_killed()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    order = Order.model_validate_json(line)
    logs.setup(order.level, order.style, fields={"run": str(order.run), "instance": order.instance})
    said = attempt(order).model_dump_json().encode() + b"\n"
    with contextlib.suppress(BrokenPipeError):  # the daemon is gone; the next one asks anew
        os.write(told, said)
    return 0


def attempt(order: Order) -> Result:
    """Do the job; whatever happens is in the result."""
    try:
        return _do(order)
    except KeyboardInterrupt:
        return Result(state="interrupted", message="stopped", exit_code=130)
    except TenureError as error:
        state = "withheld" if isinstance(error, WithheldError) else "failed"
        return Result(state=state, message=_short(str(error)), exit_code=error.exit_code)
    except Exception as error:  # the last resort, as on the command line
        log.exception("This is a mistake in tenure")
        text = f"This is a mistake in tenure: {type(error).__name__}: {error}"
        return Result(state="failed", message=_short(text), exit_code=1)


def _do(order: Order) -> Result:
    from tenure.config import load  # noqa: PLC0415 - what is wrong with an import is said, too
    from tenure.config.document import read_text  # noqa: PLC0415 - likewise
    from tenure.daemon import perform  # noqa: PLC0415 - likewise

    text = read_text(order.path) if order.text is None else order.text
    workspace = load(order.path, text)
    _log_without(workspace.secrets, order)
    if order.job == PLAN:
        from tenure.daemon.jobs import plan  # noqa: PLC0415 - likewise

        return Result(state="done", message=plan(workspace, text).model_dump_json())
    return perform.perform(workspace, order.job)


def _log_without(secrets: tuple[str, ...], order: Order) -> None:
    fields = {"run": str(order.run), "instance": order.instance}
    logs.setup(order.level, order.style, secrets, fields)


def _short(text: str) -> str:
    return redact(text, logs.secrets())[:_LONGEST_MESSAGE]


def _first_to_be_killed() -> None:
    """Where memory runs out, the kernel is to take this process and not the daemon."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
