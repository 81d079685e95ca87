"""A sink `slack` over a small Slack, with figures that a test says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from pushes import Pushes
from pydantic import SecretStr
from reports import META, ROW
from slack_world import HOOK, TOKEN, World
from workspaces import workspace

from tenure import LastMovement, Movement, MovementLog, Report, Standing, micros
from tenure.config import Entry
from tenure.ledger.store import Store
from tenure.movements import Cause
from tenure_sinks.slack import Slack, SlackConfig


def row(period="2025-11", **figures):
    """A month in which 20,000 became 20,500 unless it says otherwise, in whole units."""
    year, month = map(int, period.split("-"))
    usual = {"start_mrr": 20_000, "new": 800, "reactivation": 0, "expansion": 400,
             "contraction": 200, "churn": 500, "end_mrr": 20_500}  # fmt: skip
    return replace(
        ROW, period=period, start=date(year, month, 1),
        end=date(year + month // 12, month % 12 + 1, 1), customers_start=40, customers_end=41,
        **{name: micros(value) for name, value in (usual | figures).items()},
    )  # fmt: skip


def moved(customer, change, **more):
    facts = {"plan": "pro", "product": "x", "evidence": "observed", "source_ref": None,
             "cause": None, "subscription": "s", "item": "i"}  # fmt: skip
    cause = Cause(change=micros(change), reason=more.pop("reason", "quantity"), **facts)
    usual = {"period": "2025-11", "at": datetime(2025, 11, 3, tzinfo=UTC), "name": customer,
             "kind": "expansion" if change > 0 else "contraction"}  # fmt: skip
    before = micros(1000)
    return Movement(customer=customer, before=before, after=before + micros(change),
                    causes=(cause,), **usual | more)  # fmt: skip


def standing(customer, owner):
    last = LastMovement(kind="new", day=date(2025, 1, 1), amount=1)
    return Standing(
        id=customer, name=customer, ids={}, mrr=1, committed_mrr=1, mrr_year_ago=1, nrr=(1, 1),
        since=date(2025, 1, 1), last=last, acv_band="<12k", attributes={"owner": owner},
    )  # fmt: skip


class Told(Slack):
    """The sink, told what a test is not about; it waits for nothing, and says how long it would."""

    def tell(self, desk):
        self.desk = desk
        return self

    @property
    def sleep(self):
        return self.desk.waited.append

    def _told(self, context):
        desk = self.desk
        return replace(
            context, clock=lambda: desk.now, dashboard=desk.dashboard, warn=desk.warnings.append,
            when=desk.when,
            movements=lambda _: MovementLog(meta=META, movements=tuple(desk.movements)),
            customers=lambda **_: iter(desk.customers), report=desk.other,
        )  # fmt: skip

    def preview(self, report, context):
        return super().preview(report, self._told(context))

    def deliver(self, report, changes, context):
        return super().deliver(report, changes, self._told(context))

    def alert(self, alert, context):
        return super().alert(alert, self._told(context))


class Desk(Pushes):
    """What a test turns: `rows`, `years`, `weeks`, `movements`, options and keys of the table."""

    def __init__(self, store_url: str, world: World) -> None:
        self.store = Store.open(store_url)
        self.world = world
        self.now = datetime(2025, 12, 1, 9, tzinfo=UTC)
        self.rows = [row("2025-10"), row()]
        self.years = [row("2025-11", expansion=2000)]
        self.weeks = []
        self.movements = [moved("Acme", -300), moved("Bolt", 200)]
        self.customers = [standing("Acme", "Ann")]
        self.dashboard = "https://nrr.test/"
        self.warnings, self.waited = [], []
        self.options = {"token": SecretStr(TOKEN), "channel": "#revenue"}
        self.keys = {"reports": ("monthly",)}
        self.when, self.folder = "closed", None

    def use_hook(self):
        self.options = {"webhook_url": SecretStr(f"https://slack.test{HOOK}")}

    def report(self):
        trailing = Report(meta=replace(META, trailing=12), rows=tuple(self.years))
        return Report(meta=META, rows=tuple(self.rows), trailing=trailing)

    def other(self, unit="month", *, trailing=None, **_):
        assert unit == "week"
        return Report(meta=META, rows=() if trailing else tuple(self.weeks))

    def ready(self):
        usual = {"api_base": f"{self.world.base}/api", "requests_per_second": 1e6}
        sink = Told(SlackConfig(**usual | self.options)).tell(self)
        secrets = (TOKEN, f"{self.world.base}{HOOK}")
        entry = Entry(
            name="board", kind="sink", use="slack", plugin=sink, secrets=secrets, **self.keys
        )
        ready = replace(workspace(self.store.url), sinks=(entry,))
        return replace(ready, folder=self.folder) if self.folder else ready

    def later(self, **much):
        self.now += timedelta(**much or {"days": 1})
