"""The sink `slack`: the figures of a month or a week as one message, and alerts.

sink        which messages are due, and what makes each stand exactly once
options     the table of plugins.toml
story       what a message says, from the report: words and printed figures
templates   how it says it: Jinja2, ours or the user's
blocks      the text of a template as Slack's blocks, within Slack's limits
texts       names of others, made harmless
api         the requests; channel: which channel is meant
errors      what Slack's error codes mean, and what to do
"""

from tenure import Sink, hookimpl
from tenure_sinks.slack.options import SlackConfig
from tenure_sinks.slack.sink import Slack

__all__ = ["Slack", "SlackConfig", "tenure_sinks"]


@hookimpl
def tenure_sinks() -> list[type[Sink]]:
    """The one sink of this plugin."""
    return [Slack]
