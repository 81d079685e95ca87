"""The sink `webhook`: a signed JSON document, posted to an address whenever the figures change.

What the receiver holds cannot be looked at, so what it has accepted is remembered here. A document
is signed anew at each attempt: its time is that of the attempt. The signature goes to the address
that plugins.toml names and to no other.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from tenure import (
    Alert,
    Change,
    ConfigError,
    Context,
    HttpConfig,
    Receipt,
    Report,
    Sink,
    SinkContext,
    SourceError,
    hookimpl,
)

if TYPE_CHECKING:
    import httpx

SCHEMA = "tenure.retention/1"
"""Names what a body looks like: docs/webhook.schema.json."""

_FIELD = "report"
_GONE = 410
_ANYHOW = (*range(400, 500), 501)


class WebhookConfig(HttpConfig):
    """Where documents are posted, and what they are signed with."""

    api_base: str = Field(alias="url", description="the address that documents are posted to")
    secret: SecretStr | None = Field(
        default=None, min_length=16, description="signs them; without it nothing is signed"
    )

    @field_validator("api_base")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if not url.startswith(("https://", "http://")):
            raise ValueError("not an address; write it as in https://hooks.example.com/nrr")
        return url


class Webhook(Sink):
    """The report as JSON, signed, posted to an address of yours."""

    name = "webhook"
    api = 1
    Config = WebhookConfig
    config: WebhookConfig
    remembers = True
    alerts = True

    def check(self, context: Context) -> Iterator[str]:
        """See whether anybody answers there; nothing is posted."""
        wish = {"accept": _ANYHOW}
        answer = context.http.options(self.config.api_base, extensions={"tenure": wish})
        _stay(answer)
        signed = "signed" if self.config.secret else "without a signature: there is no `secret`"
        yield f"can reach {self._host()}; documents are posted {signed}"

    def preview(self, report: Report, context: SinkContext) -> Sequence[Change]:
        """The report, unless the receiver has accepted just that."""
        target, new = self._target(), report.content_hash[:16]
        begun = context.memory.values([target]).get(target, {}).get(_FIELD)
        old = context.memory.confirmed([target]).get(target, {}).get(_FIELD)
        if old == new:
            return []
        note = "sent before, and not known to have arrived" if begun and not old else ""
        change = Change(
            target=target, field=_FIELD, old=old, new=new, label=self._host(), note=note
        )
        return [change]

    def deliver(self, report: Report, changes: Sequence[Change], context: SinkContext) -> Receipt:
        """Post it."""
        self._post("report", report.as_json(), context)
        return Receipt(written=len(changes))

    def alert(self, alert: Alert, context: SinkContext) -> Receipt:
        """Post it."""
        names = ("key", "kind", "title", "text", "period")
        self._post("alert", {name: getattr(alert, name) for name in names}, context)
        return Receipt(written=1)

    def _post(self, kind: str, content: Mapping[str, Any], context: SinkContext) -> None:
        body = json.dumps(
            {"schema": SCHEMA, "type": kind, "id": context.key, kind: content}
        ).encode()

        def sign(request: "httpx.Request") -> None:
            if self.config.secret is not None:
                secret, at = self.config.secret.get_secret_value(), context.clock().timestamp()
                request.headers["Tenure-Signature"] = signature(secret, int(at), body)

        answer = context.http.post(
            self.config.api_base,
            content=body,
            headers={"Content-Type": "application/json", "Idempotency-Key": context.key},
            extensions={"tenure": {"accept": [_GONE], "prepare": sign}},
            follow_redirects=False,
        )
        _stay(answer)

    def _target(self) -> str:
        """Another address has accepted nothing yet; the address itself may be a secret."""
        return hashlib.sha256(self.config.api_base.encode()).hexdigest()[:8]

    def _host(self) -> str:
        return urlsplit(self.config.api_base).hostname or ""


def signature(secret: str, at: int, body: bytes) -> str:
    """What `Tenure-Signature` says of a body that is sent `at` seconds after 1970."""
    digest = hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256)
    return f"t={at},v1={digest.hexdigest()}"


@hookimpl
def tenure_sinks() -> list[type[Sink]]:
    """The one sink of this plugin."""
    return [Webhook]


def _stay(answer: "httpx.Response") -> None:
    """Raise where the receiver has gone, or sends us elsewhere."""
    host = answer.request.url.host
    if answer.status_code == _GONE:
        raise ConfigError(
            f"The receiver at {host} is gone (410)", "Remove the sink, or change its `url`"
        )
    if answer.is_redirect:
        raise SourceError(
            f"The receiver at {host} redirects ({answer.status_code}), which is not followed",
            "Write the address that it moved to into `url`",
        )
