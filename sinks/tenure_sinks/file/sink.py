"""Which files there are, and which of them are to be written: those whose figures change."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import Field

from tenure import (
    Change,
    Context,
    PluginConfig,
    Receipt,
    Report,
    Sink,
    SinkContext,
    SourceError,
)
from tenure_sinks.file.contents import CONTENTS, Content
from tenure_sinks.file.formats import FORMATS, replace


class FileConfig(PluginConfig):
    """Where the files go."""

    path: str = Field(min_length=1, description="folder of the files, made if it is not there")
    formats: tuple[Literal["json", "csv", "parquet", "html"], ...] = Field(
        ("json", "csv", "parquet", "html"), min_length=1, description="json, csv, parquet, html"
    )


class File(Sink):
    """Reports in a folder: retention.json, retention.html, movements.csv and so on."""

    name = "file"
    api = 1
    Config = FileConfig
    config: FileConfig
    reports = MappingProxyType(
        {
            "retention": "the bridge, NRR, GRR and logo retention by period and segment",
            "movements": "every change of what a customer pays, with its reasons",
            "cohorts": "what is left of whoever joined in each of the last twelve months",
            "customers": "how every customer stands now",
        }
    )

    def check(self, context: Context) -> Iterator[str]:
        """Write and remove a file in the folder, or in the nearest one that is there."""
        folder = self._folder(context)
        there = next(path for path in (folder, *folder.parents) if path.exists())
        with _said(folder), tempfile.TemporaryFile(dir=there):
            pass
        made = "" if there == folder else ", which the first push makes"
        yield f"can write {', '.join(self.config.formats)} into {folder}{made}"

    def preview(self, report: Report, context: SinkContext) -> Sequence[Change]:
        """The files that hold other figures than the reports."""
        changes = []
        for path, form, content in self._files(report, context):
            if not FORMATS[form].holds(path, content):
                held = "other figures" if path.exists() else "nothing"
                new = f"{len(content.rows)} rows"
                changes.append(Change(target=str(path), field="content", old=held, new=new))
        return changes

    def deliver(self, report: Report, changes: Sequence[Change], context: SinkContext) -> Receipt:
        """Write the files that change."""
        wanted, folder = {change.target for change in changes}, self._folder(context)
        with _said(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path, form, content in self._files(report, context, wanted):
                replace(path, content, form)
        return Receipt(written=len(wanted))

    def _files(
        self, report: Report, context: SinkContext, wanted: set[str] | None = None
    ) -> Iterator[tuple[Path, str, Content]]:
        """Every file, or the wanted ones, with its format and what it is to say."""
        folder = self._folder(context)
        for name in context.reports:
            forms = [f for f in self.config.formats if f != "html" or name == "retention"]
            paths = {form: folder / f"{name}.{form}" for form in forms}
            paths = {f: p for f, p in paths.items() if wanted is None or str(p) in wanted}
            content = CONTENTS[name](report, context) if paths else None
            for form, path in paths.items():
                assert content is not None  # noqa: S101 - there are paths
                yield path, form, content

    def _folder(self, context: Context) -> Path:
        return context.folder / Path(self.config.path).expanduser()


@contextmanager
def _said(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(
            f"The folder {folder} cannot be written: {reason}", "Check `path` and its permissions"
        ) from None
