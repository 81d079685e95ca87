"""What the README shows works as it is typed."""

import json
import os
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typed import typed

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
ANSWER = json.dumps(
    [
        {"id": "s1", "customer": "ann", "since": "2025-01-01T00:00:00+00:00", "price": "99.50"},
        {"id": "s2", "customer": "bob", "since": "2025-02-01T00:00:00+00:00", "price": "10"},
    ]
).encode()


def block(language: str) -> str:
    """The README's one block in that language that is of the connector of your own."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (found,) = (one for one in blocks if "acme" in one)
    return found


@pytest.fixture
def api() -> Iterator[str]:
    """A billing system on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(ANSWER)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def installed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command that finds what is in the folder's `site`."""
    path = os.pathsep.join([str(folder / "site"), *sys.path])
    command = [sys.executable, "-m", "tenure", *words]
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def install(folder: Path) -> None:
    """The connector as an installed package with an entry point."""
    site = folder / "site"
    info = site / "acme_tenure-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "acme_tenure.py").write_text(block("python"))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tenure\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tenure.plugins]\nacme = acme_tenure\n")


@pytest.mark.parametrize("way", ["./acme.py", "acme"])
def test_the_connector_works_as_typed(tmp_path: Path, api: str, way: str):
    if way == "acme":
        install(tmp_path)
        tenure = installed
    else:
        tenure = typed
        (tmp_path / "acme.py").write_text(block("python"))
    config = block("toml").replace("https://billing.example.com", api).replace("./acme.py", way)
    (tmp_path / "plugins.toml").write_text('[tenure]\nstore = "sqlite:///t.db"\n' + config)
    assert "2 subscriptions" in tenure(tmp_path, "check").stdout
    assert "2 stored" in tenure(tmp_path, "sync").stdout
    report = tenure(tmp_path, "report", "--from", "2025-02", "--to", "2025-02", "--format", "csv")
    assert "109.500000" in report.stdout


def test_the_connector_has_25_lines():
    lines = [line for line in block("python").splitlines() if line.strip()]
    assert len(lines) <= 25


def test_the_commands_of_the_readme_exist():
    help_text = typed(Path(), "--help").stdout
    named = set(re.findall(r"^tenure (\w+)", README, re.MULTILINE))
    assert named
    assert all(re.search(rf"\b{name}\b", help_text) for name in named)


def test_your_own_file_in_three_steps(tmp_path: Path):
    rows = """\
        Account;Plan;Started;Cancelled at;MRR
        ann;pro;01.02.2025;;1.250,00
        bob;pro;15.02.2025;01.05.2025;99,50
    """
    (tmp_path / "subscriptions.csv").write_text(textwrap.dedent(rows))
    assert typed(tmp_path, "init", "--from", "subscriptions.csv").returncode == 0
    checked = typed(tmp_path, "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "2 stored" in typed(tmp_path, "sync").stdout
    report = typed(tmp_path, "report", "--from", "2025-03", "--to", "2025-05", "--format", "csv")
    assert "1349.500000" in report.stdout
