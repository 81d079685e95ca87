"""Alerts in Slack: each is said once, and found again when its answer was lost."""

import json

import httpx
import pytest
from slack_desk import row
from slack_limits import pings

from tenure import Alert
from tenure.config.sections import AlertsTable
from tenure.delivery import alerting


@pytest.fixture
def watch(desk):
    """Send what is due: NRR was to be 99 % at least, and is 98.5 %."""
    desk.keys |= {"alerts": AlertsTable(nrr_below="0.99")}
    return lambda: alerting.send(alerting.Watch(desk.ready(), desk.store, desk.report()))


def test_an_alert_is_said_once(watch, world):
    assert [one.error for one in watch()] == [None]
    assert watch() == []
    (said,) = world.parents()
    assert said["metadata"]["event_type"] == "tenure_alert"
    assert "below 99.00 %" in json.dumps(said["blocks"])


def test_a_lost_answer_doubles_no_alert(watch, world):
    def lose(method):
        world.lose = lambda _: None
        raise httpx.ReadError("lost")

    world.lose = lambda method: lose(method) if method == "chat.postMessage" else None
    assert watch()[0].error is not None
    assert [one.error for one in watch()] == [None]
    assert len(world.parents()) == 1


def test_what_comes_back_is_said_again(watch, desk, world):
    watch()
    desk.rows[-1] = row(churn=0, end_mrr=21_000)
    watch()
    desk.rows[-1] = row()
    watch()
    assert len(world.parents()) == 2


@pytest.mark.parametrize("by", ["bot", "hook"])
def test_a_customers_name_calls_nobody_in_a_notification_either(desk, world, by):
    desk.keys |= {"alerts": AlertsTable(customer_loss_above=100)}
    if by == "hook":
        desk.use_hook()
    alert = Alert(key="k", kind="withheld", title="<!channel> & co", text="<@U1>")
    (turn,) = alerting.Watch(desk.ready(), desk.store, desk.report()).turns(())
    with turn.opened() as (sink, context):
        sink.alert(alert, context)
    (said,) = world.hook_messages if by == "hook" else world.parents()
    assert (pings(said), said["text"]) == ([], "&lt;!channel&gt; &amp; co")


def test_a_webhook_says_it_too(watch, desk, world):
    desk.use_hook()
    watch()
    assert watch() == []
    (said,) = world.hook_messages
    assert said["text"].startswith("NRR")
