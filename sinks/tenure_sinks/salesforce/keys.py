"""Which Account a customer is: the one whose field holds its id, or what an attribute says."""

import re
from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tenure import ConfigError, SinkContext
from tenure_sinks.accounts import ByAttribute, Ids, Matched, matched
from tenure_sinks.salesforce.org import Table

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
"""What Salesforce calls an object or a field; nothing else comes into a query unquoted."""

_LONGEST = 255
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_MADE = "create it as Text(255), External ID, and fill it, or name another in `external_id`"
_TEXTS = {"string", "id", "reference", "email", "url", "phone"}


class ExternalId(BaseModel):
    """A field, and what stands in it: ids of a connector's customers, or an attribute of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    field: Name
    connector: str | None = None
    attribute: str | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.connector is not None and self.attribute is not None:
            raise ValueError("takes a connector or an attribute, and not both")
        return self

    def matched(self, context: SinkContext) -> Matched:
        """The customers by what the field of their Account holds."""
        ids = Ids("Salesforce", "ids", long_id if self.field == "Id" else _text)
        by = ByAttribute(attribute=self.attribute) if self.attribute else self._connector(context)
        return matched(by, context, ids)

    def _connector(self, context: SinkContext) -> str:
        known = list(context.connectors)
        if self.connector in known:
            return str(self.connector)
        if self.connector is None and len(known) == 1:
            return known[0]
        raise ConfigError(
            f"Sink {context.name!r} does not know whose ids {self.field} holds",
            f'Write external_id = {{ field = "{self.field}", connector = "NAME" }} (there are: '
            f'{", ".join(known) or "none"}), or {{ field = "{self.field}", attribute = "NAME" }}',
        )

    def amiss(self, table: Table) -> Iterator[str]:
        """Why no account could be found by the field."""
        there = table.fields.get(self.field)
        if there is None:
            yield f"{self.field} is not there, or this user may not see it: {_MADE}"
        elif there["type"] not in _TEXTS or not there["filterable"]:
            yield f"{self.field} is of type {there['type']}, by which nothing can be found: {_MADE}"


def _text(text: str) -> str | None:
    return text if 0 < len(text) <= _LONGEST else None


def long_id(text: str) -> str | None:
    """An Id of Salesforce with its 18 letters; None where it is none.

    The last three tell which of the others are capitals, five bits in each.
    """
    if not _ID.fullmatch(text):
        return None
    parts = (text[at : at + 5] for at in (0, 5, 10))
    bits = (sum(letter.isupper() << place for place, letter in enumerate(part)) for part in parts)
    full = text[:15] + "".join(_SUFFIX[each] for each in bits)
    return full if full.startswith(text) else None
