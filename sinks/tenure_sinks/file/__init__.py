"""The sink `file`: reports in a folder, each file whole or not at all.

contents   what each report says: a document, rows, a page
formats    how a file of each format is written, and whether one holds just that
sink       which files there are, and which of them are to be written
"""

from tenure import Sink, hookimpl
from tenure_sinks.file.sink import File, FileConfig

__all__ = ["File", "FileConfig"]


@hookimpl
def tenure_sinks() -> list[type[Sink]]:
    """The one sink of this plugin."""
    return [File]
