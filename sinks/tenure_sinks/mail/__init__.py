"""The sink `email`: the report as a mail, once per content and recipient.

message    a report or an alert as a mail
server     an SMTP server: encrypted where it can be, errors in words
sink       who has got which figures, and what is sent
"""

from tenure import Sink, hookimpl


@hookimpl
def tenure_sinks() -> list[type[Sink]]:
    """The one sink of this plugin."""
    from tenure_sinks.mail.sink import Email  # noqa: PLC0415 - only for who uses it

    return [Email]
