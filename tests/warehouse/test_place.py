"""Where a url of plugins.toml is, in the words of dlt."""

from pathlib import Path

import pytest

from tenure import ConfigError
from tenure_sinks.warehouse import WarehouseConfig
from tenure_sinks.warehouse.place import place_of

FOLDER = Path("/work space")


@pytest.mark.parametrize(
    ("url", "name", "shown"),
    [
        ("duckdb:///lake.duckdb", "duckdb", "/work space/lake.duckdb"),
        ("duckdb:////data/a%20b.duckdb", "duckdb", "/data/a b.duckdb"),
        ("filesystem:///out", "filesystem", "file:///work%20space/out"),
        ("s3://bucket/path", "filesystem", "s3://bucket/path"),
        ("postgresql+psycopg://ann:pw@db/lake", "postgres", "postgresql+psycopg://db/lake"),
        ("snowflake://ann:pw@acc/lake?role=r", "snowflake", "snowflake://acc/lake"),
        ("bigquery", "bigquery", "bigquery"),
    ],
)
def test_a_url_is_a_destination(url, name, shown):
    place = place_of(WarehouseConfig(url=url), FOLDER)
    assert (place.name, place.shown) == (name, shown)
    assert "pw" not in repr(place)


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("postgresql://ann:pw@db:1/lake", "postgresql://ann:pw@db:1/lake"),
        ("postgres://db/lake", "postgresql://postgres:-@db/lake"),
    ],
)
def test_dlt_insists_on_a_password(url, taken, monkeypatch):
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.delenv("PGUSER", raising=False)
    assert place_of(WarehouseConfig(url=url), FOLDER).options["credentials"] == taken


def test_credentials_are_handed_on_and_not_shown():
    config = WarehouseConfig(url="s3://b/p", credentials={"aws_secret_access_key": "s3cret-word"})
    place = place_of(config, FOLDER)
    assert place.options["credentials"] == {"aws_secret_access_key": "s3cret-word"}
    assert "s3cret-word" not in f"{config!r} {place!r}"


@pytest.mark.parametrize("url", ["duckdb:lake", "duckdb:///", "filesystem://x"])
def test_a_url_without_a_path_says_how_to_write_one(url):
    with pytest.raises(ConfigError, match=r":///relative or"):
        place_of(WarehouseConfig(url=url), FOLDER)


def test_a_destination_that_dlt_does_not_know_is_named():
    with pytest.raises(ConfigError, match="no destination 'nowhere'"):
        place_of(WarehouseConfig(url="nowhere"), FOLDER).destination()
