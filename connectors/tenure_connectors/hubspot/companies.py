"""A company as a customer, with its attributes as of when."""

from collections.abc import Iterator

from tenure import Attribute, Customer, Quarantined, Record, Tombstone, TombstoneKind
from tenure_connectors.hubspot import history
from tenure_connectors.hubspot.client import Asked
from tenure_connectors.hubspot.directory import Directory
from tenure_connectors.hubspot.options import HubSpotConfig, Mapped
from tenure_connectors.hubspot.shapes import Described, Object

PARENT, MERGED = "hs_parent_company_id", "hs_merged_object_ids"

_ALWAYS = ("name", "domain", PARENT, MERGED)


def asked(config: HubSpotConfig) -> Asked:
    """What is asked of a company."""
    mapped = config.attributes.values()
    names = (*_ALWAYS, *(one.property for one in mapped))
    past = (one.property for one in mapped if one.history)
    return Asked("companies", tuple(dict.fromkeys(names)), tuple(dict.fromkeys(past)))


class Companies:
    """Makes customers of companies."""

    def __init__(self, config: HubSpotConfig, directory: Directory, *, attributes: bool) -> None:
        self._config, self._directory = config, directory
        self._attributes = attributes

    def missing(self) -> list[str]:
        """Mapped properties that the portal does not have, or no more."""
        known = self._directory.properties("companies") if self._config.attributes else {}
        return sorted({m.property for m in self._config.attributes.values()} - known.keys())

    def records(self, one: Object) -> Iterator[Record]:
        """The customer; companies that were merged into it never were customers of their own."""
        attributes, doubts = self._stated(one)
        yield Customer(
            id=one.id,
            name=one.get("name"),
            domain=(one.get("domain") or "").strip().lower() or None,
            attributes=attributes,
        )
        yield from doubts
        for gone in merged(one):
            yield Tombstone(kind=TombstoneKind.CUSTOMER, id=gone)

    def _stated(self, one: Object) -> tuple[list[Attribute], list[Quarantined]]:
        if not self._attributes:
            return [], []
        found = [Attribute(name="parent", value=one.get(PARENT))]
        doubts = list[Quarantined]()
        for name, mapped in self._config.attributes.items():
            described = self._directory.properties("companies").get(mapped.property)
            if described is None:  # deleted meanwhile: what is known of it stays
                continue
            try:
                found += self._attribute(one, name, mapped, described)
            except ValueError as error:
                ref = f"company:{one.id}/{mapped.property}"
                doubts.append(
                    Quarantined(source_ref=ref, reason=str(error), column=mapped.property)
                )
        return found, doubts

    def _attribute(
        self, one: Object, name: str, mapped: Mapped, described: Described
    ) -> Iterator[Attribute]:
        known = history.steps(one, mapped.property) if mapped.history else []
        if not known:
            value = self._directory.shown(described, one.get(mapped.property))
            yield Attribute(name=name, value=value)
        for begins, said in known:
            value = self._directory.shown(described, said)
            yield Attribute(name=name, value=value, valid_from=begins)


def merged(one: Object) -> list[str]:
    """The ids of the companies that were merged into this one."""
    return [key for key in (one.get(MERGED) or "").replace(",", ";").split(";") if key.strip()]
