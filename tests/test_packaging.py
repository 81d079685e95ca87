"""What is promised of the package as others get it: its names, its version, its wheel."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tenure

ROOT = Path(__file__).parent.parent
SOURCES = ("core/tenure", "connectors/tenure_connectors", "sinks/tenure_sinks")
# Odd brackets, so that this file does not name what it looks for.
HOSTS = re.compile(r"p[y]pi\.(org|python)|p[y]thonhosted\.org|index[-]url\s*=|extra[-]index")


def type_checkers_names() -> dict[str, list[str]]:
    """What a type checker believes: module and names of each import under TYPE_CHECKING."""
    tree = ast.parse((ROOT / "core/tenure/__init__.py").read_text())
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in guarded.body if isinstance(node, ast.ImportFrom)]
    return {str(node.module): [alias.name for alias in node.names] for node in imports}


def test_type_checkers_see_the_names_that_are_exported():
    exported = {module: names.split() for module, names in tenure._EXPORTS.items()}
    assert type_checkers_names() == exported


def test_exports_are_sorted_and_exist():
    names = tenure.__all__
    assert set(names) == {"__version__", *tenure._HOME}
    # Constants, classes, functions: the linter's order.
    assert names == sorted(names, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    assert all(getattr(tenure, name) is not None for name in names)


def test_a_name_that_is_not_exported_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Ledger'"):
        _ = tenure.Ledger


def test_the_version_is_the_installed_one():
    assert tenure.__version__ == importlib.metadata.version("tenure")


def test_importing_the_root_imports_no_library():
    heavy = "{'httpx', 'sqlalchemy', 'sqlmodel', 'duckdb', 'pydantic', 'openpyxl'}"
    code = f"import sys, tenure; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files in a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [*(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index"),
         *("--no-build-isolation", "--disable-pip-version-check", "-w", str(folder), str(ROOT))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (file,) = folder.glob("tenure-*.whl")
    return set(zipfile.ZipFile(file).namelist())


@pytest.mark.parametrize("source", SOURCES)
def test_the_wheel_has_every_file_of_a_package(wheel, source):
    """Code, SQL, migrations and py.typed alike."""
    base = (ROOT / source).parent
    files = [path for path in (ROOT / source).rglob("*") if path.is_file()]
    wanted = {str(p.relative_to(base)) for p in files if "__pycache__" not in p.parts}
    assert f"{Path(source).name}/py.typed" in wanted
    assert wanted - wheel == set()


def test_the_wheel_has_sql_and_migrations(wheel):
    assert any(re.fullmatch(r"tenure/metrics/sql/.+\.sql", name) for name in wheel)
    assert any(re.fullmatch(r"tenure/ledger/migrations/versions/.+\.py", name) for name in wheel)


def test_the_wheel_has_nothing_else(wheel):
    tops = {name.split("/")[0] for name in wheel}
    packages = {Path(source).name for source in SOURCES}
    assert tops == packages | {f"tenure-{tenure.__version__}.dist-info"}


def test_no_file_names_a_package_registry():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607 - git is on the path
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    named = [name for name in listed if HOSTS.search((ROOT / name).read_text(errors="ignore"))]
    assert listed
    assert named == []


def test_the_lock_pins_by_hash_and_leaves_tenure_out():
    lock = (ROOT / "requirements-dev.lock").read_text()
    pinned = re.findall(r"^([a-z0-9._-]+)==.+\\\n +--hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)
    starts = re.findall(r"^(?![# ])\S+", lock, re.MULTILINE)
    assert len(pinned) == len(starts) > 0
    assert "tenure" not in pinned
