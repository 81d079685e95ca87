"""What a daemon costs that has nothing to do: its start, its memory, its CPU.

    python benchmarks/daemon_idle.py [SECONDS [STORE_URL]]

Over SQLite unless a URL is given. CPU counts; wall time says more about the machine.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIG = """
[tenure]
store = "{store}"
[connectors.billing]
use = "stripe"
api_key = "rk_test_nobody"
schedule = "0 0 1 1 *"
[sinks.crm]
use = "hubspot"
token = "pat-nobody"
companies = "billing"
schedule = "0 0 1 1 *"
[metrics]
schedule = "0 0 1 1 *"
[daemon]
listen = "127.0.0.1:0"
"""
TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """CPU seconds of a process, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = sys.argv[2] if len(sys.argv) > 2 else "sqlite:///t.db"
        (folder / "plugins.toml").write_text(CONFIG.format(store=store))
        began = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-m", "tenure", "daemon"], cwd=folder, stderr=subprocess.PIPE
        ) as daemon:
            assert daemon.stderr
            while b"leads" not in (line := daemon.stderr.readline()):
                assert line, "it ended"
            up = time.monotonic() - began
            print(f"start: {up:.1f} s of wall time, {cpu(daemon.pid):.2f} s of CPU in the daemon")
            # What was made up for at first fails, for nobody is there; then all is quiet.
            rests = 0
            while rests < 2:
                rests += b"after" in daemon.stderr.readline()
            time.sleep(2)
            before = cpu(daemon.pid)
            time.sleep(seconds)
            used = cpu(daemon.pid) - before
            print(f"idle: {used / seconds:.2%} of a core over {seconds:.0f} s")
            print(f"memory: {resident(daemon.pid) / 1024:.0f} MiB resident")
            loaded = Path(f"/proc/{daemon.pid}/maps").read_text()
            heavy = [sdk for sdk in ("duckdb", "pyarrow", "msgspec", "vl_convert") if sdk in loaded]
            print(f"loaded of what only workers need: {heavy or 'nothing'}")
            daemon.send_signal(signal.SIGTERM)
            code = daemon.wait()
            print(f"SIGTERM: exit {code}")


if __name__ == "__main__":
    main()
