"""What a plugin is lent: one client, however many of its threads ask for it first."""

import threading
from concurrent.futures import ThreadPoolExecutor

from workspaces import workspace

from tenure.config import Entry
from tenure.lending import give_back, lend


def test_threads_share_one_client():
    """Two would each have a limit of its own, and one would never be closed."""
    context = lend(workspace("sqlite:///none.db"), Entry(name="a", kind="connector", use="file"))
    barrier = threading.Barrier(16)

    def cookies(_number):
        barrier.wait()
        return id(context.http.cookies)

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(cookies, range(16)))) == 1
    give_back(context)
