"""What differs between the figures and HubSpot, and the writing of just that.

preview   read what the companies hold, in batches; tell every value that is not as it should be
deliver   make the properties that are missing; write the changes, in batches
restore   the same with earlier values, wherever ours still stand
"""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field as Option
from pydantic import SecretStr

from tenure import (
    Change,
    ConfigError,
    Context,
    HttpConfig,
    Receipt,
    Report,
    Restorable,
    Sink,
    SinkContext,
    SourceError,
    Unwritten,
)
from tenure_sinks.accounts import ByAttribute, few_of
from tenure_sinks.beside import AsOf, Held, batched, by_account, differing, taken_back
from tenure_sinks.figures import AS_OF
from tenure_sinks.hubspot.api import BATCH, Api, Properties
from tenure_sinks.hubspot.companies import matched_companies
from tenure_sinks.hubspot.fields import FIELDS, Field

_NAME = "name"
_SETUP = "companies"
"""The target of changes that make a property."""


class HubSpotConfig(HttpConfig):
    """Which portal, and which companies."""

    api_base: str = Option(default="https://api.hubapi.com", description="where HubSpot is")
    token: SecretStr = Option(description="access token of a private app, or a service key")
    prefix: str = Option(
        default="tenure",
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="what the names of the properties begin with",
    )
    companies: str | ByAttribute | None = Option(
        default=None,
        description="the connector whose customers are the companies, or { attribute = … }; "
        "the only one that uses hubspot unless said",
    )


class HubSpot(Sink):
    """How each account stands, as properties of its company in HubSpot."""

    name = "hubspot"
    api = 1
    Config = HubSpotConfig
    config: HubSpotConfig
    requests_per_second = 19.0  # a private app may send 190 in ten seconds
    remembers = True

    def check(self, context: Context) -> Iterator[str]:
        """Read, and ask to write nothing: all scopes that the token lacks are named at once."""
        api = self._api(context)
        if lacking := api.lacking():
            raise ConfigError(
                f"[sinks.{context.name}] the token lacks {', '.join(lacking)}",
                "Add these scopes to the private app or service key in HubSpot's settings",
            )
        missing = self._missing(api)
        yield f"can read companies and their properties; {len(missing)} would be made"
        yield "can write companies and define properties"

    def preview(self, report: Report, context: SinkContext) -> Sequence[Change]:  # noqa: ARG002 - its figures are of accounts
        """Every property to be made, and every value that is not as the figures say."""
        api = self._api(context)
        missing = self._missing(api)
        changes = [
            Change(target=_SETUP, field=self._name(each), old=None, new=each.type, setup=True)
            for each in missing
        ]
        names, lost = [*map(self._name, FIELDS), _NAME], list[str]()
        for few in batched(self._wanted(context).items(), BATCH):
            wanted = dict(few)
            held = api.read(list(wanted), names)
            changes += self._differing(context, wanted, held)
            lost += [each for each in wanted if each not in held and any(wanted[each].values())]
        if lost:
            context.warn(f"left out, since they are not in HubSpot: {few_of(lost)}")
        return changes

    def deliver(self, report: Report, changes: Sequence[Change], context: SinkContext) -> Receipt:
        """Make the properties that are missing, then write the changes."""
        api = self._api(context)
        made = {change.field for change in changes if change.setup}
        if made:
            group = {"name": self.config.prefix, "label": self.config.prefix.capitalize()}
            fields = [each for each in FIELDS if self._name(each) in made]
            currency = report.meta.currency
            api.create(group, [each.definition(self.config.prefix, currency) for each in fields])
        return _write(api, [change for change in changes if not change.setup])

    def restorable(self, changes: Sequence[Change], context: SinkContext) -> Restorable:
        """Earlier values wherever ours still stand."""
        api, back, left = self._api(context), list[Change](), list[Unwritten]()
        fields = {self._name(each): each for each in FIELDS}
        for few in batched(by_account(changes).items(), BATCH):
            held = api.read([company for company, _ in few], (*fields, _NAME))
            for company, values in few:
                if company not in held:
                    left.append(Unwritten(target=company, reason="is not in HubSpot any more"))
                    continue
                now = {name: _plain(fields, name, held[company].get(name)) for name in values}
                there = Held(company, now, held[company].get(_NAME) or "")
                ours, theirs = taken_back(values, there)
                back += ours
                left += theirs
        return Restorable(changes=back, left=left)

    def restore(self, changes: Sequence[Change], context: SinkContext) -> Receipt:
        """Put back what can be."""
        found = self.restorable(changes, context)
        done = _write(self._api(context), found.changes)
        return Receipt(written=done.written, unwritten=done.unwritten, left=found.left)

    def _api(self, context: Context) -> Api:
        return Api(context.http, self.config.token.get_secret_value())

    def _name(self, field: Field) -> str:
        return f"{self.config.prefix}_{field.name}"

    def _missing(self, api: Api) -> list[Field]:
        """The fields that HubSpot has no property for; raises for one that cannot be written."""
        there = api.properties()
        missing = [each for each in FIELDS if self._name(each) not in there]
        archived = api.properties(archived=True) if missing else {}
        wrong = [
            f"{self._name(each)} is of type {there[self._name(each)]} and not {each.type}"
            for each in FIELDS
            if there.get(self._name(each), each.type) != each.type
        ]
        wrong += [f"{self._name(e)} was archived" for e in missing if self._name(e) in archived]
        if wrong:
            raise ConfigError(
                f"Properties of HubSpot's companies were changed: {'; '.join(wrong)}",
                "Restore or delete them in HubSpot's settings, or choose another `prefix`",
            )
        return missing

    def _wanted(self, context: SinkContext) -> dict[str, Properties]:
        """By company, what its properties should say; nothing at all where no account is any more.

        A company that this sink once wrote to, and that is no account's now, is emptied.
        """
        today = context.known_at.astimezone(context.timezone).date()
        found = matched_companies(self.config.companies, context)
        for warning in found.warnings:
            context.warn(warning)
        gone = set(context.memory.targets()) - found.accounts.keys() - found.claimed_twice
        wanted: dict[str, Properties] = {
            company: {self._name(each): each.figure.value(one, today) for each in FIELDS}
            for company, one in found.accounts.items()
        }
        nothing: Properties = {self._name(each): None for each in FIELDS}
        return wanted | dict.fromkeys(sorted(gone), nothing)

    def _differing(
        self, context: SinkContext, wanted: Mapping[str, Properties], held: Mapping[str, Properties]
    ) -> Iterator[Change]:
        """The changes of one batch of companies."""
        fields = {self._name(each): each for each in FIELDS}
        ours = context.memory.values(held)
        as_of = f"{self.config.prefix}_{AS_OF}"
        for company, values in held.items():
            if company not in wanted:
                continue  # the one that an id asked for was merged into
            now = {name: _plain(fields, name, values.get(name)) for name in fields}
            written = ours.get(company, {}).get(as_of, now[as_of])
            there = Held(company, now, values.get(_NAME) or "")
            yield from differing(there, wanted[company], AsOf(as_of, written))


