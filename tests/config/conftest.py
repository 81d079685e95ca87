"""A workspace in a folder of its own, with a local plugin `./acme.py` that takes all sorts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tenure.config import Workspace, load
from tenure.errors import ConfigError

ACME = """
from decimal import Decimal
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from tenure import API, ConfigError, Connector, PluginConfig, Sink, hookimpl


class Login(PluginConfig):
    user: str = ""
    password: SecretStr = SecretStr("")


class Config(PluginConfig):
    token: SecretStr = Field(default=SecretStr("none"), min_length=8)
    pin: SecretStr | None = None
    logins: list[Login] = []
    url: str = ""
    size: int = 1
    ratio: Decimal = Decimal(1)
    mode: Literal["fast", "slow"] = "fast"
    stages: list[str] = []
    columns: dict[str, str] = {}
    angry: str = ""

    @field_validator("pin")
    @classmethod
    def talkative(cls, pin):
        if pin is not None and len(pin.get_secret_value()) < 6:
            raise ValueError(f"the pin {pin.get_secret_value()} is too short")
        return pin

    @model_validator(mode="after")
    def agree(self):
        if self.size > 99 and self.mode == "slow":
            raise ValueError("a big size needs `mode = fast`")
        return self

    @field_validator("angry")
    @classmethod
    def crash(cls, value):
        if value:
            raise TypeError(f"cannot bear {value}")
        return value


class Acme(Connector):
    name, api, Config = "acme", API, Config
    provides = frozenset({"revenue"})

    def __init__(self, config):
        super().__init__(config)
        if config.size < 0:
            raise ConfigError("size and sense do not go together", "Leave one out")

    def check(self, context):
        yield f"can read {self.config.url or 'acme'}"

    def pull(self, request):
        yield from ()


class AcmeSink(Sink):
    name, api, Config = "acme", API, Config

    def check(self, context):
        yield "can write"

    def preview(self, report, context):
        return []

    def deliver(self, report, changes, context):
        raise NotImplementedError


@hookimpl
def tenure_connectors():
    return [Acme]


@hookimpl
def tenure_sinks():
    return [AcmeSink]
"""

BELL = """
from tenure import API, PluginConfig, Sink, hookimpl


class Bell(Sink):
    name, api, Config = "bell", API, PluginConfig
    reports, alerts = {"daily": "what came", "weekly": "what stayed"}, True

    def check(self, context):
        yield "can ring"

    def preview(self, report, context):
        return []

    def deliver(self, report, changes, context):
        raise NotImplementedError


@hookimpl
def tenure_sinks():
    return [Bell]
"""

ENTRY = '[connectors.a]\nuse = "./acme.py"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace that is the current folder, with acme.py and bell.py in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TENURE_CONFIG", raising=False)
    (tmp_path / "acme.py").write_text(ACME)
    (tmp_path / "bell.py").write_text(BELL)
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Callable[[str], Workspace]:
    """Load a plugins.toml with this text."""

    def loaded(text: str) -> Workspace:
        (folder / "plugins.toml").write_text(text)
        return load()

    return loaded


@pytest.fixture
def wrong(read: Callable[[str], Workspace]) -> Callable[[str], str]:
    """What is said of a plugins.toml with this text."""

    def said(text: str) -> str:
        with pytest.raises(ConfigError) as caught:
            read(text)
        return str(caught.value)

    return said


@pytest.fixture
def options(read: Callable[[str], Workspace]) -> Callable[[str], Workspace]:
    """Load a plugins.toml with one acme connector that has these options."""
    return lambda text: read(ENTRY + text)


@pytest.fixture
def wrong_options(wrong: Callable[[str], str]) -> Callable[[str], str]:
    """What is said of these options of an acme connector; they begin on line 3."""
    return lambda text: wrong(ENTRY + text)
