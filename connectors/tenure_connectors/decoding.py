"""Decoders of JSON that threads may use: each is made once, and one at a time.

What msgspec learns of a class it keeps there, and another thread can find it half learned: two that
decode a class for the first time at once crash the interpreter. So classes are learned under a
lock, those of a package when it is imported, before there are threads.
"""

from functools import cache
from threading import Lock
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_one_at_a_time = Lock()


def decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """The decoder of a type."""
    return _made(kind)  # type: ignore[arg-type]  # types are hashable


@cache
def _made(kind: Any) -> msgspec.json.Decoder[Any]:
    with _one_at_a_time:
        return msgspec.json.Decoder(kind)


def learn(base: type[msgspec.Struct]) -> None:
    """Have msgspec learn all classes that were made of `base`."""
    for kind in base.__subclasses__():
        decoder(kind)
        learn(kind)
