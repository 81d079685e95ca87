"""Plugins are found by name or by path; a broken one says where and why."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tenure import plugins
from tenure.errors import PluginError

Local = Callable[[str], str]
Install = Callable[[str, str], str]


def refusal(use: str, folder: Path) -> str:
    with pytest.raises(PluginError) as caught:
        plugins.load("connector", use, folder)
    return str(caught.value)


@pytest.mark.parametrize("entry_point", ["connector.acme", "acme"])
def test_an_entry_point_with_or_without_its_kind(
    installed: Install, body: str, entry_point: str
) -> None:
    module = installed(entry_point, body)
    assert plugins.load("connector", "acme", Path()).__module__ == module


def test_the_name_with_its_kind_comes_first(installed: Install, body: str) -> None:
    installed("acme", "raise ImportError")
    module = installed("connector.acme", body)
    assert plugins.load("connector", "acme", Path()).__module__ == module


def test_a_local_module(local: Local, body: str, tmp_path: Path) -> None:
    assert plugins.load("connector", local(body), tmp_path).name == "acme"


def test_a_local_module_is_imported_once(local: Local, body: str, tmp_path: Path) -> None:
    use = local(body)
    first, again = (plugins.load("connector", use, tmp_path) for _ in range(2))
    assert first is again


def test_the_one_class_of_a_local_module_may_have_any_name(
    local: Local, body: str, tmp_path: Path
) -> None:
    use = local(body.replace('"acme"', '"anything"'))
    assert plugins.load("connector", use, tmp_path).name == "anything"


def test_what_a_plugin_prints_is_no_result(
    local: Local, body: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugins.load("connector", local(f"print('hello')\n{body}"), tmp_path)
    assert capsys.readouterr() == ("", "hello\n")


def test_only_the_named_plugin_is_imported(installed: Install, body: str) -> None:
    other = installed("connector.other", body)
    installed("connector.acme", body)
    plugins.load("connector", "acme", Path())
    assert other not in sys.modules


def test_listing_imports_nothing(installed: Install) -> None:
    module = installed("connector.acme", "raise SystemExit")
    (acme,) = [plugin for plugin in plugins.available() if plugin.name == "acme"]
    assert acme == plugins.Installed("acme", "connector", module, module, "1.2")


def test_an_unknown_name_is_told_the_nearest(installed: Install, body: str) -> None:
    installed("connector.acme", body)
    assert refusal("acne", Path()).startswith(
        "No connector plugin 'acne' is installed. Did you mean 'acme'? Installed: acme, "
    )


def test_a_sink_of_that_name_is_no_connector(installed: Install, body: str) -> None:
    installed("sink.acme", body)
    with pytest.raises(plugins.UnknownPluginError):
        plugins.load("connector", "acme", Path())


def test_two_distributions_with_one_name_clash(installed: Install, body: str) -> None:
    first, second = (installed("connector.acme", body) for _ in range(2))
    said = refusal("acme", Path())
    assert "clashes" in said
    assert f"{first} of {first} 1.2" in said
    assert f"{second} of {second} 1.2" in said


def test_a_distribution_that_is_broken_is_named(installed: Install) -> None:
    module = installed("connector.acme", "import no_such_module")
    said = refusal("acme", Path())
    assert said.startswith(
        f"Plugin {module} of {module} 1.2 cannot be imported: ModuleNotFoundError"
    )
    assert f"{module}.py:1)" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("yield", "yield yield", "cannot be imported: SyntaxError"),
        ("@hookimpl", "import sys; sys.exit(3)", "cannot be imported: SystemExit: 3"),
        ("@hookimpl", "raise BaseException('odd')", "cannot be imported: BaseException: odd (at "),
        ("tenure_connectors", "tenure_conectors", "unknown hook 'tenure_conectors'"),
        ("tenure_connectors", "tenure_conectors", "there are: tenure_connectors, tenure_sinks"),
        ("return [Acme]", "raise SystemExit(0)", "SystemExit: 0"),
        ("tenure_connectors()", "tenure_connectors(cats)", "Argument(s) {'cats'} are declared"),
        ("return [Acme]", "return [Acme, Acme]", "offers 2 connectors (acme, acme)"),
        ("return [Acme]", "return []", "offers no connector. Return the class from a function"),
        ("@hookimpl", "", "marked with @tenure.hookimpl"),
        ("return [Acme]", "return [Sink]", "Sink is not a subclass of tenure.Connector"),
        ("return [Acme]", "return ['Acme']", "'Acme' is not a subclass of tenure.Connector"),
        ("return [Acme]", "return 1 / 0", "division by zero"),
        ("return [Acme]", "return Acme", "tenure_connectors() should return a list of classes"),
        ("name, api, Config = ", "_, api, Config = ", "Acme has no `name`"),
        ("name, api, Config = ", "name, _, Config = ", "does not say `api = 1`"),
        ('"acme", API', '"acme", API + 1', "written for plugin interface 2; this tenure has 1"),
        ("API, PluginConfig", "API, dict", "no `Config` that is a subclass of tenure.PluginConfig"),
        ("def pull", "def poll", "Acme lacks pull"),
    ],
)
def test_a_broken_plugin(  # noqa: PLR0913, PLR0917 - fixtures and a case
    local: Local, body: str, tmp_path: Path, old: str, new: str, said: str
) -> None:
    use = local(body.replace(old, new, 1))
    assert said in refusal(use, tmp_path)
    assert use.removeprefix("./") in refusal(use, tmp_path)


def test_an_option_of_the_cores_name_is_refused(local: Local, body: str, tmp_path: Path) -> None:
    config = "class C(PluginConfig):\n    use: str\n\n\nclass Acme"
    text = body.replace("class Acme", config).replace("API, PluginConfig", "API, C")
    assert "an option named 'use', which belongs to the core" in refusal(local(text), tmp_path)


@pytest.mark.parametrize("loose", ['"extra": "ignore"', '"frozen": False'])
def test_options_that_forgive_a_misspelt_key_are_refused(
    local: Local, body: str, tmp_path: Path, loose: str
) -> None:
    config = f"class C(PluginConfig):\n    model_config = {{{loose}}}\n\n\nclass Acme"
    text = body.replace("class Acme", config).replace("API, PluginConfig", "API, C")
    assert 'not `frozen=True, extra="forbid"`' in refusal(local(text), tmp_path)


def test_a_name_that_the_module_does_not_offer(installed: Install, body: str) -> None:
    installed("connector.other", body)
    assert "offers no connector named 'other'; its connectors: acme" in refusal("other", Path())


def test_a_local_file_that_is_not_there(tmp_path: Path) -> None:
    assert f"There is no plugin file {tmp_path}/no.py" in refusal("./no.py", tmp_path)


def test_a_broken_import_may_be_mended_and_tried_again(
    local: Local, body: str, tmp_path: Path
) -> None:
    use = local("raise ValueError")
    refusal(use, tmp_path)
    (tmp_path / use).write_text(body)
    assert plugins.load("connector", use, tmp_path).name == "acme"


def test_offers_ask_a_plugin_without_a_kind_for_both(installed: Install, body: str) -> None:
    installed("acme", body)
    assert [o.kind for o in plugins.offers() if o.name == "acme"] == ["connector"]


def test_offers_list_the_broken_beside_the_good(installed: Install, body: str) -> None:
    installed("connector.broken", "raise ValueError('no')")
    installed("connector.acme", body)
    problems = {offer.name: offer.problem for offer in plugins.offers()}
    assert problems["acme"] is None
    assert "ValueError: no" in str(problems["broken"])


def test_loading_imports_no_database_and_no_http() -> None:
    heavy = "{'sqlmodel', 'sqlalchemy', 'duckdb', 'httpx', 'openpyxl'}"
    code = f"import sys, tenure.plugins, tenure.config; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
