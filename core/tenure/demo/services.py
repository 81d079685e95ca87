"""The demo's company behind services of its own: a workspace whose connectors are the real ones.

plugins.toml names the services by variables of `.env`, which is written anew each time they start:
where they are, the keys to them, and the month with which the company's story ends. By that it is
the same company whenever it is looked at; it only lives on.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import cast

from dotenv import dotenv_values

from tenure import plugins
from tenure.demo.company import Company, Stretch, live
from tenure.demo.workspace import last_month, put, require_ours, writing
from tenure.errors import ConfigError, PluginError
from tenure.plugin import Connector
from tenure.records import Json

MARK = "# A workspace of tenure over simulated services."
"""How its plugins.toml begins: any other is somebody's own."""

ENV_MARK = "# Written by `tenure demo --services` whenever it starts."
UNTIL = "DEMO_UNTIL"
_OURS = "DEMO_"

SERVICES = ("stripe", "hubspot")
"""The connectors whose worlds are started, in this order."""

CONFIG = f"""\
{MARK} `tenure demo --services` starts them.

[tenure]
store = "sqlite:///tenure.db"
timezone = "UTC"                # days, months and years begin in this zone
currency = "USD"                # what reports are in

[connectors.billing]            # the money
use = "stripe"
api_base = "${{DEMO_STRIPE_API_BASE}}"   # without this line: Stripe itself
api_key = "${{DEMO_STRIPE_API_KEY}}"     # like every variable, in .env beside this file

[connectors.crm]                # the people
use = "hubspot"
api_base = "${{DEMO_HUBSPOT_API_BASE}}"
token = "${{DEMO_HUBSPOT_TOKEN}}"
provides = ["attributes"]

[connectors.crm.attributes]     # ours = a property of companies
owner = {{ property = "hubspot_owner_id", history = true }}
country = "country"
stripe_customer_id = "stripe_customer_id"

[accounts]                      # who is one customer: a company names its id in Stripe
match = ["property:stripe_customer_id"]

[metrics]
segments = ["owner", "country"]

[sinks.out]
use = "file"
path = "out"                    # retention.html, and for programs .json, .csv, .parquet
reports = ["retention"]         # there are movements, cohorts and customers, too

[sinks.crm]                     # how each account stands, beside its company
use = "hubspot"
api_base = "${{DEMO_HUBSPOT_API_BASE}}"
token = "${{DEMO_HUBSPOT_TOKEN}}"
"""


Story = Callable[[date], Iterable[Stretch]]
"""What happened to a company until the end of a month."""


@contextmanager
def running(folder: Path, now: datetime, story: Story = live) -> Iterator[Mapping[str, str]]:
    """Run the services while the context is open; yields where each one is, by name.

    Writes `.env`, and plugins.toml unless there is one. Raises `ConfigError` in a workspace of
    somebody's own, `PluginError` where a connector is not installed.
    """
    connectors = [_connector(name) for name in SERVICES]
    with writing(folder):
        for name, mark in (("plugins.toml", MARK), (".env", ENV_MARK)):
            require_ours(folder / name, mark, "tenure demo --services DIR")
        until = _until(folder / ".env") or last_month(now.date())
    company = Company(now, tuple(story(until)))
    with ExitStack() as stack:
        reached = {cls.name: stack.enter_context(_world(cls, company)) for cls in connectors}
        with writing(folder):
            if not (folder / "plugins.toml").exists():
                put(folder / "plugins.toml", CONFIG)
            env = folder / ".env"
            put(env, _env(until, reached, _others(env))).chmod(0o600)
        yield {name: str(options["api_base"]) for name, options in reached.items()}


def _connector(name: str) -> type[Connector]:
    return cast("type[Connector]", plugins.load("connector", name, Path()))


def _world(cls: type[Connector], company: Company) -> AbstractContextManager[Mapping[str, Json]]:
    world = cls.world(company)
    if world is None:
        raise PluginError(
            f"The installed connector {cls.name!r} has no simulated service",
            "Uninstall the plugin that replaces the bundled one",
        )
    return world


def _until(env: Path) -> date | None:
    """The last month of the story that this workspace was begun with."""
    text = dotenv_values(env).get(UNTIL) if env.exists() else None
    try:
        return date.fromisoformat(f"{text}-01") if text else None
    except ValueError:
        raise ConfigError(f"{env}: {UNTIL} is no month", "Write YYYY-MM, or delete it") from None


def _others(env: Path) -> list[str]:
    """The lines of `.env` that its user has added."""
    lines = env.read_text(encoding="utf-8").splitlines() if env.exists() else []
    return [line for line in lines if not line.startswith((ENV_MARK, _OURS))]


def _env(until: date, reached: Mapping[str, Mapping[str, Json]], others: Iterable[str]) -> str:
    lines = [ENV_MARK, f"{UNTIL}={until:%Y-%m}"]
    for name, options in reached.items():
        lines += [f"{_OURS}{name}_{key}".upper() + f"={value}" for key, value in options.items()]
    return "\n".join([*lines, *others]) + "\n"
