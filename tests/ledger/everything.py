"""Everything a ledger holds but keys and stamps, to compare two that came about differently."""

from collections.abc import Callable

QUERIES = {
    "points": (
        "SELECT c.external_id, s.external_id, i.external_id, i.kind, p.effective_at, p.amount,"
        " p.quantity, p.plan, p.state, p.evidence, p.source_ref, p.superseded_at IS NULL"
        " FROM point AS p JOIN item AS i ON i.id = p.item_id"
        " JOIN subscription AS s ON s.id = i.subscription_id"
        " JOIN customer AS c ON c.id = p.customer_id"
    ),
    "attributes": (  # a value without a history counts from its stamp
        "SELECT c.external_id, a.name, a.value, a.evidence, a.superseded_at IS NULL,"
        " CASE WHEN a.valid_from <> a.recorded_at THEN a.valid_from END"
        " FROM customer_attribute AS a JOIN customer AS c ON c.id = a.customer_id"
    ),
    "observations": "SELECT kind, subject, key, at, data FROM observation",
    "chunks": "SELECT name, position, content_hash, size FROM raw_object",
    "quarantine": (
        'SELECT source_ref, "column", reason, raw, rows, resolved_at IS NULL, accepted_at IS NULL'
        " FROM quarantine"
    ),
    "state": (
        "SELECT name, cursor, held_retractions, pull_started_at IS NULL, watermark IS NULL,"
        " last_complete_at IS NULL, lease_holder FROM connector_state"
    ),
    "pull's memory": "SELECT item_id FROM pull_item",
}


def everything(run: Callable[[str], list[tuple[object, ...]]]) -> dict[str, list[str]]:
    """Every row by table, as sorted text; `run` runs a query."""
    return {name: sorted(map(_text, run(query))) for name, query in QUERIES.items()}


def _text(row: tuple[object, ...]) -> str:
    """A truth value is a number in SQLite."""
    return repr([int(value) if isinstance(value, bool) else value for value in row])
