"""What stands in deploy/ starts what there is, as nobody in particular, and writes where it may."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tenure.cli import main
from tenure.config import load

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SOAK = bool(os.environ.get("TENURE_SOAK"))


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def kubernetes() -> dict[str, dict]:
    return {one["kind"]: one for one in yaml.safe_load_all(text("kubernetes.yaml"))}


def test_the_image_runs_as_nobody_and_from_pinned_bases():
    said = text("Dockerfile")
    assert re.findall(r"^USER (.*)$", said, re.MULTILINE) == ["10001:10001"]
    bases = re.findall(r"^FROM (\S+)", said, re.MULTILINE)
    assert all(re.search(r":\d+\.\d+-", base) for base in bases)


def test_the_build_context_has_what_the_build_needs():
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert [name for name in allowed if not (ROOT / name).exists()] == []
    assert {"deploy/build", "pyproject.toml", "requirements-dev.lock", "README.md"} <= set(allowed)


def test_a_container_writes_nowhere_but_where_it_is_said():
    service = yaml.safe_load(text("compose.yaml"))["services"]["tenure"]
    (container,) = kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert kubernetes()["Deployment"]["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"]


def test_no_file_holds_a_secret():
    names = ("compose.yaml", "kubernetes.yaml", "plugins.toml", "systemd/tenure.service")
    assert "kind: Secret" not in text("kubernetes.yaml")
    for name in names:
        assert not re.search(r"(rk|sk)_live_\w|pat-\w|xoxb-", text(name))


@pytest.mark.parametrize("where", ["plugins.toml", "kubernetes.yaml"])
def test_the_workspace_is_one(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    said = text(where)
    if where == "kubernetes.yaml":
        said = kubernetes()["ConfigMap"]["data"]["plugins.toml"]
    monkeypatch.setenv("TENURE_STORE", "postgresql+psycopg://tenure:word@db/tenure")
    (tmp_path / "key").write_text("rk_live_made_up")
    (tmp_path / "plugins.toml").write_text(
        re.sub(r'file = "[^"]*"', f'file = "{tmp_path / "key"}"', said)
    )
    ready = load(tmp_path / "plugins.toml")
    assert (ready.daemon.listen, ready.keep_raw and ready.keep_raw.days) == ("0.0.0.0:9464", 90)


@pytest.mark.parametrize("unit", ["tenure.service", "tenure-backup.service"])
def test_a_unit_is_locked_in_and_starts_a_command_of_ours(unit: str):
    said = text(f"systemd/{unit}")
    wanted = ("NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "UMask=0077",
              "PrivateUsers=yes", "SystemCallFilter=@system-service")  # fmt: skip
    assert [line for line in wanted if line not in said.splitlines()] == []
    (command,) = re.findall(r"^ExecStart=/opt/tenure/bin/tenure (\w+)", said, re.MULTILINE)
    assert main([command, "--help"]) == 0


def test_ports_and_paths_agree():
    port = "9464"
    for name in ("Dockerfile", "compose.yaml", "kubernetes.yaml", "plugins.toml"):
        assert port in text(name)
    (container,) = kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


@pytest.fixture
def anywhere() -> Iterator[Path]:
    """A folder that everybody may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="tenure-image-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def installed(site: Path) -> list[str]:
    """tenure in a folder that may only be read: as the image has it, or its code alone."""
    if SOAK:
        subprocess.run([str(DEPLOY / "build"), str(site)], check=True)
    else:
        for part in ("core/tenure", "connectors/tenure_connectors", "sinks/tenure_sinks"):
            ignored = shutil.ignore_patterns("__pycache__", "world")
            shutil.copytree(ROOT / part, site / Path(part).name, ignore=ignored)
    for file in (site, *site.rglob("*")):
        if not file.is_symlink():
            file.chmod(0o555 if file.is_dir() or file.parent.name == "bin" else 0o444)
    return [str(site / "bin" / "tenure")] if SOAK else [sys.executable, "-m", "tenure"]


def nobody() -> dict[str, object]:
    """Another user than root, where that one can reach Python at all."""
    python = Path(sys.executable)
    folders = {*python.parents, *python.resolve().parents}
    may_enter = all(folder.stat().st_mode & 0o001 for folder in folders)
    if os.geteuid() != 0 or not may_enter:
        return {}
    return {"user": 65534, "group": 65534, "extra_groups": []}


def test_the_steps_of_the_image_outside_of_one(anywhere: Path):
    site, data = anywhere / "site", anywhere / "data"
    program = installed(site)
    data.mkdir()
    data.chmod(0o777)
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": "" if SOAK else str(site),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(data),
    }
    done = subprocess.run(
        [*program, "init", str(data)],
        env=environment,
        cwd=data,
        capture_output=True,
        text=True,
        check=False,
        **nobody(),
    )
    assert (done.returncode, (data / "plugins.toml").exists()) == (0, True), done.stderr
