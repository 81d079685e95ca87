"""A request taken apart: `created[gte]=1` is a range, `types[0]=a` one of many, the rest single."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tenure_connectors.stripe.world import errors

RANGES = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
PAGING = {"limit", "starting_after", "ending_before", "expand"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request taken apart: `one` has single parameters, `many` those with `[]` or `[0]`."""

    path: str
    one: dict[str, str]
    many: dict[str, list[str]]
    ranges: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        return {*self.one, *self.many, *self.ranges}

    @property
    def filters(self) -> str:
        """All but which page is asked for, as a key."""
        every = (*self.one.items(), *self.many.items(), *self.ranges.items())
        return repr([(name, value) for name, value in every if name not in PAGING])


def parsed(path: str, query: Iterable[tuple[str, str]]) -> Request:
    request = Request(path.rstrip("/"), {}, {})
    for name, value in query:
        base, _, inner = name.partition("[")
        inner = inner.rstrip("]")
        if inner in RANGES:
            request.ranges.setdefault(base, []).append((inner, whole(base, value)))
        elif inner or name.endswith("[]"):
            key = base if inner.isdigit() or not inner else f"{base}[{inner}]"
            request.many.setdefault(key, []).append(value)
        else:
            request.one[base] = value
    return request


def whole(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        message = f"Invalid integer: {value}"
        raise errors.refused(400, message, code="parameter_invalid_integer", param=name) from None
