"""Sinks of a few lines, and a workspace with them."""

from dataclasses import replace

from workspaces import workspace

from tenure import API, Change, PluginConfig, Receipt, Sink
from tenure.config import Entry


class Board(Sink):
    """Holds the closing balance; `before` and `after` are called around the writing of it."""

    name, api, Config = "board", API, PluginConfig

    def __init__(self, before=None, after=None):
        super().__init__(PluginConfig())
        self.holds = None
        self.written = 0
        self.before = before or (lambda: None)
        self.after = after or (lambda: None)

    def check(self, context):
        yield context.name

    def preview(self, report, context):
        new = str(report.rows[0].end_mrr)
        if new == self.holds:
            return []
        return [Change(target=context.name, field="end", old=self.holds, new=new)]

    def deliver(self, report, changes, context):
        assert changes == self.preview(report, context)
        self.before()
        self.holds = changes[0].new
        self.written += 1
        self.after()
        return Receipt(written=1, remote_id=f"{context.name}-{self.written}")


def over(store, **plugins):
    """A workspace with these sinks."""
    sinks = tuple(
        plugin
        if isinstance(plugin, Entry)
        else Entry(name=name, kind="sink", use="board", plugin=plugin)
        for name, plugin in plugins.items()
    )
    return replace(workspace(store.url), sinks=sinks)


def failing(error):
    def fail():
        raise error

    return fail
