"""Code of a plugin ends nobody else's work, whatever it raises."""

import sys

import pytest

from tenure.errors import PluginError, SourceError
from tenure.plugins import isolated


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no"), "It failed: ValueError: no. Run again with --verbose"),
        (ValueError("one\n two"), "It failed: ValueError: one two. "),
        (MemoryError(), "It failed: MemoryError. "),
        (SystemExit(0), "It failed: SystemExit: 0. "),
        (GeneratorExit(), "It failed: GeneratorExit. "),
        (StopIteration(7), "It failed: StopIteration: 7. "),
        (ValueError("key hunter-22 refused"), "It failed: ValueError: key *** refused. "),
    ],
)
def test_whatever_it_raises_is_the_plugins_error(error: BaseException, said: str) -> None:
    with pytest.raises(PluginError) as caught, isolated("It failed", ["hunter-22"]):
        raise error
    assert str(caught.value).startswith(said)
    assert caught.value.__cause__ is error


def test_an_error_of_ours_stays_what_it_is_without_its_secret() -> None:
    with pytest.raises(SourceError) as caught, isolated("It failed", ["hunter-22"]):
        raise SourceError("No answer to hunter-22", "Look at ?key=hunter-22")
    assert str(caught.value) == "No answer to ***. Look at ?key=***"
    assert "hunter-22" not in repr(caught.value)


def test_ctrl_c_gets_through() -> None:
    with pytest.raises(KeyboardInterrupt), isolated("It failed"):
        raise KeyboardInterrupt


def test_what_it_prints_is_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    with isolated("It failed"):
        sys.stdout.write("hello\n")
    assert capsys.readouterr() == ("", "hello\n")
