"""The sink `warehouse`: all the figures as tables, wherever dlt can write.

place      where: the url of plugins.toml as one of dlt's destinations
tables     what: the rows of each table
columns    the same in exact types, with what tells that they changed
lake       how: dlt
workplace  where that works meanwhile
loads      what there is: the table `_tenure_loads`
faults     what went wrong, in words
sink       what differs, and the writing of just that
"""

from importlib.util import find_spec

from tenure import PluginError, Sink, hookimpl
from tenure_sinks.warehouse.place import WarehouseConfig
from tenure_sinks.warehouse.sink import Warehouse

__all__ = ["Warehouse", "WarehouseConfig", "tenure_sinks"]


@hookimpl
def tenure_sinks() -> list[type[Sink]]:
    """The one sink of this plugin; raises where dlt is missing."""
    if find_spec("dlt") is None:
        raise PluginError(
            "Sink 'warehouse' needs the package dlt", "Run `pip install 'tenure[warehouse]'`"
        )
    return [Warehouse]
