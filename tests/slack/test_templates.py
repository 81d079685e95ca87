"""Templates of the user: they override ours one by one, and a broken one is named, not replaced."""

import json

import pytest
from slack_desk import moved, row

from tenure import ConfigError


@pytest.fixture
def folder(desk, tmp_path):
    """The folder of the user's templates."""
    desk.folder, desk.options["templates"] = tmp_path, "slack"
    (tmp_path / "slack").mkdir()
    return tmp_path / "slack"


def test_a_template_of_the_user_is_said_instead_of_ours(desk, world, folder):
    (folder / "monthly.txt").write_text(
        "# {{ title }}\n\nNRR {{ nrr.now }} <https://x.test|here> by {{ top[0].customer }}"
    )
    desk.movements = [moved("A & B", -300)]
    desk.push()
    (parent,) = world.parents()
    assert [block["text"]["text"] for block in parent["blocks"]] == [
        "November 2025", "NRR 98.50 % <https://x.test|here> by A &amp; B",
    ]  # fmt: skip


def test_the_others_stay_ours(desk, world, folder):
    (folder / "monthly.txt").write_text("short")
    desk.push()
    details = world.thread(world.parents()[0]["ts"])[0]
    assert "All movements" in json.dumps(details["blocks"])


@pytest.mark.parametrize(("text", "said"), [
    ("fine\n{% if %}", ":2: Expected an expression"),
    ("fine\n\n{{ nrw.now }}", ":3: 'nrw' is undefined"),
    ("{{ nrr.then }}", "has no attribute 'then'"),
    ("\n{{ ''.__class__.__mro__ }}", "unsafe"),
    ("{{ 1 / 0 }}", ":1: division by zero"),
])  # fmt: skip
def test_a_broken_template_is_named_by_file_and_line(desk, world, folder, text, said):
    (folder / "monthly.txt").write_text(text)
    error = desk.push().error
    assert isinstance(error, ConfigError)
    assert "slack/monthly.txt:" in error.reason
    assert said in error.reason
    assert world.parents() == []


def test_check_reads_them_all(desk, folder):
    (folder / "alert.txt").write_text("{{ title }}")
    assert "template alert.txt can be read" in desk.check()
    (folder / "weekly.txt").write_text("{% for %}")
    with pytest.raises(ConfigError, match=r"weekly\.txt:1"):
        desk.check()


def test_check_names_a_file_that_is_no_template(desk, folder):
    (folder / "montly.txt").write_text("x")
    with pytest.raises(ConfigError, match=r"montly\.txt is none of monthly\.txt"):
        desk.check()


def test_check_names_a_folder_that_is_not_there(desk, folder):
    folder.rmdir()
    with pytest.raises(ConfigError, match="there is no folder"):
        desk.check()


def test_bands_are_the_users(desk, world):
    desk.options["bands"] = {"great": 120, "good": 105, "poor": 0}
    desk.push()
    assert "*106.50 %*  good" in json.dumps(world.parents()[0]["blocks"])


@pytest.mark.parametrize(("growth", "band"), [(700, "keeping"), (701, "growing"), (0, "keeping")])
def test_a_band_is_of_the_twelve_months_and_100_is_not_over_100(desk, world, growth, band):
    desk.years = [row(expansion=growth)]
    desk.push()
    assert f"%*  {band}" in json.dumps(world.parents()[0]["blocks"])


def test_without_twelve_months_there_is_no_band(desk, world):
    desk.years = []
    desk.push()
    said = json.dumps(world.parents()[0]["blocks"])
    assert not any(band in said for band in ("growing", "keeping", "leaking"))