def _plain(fields: Mapping[str, Field], name: str, text: str | None) -> str | None:
    return fields[name].plain(text) if name in fields else text


def _write(api: Api, changes: Sequence[Change]) -> Receipt:
    """Write changes in batches; what is refused is told by company, the others are written."""
    companies = {
        company: {name: change.new for name, change in values.items()}
        for company, values in by_account(changes).items()
    }
    refused: dict[str, str] = {}
    for few in batched(companies.items(), BATCH):
        refused |= _written(api, dict(few))
    unwritten = [Unwritten(target=company, reason=why) for company, why in refused.items()]
    return Receipt(written=len(companies) - len(refused), unwritten=unwritten)


def _written(api: Api, companies: Mapping[str, Properties]) -> dict[str, str]:
    """Write one batch; the companies that were refused, and why.

    A batch that is refused whole is halved until the companies are alone that it is refused for.
    """
    done = api.update(companies)
    if done.invalid is not None:
        return _halved(api, companies, done.invalid)
    rest = {
        company: values
        for company, values in companies.items()
        if company not in done.written and company not in done.refused
    }
    refused = dict(done.refused)
    if rest and len(rest) < len(companies):
        refused |= _written(api, rest)
    elif rest:
        refused |= dict.fromkeys(rest, "HubSpot did not write it, and did not say why")
    return refused


def _halved(api: Api, companies: Mapping[str, Properties], why: str) -> dict[str, str]:
    if len(companies) == 1:
        return dict.fromkeys(companies, why)
    names = sorted({name for values in companies.values() for name in values})
    if gone := [name for name in names if name in why and "does not exist" in why]:
        raise SourceError(
            f"HubSpot has no property {', '.join(gone)} any more", "Push again: it is made anew"
        )
    both = list(companies.items())
    middle = len(both) // 2
    return _written(api, dict(both[:middle])) | _written(api, dict(both[middle:]))
