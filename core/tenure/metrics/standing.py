"""How every customer stands: now, over the twelve months up to now, and what moved it last.

the year   a frame of one period that opens twelve months ago: levels at both ends, what will end
now        a frame of this instant: the last movement, its reason, attributes
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from tenure.customers import Standing
from tenure.ledger.forgotten import PREFIX
from tenure.ledger.store import Store
from tenure.metrics import measures
from tenure.metrics.customers import NowFrame, day_of, last_movement, present
from tenure.metrics.frame import Frame
from tenure.metrics.run import ReportRequest, opened
from tenure.metrics.segments import Segments
from tenure.periods import Unit, year_to

if TYPE_CHECKING:
    from tenure.config import Workspace

_CHUNK = 10_000
_ROWS = """
    SELECT customer_id, id, name, mrr, leaving, year_ago, kept, reason, cause, first_instant,
        is_valued, instant, paid, pays, before, level{columns}
    FROM standing
    WHERE place > {after} AND place <= {last}
    ORDER BY place"""
_IDS = """
    SELECT y.payer_id, y.source, c.external_id
    FROM standing AS s
    JOIN payer AS y ON y.payer_id = s.customer_id
    JOIN known_customer AS c ON c.customer_id = y.customer_id
    LEFT JOIN (
        SELECT customer_id, CASE WHEN value = '' THEN 0 ELSE 1 END AS child,
            row_number() OVER (PARTITION BY customer_id ORDER BY valid_from DESC) AS place
        FROM known_attribute
        WHERE name = 'parent'
    ) AS p ON p.customer_id = y.customer_id AND p.place = 1
    WHERE s.place > {after} AND s.place <= {last} AND c.external_id NOT LIKE '{forgotten}%'
    ORDER BY s.place, y.rank, coalesce(p.child, 0), c.customer_id"""
"""The ids at each connector, a parent before its children; of somebody forgotten none."""


def build(
    workspace: "Workspace", store: Store, request: ReportRequest, more: Sequence[str] = ()
) -> Iterator[Standing]:
    """Every customer, with the attributes of [metrics] segments and `more`; raises like a report.

    A stream: what it reads from stays open until it ends or is closed.
    """
    asked = replace(request, unit=Unit.MONTH, first=None, last=None, trailing=None, by=())
    names = tuple(dict.fromkeys((*workspace.metrics.segments, *more)))
    with opened(workspace, store, asked, detail=True) as ledger:
        ledger.basis.run("named")
        shown = year_to(ledger.now, workspace.timezone)
        with Frame(ledger.basis, (shown,), cut=True) as year:
            _leaving(year)
            with NowFrame(ledger.basis, (present(ledger),), cut=True) as now:
                yield from _streamed(now, names, _stand(now, year, names, request))


def _leaving(year: Frame) -> None:
    if not measures.leave(year):
        shape = "customer_id BIGINT, period BIGINT, until BIGINT, amount BIGINT"
        year.basis.table("leaving", shape, ())


def _stand(
    now: Frame, year: Frame, names: Sequence[str], request: ReportRequest
) -> tuple[str, ...]:
    """Make the table `standing`; the columns of the attributes that customers have, by name."""
    now.run("last_moved")
    for script in ("facts", "pairs", "reasons"):
        now.run(script, of_asked="")
    segments = Segments(now, Unit.MONTH)
    states = segments.filtered("customer_state", request.where)
    stated = segments.known()
    found = tuple(name for name in names if name in stated)
    columns = {"acv_band": "band"} | {name: f"attribute_{n}" for n, name in enumerate(found)}
    for name, column in columns.items():
        states = segments.attach(states, name, column)
    shown = "".join(f", s.{column}" for column in columns.values())
    now.run("standing", states=states, year=year.schema, columns=shown)
    return found


def _streamed(now: Frame, names: Sequence[str], stated: tuple[str, ...]) -> Iterator[Standing]:
    duck = now.basis.duck
    columns = ", band" + "".join(f", attribute_{n}" for n in range(len(stated)))
    for number in count():
        bounds = {"after": number * _CHUNK, "last": (number + 1) * _CHUNK}
        ids = _ids(duck.execute(_IDS.format(forgotten=PREFIX, **bounds)).fetchall())
        rows = duck.execute(_ROWS.format(columns=columns, **bounds)).fetchall()
        for key, *line in rows:
            yield replace(_standing(now, (names, stated), ids[key], line), key=key)
        if len(rows) < _CHUNK:
            return


def _ids(rows: Sequence[tuple[Any, ...]]) -> dict[int, dict[str, tuple[str, ...]]]:
    found: dict[int, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for key, connector, id_ in rows:
        found[key][connector] = (*found[key].get(connector, ()), id_)
    return found


def _standing(
    frame: Frame,
    names: tuple[Sequence[str], tuple[str, ...]],
    ids: dict[str, tuple[str, ...]],
    line: Sequence[Any],
) -> Standing:
    id_, name, mrr, leaving, year_ago, kept, reason, cause, first, *moved = line
    *last, band = moved[:7]
    wanted, stated = names
    mrr, year_ago = int(mrr), int(year_ago)
    movement = last_movement(frame, first, last)
    return Standing(
        id=id_,
        name=name,
        ids=ids,
        mrr=mrr,
        committed_mrr=mrr - int(leaving),
        mrr_year_ago=year_ago,
        nrr=(int(kept) if year_ago else 0, year_ago),
        since=None if first is None else day_of(frame, first),
        last=movement and replace(movement, reason=reason, cause=cause),
        acv_band=band if mrr else None,
        attributes=dict.fromkeys(wanted) | dict(zip(stated, moved[7:], strict=True)),
    )
