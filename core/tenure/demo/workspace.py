"""The demo's workspace: a folder with a plugins.toml and a spreadsheet, for its user to edit."""

import csv
from datetime import date
from pathlib import Path

from tenure.demo.company import COLUMNS, live
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
"""


def write(folder: Path, today: date) -> list[Path]:
    """Write the files that are not there yet; returns those that were written.

    Raises `ConfigError` in a workspace that is not the demo's: made-up figures must not get into
    its ledger, nor to its sinks.
    """
    made = []
    try:
        _require_ours(folder / "plugins.toml")
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("plugins.toml", CONFIG), ("subscriptions.csv", None)):
            path = folder / name
            if not path.exists():
                _write(path, text, today)
                made.append(path)
    except OSError as error:
        raise TenureError(
            f"The workspace {folder} cannot be written: {error.strerror}", "Name another folder"
        ) from None
    return made


def _require_ours(config: Path) -> None:
    if config.exists() and not config.read_text(encoding="utf-8").startswith(MARK):
        raise ConfigError(
            f"{config} is not the demo's, and nothing was written",
            f"Name another folder: `tenure demo DIR`; or `tenure run --config {config}`",
        )


def _write(path: Path, text: str | None, today: date) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        if text is not None:
            file.write(text)
        else:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(COLUMNS)
            last_month = date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)
            out.writerows(sorted(stretch.cells() for stretch in live(last_month)))
    part.replace(path)
