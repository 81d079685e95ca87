"""One reading of a plugins.toml: its document, and all that is found wrong or doubtful in it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tenure.config.document import Document
from tenure.config.mistakes import KeyPath, Mistake, Origin, dotted, from_validation
from tenure.config.values import Resolver
from tenure.errors import ConfigError
from tenure.redaction import redact

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its references resolved."""

    path: KeyPath
    values: Mapping[str, Any]
    resolver: Resolver

    def only(self, keys: Collection[str]) -> "Section":
        """The section with no other keys."""
        return replace(self, values={k: v for k, v in self.values.items() if k in keys})

    def without(self, keys: Collection[str]) -> "Section":
        """The section with all other keys."""
        return replace(self, values={k: v for k, v in self.values.items() if k not in keys})


@dataclass(slots=True)
class Reading:
    """Collects mistakes and warnings, and knows what must not be shown in them."""

    document: Document
    environment: Mapping[str, str]
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sensitive: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        """Where plugins.toml lies; relative paths start there."""
        return self.document.path.parent

    def wrong(self, path: KeyPath, text: str) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(path, text))

    def warn(self, path: KeyPath, text: str) -> None:
        """Note something that works and should not stay."""
        self.warnings.append(self._placed(path, text))

    def error(self) -> ConfigError:
        """All mistakes, a line each, in the order of the file."""
        ordered = sorted(self.mistakes, key=lambda mistake: self.document.line(mistake.path) or 0)
        return ConfigError("\n".join(self._placed(m.path, m.text) for m in ordered))

    def table(self, path: KeyPath, table: Any) -> Mapping[str, Any]:
        """The value itself if it is a table; else that is a mistake."""
        if isinstance(table, dict):
            return table
        named = path if path not in {("connectors",), ("sinks",)} else (*path, "NAME")
        self.wrong(path, f"should be a table, written [{dotted(named)}]")
        return {}

    def section(self, path: KeyPath, raw: Mapping[str, Any]) -> Section:
        """Resolve a table's references; what comes from outside the file will not be shown."""
        resolver = Resolver(self.folder, self.environment)
        values = {key: resolver.resolve(value, (*path, key)) for key, value in raw.items()}
        self.mistakes.extend(resolver.mistakes)
        self.sensitive |= {*resolver.outside.values(), *resolver.secrets}
        return Section(path, values, resolver)

    def validate(
        self, model: type[Model], section: Section, known: Collection[str] = ()
    ) -> Model | None:
        """The model made of the section's values, or None and its mistakes noted."""
        try:
            return model.model_validate(section.values)
        except ValidationError as error:
            origin = Origin(
                path=section.path,
                table=section.values,
                hidden=section.resolver.outside.keys(),
                failed=[mistake.path for mistake in section.resolver.mistakes],
                known=known,
            )
            self.mistakes.extend(from_validation(error, model, origin))
            return None

    def _placed(self, path: KeyPath, text: str) -> str:
        place = f"{self.document.shown}:{self.document.line(path) or 1}"
        said = " ".join(redact(text, self.sensitive).split())
        return f"{place}: {dotted(path)}: {said}"
