"""What a worker does, told by its result; here without a process of its own."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from pydantic import ValidationError

from tenure.daemon.jobs import Plan
from tenure.daemon.work import Order, attempt
from tenure.delivery import lease as sinks
from tenure.ledger import lease
from tenure.ledger.store import Store

CONFIG = """
[tenure]
store = "sqlite:///t.db"
timezone = "Europe/Berlin"
[connectors.history]
use = "file"
path = "rows.csv"
schedule = "every 15m"
[sinks.files]
use = "file"
path = "out"
[sinks.board]
use = "file"
path = "board"
schedule = "0 9 1 * *"
[sinks.off]
use = "./acme.py"
enabled = false
[fx]
use = "file"
path = "rates.csv"
[daemon]
timeout = "2h"
stale_after = "200w"
timeouts = { "sync:history" = "5m" }
heartbeat = "https://beat.example.com/secret-uuid"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins.toml").write_text(CONFIG)
    (tmp_path / "rows.csv").write_text("customer,plan,start,mrr\na,pro,2025-01-01,5\n")
    (tmp_path / "rates.csv").write_text("date,currency,rate\n2025-01-01,EUR,1.1\n")
    return tmp_path


def did(folder: Path, job: str, text: str | None = None) -> tuple[str, str, int]:
    done = attempt(Order(job=job, path=folder / "plugins.toml", text=text, level=40))
    return done.state, done.message, done.exit_code


def plan_of(folder: Path) -> Plan:
    return Plan.model_validate_json(did(folder, "plan")[1])


def test_a_plan_has_every_job_with_its_schedule_and_time(folder):
    plan = plan_of(folder)
    assert [(j.name, j.schedule, j.timeout.total_seconds() / 60) for j in plan.jobs] == [
        ("rates", "5 0 * * *", 120),
        ("sync:history", "every 15m", 5),
        ("report", "5 0 * * *", 120),
        ("push:files", "5 0 * * *", 120),
        ("push:board", "0 9 1 * *", 120),
    ]
    assert (plan.zone.key, plan.text) == ("Europe/Berlin", CONFIG)
    assert plan.settings.stale_after == timedelta(weeks=200)


def test_a_plan_keeps_the_heartbeat_out_of_the_log(folder):
    assert "https://beat.example.com/secret-uuid" in plan_of(folder).secrets


@pytest.mark.parametrize("kind", [Order, Plan])
def test_what_another_version_says_is_refused_without_a_word_of_it(kind):
    with pytest.raises(ValidationError) as caught:
        kind.model_validate_json('{"text": "token=rk_live"}')
    assert "rk_live" not in str(caught.value)


def test_a_heartbeat_with_a_mistake_is_not_shown(folder):
    said = did(folder, "plan", CONFIG.replace("https://beat", "ftp://beat"))[1]
    assert "daemon.heartbeat: the value (not shown)" in said
    assert "secret-uuid" not in said


def test_a_file_with_mistakes_is_no_plan(folder):
    (folder / "plugins.toml").write_text(CONFIG.replace("every 15m", "0 0 31 2 *"))
    state, message, code = did(folder, "plan")
    assert (state, code) == ("failed", 2)
    assert "connectors.history.schedule" in message


def test_each_job_says_what_it_did(folder):
    done = [did(folder, job) for job in ("rates", "sync:history", "report", "push:files")]
    assert [state for state, *_ in done] == ["done"] * 4
    assert done[1][1] == (
        "history: 1 row read = 1 stored + 0 unchanged + 0 quarantined + 0 excluded"
    )
    assert "NRR 100.00 %" in done[2][1]
    assert "delivered (delivery 1)" in done[3][1]
    assert did(folder, "push:files")[1] == "up to date"


def test_a_job_goes_by_the_file_that_the_daemon_read_not_by_what_was_made_of_it_since(folder):
    (folder / "plugins.toml").write_text("nonsense")
    assert did(folder, "sync:history", CONFIG)[0] == "done"


def test_rows_that_cannot_be_read_leave_something_to_look_at(folder):
    (folder / "rows.csv").write_text("customer,plan,start,mrr\na,pro,2025-01-01,5\nb,pro,never,5\n")
    assert did(folder, "sync:history")[::2] == ("partial", 1)
    assert did(folder, "sync:history")[1] == "history: nothing new; 1 in quarantine"


