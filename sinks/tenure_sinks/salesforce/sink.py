"""The options, and what is asked of a sink.

preview   look at the fields, find the accounts, tell every value that is not as it should be
deliver   write the changes: in parts of 200, or as a job where they are very many
restore   the same with earlier values, wherever ours still stand
"""

import time
from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field as Option
from pydantic import SecretStr, field_validator

from tenure import (
    Change,
    Context,
    HttpConfig,
    Receipt,
    Report,
    Restorable,
    Sink,
    SinkContext,
    Unwritten,
)
from tenure_sinks.beside import Values, batched, by_account, taken_back
from tenure_sinks.figures import FIGURES
from tenure_sinks.salesforce.fields import NAMES, NUMBERS, Field, fields_of
from tenure_sinks.salesforce.jobs import Jobs
from tenure_sinks.salesforce.keys import ExternalId, Name
from tenure_sinks.salesforce.look import Look, differences, held_in
from tenure_sinks.salesforce.org import BATCH, Org, Table
from tenure_sinks.salesforce.session import Problem, Session

_BUSY = {"UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE"}
"""Why a record is refused that may be taken a moment later."""
_WAITS = (1.0, 4.0, 10.0)


class SalesforceConfig(HttpConfig):
    """Which org, and which accounts and fields of it."""

    api_base: str = Option(description="the org's own domain, https://acme.my.salesforce.com")
    client_id: str = Option(min_length=1, description="consumer key of the app")
    client_secret: SecretStr = Option(description="consumer secret of the app")
    object: Name = Option(default="Account", description="what the figures are written beside")
    external_id: Name | ExternalId = Option(
        default="Tenure_Customer_Id__c",
        description="the field that holds the customer's id, or { field = …, connector = … }, or "
        "{ field = …, attribute = … }",
    )
    fields: dict[str, Name] | None = Option(
        default=None,
        description="the field of each figure: those that are not named are not written; unless "
        "said all are, to Tenure_MRR__c and so on",
    )
    bulk_above: int = Option(
        default=10_000, ge=1, description="more changed accounts than this are written by a job"
    )

    @field_validator("fields")
    @classmethod
    def _known(cls, value: dict[str, Name] | None) -> dict[str, Name] | None:
        if value is None:
            return None
        known = [each.name for each in FIGURES]
        if unknown := [name for name in value if name not in known]:
            raise ValueError(f"no figure {', '.join(unknown)}; there are {', '.join(known)}")
        if len({name.lower() for name in value.values()}) < len(value) or not value:
            raise ValueError("takes at least one figure, and a field of its own for each")
        return value

    @property
    def names(self) -> Mapping[str, str]:
        """The field of each figure that is written."""
        return NAMES if self.fields is None else self.fields

    @property
    def key(self) -> ExternalId:
        """The field that says which account is whose."""
        asked = self.external_id
        return asked if isinstance(asked, ExternalId) else ExternalId(field=asked)


class Salesforce(Sink):
    """How each customer stands, in fields of its Account in Salesforce."""

    name = "salesforce"
    api = 1
    Config = SalesforceConfig
    config: SalesforceConfig
    remembers = True

    def rest(self, seconds: float) -> None:
        """Wait for Salesforce."""
        time.sleep(seconds)

    def check(self, context: Context) -> Iterator[str]:
        """Sign in and look at the object: all that is missing or not allowed is named at once."""
        org = self._org(context)
        table = org.table()
        yield f"signed in; can read {table.name}"
        fields = self._fields(table)
        yield f"can find {table.name} by {self.config.key.field}, and edit {len(fields)} fields"
        if money := [each.name for each in fields if each.type == "currency"]:
            yield f"{', '.join(money)}: of type Currency, so amounts have to be {context.currency}"

    def preview(self, report: Report, context: SinkContext) -> Sequence[Change]:  # noqa: ARG002 - its figures are of accounts
        """Every value that is not as the figures say."""
        org = self._org(context)
        table = org.table()
        fields = self._fields(table)
        if len(context.memory.targets()) > self.config.bulk_above:
            Jobs(org.session, table.name, self.rest).settle()
        return list(differences(Look(org, table, fields, self.config.key), context))

    def deliver(self, report: Report, changes: Sequence[Change], context: SinkContext) -> Receipt:  # noqa: ARG002 - likewise
        """Write the changes."""
        return self._write(self._org(context), changes)

    def restorable(self, changes: Sequence[Change], context: SinkContext) -> Restorable:
        """Earlier values wherever ours still stand."""
        org = self._org(context)
        table, wanted = org.table(), by_account(changes)
        back, left = list[Change](), list[Unwritten]()
        names = sorted({change.field for change in changes})
        there = [name for name in (*names, table.label or "") if name in table.fields]
        for record in org.records("Id", list(wanted), there):
            account = held_in(record, names, table.label)
            ours, theirs = taken_back(wanted.pop(account.id), account)
            back += ours
            left += theirs
        left += [Unwritten(target=each, reason="is not in Salesforce any more") for each in wanted]
        return Restorable(changes=back, left=left)

    def restore(self, changes: Sequence[Change], context: SinkContext) -> Receipt:
        """Put back what can be."""
        found = self.restorable(changes, context)
        done = self._write(self._org(context), found.changes)
        return Receipt(written=done.written, unwritten=done.unwritten, left=found.left)

    def _org(self, context: Context) -> Org:
        secret = self.config.client_secret.get_secret_value()
        return Org(Session(context.http, self.config.client_id, secret), self.config.object)

    def _fields(self, table: Table) -> list[Field]:
        return fields_of(table, self.config.names, self.config.key.amiss(table))

    def _write(self, org: Org, changes: Sequence[Change]) -> Receipt:
        """Write changes; what is refused is told by account, the others are written."""
        records = {
            account: {name: change.new for name, change in values.items()}
            for account, values in by_account(changes).items()
        }
        if len(records) > self.config.bulk_above:
            refused = Jobs(org.session, self.config.object, self.rest).update(records)
        else:
            refused = self._updated(org, records)
        for wait in _WAITS:
            busy = {key: records[key] for key, why in refused.items() if why.code in _BUSY}
            if not busy:
                break
            self.rest(wait)
            again = self._updated(org, busy)
            refused = {k: why for k, why in refused.items() if k not in busy} | again
        unwritten = [Unwritten(target=key, reason=str(why)) for key, why in refused.items()]
        return Receipt(written=len(records) - len(refused), unwritten=unwritten)

    def _updated(self, org: Org, records: Mapping[str, Values]) -> dict[str, Problem]:
        kinds = {each.name: each.kind for each in FIGURES}
        numbers = [name for figure, name in self.config.names.items() if kinds[figure] in NUMBERS]
        refused: dict[str, Problem] = {}
        for few in batched(records.items(), BATCH):
            refused |= org.update(dict(few), numbers)
        return refused
