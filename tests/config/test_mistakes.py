"""Every mistake in plugins.toml is said with its place, and all of them at once."""

import sys
import zoneinfo
from collections.abc import Callable
from pathlib import Path

import pytest

from tenure.config import Workspace, load
from tenure.errors import ConfigError

Read = Callable[[str], Workspace]
Wrong = Callable[[str], str]

_BELL = "[sinks.a]\nuse = './bell.py'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tenur]", "plugins.toml:1: tenur: unknown table; did you mean 'tenure'? Allowed: "),
        ("[accounts]", "plugins.toml:1: accounts: joins nobody; write match = "),
        (
            "connectors = 5",
            "plugins.toml:1: connectors: should be a table, written [connectors.NAME]",
        ),
        ("[connectors]\na = 5", "plugins.toml:2: connectors.a: should be a table"),
        ("[connectors.'a b']\nuse='./acme.py'", 'connectors."a b": a name is made of letters'),
        ("[tenure]\nstor = 1", "plugins.toml:2: tenure.stor: unknown key; did you mean 'store'?"),
        ("[tenure]\ncurrency = 'USS'", "tenure.currency: 'USS': not a currency code of ISO 4217"),
        ("[tenure]\ncurrency = 'usd'", "did you mean 'USD'?"),
        ("[tenure]\ncurrency = 7", "tenure.currency: 7: should be text in quotes"),
        ("[tenure]\ntimezone = 'Europe/Berln'", "time zone; did you mean 'Europe/Berlin'?"),
        ("[tenure]\ntimezone = 'America'", "tenure.timezone: 'America': not an IANA time zone"),
        ("[tenure]\ntimezone = '../UTC'", "tenure.timezone: '../UTC': not an IANA time zone"),
        ("[tenure]\ntimezone = ''", "tenure.timezone: '': not an IANA time zone"),
        ("[daemon]\ntimeout = '999999999w'", "daemon.timeout: '999999999w': longer than ten years"),
        ("[metrics]\nschedule = 'every 521w 1'", "schedule; write `every 15m`"),
        ("[daemon]\ntimeout = '30d'", "daemon.timeout: '30d': longer than three weeks"),
        ("[daemon]\ntimeouts = { report = '4w' }", "'4w': longer than three weeks"),
        (
            "[daemon.timeouts]\n'sync:a' = '1h'\nrates = '1h'\n[connectors.b]",
            "there is no job 'sync:a'; did you mean 'sync:b'? Allowed: alerts, report, sync:b",
        ),
        ("[daemon.timeouts]\nrates = '1h'", "plugins.toml:2: daemon.timeouts.rates: there is no"),
        ("connectors = 5\n[daemon.timeouts]\nrate = '1h'\n[fx]", "did you mean 'rates'?"),
        ("[metrics]\nschedule = 'every 522w'", "metrics.schedule: 'every 522w': longer than ten"),
        ("[tenure]\nstore = 'mysql://h/t'", "write sqlite:///tenure.db or postgresql+psycopg://"),
        ("[tenure]\nstore = 'sqlite:///:memory:'", "a store in memory is gone"),
        ("[metrics]\npreset = 'mine'", "metrics.preset: 'mine': should be 'default'"),
        ("[metrics]\nsegments = 'plan'", "metrics.segments: 'plan': should be an array, [ … ]"),
        ("[metrics]\nsegment = []", "unknown key; did you mean 'segments'? Allowed: "),
        ("[metrics]\ngap_tolerance_hour = 1", "did you mean 'gap_tolerance_hours'?"),
        ("[connectors.a]", "connectors.a.use: is required and missing"),
        ("[connectors.a]\nusee = 'file'", "connectors.a.usee: unknown key; did you mean 'use'?"),
        ('["a\\nb"]', r'plugins.toml:1: "a\nb": unknown table'),
        ("[connectors.a]\nuse = ''", "connectors.a.use: '': should not be empty"),
        ("[connectors.a]\nuse = 'fil'", "plugins.toml:2: connectors.a.use: No connector plugin "),
        ("[connectors.a]\nuse = 'fil'", "Did you mean 'file'? Installed: "),
        ("[connectors.a]\nuse = './no.py'", "connectors.a.use: There is no plugin file "),
        (
            "[sinks.a]\nuse='./acme.py'\nprovides = ['revenue']",
            "a sink provides nothing; remove it",
        ),
        ("[sinks.a]\nuse = './acme.py'\nprovides = []", "sinks.a.provides: "),
        ("[sinks.a]\nuse='./acme.py'\nreports = ['r']", "acme.py' has one report only; remove it"),
        ("[sinks.a]\nuse='file'\npath='o'\nwhen='soon'", "should be 'closed' or 'provisional'"),
        (f"{_BELL}\nreports = ['daily', 'wekly']", "a.reports[1]: no report 'wekly'; did you mean"),
        (f"{_BELL}\nreports = []", "sinks.a.reports: should not be empty"),
        (f"{_BELL}\nalerts = {{}}", "sinks.a.alerts: watches nothing; write one of nrr_below, "),
        (f"{_BELL}\nalerts.nrr_belw = 1", "did you mean 'nrr_below'?"),
        (f"{_BELL}\nalerts.grr_below = 90", "sinks.a.alerts.grr_below: 90: should be less than"),
        (f"{_BELL}\nalerts.stale_after = 'a day'", "'a day': not a span of time; write `24h`"),
        (
            "[sinks.a]\nuse='./acme.py'\nalerts.withheld = true",
            "plugin 'acme' sends no alerts; remove the table",
        ),
        ("[tenure]\ndashboard = 'revenue'", "'revenue': not the address of a page; write https:"),
    ],
)
def test_a_mistake_of_the_core(wrong: Wrong, text: str, said: str) -> None:
    assert said.lower() in wrong(text).lower()


