"""The connector `file`: subscriptions from csv, xlsx, jsonl and parquet.

options   what plugins.toml says             columns   which column means what
tables    a file as a header and rows        cells     text to money, days, numbers
  texts     csv and jsonl                    parsing   rows of either layout, cell by cell
  sheets    xlsx                             spill     the parsed rows, sorted on disk
  parquet   parquet                          grouping  sorted rows to customers, items, points
guess     options guessed from a file
"""

from tenure import Connector, hookimpl
from tenure_connectors.file.connector import File


@hookimpl
def tenure_connectors() -> list[type[Connector]]:
    """The one connector of this plugin."""
    return [File]
