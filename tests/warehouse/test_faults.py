"""What a warehouse says when it cannot, in words with what to do; as the drivers say it."""

import errno
from traceback import format_exception

import pytest

from tenure import ConfigError, SourceError, TransientError
from tenure.errors import InvariantError
from tenure_sinks.warehouse.faults import told
from tenure_sinks.warehouse.place import Place

PLACE = Place(name="postgres", shown="postgresql://db/lake", options={"credentials": "s3cret-word"})
SERVER = 'connection to server at "db", port 5432 failed: '


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (f'{SERVER}FATAL:  password authentication failed for user "ann"', ConfigError, "refused"),
        ("permission denied for database lake", ConfigError, "does not let tenure write"),
        (f'{SERVER}FATAL:  database "lake" does not exist', ConfigError, "is not there"),
        (f"{SERVER}Connection refused", TransientError, "cannot be reached"),
        ("IO Error: Could not set lock on file", TransientError, "cannot be reached, or is busy"),
        ("could not extend file: No space left on device", SourceError, "has no room"),
        ("invalid input syntax for type numeric", SourceError, "failed: invalid input syntax"),
        ("SQL compilation error:\nObject 'X' does not exist", SourceError, "error: Object 'X'"),
    ],
)
def test_what_a_driver_says_is_told_with_what_to_do(words, kind, said):
    with pytest.raises(kind, match=said) as raised, told(PLACE):
        dlt_fails(RuntimeError(words))
    assert "s3cret-word" not in "".join(format_exception(raised.value))
    assert raised.value.instruction


def dlt_fails(inner: Exception) -> None:
    """With all it knows."""
    raise RuntimeError("a step of the pipeline failed, with s3cret-word") from inner


def test_a_full_disk_here_is_told_too():
    with pytest.raises(SourceError, match="has no room"), told(PLACE):
        dlt_fails(OSError(errno.ENOSPC, "Kein Platz"))


def test_figures_that_contradict_each_other_are_no_fault_of_the_warehouse():
    with pytest.raises(InvariantError), told(PLACE):
        dlt_fails(InvariantError("1 figure contradicts another", ["x"]))
