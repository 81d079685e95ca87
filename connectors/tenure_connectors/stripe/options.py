"""The options of the connector."""

from datetime import date
from typing import Any

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from tenure import HttpConfig

LIVE_READS = 100.0
TEST_READS = 25.0
"""Requests that Stripe lets an account read in a second, with a live key and in test mode."""


class StripeConfig(HttpConfig):
    """Whose account, read with which key."""

    api_base: str = Field(default="https://api.stripe.com", description="where Stripe is")
    api_key: SecretStr = Field(description="a restricted key that may read, rk_live_…")
    account: str | None = Field(
        default=None, min_length=1, description="a connected account, acct_…, of a platform's key"
    )
    start: date | None = Field(
        default=None, description="invoices before this day are not read; the past is then assumed"
    )
    usage_so_far: bool = Field(
        default=False,
        description="read what metered items used since their last bill: a request for each",
    )
    webhook_secret: SecretStr | None = Field(
        default=None, description="signing secret of a webhook endpoint, whsec_…"
    )

    @field_validator("api_key")
    @classmethod
    def _can_read(cls, key: SecretStr) -> SecretStr:
        if not key.get_secret_value().strip().isascii() or not key.get_secret_value().strip():
            raise _unfit("is empty or holds characters that no key has")
        if key.get_secret_value().startswith("pk_"):
            raise _unfit("is a publishable key, which reads nothing; use a restricted one, rk_…")
        return SecretStr(key.get_secret_value().strip())

    @model_validator(mode="before")
    @classmethod
    def _as_fast_as_its_mode(cls, options: Any) -> Any:
        key = options.get("api_key", "") if isinstance(options, dict) else ""
        text = key.get_secret_value() if isinstance(key, SecretStr) else str(key)
        if is_test_key(text) and options.get("requests_per_second") is None:
            return {**options, "requests_per_second": TEST_READS}
        return options

    @property
    def is_test(self) -> bool:
        """Whether the key sees the objects of test mode, and only those."""
        return is_test_key(self.api_key.get_secret_value())


def _unfit(said: str) -> PydanticCustomError:
    """What is wrong with a secret, in words that may be shown: they do not repeat it."""
    return PydanticCustomError("tenure", said)


def is_test_key(key: str) -> bool:
    """Whether it is a key of test mode or a sandbox; of an unknown kind of key it is not said."""
    return key.strip().startswith(("sk_test_", "rk_test_"))
