"""The log: text or JSON on stderr, and no secret in it however it is spelt."""

import json
import logging
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tenure import logs
from tenure.redaction import redact, url_passwords

log = logging.getLogger("tenure.test")


def test_text_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup(logging.INFO)
    log.info("read %d rows", 5)
    assert capsys.readouterr() == ("", "INFO tenure.test: read 5 rows\n")


def test_setting_up_again_does_not_say_everything_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.setup(logging.INFO)
    logs.setup(logging.WARNING)
    log.info("no")
    log.warning("yes")
    assert capsys.readouterr().err == "WARNING tenure.test: yes\n"


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup(logging.INFO, "json")
    log.info('a "quoted"\nthing')
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["message"]) == ("info", 'a "quoted"\nthing')


@pytest.mark.parametrize("style", logs.FORMATS)
def test_a_traceback_is_redacted_too(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup(logging.INFO, style, ["hunter22"])
    try:
        int("hunter22")
    except ValueError:
        log.exception("failed with %s", {"key": "hunter22"})
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "hunter22" not in said


SECRETS = st.text(min_size=6, max_size=30).filter(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=SECRETS, style=st.sampled_from(logs.FORMATS))
def test_any_secret_in_any_spelling(
    secret: str, style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.setup(logging.INFO, style, [secret])
    log.info("%s|%r|%s|%s", secret, secret, json.dumps(secret), quote(secret, safe=""))
    said = capsys.readouterr().err
    words = (json.loads(said)["message"] if style == "json" else said).split("|")
    assert [word.strip("'\"\n").removeprefix("INFO tenure.test: ") for word in words] == ["***"] * 4


def test_a_longer_secret_is_masked_before_a_shorter_one_in_it() -> None:
    assert redact("abcd-efgh abcd", ["abcd", "abcd-efgh"]) == "*** ***"


def test_what_is_too_short_to_be_a_secret_stays() -> None:
    assert redact("a b c", ["a"]) == "a b c"


def test_passwords_in_urls_are_masked_though_nobody_named_them() -> None:
    assert redact("at postgresql://u:pw@h/t", []) == "at postgresql://u:***@h/t"


def test_passwords_in_urls_are_found_as_written_and_decoded() -> None:
    assert url_passwords("x://u:a%40b@h") == {"a%40b", "a@b"}


@pytest.mark.parametrize("length", [40, 45, 46, 47, 48, 49, 50, 51, 60, 200])
def test_a_long_secret_is_hidden_where_pydantic_shows_only_its_ends(length: int) -> None:
    secret = ("0s3cr3tW0rd" * 20)[:length]
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(bool).validate_python(secret)
    assert "s3cr3t" not in redact(str(caught.value), [secret])


AS_JSON = (
    '{"time": "2026-01-05T10:00:00.500+00:00", "level": "info", "logger": "tenure.sync",'
    ' "run": "7", "instance": "100%", "message": "done"}'
)


@pytest.mark.parametrize(
    ("style", "line"),
    [
        ("text", "2026-01-05T10:00:00.500+00:00 INFO tenure.sync run=7 instance=100%: done"),
        ("json", AS_JSON),
    ],
)
def test_each_line_of_a_worker_says_when_it_was_and_which_run_it_is_of(style, line):
    formatter = logs.Formatter(style, (), {"run": "7", "instance": "100%"})
    said = {"name": "tenure.sync", "levelname": "INFO", "msg": "done", "created": 1767607200.5}
    assert formatter.format(logging.makeLogRecord(said)) == line
