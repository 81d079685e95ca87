"""How a message says it: Jinja2 templates in a sandbox, the user's before ours.

Every value is escaped where it is printed; `link(address, text)` alone makes markup.
"""

import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tenure import ConfigError
from tenure_sinks.slack.texts import plain

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

NAMES = ("monthly", "weekly", "details", "alert", "report")
"""Templates, without `.txt`; monthly and weekly both include `report`."""

_T = TypeVar("_T")
_OURS = Path(__file__).parent / "templates"
_HTML_ONLY = {"&#39;": "'", "&#34;": '"'}
"""Jinja2 escapes these too, and Slack would show them so."""


class Templates:
    """The templates of one sink."""

    def __init__(self, sink: str, folder: Path | None) -> None:
        self._sink = sink
        self._folder = folder

    def check(self) -> Iterable[str]:
        """Read every template of the user's folder; a line for each."""
        if self._folder is None:
            return
        if not self._folder.is_dir():
            raise self._wrong(f"there is no folder {self._folder}", "Make it, or leave it out")
        for path in sorted(self._folder.iterdir()):
            if path.suffix != ".txt" or path.stem not in NAMES:
                known = ", ".join(f"{name}.txt" for name in NAMES)
                raise self._wrong(f"{path} is none of {known}", "Rename it, or take it away")
            self._tried(partial(self._environment().get_template, path.name))
            yield f"template {path.name} can be read"

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """The text of a message; raises `ConfigError` that says which line is wrong."""
        found = partial(self._environment().get_template, f"{name}.txt")
        text = self._tried(lambda: found().render(dict(values)))
        for escaped, plainly in _HTML_ONLY.items():
            text = text.replace(escaped, plainly)
        return text

    def _environment(self) -> "Environment":
        from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - heavy
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 - likewise

        folders = [_OURS] if self._folder is None else [self._folder, _OURS]
        made = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(each) for each in folders]),
            undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        made.globals = {"link": _link}
        return made

    def _tried(self, act: Callable[[], _T]) -> _T:
        from jinja2 import TemplateSyntaxError  # noqa: PLC0415 - heavy

        try:
            return act()
        except TemplateSyntaxError as error:
            where = f"{error.filename or error.name}:{error.lineno}"
            raise self._wrong(f"{where}: {error.message}", _REMEDY) from None
        except Exception as error:  # noqa: BLE001 - a template may raise anything
            raise self._wrong(f"{_line_of(error)}: {error}", _REMEDY) from None

    def _wrong(self, reason: str, remedy: str) -> ConfigError:
        return ConfigError(f"[sinks.{self._sink}] templates: {reason}", remedy)


_REMEDY = "Mend the template; docs/slack.md says what it may print"


def _line_of(error: Exception) -> str:
    """Jinja2 puts lines of templates into the traceback; the last one is where it went wrong."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        f"{frame.filename}:{frame.lineno}" for frame in frames if frame.filename[-4:] == ".txt"
    ]
    return lines[-1] if lines else "a template"


def _link(address: str, text: str) -> "Markup | str":
    """`<address|text>`; nothing where there is no address."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - see tenure_sinks.slack.template

    if not address:
        return ""
    inert = address.translate(_IN_A_LINK)
    return Markup("<{}|{}>").format(Markup(escape(inert)), plain(text))  # noqa: S704 - escaped


_IN_A_LINK = {ord(each): f"%{ord(each):02X}" for each in '<>|" \n\r\t'}
