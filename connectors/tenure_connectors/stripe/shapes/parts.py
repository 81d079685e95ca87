"""What the shapes of all objects have in common."""

from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

Time = Annotated[int, msgspec.Meta(ge=-2_208_988_800, le=32_503_680_000)]
"""Unix seconds, from 1900 to 3000: Stripe dates nothing elsewhere, and a calendar would end."""

_DIGITS = 40
"""Places on either side of a decimal's point: Stripe writes 12 at most."""


class Shape(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """A part of an object; what is left out has its default when it is written, too."""


class Ref(Shape):
    """An expanded object of which only the id is needed."""

    id: str


class Page(Shape, Generic[T]):
    """A list, of which `data` is all when `has_more` is false."""

    data: list[T] = []
    has_more: bool = False
    total_count: int | None = None

    def __post_init__(self) -> None:
        self.has_more = self.has_more or (self.total_count or 0) > len(self.data)


class Period(Shape):
    """Service from `start` to `end`."""

    start: Time
    end: Time


def id_of(value: Any) -> str | None:
    """The id of an object that is named by its id or expanded."""
    return value if isinstance(value, str) or value is None else value.id


def check_decimals(*numbers: Decimal | None) -> None:
    """Raises `ValueError` for NaN, infinity and what would not fit into memory as a fraction."""
    for number in numbers:
        if number is None:
            continue
        if not number.is_finite() or not -_DIGITS < number.adjusted() < _DIGITS:
            raise ValueError(f"{number} is not a number that can be computed with")
