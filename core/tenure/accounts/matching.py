"""Who is one account: groups of customers that the map and the rules join, by SQL over all at once.

people     everybody, with normalised e-mail and domain
map        what somebody wrote down: joins first, and no rule undoes it
pull_*     of each rule: who is pulled to whom
decide,    which of these pulls are followed, and what is ambiguous instead
guard
merge      groups grow together; the next rule sees them as one

Nothing depends on the order in which customers came: every step is a set. What is read is in
`stated`, `found`, `counted` and `map_row` (see `tenure.accounts.reading`); the result is in
`member`, `link` and `ambiguous`.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from tenure.accounts import domains
from tenure.config.sections import PROPERTY

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PASSING = (
    "edge", "label", "keyed", "company", "company_source", "crowd", "lead", "named", "naming",
    "pull", "pull_source", "grp_source", "settled", "open_pull", "torn", "part", "knotted",
)  # fmt: skip
_FIRST = """
    CREATE TABLE label AS
    SELECT node, least(node, min(other)) AS label
    FROM (SELECT a AS node, b AS other FROM edge UNION ALL SELECT b, a FROM edge) AS pairs
    GROUP BY node"""
_NEXT = """
    CREATE TABLE next_label AS
    SELECT n.node, least(n.label, l.label) AS label
    FROM (
        SELECT p.node, min(o.label) AS label
        FROM (
            SELECT a AS node, b AS other FROM edge
            UNION ALL SELECT b, a FROM edge
            UNION ALL SELECT node, node FROM label
        ) AS p
        JOIN label AS o ON o.node = p.other
        GROUP BY p.node
    ) AS n
    JOIN label AS l ON l.node = n.label"""
_CHANGED = """
    SELECT count(*) FROM next_label AS n JOIN label AS l ON l.node = n.node
    WHERE n.label <> l.label"""


def match(duck: "DuckDBPyConnection", rules: Sequence[str], shared: Sequence[str]) -> None:
    """Join everybody by the map, then by each rule in its order, `parent` before the others."""
    _people(duck, domains.shared(shared))
    _map(duck)
    if "parent" in rules:
        run(duck, "pull_parent")
        _merge(duck, "parent")
    for rule in rules:
        if rule != "parent":
            _pull(duck, rule)
            run(duck, "decide")
            _label(duck)
            run(duck, "guard", rule=_quoted(rule))
            _merge(duck, rule)
    run(duck, "name")


def _people(duck: "DuckDBPyConnection", shared: frozenset[str]) -> None:
    run(duck, "people")
    duck.execute("CREATE TABLE shared (domain VARCHAR)")
    duck.execute("INSERT INTO shared SELECT unnest(?)", [sorted(shared)])
    query = "SELECT text FROM host_text WHERE NOT is_plain"
    odd = [text for (text,) in duck.execute(query).fetchall()]
    duck.execute(
        "INSERT INTO host SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
        [odd, [domains.normal(text) for text in odd]],
    )
    run(duck, "persons")


def _map(duck: "DuckDBPyConnection") -> None:
    run(duck, "map")
    _merge(duck, "map")
    duck.execute(
        "UPDATE member SET rule = 'map'"
        " WHERE customer IN (SELECT customer FROM mapped WHERE NOT lost)"
    )
    duck.execute(
        "INSERT INTO grp_name SELECT DISTINCT m.grp, r.account FROM mapped AS r"
        " JOIN member AS m ON m.customer = r.customer WHERE r.other IS NULL AND NOT r.lost"
    )


def _pull(duck: "DuckDBPyConnection", rule: str) -> None:
    if rule.startswith(PROPERTY):
        name = _quoted(rule.removeprefix(PROPERTY))
        run(duck, "pull_property", name=name, rule=_quoted(rule))
    else:
        states = "p.states" if rule == "domain" else "FALSE"
        run(duck, "pull_key", key=rule, rule=rule, states=states)


def _merge(duck: "DuckDBPyConnection", rule: str) -> None:
    """Make one group of whoever is joined by `edge`, and forget what led there."""
    if not _exists(duck, "label"):
        _label(duck)
    run(duck, "merge", rule=_quoted(rule))
    duck.execute("DROP TABLE member")
    duck.execute("ALTER TABLE regrouped RENAME TO member")
    duck.execute("DROP TABLE grp_name")
    duck.execute("ALTER TABLE renamed RENAME TO grp_name")
    for name in _PASSING:
        duck.execute(f"DROP TABLE IF EXISTS {name}")


def _label(duck: "DuckDBPyConnection") -> None:
    """Give every node of `edge` the smallest one that it is connected with."""
    duck.execute(_FIRST)
    changed = 1
    while changed:
        duck.execute(_NEXT)
        ((changed,),) = duck.execute(_CHANGED).fetchall()
        duck.execute("DROP TABLE label")
        duck.execute("ALTER TABLE next_label RENAME TO label")


def _exists(duck: "DuckDBPyConnection", name: str) -> bool:
    query = "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?"
    return bool(duck.execute(query, [name]).fetchall()[0][0])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def run(duck: "DuckDBPyConnection", script: str, **names: str) -> None:
    """Run one of the SQL files."""
    duck.execute(_sql(script).substitute(names))


@cache
def _sql(name: str) -> Template:
    path = files("tenure.accounts").joinpath("sql", f"{name}.sql")
    return Template(path.read_text(encoding="utf-8"))
