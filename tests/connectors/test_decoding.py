"""Threads that decode a class for the first time at once."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys, threading
from {source}
sys.setswitchinterval(1e-6)
together = threading.Barrier(16)
def read(kind):
    together.wait()
    {read}
threads = [threading.Thread(target=read, args=(kind,)) for kind in 8 * [{kinds}]]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize(
    ("source", "kinds", "read"),
    [
        (
            "tenure_connectors.stripe.listing import content, shapes",
            "shapes.Subscription, shapes.Invoice",
            """content(kind, b'{"data": [{"id": "x"}]}')""",
        ),
        (
            "tenure_connectors.hubspot.client import Page, Portal, _read",
            "Page[Portal], Portal",
            """_read(kind, b'{"results": []}')""",
        ),
    ],
)
def test_they_do_not_crash_the_interpreter(source, kinds, read):
    script = SCRIPT.format(source=source, kinds=kinds, read=read)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
