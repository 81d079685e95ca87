"""Pushes figures to a service on loopback, for each amount it reads, in processes that may die."""

import json
import sys
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection

from boards import over
from desks import GROWN, Told
from forks import serve
from reports import REPORT
from salesforce_org import CLIENT, SECRET

from tenure import API, MICRO, Change, PluginConfig, Receipt, Sink
from tenure.config import Entry
from tenure.config.sections import AlertsTable
from tenure.delivery import alerting, deliver
from tenure.ledger.store import Store
from tenure_sinks.salesforce import Salesforce, SalesforceConfig
from tenure_sinks.webhook import Webhook, WebhookConfig

TARGETS = tuple(f"t{number}" for number in range(6))


class Remote(Sink):
    """Writes a value into each target that does not hold it, two in one request."""

    name, api, Config, remembers = "remote", API, PluginConfig, True

    def __init__(self, address):
        super().__init__(PluginConfig())
        self.address = address

    def check(self, context):
        yield context.name

    def preview(self, report, _context):
        held, new = self.ask("read", {}), str(report.rows[0].end_mrr)
        return [
            Change(target=t, field="mrr", old=held.get(t), new=new)
            for t in TARGETS
            if held.get(t) != new
        ]

    def deliver(self, _report, changes, context):
        return self.restore(changes, context)

    def restore(self, changes, _context):
        values = [(change.target, change.new) for change in changes]
        for at in range(0, len(values), 2):
            self.ask("write", dict(values[at : at + 2]))
        return Receipt(written=len(values))

    def ask(self, path, body):
        connection = HTTPConnection(self.address, timeout=10)
        connection.request("POST", f"/{path}", json.dumps(body))
        with closing(connection), connection.getresponse() as answer:
            return json.load(answer)


class Quick(Told, Salesforce):
    """Waits for nothing."""

    def rest(self, seconds):
        pass


def salesforce(address, amount, accounts, bulk_above=10_000):
    """A sink that writes that amount beside each account."""
    sink = Quick(
        SalesforceConfig(
            api_base=f"http://{address}",
            client_id=CLIENT,
            client_secret=SECRET,
            fields={"mrr": "Tenure_MRR__c"},
            bulk_above=bulk_above,
        )
    )
    names = [f"c{number}" for number in range(accounts)]
    sink.stand = {n: replace(GROWN, id=n, ids={"test": (n,)}, mrr=amount * MICRO) for n in names}
    return sink


def webhook(address, _amount):
    """A sink that posts documents; each amount is a month of its own, with an alert of its own."""
    return Webhook(WebhookConfig(url=f"http://{address}/", max_attempts=1))


ACCOUNTS, IN_A_JOB = 250, 6
SINKS = {
    "webhook": webhook,
    "remote": lambda address, _amount: Remote(address),
    "salesforce": lambda *to: salesforce(*to, ACCOUNTS),
    "salesforce_job": lambda *to: salesforce(*to, IN_A_JOB, bulk_above=2),
}


def push(kind, store_url, address, amount):
    """Deliver figures of that amount, and the alerts of a sink that sends them; what failed."""
    store, plugin = Store.open(store_url), SINKS[kind](address, amount)
    report = replace(REPORT, rows=(replace(REPORT.rows[0], end_mrr=amount, period=f"{amount}"),))
    alerts = AlertsTable(nrr_below=9) if plugin.alerts else None
    ready = over(store, a=Entry(name="a", kind="sink", use=kind, plugin=plugin, alerts=alerts))
    try:
        done = deliver(ready, store, report)
        done += alerting.send(alerting.Watch(ready, store, report))
        return next((one for one in done if one.error), done[0])
    finally:
        store.engine.dispose()


if __name__ == "__main__":
    serve(lambda line: push(*sys.argv[1:], int(line)))
