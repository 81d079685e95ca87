"""The tables of plugins.toml that belong to the core, as pydantic models."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from tenure.config import schedule
from tenure.config.mistakes import HARMLESS, HIDDEN
from tenure.currency import CURRENCY_CODES

MAX_AGE_DAYS = 35
"""How old a rate may be unless [fx] says otherwise (metrics.md section 6)."""

_STORE = re.compile(r"sqlite:///(?P<path>[^?#]+)(\?.*)?|postgresql\+psycopg://.+")


FOREVER = "forever"
_DAYS = re.compile(r"[1-9][0-9]{0,4}d")
_DOMAIN = re.compile(r"[^\s@/:.]+(\.[^\s@/:.]+)+")


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        known = sorted(available_timezones())
        if not known:
            raise ValueError("no time zone data is here; `pip install tzdata`") from None
        near = get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ", such as 'Europe/Berlin' or 'UTC'"
        raise ValueError(f"not an IANA time zone{hint}") from None


def _currency(code: str) -> str:
    if code in CURRENCY_CODES:
        return code
    near = get_close_matches(code.upper(), sorted(CURRENCY_CODES), 1)
    hint = f"; did you mean {near[0]!r}?" if near else ", such as 'USD' or 'EUR'"
    raise ValueError(f"not a currency code of ISO 4217{hint}")


def _store(url: str) -> str:
    allowed = "write sqlite:///tenure.db or postgresql+psycopg://user@host/database"
    if not _STORE.fullmatch(url):
        raise ValueError(f"not a store that tenure knows; {allowed}")
    if url.startswith("sqlite:///:memory:"):
        raise ValueError("a store in memory is gone when the command ends; name a file")
    return url


def _keep_raw(text: str) -> str:
    if text != FOREVER and not _DAYS.fullmatch(text):
        raise ValueError('write "90d" (days), or "forever"')
    return text


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) >= 2**16:
        raise ValueError("not an address; write it like 127.0.0.1:9464")
    return text


def _said(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A check of ours, whose message never repeats the value."""

    def validator(value: Any) -> Any:
        try:
            return check(value)
        except ValueError as error:
            raise PydanticCustomError(HARMLESS, "{said}", {"said": str(error)}) from None

    return validator


def _checked(check: Callable[[Any], Any]) -> AfterValidator:
    return AfterValidator(_said(check))


def _span(value: Any) -> timedelta:
    return value if isinstance(value, timedelta) else schedule.span(str(value))


def _timeout(span: timedelta) -> timedelta:
    if span > timedelta(weeks=3):  # poll(2) waits for 24 days at most
        raise ValueError("longer than three weeks")
    return span


duration = schedule.span


def _duration(text: str) -> str:
    duration(text)
    return text


def _page(url: str) -> str:
    if not _PAGE.fullmatch(url):
        raise ValueError("not the address of a page; write https://…")
    return url


_PAGE = re.compile(r"https?://[^\s/]+\S*")

