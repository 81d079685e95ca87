"""What SECURITY.md promises, where a test can hold it."""

import ast
import logging
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tenure.logs import Formatter

ROOT = Path(__file__).parents[1]
CODE = sorted(
    file for part in ("core", "connectors", "sinks") for file in (ROOT / part).rglob("*.py")
)
EXECUTES = {"pickle", "cPickle", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle",
            "eval()", "exec()"}  # fmt: skip
"""What runs what it reads."""


@cache
def named() -> dict[str, set[str]]:
    """By file, the modules that it imports and the plain functions that it calls."""
    return {str(file.relative_to(ROOT)): set(_named(ast.parse(file.read_bytes()))) for file in CODE}


def _named(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield f"{node.func.id}()"


def test_nothing_that_is_read_is_run():
    assert len(CODE) > 100
    assert [file for file, names in named().items() if EXECUTES & names] == []


def test_marshal_reads_only_what_the_same_run_wrote():
    assert [file for file, names in named().items() if "marshal" in names] == [
        "connectors/tenure_connectors/file/spill.py"
    ]


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_secret_that_holds_another_one_is_masked_whole(style: str):
    formatter = Formatter(style, ["sk_live", "sk_live_and_more"])
    record = logging.LogRecord("a", logging.INFO, "f", 1, "key %s", ("sk_live_and_more",), None)
    assert "key ***" in formatter.format(record)
    assert "more" not in formatter.format(record)


def required(name: str, extras: tuple[str, ...], seen: dict[str, str]) -> dict[str, str]:
    """The licences of a distribution, and of all that it needs, by name."""
    key = canonicalize_name(name)
    try:
        found = distribution(name)
    except PackageNotFoundError:  # of another platform
        return seen
    meta = found.metadata
    said = [c for c in meta.get_all("Classifier") or [] if c.startswith("License ::")]
    seen[key] = f"{meta.get('License-Expression')} {said} {meta.get('License')}"
    for line in found.requires or []:
        need = Requirement(line)
        wanted = [need.marker is None or need.marker.evaluate({"extra": e}) for e in extras]
        if any(wanted) and canonicalize_name(need.name) not in seen:
            required(need.name, (*need.extras, ""), seen)
    return seen


def test_every_licence_of_what_is_installed_is_known():
    table = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    special = set(re.findall(r"^\| `([a-z0-9-]+)` \|", table, re.MULTILINE))
    extras = ("stripe", "hubspot", "slack", "warehouse", "postgres", "telemetry", "")
    found = required("tenure", extras, {})
    permissive = re.compile(r"MIT|Apache|BSD|ISC|PSF|Python Software Foundation", re.IGNORECASE)
    others = {name for name, said in found.items() if not permissive.search(said)}
    assert others - {"tenure"} <= special
    assert len(found) > 50


def test_security_md_says_who_may_do_what():
    said = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for who in ("plugin", "web user", "webhook", "database", "not defended"):
        assert who in said.lower()
