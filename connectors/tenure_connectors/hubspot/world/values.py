"""Whether a value may be written to a property, by its type; and how values compare."""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure_connectors.hubspot.world.errors import invalid
from tenure_connectors.hubspot.world.portal import Portal
from tenure_connectors.hubspot.world.schema import Kind
from tenure_connectors.hubspot.world.things import Json, Property

_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def checked(portal: Portal, kind: Kind, given: object) -> dict[str, str]:
    """The values of a request as texts; refused as a whole if one of them is wrong."""
    if not isinstance(given, dict):
        raise invalid("Some required fields were not set: [properties]")
    texts = {str(name): _text(value) for name, value in given.items()}
    wrong = [one for name, text in texts.items() if (one := _wrong(portal, kind, name, text))]
    if wrong:
        errors = [
            {
                "message": one["message"],
                "code": one["error"],
                "context": {"propertyName": [one["name"]]},
            }
            for one in wrong
        ]
        said = json.dumps(wrong, separators=(",", ":"))
        raise invalid(f"Property values were not valid: {said}", errors=errors)
    return texts


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrong(portal: Portal, kind: Kind, name: str, text: str) -> Json | None:
    definition = portal.properties[kind.name].get(name)
    if definition is None or definition.archived:
        error, message = "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'
    elif definition.read_only:
        error, message = "READ_ONLY_VALUE", f'"{name}" is a read only property'
    elif text and not fits(definition, text):
        error = f"INVALID_{'OPTION' if definition.options else definition.type.upper()}"
        message = f'"{text}" was not a valid {definition.type} for "{name}".'
    else:
        return None
    return {
        "isValid": False,
        "message": message,
        "error": error,
        "name": name,
        "localizedErrorMessage": message,
        "portalId": portal.id,
    }


def fits(definition: Property, text: str) -> bool:
    """Whether a text is a value of the property's type."""
    if definition.options:
        return set(text.split(";")) <= {*definition.options}
    match definition.type:
        case "number":
            return _PLAIN_NUMBER.fullmatch(text) is not None
        case "bool":
            return text in ("true", "false")
        case "date":
            return _is_date(text)
        case "datetime":
            return text.isdigit() or _instant(text) is not None
        case _:
            return True


def _is_date(text: str) -> bool:
    """A day, or midnight UTC as milliseconds."""
    if text.isdigit():
        return int(text) % 86_400_000 == 0
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def comparable(type_: str, text: str) -> Decimal | str | None:
    """What a filter or a sort compares: numbers, milliseconds, or text without case."""
    if type_ in ("datetime", "date") and not text.lstrip("-").isdigit():
        found = _instant(text)
        return None if found is None else Decimal(round(found.timestamp() * 1000))
    if type_ in ("datetime", "date", "number"):
        try:
            return Decimal(text)
        except InvalidOperation:
            return None
    return text.lower()
