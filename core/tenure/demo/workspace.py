"""The demo's workspace: a folder with a plugins.toml and a spreadsheet, for its user to edit."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from io import StringIO
from pathlib import Path

from tenure import files
from tenure.demo.company import COLUMNS, Stretch, live
from tenure.errors import ConfigError, TenureError

MARK = "# A workspace of tenure over a made-up company."
"""How the demo's plugins.toml begins: any other is somebody's own."""

CONFIG = f"""\
{MARK} Change anything below, then `tenure run`.

[tenure]
store = "sqlite:///tenure.db"   # the ledger; or postgresql+psycopg://…
timezone = "UTC"                # days, months and years begin in this zone
currency = "USD"                # what reports are in

[connectors.history]
use = "file"
path = "subscriptions.csv"      # csv, xlsx, jsonl or parquet; a glob for several
attributes = ["owner", "country"]

[metrics]
segments = ["plan", "owner", "country"]

[sinks.out]
use = "file"
path = "out"                    # retention.html, and for programs .json, .csv, .parquet
reports = ["retention"]         # there are movements, cohorts and customers, too
"""


def write(folder: Path, today: date) -> list[Path]:
    """Write the files that are not there yet; returns those that were written.

    Raises `ConfigError` in a workspace that is not the demo's: made-up figures must not get into
    its ledger, nor to its sinks.
    """
    texts = {
        "plugins.toml": lambda: CONFIG,
        "subscriptions.csv": lambda: sheet(live(last_month(today))),
    }
    with writing(folder):
        require_ours(folder / "plugins.toml", MARK, "tenure demo DIR")
        missing = [name for name in texts if not (folder / name).exists()]
        return [put(folder / name, texts[name]()) for name in missing]


def require_ours(path: Path, mark: str, command: str) -> None:
    """Raise `ConfigError` for a file that does not begin with our mark; there may be none."""
    if path.exists() and not path.read_text(encoding="utf-8").startswith(mark):
        raise ConfigError(
            f"{path} is not the demo's, and nothing was written",
            f"Name another folder: `{command}`; "
            f"or `tenure run --config {path.with_name('plugins.toml')}`",
        )


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Around what reads and writes files in a folder: why it cannot be, as a `TenureError`."""
    try:
        yield
    except OSError as error:
        raise TenureError(
            f"The workspace {folder} cannot be written: {error.strerror}", "Name another folder"
        ) from None


def put(path: Path, text: str) -> Path:
    """Write a file at once or not at all, in a folder that is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return files.put(path, text)


def last_month(today: date) -> date:
    """The first day of the last complete month."""
    return date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)


def sheet(company: Iterable[Stretch]) -> str:
    """The spreadsheet of a company's subscriptions."""
    text = StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(COLUMNS)
    out.writerows(sorted(stretch.cells() for stretch in company))
    return text.getvalue()
