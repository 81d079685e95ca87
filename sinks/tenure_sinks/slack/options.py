"""The table of the sink in plugins.toml."""

import re
from decimal import Decimal
from typing import Self

from pydantic import Field, SecretStr, model_validator

from tenure import HttpConfig

BANDS = {"growing": Decimal(100), "keeping": Decimal(80), "leaking": Decimal(0)}
"""metrics.md section 6: over 100 % growing, 80 to 100 % keeping, under 80 % leaking."""

_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{8,}")


class SlackConfig(HttpConfig):
    """Where the messages go, and how they look."""

    api_base: str = Field(default="https://slack.com/api", description="where Slack is")
    token: SecretStr | None = Field(default=None, description="bot token, xoxb-…")
    channel: str | None = Field(
        default=None, min_length=1, description='"#revenue", or a channel\'s id'
    )
    webhook_url: SecretStr | None = Field(
        default=None, description="incoming webhook: no picture, no update, no thread"
    )
    templates: str | None = Field(
        default=None, min_length=1, description="folder of Jinja2 templates instead of ours"
    )
    bands: dict[str, Decimal] = Field(
        default=BANDS, description="name of a band = percent of annual NRR from which it holds"
    )
    owner: str = Field(
        default="owner", min_length=1, description="attribute of customers: who looks after them"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        both = self.token is not None and self.channel is not None
        if self.webhook_url is not None and (self.token or self.channel):
            raise ValueError("takes either `token` and `channel`, or `webhook_url` alone")
        if self.webhook_url is None and not both:
            raise ValueError("needs `token` and `channel`, or `webhook_url`")
        return self

    @property
    def place(self) -> str:
        """What the messages' targets begin with: the channel as it is written."""
        return self.channel or "webhook"

    @property
    def channel_id(self) -> str | None:
        """The channel, where it is written as an id."""
        named = self.channel or ""
        return named if _CHANNEL_ID.fullmatch(named) else None

    def band(self, nrr: tuple[int, int]) -> str | None:
        """The band of an annual NRR: at its bound below 100 %, over it from there on."""
        part, whole = nrr
        for name, bound in sorted(self.bands.items(), key=lambda one: -one[1]):
            lead = part * 100 - bound * whole
            if lead > 0 or (lead == 0 and bound < _WHOLE):
                return name
        return None


_WHOLE = 100