def test_a_remark_on_accounts_is_said_and_is_no_row_in_quarantine(folder):
    rule = '[accounts]\nmatch = ["property:crm_id"]\n'
    state, said, _ = did(folder, "sync:history", CONFIG + rule)
    assert state == "partial"
    assert "no customer has the attribute" in said
    assert "quarantine" not in said.partition("accounts")[2]


def test_what_another_leader_s_worker_is_still_at_is_not_done_twice(folder):
    did(folder, "sync:history")
    store = Store.open(f"sqlite:///{folder}/t.db")
    with sinks.hold(store, "files"):
        assert "'files' is being pushed to by" in did(folder, "push:files")[1]
    with lease.hold(store, lease.Ask(name="history", plugin="file")):
        assert "'history' is being synced by" in did(folder, "sync:history")[1]


def test_a_source_that_is_gone_fails(folder):
    (folder / "rows.csv").unlink()
    state, message, code = did(folder, "sync:history")
    assert (state, code) == ("failed", 1)
    assert "rows.csv" in message


def test_figures_over_sources_that_were_never_read_are_withheld(folder):
    did(folder, "sync:history")
    more = CONFIG.replace("[fx]", '[connectors.other]\nuse = "file"\npath = "rows.csv"\n[fx]')
    state, message, code = did(folder, "push:files", more)
    assert (state, code) == ("withheld", 3)
    assert "connector 'other'" in message


def test_figures_of_a_month_wait_until_its_sources_were_read_after_its_end(folder):
    with time_machine.travel("2026-01-31T22:59Z"):  # a minute before midnight, in Berlin
        did(folder, "sync:history")
    with time_machine.travel("2026-02-01T08:00Z"):
        state, message, _ = did(folder, "push:board")
        assert (state, "since the end of 2026-01 nobody has read history" in message) == (
            "withheld",
            True,
        )
        did(folder, "sync:history")  # of a file that has not changed
        assert did(folder, "push:board")[0] == "done"


def test_figures_wait_for_no_source_that_is_not_enabled_any_more(folder):
    with time_machine.travel("2026-01-15T08:00Z"):
        did(folder, "sync:history")
    said = '[connectors.history]\nuse = "file"\n'
    assert said in CONFIG
    with time_machine.travel("2026-02-01T08:00Z"):
        off = CONFIG.replace(said, said + "enabled = false\n")
        assert did(folder, "push:board", off)[0] == "done"


def test_figures_wait_for_a_source_that_was_read_by_a_clock_that_was_ahead(folder):
    with time_machine.travel("2026-02-20T08:00Z"):
        did(folder, "sync:history")
    with time_machine.travel("2026-02-01T08:00Z"):
        assert did(folder, "push:board")[0] == "withheld"
        did(folder, "sync:history")
        assert did(folder, "push:board")[0] == "done"


BELL = """
import tenure

class Bell(tenure.Sink):
    name, api, Config, alerts = "bell", 1, tenure.PluginConfig, True
    def check(self, context): yield "ok"
    def preview(self, report, context): return []
    def deliver(self, report, changes, context): return tenure.Receipt(written=0)
    def alert(self, alert, context):
        with (context.folder / "rung").open("a") as file: file.write(alert.kind + "\\n")
        return tenure.Receipt(written=1)

@tenure.hookimpl
def tenure_sinks(): return [Bell]
"""
ALARMED = (
    CONFIG + '[sinks.bell]\nuse = "./bell.py"\n'
    'alerts = { nrr_below = 2, withheld = true, stale_after = "1m" }\n'
)


def test_alerts_of_sources_and_of_figures_are_said_by_their_jobs(folder):
    (folder / "bell.py").write_text(BELL.replace("\\\\n", "\\n"))
    (folder / "plugins.toml").write_text(ALARMED)
    assert [job.starts_missed for job in plan_of(folder).jobs if job.kind == "alerts"] == [False]
    state, message, _ = did(folder, "alerts")
    assert (state, "history" in message) == ("done", True)
    did(folder, "sync:history")
    assert did(folder, "report")[0] == "done"
    assert (folder / "rung").read_text().split() == ["stale_after", "nrr_below"]
