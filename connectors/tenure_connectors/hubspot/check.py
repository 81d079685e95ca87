"""Whether a token can read what a pull reads, and whether the portal has what the config names.

One record of each object is asked for; everything that is wrong is said at once.
"""

from collections.abc import Callable, Iterator
from difflib import get_close_matches

from tenure import ConfigError, Context, SourceError, TransientError
from tenure_connectors.hubspot.client import Asked, ScopeError
from tenure_connectors.hubspot.listing import MODIFIED
from tenure_connectors.hubspot.options import HubSpotConfig
from tenure_connectors.hubspot.session import Session, needed, session

SCOPES = {
    "companies": "crm.objects.companies.read",
    "deals": "crm.objects.deals.read",
    "line_items": "crm.objects.line_items.read",
    "subscriptions": "crm.objects.subscriptions.read",
    "owners": "crm.objects.owners.read",
}
"""For a refusal that names none."""


def check(context: Context, config: HubSpotConfig) -> Iterator[str]:
    """A line for each object that can be read; raises `ConfigError` for what is wrong."""
    lacking, wrong = dict[str, str](), list[str]()
    with session(context, config) as opened:
        for name, read in _reads(opened).items():
            try:
                yield f"{name}: {read()}"
            except ScopeError as error:
                named = ", ".join(error.scopes) or SCOPES.get(name, f"one for {name}")
                lacking[name] = named
            except TransientError:
                raise  # nobody needs to hear it of each object
            except SourceError as error:
                wrong.append(f"{name} cannot be read ({error})")
        if not lacking and not wrong:
            wrong = list(_mistakes(opened))
    table = f"[connectors.{context.name}]"
    if lacking:
        names = ", ".join(dict.fromkeys(lacking.values()))
        raise ConfigError(
            f"{table} the token may not read {', '.join(lacking)}: it lacks {names}",
            "Add these scopes to the private app or service key in HubSpot's settings",
        )
    if wrong:
        raise ConfigError(f"{table} {'; '.join(wrong)}", "Change the options of this table")


def _reads(opened: Session) -> dict[str, Callable[[], str]]:
    """How each object is tried."""

    def owners() -> str:
        return _some(bool(opened.api.owners(None, archived=False, limit=1).results))

    def objects(name: str) -> Callable[[], str]:
        asked = Asked(name, (MODIFIED,))
        return lambda: _some(bool(opened.api.page(asked, limit=1).read.results))

    names = dict.fromkeys(("companies", *opened.counted))
    return {**{name: objects(name) for name in names}, "owners": owners}


def _some(found: bool) -> str:  # noqa: FBT001 - a word for it
    return "can be read" if found else "can be read; there are none"


def _mistakes(opened: Session) -> Iterator[str]:
    """What the config names and the portal does not have."""
    known = opened.directory.properties("companies")
    for name in opened.companies.missing():
        yield f"companies have no property {name!r}{_near(name, list(known))}"
    if opened.revenue is None:
        return
    name, wanted = needed(opened.config)
    if wanted:
        there = opened.directory.properties(name)
        for one in sorted(set(wanted) - there.keys()):
            yield f"{name} have no property {one!r}{_near(one, list(there))}"
    if opened.revenue.source.asked.object == "deals":
        yield from (f"deals have no {one}" for one in opened.directory.unknown())


def _near(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""