Zone = Annotated[str, _checked(_zone), Field(description="IANA time zone")]
Currency = Annotated[str, _checked(_currency), Field(description="ISO 4217 currency code")]
StoreUrl = Annotated[str, _checked(_store), Field(description="URL of the ledger's database")]
Schedule = Annotated[
    str,
    _checked(schedule.validate),
    Field(description="Cron line of five fields, or `every 15m`"),
]
KeepRaw = Annotated[
    str,
    _checked(_keep_raw),
    Field(
        description="How long what sources sent is kept: 90d, or forever",
        json_schema_extra={"pattern": f"^({FOREVER}|{_DAYS.pattern})$"},
    ),
]
Name = Annotated[str, Field(min_length=1)]
Share = Annotated[Decimal, Field(ge=0, le=1)]
Span = Annotated[
    timedelta,
    BeforeValidator(_said(_span)),
    PlainSerializer(lambda span: f"{span // timedelta(seconds=1)}s", str),
    WithJsonSchema({"type": "string", "pattern": r"^[1-9]\d*\s*[smhdw]$"}),
]
Timeout = Annotated[Span, AfterValidator(_timeout)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TenureTable(_Table):
    """The workspace: where the ledger is, and in which zone and currency figures are stated."""

    store: StoreUrl = "sqlite:///tenure.db"
    timezone: Zone = Field(default="UTC", validate_default=True)  # its data may be missing
    currency: Currency = "USD"
    dashboard: Annotated[str, _checked(_page)] | None = Field(
        default=None, description="Where the figures are shown; sinks that speak to people link it"
    )
    keep_raw: KeepRaw = "forever"


class DaemonTable(_Table):
    """How `tenure daemon` runs things."""

    listen: Annotated[str, _checked(_listen)] | None = Field(
        default=None, description="Where /metrics, /healthz and /readyz are: 127.0.0.1:9464"
    )
    heartbeat: Annotated[Annotated[str, _checked(_page)] | None, HIDDEN] = Field(
        default=None, description="A web address to call whenever everything went well"
    )
    stale_after: Span | None = Field(
        default=None, description="A connector whose last complete sync is older is stale"
    )
    timeout: Timeout = Field(default=timedelta(hours=6), description="A job is cut off after that")
    timeouts: dict[Name, Timeout] = Field(
        default_factory=dict, description="The same of single jobs, by name: sync:billing"
    )
    wait: Span = Field(
        default=timedelta(minutes=30), description="So long figures wait for syncs that still run"
    )
    grace: Span = Field(
        default=timedelta(seconds=30), description="So long a job that is to stop may clean up"
    )
    jitter: Span = Field(
        default=timedelta(seconds=30), description="Each sync starts some seconds late, below that"
    )
    workers: int = Field(default=4, ge=1, le=64, description="So many jobs run at a time")


class EntryKeys(_Table):
    """Keys of the core in a plugin's table."""

    use: Name
    schedule: Schedule | None = None
    enabled: bool = True
    provides: frozenset[Literal["revenue", "attributes"]] | None = Field(default=None, min_length=1)


class AlertsTable(_Table):
    """What a sink that sends alerts is to say at once; about the last complete period."""

    nrr_below: Decimal | None = Field(default=None, ge=0, description="NRR, such as 1.0")
    grr_below: Share | None = Field(default=None, description="GRR, such as 0.9")
    churn_above: Share | None = Field(default=None, description="Revenue churn, such as 0.03")
    customer_loss_above: Decimal | None = Field(
        default=None, ge=0, description="What one customer's MRR fell by"
    )
    stale_after: Annotated[str, _checked(_duration)] | None = Field(
        default=None, description="A connector's last complete sync is older, such as 24h"
    )
    withheld: bool = Field(default=False, description="Nothing could be published")


class SinkKeys(EntryKeys):
    """Keys of the core in a sink's table."""

    reports: tuple[Name, ...] | None = Field(
        default=None, min_length=1, description="Which of its reports; all unless said"
    )
    segments: tuple[Name, ...] | None = Field(
        default=None, description="What they are cut by; [metrics] segments unless said"
    )
    when: Literal["closed", "provisional"] = Field(
        default="closed", description="Complete periods, or the running one too"
    )
    alerts: AlertsTable | None = None


class FxKeys(_Table):
    """Keys of the core in the table [fx]."""

    use: Name
    enabled: bool = True
    max_age_days: int = Field(
        default=MAX_AGE_DAYS, ge=0, description="A rate older than that is none"
    )


RULES = ("email", "domain", "parent")
"""The rules of [accounts] besides `property:NAME`."""

PROPERTY = "property:"


def _rule(text: str) -> str:
    """A rule that says who is the same customer."""
    name = text.removeprefix(PROPERTY)
    if name in {text, ""} and text not in RULES:
        near = get_close_matches(text, (*RULES, PROPERTY), 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"not a rule{hint} Allowed: {', '.join(RULES)}, {PROPERTY}NAME")
    return text


def _once(rules: tuple[str, ...]) -> tuple[str, ...]:
    if twice := [rule for rule in dict.fromkeys(rules) if rules.count(rule) > 1]:
        raise ValueError(f"says {', '.join(twice)} twice; write each rule once")
    return rules


def _mail_domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise ValueError("not a domain; write it like example.com")
    return text


Rule = Annotated[
    str,
    _checked(_rule),
    Field(json_schema_extra={"pattern": rf"^({'|'.join(RULES)}|{PROPERTY}.+)$"}),
]
MailDomain = Annotated[str, _checked(_mail_domain)]


class AccountsTable(_Table):
    """Which customers of different connectors are one account."""

    match: Annotated[tuple[Rule, ...], _checked(_once)] = Field(
        default=(),
        description="The rules, the strongest first: property:NAME, email, domain, parent",
    )
    map: Name | None = Field(
        default=None, description="csv of connector, customer, account; stronger than every rule"
    )
    shared_domains: tuple[MailDomain, ...] = Field(
        default=(), description="Domains of mail providers and the like that never match"
    )


class MetricsTable(_Table):
    """What is computed when; a policy's fields stand in the same table."""

    preset: Literal["default"] = "default"
    segments: tuple[Name, ...] = ()
    schedule: Schedule | None = None
    min_coverage: Decimal = Field(
        default=Decimal(0), ge=0, le=1, description="Share of MRR to be known, else none is pushed"
    )
