"""Where the warehouse is: the options of its table, and the destination of dlt that they name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import Field, SecretStr

from tenure import ConfigError, PluginConfig, PluginError

if TYPE_CHECKING:
    from dlt.common.destination import AnyDestination

Unit = Literal["day", "week", "month", "quarter", "year"]


class WarehouseConfig(PluginConfig):
    """Where the tables go, and how far back they reach."""

    url: str = Field(
        min_length=1,
        repr=False,
        description="duckdb:///lake.duckdb, postgresql://…, filesystem:///folder, s3://bucket/x, "
        "or the name of a dlt destination",
    )
    credentials: Mapping[str, SecretStr | int | bool] = Field(
        default_factory=dict, description="what dlt asks of that destination, where no url says it"
    )
    format: Literal["parquet", "delta", "iceberg"] = Field(
        "parquet", description="of files: parquet, delta or iceberg"
    )
    dataset: str = Field(
        "tenure",
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="schema of the tables, or their folder; dataset_staging is used besides",
    )
    grain: Literal["month", "day"] = Field(
        "month", description="month or day: the periods of customer_mrr"
    )
    units: tuple[Unit, ...] = Field(
        ("month",),
        min_length=1,
        description="periods of retention: day, week, month, quarter, year",
    )
    trailing: tuple[int, ...] = Field(
        (), description="retention over so many months up to each period's end besides, as in [12]"
    )
    since: str | None = Field(
        None, description="the first period, as in 2024 or 2024-03; all there are unless said"
    )
    attributes: tuple[str, ...] = Field(
        (), description="columns of customers besides those of [metrics] segments"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A destination of dlt, with its options; `shown` is what people may read of it."""

    name: str
    shown: str
    options: Mapping[str, Any] = field(repr=False)
    table_format: Literal["delta", "iceberg"] | None = None
    file: Path | None = None
    """Of a warehouse that is one file."""

    @property
    def is_files(self) -> bool:
        """Whether it has files and no SQL of its own."""
        return self.name == "filesystem"

    @property
    def is_to_be_made(self) -> bool:
        """Whether it is a file that is not there: to look would make it."""
        return self.file is not None and not self.file.exists()

    @property
    def file_format(self) -> Literal["parquet", "csv"] | None:
        """How rows travel, where dlt would take a slower way or one that is not exact."""
        if self.name == "postgres":
            return "parquet" if find_spec("adbc_driver_postgresql") else "csv"
        return "parquet" if self.name in {"duckdb", "filesystem"} else None

    def destination(self) -> "AnyDestination":
        """Made by dlt; raises `ConfigError` for a name that it does not know."""
        from dlt.common.destination import Destination  # noqa: PLC0415 - heavy

        try:
            return cast("AnyDestination", Destination.from_reference(self.name, **self.options))
        except ModuleNotFoundError as error:
            raise PluginError(
                f"Destination {self.name!r} needs the package {error.name}",
                f"Run `pip install 'dlt[{self.name}]'`",
            ) from None
        except Exception:  # noqa: BLE001 - dlt's own have the options in their words
            raise ConfigError(
                f"dlt has no destination {self.name!r}",
                "Write `url` as docs/warehouse.md shows, or the name of one of dlt's destinations",
            ) from None


def place_of(config: WarehouseConfig, folder: Path) -> Place:
    """The place that the options name; paths start in `folder`."""
    scheme, colon, _ = config.url.partition(":")
    scheme = scheme.partition("+")[0] if colon else config.url
    given = {
        key: value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in config.credentials.items()
    }
    if scheme == "duckdb":
        path = folder / _path(config.url)
        return Place(name="duckdb", shown=str(path), options=_staged(str(path)), file=path)
    if scheme in _FILES:
        return _files(config, folder, scheme, given)
    name, credentials = scheme, given or (config.url if colon else None)
    if scheme in {"postgresql", "postgres"}:
        name, credentials = "postgres", _postgres(config.url)
    return Place(name=name, shown=_shown(config.url), options=_staged(credentials))


_FILES = ("filesystem", "file", "s3", "gs", "gcs", "az", "abfss", "azure")


def _files(config: WarehouseConfig, folder: Path, scheme: str, given: Mapping[str, Any]) -> Place:
    bucket = config.url
    if scheme in {"filesystem", "file"}:
        relative = scheme == "filesystem"
        bucket = (folder / _path(config.url) if relative else Path(urlsplit(bucket).path)).as_uri()
    options: dict[str, Any] = {"bucket_url": bucket}
    if given:
        options["credentials"] = dict(given)
    form = config.format
    return Place(
        name="filesystem",
        shown=_shown(bucket),
        options=options,
        table_format=None if form == "parquet" else form,
    )


def _path(url: str) -> Path:
    """`x:///lake` is a relative path, `x:////lake` an absolute one."""
    _, _, rest = url.partition("://")
    if len(rest) < 2 or not rest.startswith("/"):  # noqa: PLR2004 - a slash and a name
        scheme = url.partition(":")[0]
        raise ConfigError(
            f"{url!r} names no path", f"Write {scheme}:///relative or {scheme}:////absolute/path"
        )
    return Path(unquote(rest[1:])).expanduser()


def _postgres(url: str) -> str:
    """The URL as dlt takes it: it insists on a password, which a server may not ask for."""
    parts = urlsplit(url)
    if parts.password is None and parts.hostname:
        user = parts.username or os.environ.get("PGUSER", "postgres")
        host = parts.netloc.rpartition("@")[2]
        parts = parts._replace(netloc=f"{user}:{os.environ.get('PGPASSWORD', '-')}@{host}")
    return urlunsplit(parts._replace(scheme="postgresql"))


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))


def _staged(credentials: Any) -> dict[str, Any]:
    """Rows go into tables of their own first, so that nobody ever meets half a table."""
    return {"credentials": credentials, "replace_strategy": "insert-from-staging"}
