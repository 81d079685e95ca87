"""The options of the connector."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from tenure import CURRENCY_CODES, HttpConfig

READS = 19.0
"""Requests per second: HubSpot lets a private app send 190 in ten seconds."""

_NAME = re.compile(r"[a-z][a-z0-9_]*").fullmatch


def _unfit(said: str) -> PydanticCustomError:
    """What is wrong with an option, in words that may be shown: they do not repeat it."""
    return PydanticCustomError("tenure", said)


def _named(name: str) -> str:
    if not _NAME(name):
        raise _unfit("is no internal name of a property: small letters, digits and _")
    return name


Property = Annotated[str, AfterValidator(_named)]
"""The internal name of a property, as HubSpot's settings show it under </>."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Mapped(_Table):
    """A property that becomes an attribute, with its history or as it is now."""

    property: Property = Field(description="its internal name")
    history: bool = Field(default=False, description="every value it had, each from its day on")


class Custom(_Table):
    """Revenue that stands in properties of any object."""

    object: str = Field(min_length=1, description="companies, deals, or a custom object's name")
    amount: Property = Field(description="the property with the amount of one interval")
    interval: str = Field(
        default="month", description="day, week, month, quarter, year, or a property that says it"
    )
    start: Property | None = Field(default=None, description="its first day; else when it was made")
    end: Property | None = Field(default=None, description="the day on which it is over")
    end_inclusive: bool = Field(default=False, description="the end is its last day")
    where: Mapping[Property, str | list[str]] = Field(
        default_factory=dict, description="property and the value that counts, or several"
    )
    history: bool = Field(default=False, description="each change of the amount, from its time on")


class Rule(_Table):
    """What a deal is, by where it stands; the first rule that fits counts."""

    kind: Literal["new", "renewal", "upgrade", "downgrade", "addition", "churn", "ignore"]
    pipeline: str | None = Field(default=None, description="id or label")
    stage: str | None = Field(default=None, description="id or label")
    deal_type: str | None = Field(default=None, description="the internal value of dealtype")


class HubSpotConfig(HttpConfig):
    """Which portal, what becomes an attribute of a customer, and what counts as revenue."""

    api_base: str = Field(default="https://api.hubapi.com", description="where HubSpot is")
    token: SecretStr = Field(description="of a private app or service key, pat-…")
    revenue: Literal["line_items", "recurring_revenue", "subscriptions"] | Custom = Field(
        default="line_items", description="which of a portal's amounts are the revenue"
    )
    attributes: Mapping[str, Mapped] = Field(
        default_factory=dict, description="our name of each property of companies that is kept"
    )
    pipelines: tuple[str, ...] = Field(default=(), description="only deals of these, id or label")
    stages: tuple[str, ...] = Field(default=(), description="these are won, and no others")
    rules: tuple[Rule, ...] = Field(default=(), description="renewals, additions, churn, by stage")
    company: Literal["primary", "first"] = Field(
        default="primary", description="of several companies without a primary one: none, or first"
    )
    renewal_gap_days: int = Field(
        default=90, ge=0, le=3660, description="a renewal so late continues what it renews"
    )
    currency_property: Property | None = Field(
        default=None, description="where the currency stands, if not where HubSpot puts it"
    )
    currency: str | None = Field(
        default=None, description="of amounts that name none, if it is not the portal's own"
    )

    @field_validator("token")
    @classmethod
    def _can_be_a_token(cls, token: SecretStr) -> SecretStr:
        text = token.get_secret_value().strip()
        if not text or not text.isascii() or " " in text:
            raise _unfit("is empty or holds characters that no token has")
        return SecretStr(text)

    @field_validator("attributes", mode="before")
    @classmethod
    def _short_form(cls, attributes: Any) -> Any:
        if not isinstance(attributes, Mapping):
            return attributes
        return {k: {"property": v} if isinstance(v, str) else v for k, v in attributes.items()}

    @field_validator("attributes")
    @classmethod
    def _parent_is_ours(cls, attributes: Mapping[str, Mapped]) -> Mapping[str, Mapped]:
        if "parent" in attributes:
            raise _unfit("`parent` is the parent company already; choose another name")
        return attributes

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, currency: str | None) -> str | None:
        if currency is not None and currency not in CURRENCY_CODES:
            raise _unfit("is no currency; write a code as in ISO 4217, such as USD")
        return currency
