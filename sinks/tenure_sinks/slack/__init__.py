"""The sink `slack`: the figures of a month or a week as one message, and alerts.

sink        which messages are due             editions   a period of a report, and its figures
bot         lets each stand once, with a token  hook      posts them, by an incoming webhook
story       what a message says, in words       texts     names of others, made harmless
template    how it says it: Jinja2              blocks    that as Slack's blocks, within its limits
api         the requests                        channel   which channel, and what it holds already
errors      what Slack's error codes mean       checking  `tenure check`
options     the table of plugins.toml
"""

from importlib.util import find_spec

from tenure import PluginError, Sink, hookimpl
from tenure_sinks.slack.options import SlackConfig
from tenure_sinks.slack.sink import Slack

__all__ = ["Slack", "SlackConfig", "tenure_sinks"]


@hookimpl
def tenure_sinks() -> list[type[Sink]]:
    """The one sink of this plugin."""
    if find_spec("slack_sdk") is None:
        raise PluginError(
            "The sink 'slack' needs what is not installed: slack-sdk",
            "Run `pip install 'tenure[slack]'`",
        )
    return [Slack]
