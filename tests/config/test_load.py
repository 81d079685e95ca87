"""What a good plugins.toml means, and where it is found."""

from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import httpx
import pytest

from tenure.config import Workspace, load
from tenure.plugin import Connector, Sink

Read = Callable[[str], Workspace]

WHOLE = """
[tenure]
store    = "sqlite:///data/tenure.db"
timezone = "Europe/Berlin"
currency = "EUR"

[connectors.billing]
use      = "./acme.py"
token    = "${TOKEN:-0123456789}"
schedule = "*/15 * * * *"

[connectors.crm]
use     = "./acme.py"
enabled = false
token   = "${NOT_SET}"

[metrics]
segments = ["plan", "country"]
schedule = "every 1h"

[sinks.crm]
use = "./acme.py"
"""


def test_an_empty_file_is_a_workspace_with_defaults(read: Read, folder: Path) -> None:
    workspace = read("")
    assert (workspace.timezone.key, workspace.currency) == ("UTC", "USD")
    assert workspace.store == f"sqlite:///{folder}/tenure.db"


def test_the_store_starts_at_the_file_and_not_where_the_command_runs(
    read: Read,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read(WHOLE)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert load(folder / "plugins.toml").store == f"sqlite:///{folder}/data/tenure.db"


@pytest.mark.parametrize("url", ["sqlite:////var/t.db", "postgresql+psycopg://u@h/t"])
def test_an_absolute_store_stays_as_it_is(read: Read, url: str) -> None:
    assert read(f'tenure.store = "{url}"').store == url


def test_entries_keep_the_order_of_the_file(read: Read) -> None:
    workspace = read(WHOLE)
    assert [entry.name for entry in workspace.connectors] == ["billing", "crm"]
    assert [entry.name for entry in workspace.sinks] == ["crm"]


def test_plugins_are_made_with_their_options(read: Read) -> None:
    workspace = read(WHOLE)
    assert isinstance(workspace.connectors[0].plugin, Connector)
    assert isinstance(workspace.sinks[0].plugin, Sink)


def test_a_disabled_entry_needs_no_variables(read: Read) -> None:
    entry = read(WHOLE).connectors[1]
    assert (entry.enabled, entry.plugin, entry.problem) == (False, None, None)


def test_schedules_and_segments_are_kept(read: Read) -> None:
    workspace = read(WHOLE)
    assert workspace.connectors[0].schedule == "*/15 * * * *"
    assert (workspace.metrics.segments, workspace.metrics.schedule) == (
        ("plan", "country"),
        "every 1h",
    )


def test_a_connector_provides_what_its_plugin_does(read: Read) -> None:
    assert read(WHOLE).connectors[0].provides == {"revenue"}


def test_policy_fields_stand_in_metrics(read: Read) -> None:
    workspace = read("[metrics]\ngap_tolerance_hours = 48\n")
    assert workspace.metrics.policy.gap_tolerance_hours == 48


def test_the_context_lends_what_the_file_says(read: Read, folder: Path) -> None:
    workspace = read(WHOLE)
    with httpx.Client() as client:
        context = workspace.context(workspace.connectors[0], client)
    assert (context.name, context.folder, context.currency) == ("billing", folder, "EUR")
    assert context.clock().tzinfo is UTC
    assert context.provides == {"revenue"}


def test_a_byte_order_mark_and_windows_line_ends_are_fine(folder: Path) -> None:
    (folder / "plugins.toml").write_bytes(b'\xef\xbb\xbf[tenure]\r\ncurrency = "EUR"\r\n')
    assert load().currency == "EUR"


def test_the_variable_names_the_file(
    read: Read, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read("").path.rename(folder / "other.toml")
    monkeypatch.setenv("TENURE_CONFIG", "other.toml")
    assert load().path == folder / "other.toml"


def test_the_path_wins_over_the_variable(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    path = read("").path
    monkeypatch.setenv("TENURE_CONFIG", "other.toml")
    assert load(path).path == path


def test_a_secret_written_literally_works_and_is_warned_of(read: Read) -> None:
    workspace = read('[connectors.a]\nuse = "./acme.py"\ntoken = "sk-0123456789"\n')
    (warning,) = workspace.warnings
    assert warning.startswith("plugins.toml:3: connectors.a.token: a secret is written here; put ")


def test_a_password_in_the_store_is_warned_of(read: Read) -> None:
    workspace = read('[tenure]\nstore = "postgresql+psycopg://u:hunter22@h/t"\n')
    assert "a secret is written here" in workspace.warnings[0]
    assert "hunter22" in workspace.secrets


def test_a_dotenv_that_others_can_read_is_warned_of(read: Read, folder: Path) -> None:
    (folder / ".env").touch(0o644)
    (folder / ".env").chmod(0o644)
    assert "chmod 600 .env" in read("").warnings[0]


def test_a_private_dotenv_is_not(read: Read, folder: Path) -> None:
    (folder / ".env").touch()
    (folder / ".env").chmod(0o600)
    assert read("").warnings == ()


def test_secrets_of_every_kind_are_known_for_redaction(
    read: Read, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pin").write_text("secret-pin")
    monkeypatch.setenv("ACME_TOKEN", "secret-token")
    text = '[connectors.a]\nuse = "./acme.py"\ntoken = "${ACME_TOKEN}"\npin = { file = "pin" }\n'
    text += 'url = "https://u:secret-word@h/"\nlogins = [{ password = "secret-login" }]\n'
    assert set(read(text).secrets) == {"secret-token", "secret-pin", "secret-word", "secret-login"}


def test_nothing_of_a_secret_is_in_the_repr(read: Read) -> None:
    text = '[connectors.a]\nuse = "./acme.py"\ntoken = "sk-0123456789"\n'
    text += '[tenure]\nstore = "postgresql+psycopg://u:sk-0123456789@h/t"\n'
    assert "sk-0123456789" not in repr(read(text))


def test_what_a_sink_is_to_send(read: Read) -> None:
    ready = read(
        "[tenure]\ndashboard = 'https://t.test/nrr'\n[metrics]\nsegments = ['plan']\n"
        "[sinks.all]\nuse = './bell.py'\n"
        "[sinks.some]\nuse = './bell.py'\nreports = ['weekly']\nsegments = []\n"
        "when = 'provisional'\nalerts = { nrr_below = 0.95, stale_after = '24h' }\n"
    )
    everything, some = ready.sinks
    assert (everything.reports, everything.when) == (("daily", "weekly"), "closed")
    assert (some.reports, some.when, ready.dashboard) == (
        ("weekly",),
        "provisional",
        "https://t.test/nrr",
    )
    assert [ready.segments_of(sink) for sink in ready.sinks] == [("plan",), ()]
    assert str(some.alerts.nrr_below) == "0.95"
