"""A command as a user types it in a folder, but in this process: what it said, how it ended."""

from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path

from tenure.cli import main


@dataclass(frozen=True)
class Said:
    """The same names as those of a process that has ended."""

    returncode: int
    stdout: str
    stderr: str


def typed(folder: Path, *words: str) -> Said:
    out, err = (TextIOWrapper(BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        code = main(list(words))
    return Said(code, *(each.buffer.getvalue().decode() for each in (out, err)))
