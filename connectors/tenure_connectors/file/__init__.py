"""The connector `file`: subscriptions from csv, xlsx, jsonl and parquet.

options    what plugins.toml says          periods     rows with a start: items and their points
tables     rows of any format, with lines  snapshots   rows with a month: levels month by month
columns    which column means what         grouping    rows sorted on disk, customer by customer
cells      text to money, days, numbers    guess       options guessed from a file
"""

from tenure import Connector, hookimpl
from tenure_connectors.file.connector import File


@hookimpl
def tenure_connectors() -> list[type[Connector]]:
    """The one connector of this plugin."""
    return [File]
