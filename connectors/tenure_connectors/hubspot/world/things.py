"""What a portal holds: records with the history of their properties, owners, pipelines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Version:
    """A property had `value` from `at` on; an empty value is one that was cleared."""

    value: str
    at: datetime
    source: str = "CRM_UI"


@dataclass(slots=True)
class Record:
    """An object of the CRM. Every value is text, as HubSpot's are.

    `born` holds the values it was created with, `changes` the later ones by property, oldest
    first. `stamps` are the instants at which it was modified, oldest first.
    """

    id: str
    kind: str
    created: datetime
    born: dict[str, str]
    changes: dict[str, list[Version]] = field(default_factory=dict)
    stamps: list[datetime] = field(default_factory=list)
    archived_at: datetime | None = None

    def value(self, name: str, at: datetime | None = None) -> str | None:
        """The value of a property, now or as it stood at an instant."""
        for version in reversed(self.changes.get(name, ())):
            if at is None or version.at <= at:
                return version.value or None
        return self.born.get(name) or None

    def history(self, name: str) -> list[Version]:
        """All values that a property ever had, newest first."""
        first = self.born.get(name)
        own = [] if first is None else [Version(first, self.created)]
        return [*reversed(self.changes.get(name, ())), *own]

    def modified(self, at: datetime | None = None) -> datetime:
        """When it was last modified, now or as seen at an instant."""
        if at is None:
            return self.stamps[-1] if self.stamps else self.created
        return next((stamp for stamp in reversed(self.stamps) if stamp <= at), self.created)

    def change(self, values: Mapping[str, str], at: datetime, source: str = "CRM_UI") -> None:
        """Set properties; what already has its value keeps its history."""
        for name, value in values.items():
            if (self.value(name) or "") != value:
                self.changes.setdefault(name, []).append(Version(value, at, source))
        self.touch(at)

    def touch(self, at: datetime) -> None:
        """Mark it as modified."""
        self.stamps.append(max(at, self.modified()))


@dataclass(slots=True)
class Owner:
    """A user whom records may belong to; an archived one has left the company."""

    id: str
    email: str
    first: str
    last: str
    user_id: int
    created: datetime
    archived: bool = False

    def json(self) -> Json:
        """The owner as the API shows it."""
        user = {"userIdIncludingInactive": self.user_id}
        return {
            "id": self.id,
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first,
            "lastName": self.last,
            "createdAt": stamp(self.created),
            "updatedAt": stamp(self.created),
            "archived": self.archived,
            **(user if self.archived else {"userId": self.user_id, **user}),
        }


@dataclass(slots=True)
class Stage:
    """A stage of a pipeline: `won` and `lost` are closed, with probability 1 and 0."""

    id: str
    label: str
    probability: str = "0.5"
    closed: bool = False

    def json(self, order: int, created: datetime) -> Json:
        """The stage as the API shows it; its metadata are texts."""
        closed = "true" if self.closed else "false"
        return {
            "id": self.id,
            "label": self.label,
            "displayOrder": order,
            "metadata": {"isClosed": closed, "probability": self.probability},
            "createdAt": stamp(created),
            "updatedAt": stamp(created),
            "archived": False,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }


@dataclass(slots=True)
class Pipeline:
    """A pipeline of deals."""

    id: str
    label: str
    stages: list[Stage]
    created: datetime

    def json(self, order: int = 0) -> Json:
        """The pipeline as the API shows it."""
        return {
            "id": self.id,
            "label": self.label,
            "displayOrder": order,
            "stages": [stage.json(n, self.created) for n, stage in enumerate(self.stages)],
            "createdAt": stamp(self.created),
            "updatedAt": stamp(self.created),
            "archived": False,
        }


@dataclass(slots=True)
class Property:
    """The definition of a property."""

    name: str
    type: str = "string"
    field_type: str = "text"
    label: str = ""
    group: str = "information"
    description: str = ""
    options: tuple[str, ...] = ()
    own: bool = True  # of this portal, not of HubSpot
    read_only: bool = False
    unique: bool = False
    refers: str | None = None  # to what else the values point: OWNER
    archived: bool = False

    def json(self) -> Json:
        """The definition as the API shows it."""
        options = [
            {"label": name, "value": name, "displayOrder": n, "hidden": False, "description": ""}
            for n, name in enumerate(self.options)
        ]
        return {
            "name": self.name,
            "label": self.label or self.name,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": options,
            "displayOrder": -1,
            "calculated": False,
            "externalOptions": self.refers is not None,
            "hasUniqueValue": self.unique,
            "hidden": False,
            "hubspotDefined": not self.own,
            "modificationMetadata": {
                "archivable": self.own,
                "readOnlyDefinition": not self.own,
                "readOnlyValue": self.read_only,
            },
            "formField": False,
            "archived": self.archived,
            **({"referencedObjectType": self.refers} if self.refers else {}),
        }


def stamp(at: datetime) -> str:
    """An instant as the API writes it: UTC, milliseconds, Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