@pytest.mark.parametrize("text", ["", "[tenure]\ntimezone = 'Europe/Berlin'"])
def test_a_machine_without_time_zones(
    wrong: Wrong, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    for name in ["tzdata", *(name for name in sys.modules if name.startswith("tzdata."))]:
        monkeypatch.setitem(sys.modules, name, None)
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath(to=())
    try:
        assert "no time zone data is here; `pip install tzdata`" in wrong(text)
    finally:
        zoneinfo.reset_tzpath()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("siz = 3", ":3: connectors.a.siz: unknown key; did you mean 'size'? Allowed: angry, "),
        ("shedule = 'every 1h'", ":3: connectors.a.shedule: unknown key; did you mean 'schedule'?"),
        ("xyzzy = 3", ":3: connectors.a.xyzzy: unknown key. Allowed: angry, columns, "),
        ("\nsize = 'x'", ":4: connectors.a.size: 'x': should be a valid integer"),
        ("mode = 'quick'", ":3: connectors.a.mode: 'quick': should be 'fast' or 'slow'"),
        ("size = 100\nmode = 'slow'", ":1: connectors.a: a big size needs `mode = fast`"),
        ("size = -1", ":1: connectors.a: size and sense do not go together. Leave one out"),
        ("logins = [{ usr = 'u' }]", "did you mean 'user'? Allowed: password, user"),
        ("stages = [\n'a',\n5]", ":5: connectors.a.stages[1]: 5: should be text in quotes"),
        ("columns = { x = 1 }", ":3: connectors.a.columns.x: 1: should be text in quotes"),
        ("columns = 5", ":3: connectors.a.columns: 5: should be a table, { … }"),
        ("columns.x = 1", ":3: connectors.a.columns.x: 1: should be text in quotes"),
        ("logins = [{ usr = 'u' }]\nsize = ''", ":4: connectors.a.size: "),
        ("schedule = '61 * * * *'", ":3: connectors.a.schedule: '61 * * * *': not a schedule: bad"),
        ("schedule = '* * *'", "a cron line has 5 fields (minute hour day month weekday)"),
        ("schedule = '* * * * * *'", "a cron line has 5 fields"),
        ("schedule = 'every 15 minutes'", "not a schedule; write `every 15m`"),
        ("schedule = 'every 0m'", "not a schedule; write `every 15m`"),
        ("schedule = '0 0 30 2 *'", "not a schedule"),
        ("enabled = 'perhaps'", ":3: connectors.a.enabled: 'perhaps': should be true or false"),
        ("provides = ['attributes']", "does not provide attributes. Allowed: revenue"),
        ("provides = ['money']", "connectors.a.provides[0]: 'money': should be 'revenue' or "),
        (f"url = 5{'0' * 90}", "…: should be text in quotes"),
    ],
)
def test_a_mistake_in_a_plugins_table(wrong_options: Wrong, text: str, said: str) -> None:
    assert said in wrong_options(text)


