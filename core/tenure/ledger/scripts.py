"""The ledger's SQL files, read once: statements without their comments, names filled in."""

from functools import cache
from importlib.resources import files
from string import Template

from sqlalchemy import Connection, TextClause, text

Binds = dict[str, object]

_FACTS = (
    "amount", "discount", "discount_once", "quantity", "interval", "interval_count", "currency",
    "plan", "product", "state", "state_since", "ends_at", "cause",
)  # fmt: skip


def _strength(alias: str) -> str:
    ranks = "WHEN 'observed' THEN 3 WHEN 'inferred' THEN 2 WHEN 'assumed' THEN 1"
    return f"CASE {alias}.evidence {ranks} END"


def _columns(names: tuple[str, ...], alias: str = "") -> str:
    return ", ".join(f'{alias}"{name}"' for name in names)


def _timeline(facts: tuple[str, ...], extra: tuple[str, ...], **names: str) -> dict[str, str]:
    """Fill the names of `diff.sql` for one kind of timeline; `extra` is stored, not compared."""
    owner = tuple(names["owner"].split(", "))
    return names | {
        "facts": _columns((*facts, "evidence", *extra)),
        "stated_facts": _columns((*facts, "evidence", *extra), "s."),
        "same_facts": " AND ".join(f'k."{f}" IS NOT DISTINCT FROM s."{f}"' for f in facts),
        "line_owner": _columns(owner, "l."),
        "same_line": " AND ".join(f"k.{column} = l.{column}" for column in owner),
        "stated_strength": _strength("s"),
        "known_strength": _strength("k"),
    }


POINTS = _timeline(
    _FACTS,
    ("source_ref",),
    table="point",
    owner="item_id, customer_id",
    instant="effective_at",
    lines="stage_item",
    stated="stage_point",
    is_new="l.item_id > :last_item",
)
"""An item's points."""

ATTRIBUTES = _timeline(
    ("value",),
    (),
    table="customer_attribute",
    owner="customer_id, name",
    instant="valid_from",
    lines="stage_line",
    stated="stage_attribute",
    is_new="l.customer_id > :last_customer",
)
"""A customer's values of one attribute."""


@cache
def _statements(name: str, table: str) -> tuple[TextClause, ...]:
    names = {"": {}, "point": POINTS, "customer_attribute": ATTRIBUTES}[table]
    script = files("tenure.ledger").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    bare = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    filled = Template(bare).substitute(names)
    return tuple(text(statement) for statement in filled.split(";") if statement.strip())


def run(connection: Connection, name: str, binds: Binds, table: str = "") -> None:
    """Run every statement of `sql/<name>.sql` with the binds that it names."""
    for statement in _statements(name, table):
        wanted = statement.compile().params
        connection.execute(statement, {key: binds[key] for key in wanted})
