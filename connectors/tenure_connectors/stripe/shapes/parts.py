"""What the shapes of all objects have in common."""

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


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


class Period(Shape):
    """Service from `start` to `end`."""

    start: int
    end: int


def id_of(value: Any) -> str | None:
    """The id of an object that is named by its id or expanded."""
    return value if isinstance(value, str) or value is None else value.id
