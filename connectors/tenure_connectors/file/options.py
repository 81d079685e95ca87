"""The options of the connector."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from re import error as RegexError  # noqa: N812 - what it is

from pydantic import Field, field_validator, model_validator

from tenure import PluginConfig


class FileConfig(PluginConfig):
    """Where the rows are, and how they are written."""

    path: str = Field(
        min_length=1, description="csv, xlsx, jsonl or parquet; a glob for several files"
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description='our name = the header in the file: customer = "Account"'
    )
    attributes: tuple[str, ...] = Field((), description="further columns kept as attributes")
    delimiter: str = Field(",", min_length=1, max_length=1, description="between the cells of csv")
    encoding: str = Field("utf-8-sig", description="of csv and jsonl, such as latin-1")
    decimal: str = Field(".", min_length=1, max_length=1, description="decimal sign of amounts")
    thousands: str = Field("", max_length=1, description="sign between thousands, if any")
    date_format: str = Field(
        "", description="as of strptime, such as %d.%m.%Y; ISO dates unless given"
    )

    @field_validator("delimiter", "decimal", "thousands")
    @classmethod
    def _is_a_sign(cls, sign: str) -> str:
        if sign.isalnum() or sign in {'"', "\r", "\n"}:
            raise ValueError(f"{sign!r} cannot stand between values")
        return sign

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError:
            raise ValueError("unknown; try utf-8, latin-1 or cp1252") from None
        return encoding

    @field_validator("date_format")
    @classmethod
    def _reads_dates(cls, form: str) -> str:
        some_day = datetime(2024, 11, 30)  # noqa: DTZ001 - only to see whether it comes back
        try:
            came_back = not form or datetime.strptime(some_day.strftime(form), form) == some_day  # noqa: DTZ007 - likewise
        except (ValueError, RegexError):
            came_back = False
        if not came_back:
            raise ValueError("reads no day, month and year; such as %d.%m.%Y")
        return form

    @model_validator(mode="after")
    def _signs_differ(self) -> "FileConfig":
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        return self


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file, and what it is called in messages and source references."""

    path: Path
    name: str


def found_files(config: FileConfig, folder: Path) -> list[SourceFile]:
    """The files that `path` names, sorted; none if there is none."""
    path = folder / Path(config.path).expanduser()
    if path.is_file():
        return [SourceFile(path, path.name)]
    anchor = Path(path.anchor)
    pattern = str(path.relative_to(anchor))
    if not any(sign in pattern for sign in "*?["):
        return []
    found = sorted(p for p in anchor.glob(pattern) if p.is_file())
    shared = os.path.commonpath([p.parent for p in found]) if found else ""
    return [SourceFile(p, p.relative_to(shared).as_posix()) for p in found]