@pytest.mark.parametrize(
    "text",
    ["schedule = 'every 15m'", "schedule = 'every 1 d'", "schedule = '5 0 * * MON-FRI'"],
)
def test_a_good_schedule(options: Read, text: str) -> None:
    assert options(text).connectors[0].schedule


def test_thirty_mistakes_are_thirty_lines_in_the_order_of_the_file(wrong: Wrong) -> None:
    tables = [f"[connectors.c{n}]\nuse = './acme.py'\nsize = 'x{n}'\n" for n in range(29)]
    said = wrong("".join(tables) + "[tenure]\ncurrency = 'X'\n").splitlines()
    assert [line.split(": ")[0] for line in said] == [
        f"plugins.toml:{line}" for line in [*range(3, 88, 3), 89]
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = \n", "plugins.toml:1:5: not TOML: Invalid value"),
        ("[a]\n[a]", "plugins.toml:2:3: the name [a] is used twice"),
        ("a = 1\na = 2\n", "plugins.toml:2:6: this key is set twice in its table. Remove one"),
        (
            "[connectors.a]\n[connectors.a]\n",
            "plugins.toml:2:14: the name [connectors.a] is used twice",
        ),
        ("a = {b = 1", "plugins.toml: not TOML: Unclosed inline table at the end of the file"),
        (f"a = {'1' * 5000}", "plugins.toml: not TOML: Exceeds the limit"),
        (f"a = {'[' * 5000}", "plugins.toml: values are nested too deeply"),
    ],
)
def test_a_file_that_is_no_toml(wrong: Wrong, text: str, said: str) -> None:
    assert wrong(text).startswith(said)


def test_a_file_that_is_not_utf8(folder: Path) -> None:
    (folder / "plugins.toml").write_bytes(b"[tenure]\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"plugins.toml:2: byte 0xe9 is not UTF-8"):
        load()


def test_no_file(folder: Path) -> None:
    with pytest.raises(
        ConfigError, match=f"There is no file {folder}/plugins.toml. Run `tenure init`"
    ):
        load()


def test_a_folder_instead_of_a_file(folder: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        load(folder)


def test_a_file_that_cannot_be_opened(folder: Path) -> None:
    (folder / "plugins.toml").symlink_to("plugins.toml")
    with pytest.raises(ConfigError, match=r"plugins.toml cannot be read: Too many levels"):
        load()


def test_a_folder_whose_name_cannot_stand_in_a_url(folder: Path) -> None:
    (folder / "a?b").mkdir()
    (folder / "a?b" / "plugins.toml").touch()
    with pytest.raises(ConfigError, match=r"the folder's name has a `\?`"):
        load(folder / "a?b" / "plugins.toml")


def test_an_option_that_makes_the_plugin_crash_is_its_problem(options: Read) -> None:
    problem = options("angry = 'secret-word'\n").connectors[0].problem
    assert "'acme' failed when it was given its options: TypeError" in str(problem)


def test_a_broken_plugin_beside_a_good_one(read: Read, folder: Path) -> None:
    (folder / "broken.py").write_text("import no_such_module_at_all\n")
    bad, good = read("connectors.b.use='./broken.py'\nconnectors.a.use='./acme.py'").connectors
    assert "No module named 'no_such_module_at_all'" in str(bad.problem)
    assert good.problem is None
