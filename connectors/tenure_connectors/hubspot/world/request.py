"""A request taken apart, and the words in it that may be wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tenure_connectors.hubspot.world.errors import invalid, missing
from tenure_connectors.hubspot.world.portal import Portal
from tenure_connectors.hubspot.world.schema import KINDS, NAMES, Kind


@dataclass(frozen=True, slots=True)
class Request:
    """One call: the parts of its path, its parameters and its decoded body."""

    portal: Portal
    method: str
    parts: Sequence[str]
    query: dict[str, list[str]]
    body: Any = None
    scopes: frozenset[str] = field(default_factory=frozenset)

    def one(self, name: str, usual: str = "") -> str:
        """A parameter that is given once."""
        return self.query.get(name, [usual])[-1]

    def many(self, name: str) -> list[str]:
        """A parameter that is a list: repeated, or with commas."""
        words = ",".join(self.query.get(name, ())).split(",")
        return [word for word in words if word]

    def flag(self, name: str) -> bool:
        """A parameter that is true or, if left out, false."""
        return self.one(name).lower() == "true"

    def number(self, name: str, usual: int, most: int) -> int:
        """A parameter that is a number from 1 to `most`."""
        return bounded(name, self.one(name, str(usual)), most)

    def object(self) -> dict[str, Any]:
        """The body, which has to be an object."""
        if not isinstance(self.body, dict):
            raise invalid("Invalid input JSON on line 1, column 1: Cannot build an object")
        return self.body

    def inputs(self, most: int) -> list[dict[str, Any]]:
        """The inputs of a batch."""
        found = self.object().get("inputs")
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise invalid("Some required fields were not set: [inputs]")
        if not 1 <= len(found) <= most:
            raise invalid(f"The maximum number of inputs supported in a batch request is {most}.")
        return found


def bounded(name: str, text: object, most: int) -> int:
    """A whole number from 1 to `most`."""
    try:
        found = int(str(text))
    except ValueError:
        raise invalid(f"Invalid value for {name}: {text} is not a number") from None
    if not 1 <= found <= most:
        raise invalid(f"Invalid value for {name}: it must be between 1 and {most}, got {found}")
    return found


def kind_of(name: str) -> Kind:
    """The object type that a path names: `companies`, `company` or `0-2`."""
    if name not in NAMES:
        raise missing(f"Unable to infer object type from: {name}")
    return KINDS[NAMES[name]]
