"""The options of the connector."""

from pathlib import Path

from pydantic import Field

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


def found_files(config: FileConfig, folder: Path) -> list[Path]:
    """The files that `path` names, sorted; none if there is none."""
    path = folder / Path(config.path).expanduser()
    if path.is_file():
        return [path]
    anchor = Path(path.anchor)
    pattern = str(path.relative_to(anchor))
    return sorted(p for p in anchor.glob(pattern) if p.is_file()) if _is_glob(pattern) else []


def _is_glob(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[")
