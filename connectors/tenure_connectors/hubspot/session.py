"""What one pull works with, and the checks that come before it states anything."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tenure import Context, PullRequest, SourceError
from tenure_connectors.hubspot.client import Api, Asked
from tenure_connectors.hubspot.companies import Companies
from tenure_connectors.hubspot.companies import asked as asked_of_companies
from tenure_connectors.hubspot.custom import named
from tenure_connectors.hubspot.directory import Directory
from tenure_connectors.hubspot.listing import Reading
from tenure_connectors.hubspot.options import Custom, HubSpotConfig
from tenure_connectors.hubspot.recurring import AMOUNT, INACTIVE
from tenure_connectors.hubspot.revenue import Chunks, Revenue


@dataclass
class Session:
    """A portal, read for one pull; `revenue` is None where only attributes are asked for."""

    api: Api
    config: HubSpotConfig
    directory: Directory
    reading: Reading
    chunks: Chunks
    companies: Companies
    asked: Asked
    revenue: Revenue | None

    @property
    def counted(self) -> tuple[str, ...]:
        """The objects whose numbers are compared with those of HubSpot."""
        if self.revenue is None:
            return ()
        source = self.revenue.source
        return (source.asked.object, *((source.lines.object,) if source.lines else ()))

    def verify(self, request: PullRequest) -> None:
        """Say which properties are gone; raises `SourceError` for one that money stands in."""
        for name in self.companies.missing():
            request.warn(
                f"the property {name!r} of companies is not there (any more): what is known of it"
                " stays as it is"
            )
        name, wanted = needed(self.config)
        if self.revenue is None or not wanted:
            return
        if lost := sorted(set(wanted) - self.directory.properties(name).keys()):
            raise SourceError(
                f"{self.api.table} {name} have no property {', '.join(lost)} (any more)",
                "Change `revenue` in this table; until then the revenue stays as it is known",
            )


def needed(config: HubSpotConfig) -> tuple[str, tuple[str, ...]]:
    """The properties without which there is no revenue, and of what; HubSpot's own always are."""
    if isinstance(config.revenue, Custom):
        return config.revenue.object, named(config.revenue)
    if config.revenue == "recurring_revenue":
        return "deals", (AMOUNT, INACTIVE)
    return "", ()


@contextmanager
def session(context: Context, config: HubSpotConfig) -> Iterator[Session]:
    """Open what a pull needs, and give it back."""
    with ExitStack() as stack:
        api = Api(context, config)
        reading = stack.enter_context(Reading(api))
        directory, chunks = Directory(api, config), Chunks()
        revenue = None
        if "revenue" in context.provides:
            revenue = Revenue.reading(context, config, directory, chunks)
            stack.callback(revenue.spool.close)
        attributes = "attributes" in context.provides
        companies = Companies(config, directory, attributes=attributes)
        asked = asked_of_companies(config)
        yield Session(api, config, directory, reading, chunks, companies, asked, revenue)
