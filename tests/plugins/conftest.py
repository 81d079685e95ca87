"""Plugins to load: local modules, and distributions as `pip` would have installed them."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

BODY = """
from tenure import API, Connector, PluginConfig, Sink, hookimpl


class Acme(Connector):
    name, api, Config = "acme", API, PluginConfig

    def check(self, context):
        yield "fine"

    def pull(self, request):
        yield from ()


@hookimpl
def tenure_connectors():
    return [Acme]
"""

_numbers = itertools.count()


@pytest.fixture
def body() -> str:
    """The text of a module that offers a connector `acme`."""
    return BODY


@pytest.fixture
def local(tmp_path: Path) -> Callable[[str], str]:
    """Write a module, and name it as plugins.toml would."""

    def written(text: str) -> str:
        name = f"local{next(_numbers)}.py"
        (tmp_path / name).write_text(text)
        return f"./{name}"

    return written


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Install a distribution with one entry point and one module; says the module's name."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(entry_point: str, text: str) -> str:
        module = f"dist{next(_numbers)}"
        (tmp_path / f"{module}.py").write_text(text)
        info = tmp_path / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[tenure.plugins]\n{entry_point} = {module}\n")
        return module

    return install
