"""HubSpot's objects, as far as they are read. All values of properties are texts."""

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from tenure_connectors.decoding import learn

T = TypeVar("T")


class Shape(msgspec.Struct, kw_only=True, rename="camel"):
    """Anything that HubSpot answers."""


class Version(Shape):
    """A value that a property had, from `timestamp` on."""

    timestamp: datetime
    value: str | None = None


class Object(Shape, omit_defaults=True):
    """A record of the CRM."""

    id: str
    properties: dict[str, str | None] = {}
    properties_with_history: dict[str, list[Version]] | None = None
    archived: bool = False
    archived_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def get(self, name: str) -> str | None:
        """The value of a property; None for an empty one."""
        return self.properties.get(name) or None


class Next(Shape):
    """Where the next page begins."""

    after: str


class Paging(Shape):
    """What follows."""

    next: Next | None = None


class Problem(Shape):
    """What could not be done of a batch."""

    category: str = ""
    message: str = ""
    context: dict[str, Any] = {}


class Page(Shape, Generic[T]):
    """A page of a list, of a search, or the answer to a batch."""

    results: list[T]
    paging: Paging | None = None
    total: int | None = None
    errors: list[Problem] = []

    @property
    def after(self) -> str | None:
        """Where the next page begins; None after the last."""
        return self.paging.next.after if self.paging and self.paging.next else None


class Kind(Shape):
    """What an association is; the primary one of a company has an id of its own."""

    type_id: int = 0
    label: str | None = None


class Link(Shape):
    """An associated object."""

    to_object_id: int | str
    association_types: list[Kind] = []


class End(Shape):
    """The object that was asked for."""

    id: str


class Links(Shape):
    """What one object is associated with."""

    from_: End = msgspec.field(name="from")
    to: list[Link] = []
    paging: Paging | None = None


class Owner(Shape):
    """Somebody who owns records."""

    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    user_id: int | None = None

    @property
    def name(self) -> str:
        """First and last name, else the e-mail address, else the id."""
        said = " ".join(part for part in (self.first_name, self.last_name) if part)
        return said or self.email or self.id


class Stage(Shape):
    """A stage of a pipeline."""

    id: str
    label: str = ""
    metadata: dict[str, Any] = {}

    @property
    def is_won(self) -> bool:
        """Closed, with a probability of 1."""
        closed = str(self.metadata.get("isClosed", "true")).lower() == "true"
        try:
            return closed and float(self.metadata.get("probability") or 0) == 1
        except ValueError:
            return False


class Pipeline(Shape):
    """A pipeline with its stages."""

    id: str
    label: str = ""
    stages: list[Stage] = []


class Described(Shape):
    """A property as the portal defines it."""

    name: str
    type: str = ""
    referenced_object_type: str | None = None


class Refusal(Shape):
    """Why HubSpot refused."""

    message: str = ""
    category: str = ""
    policy_name: str = ""
    errors: list[Problem] = []
    context: dict[str, Any] = {}

    def scopes(self) -> list[str]:
        """The scopes that it names."""
        held = (self.context, *(one.context for one in self.errors))
        found = (v for c in held for k, v in c.items() if "scopes" in k.lower())
        return [str(one) for many in found for one in (many if isinstance(many, list) else [many])]


class Portal(Shape):
    """The account itself."""

    company_currency: str | None = None


learn(Shape)
