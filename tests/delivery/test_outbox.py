"""The outbox: what is tried again when, what is given up, what is withheld, how it is listed."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from alembic import command
from boards import Board, failing, over
from reports import BETTER, META, NOW, REPORT
from sqlalchemy import text

from tenure import Change, Receipt, SourceError, TransientError, Unwritten
from tenure.cli import main
from tenure.delivery import Asked, deliver, hold, require_publishable, undo
from tenure.delivery.outbox import ATTEMPTS, Outbox, State
from tenure.errors import UsageError, WithheldError
from tenure.ledger import schema
from tenure.ledger import store as stores
from tenure.ledger.store import Store
from tenure.meta import SourceState
from tenure.status import open_deliveries

DOWN = TransientError("The board is down")
PATIENT = Asked(patient=True)


@pytest.fixture
def clock():
    """The time, which a test may move on."""
    return [NOW]


@pytest.fixture
def store(sqlite_database, clock):
    return Store.open(sqlite_database, clock=lambda: clock[0])


def test_what_failed_waits_longer_each_time(store, clock):
    board = Board(before=failing(DOWN))
    waits = []
    for _ in range(3):
        deliver(over(store, a=board), store, REPORT)
        waits.append(Outbox(store).last("a").next_attempt_at - clock[0])
    assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]


def test_who_is_patient_tries_nothing_before_its_time(store, clock):
    ready = over(store, a=(board := Board(before=failing(DOWN))))
    deliver(ready, store, REPORT, PATIENT)
    board.before = lambda: None
    (waiting,) = deliver(ready, store, REPORT, PATIENT)
    assert (waiting.exit_code, "waits until 2026-01-01T00:01:00Z" in str(waiting.error)) == (
        1,
        True,
    )
    clock[0] += timedelta(minutes=1)
    (done,) = deliver(ready, store, REPORT, PATIENT)
    assert (done.error, board.written) == (None, 1)


def test_after_so_many_attempts_only_a_push_by_hand_tries_again(store, clock):
    ready = over(store, a=(board := Board(before=failing(DOWN))))
    for _ in range(ATTEMPTS):
        clock[0] += timedelta(days=1)
        deliver(ready, store, REPORT, PATIENT)
    assert open_deliveries(store) == {"pending": 0, "failed": 0, "dead": 1, "held": 0}
    clock[0] += timedelta(days=99)
    (dead,) = deliver(ready, store, REPORT, PATIENT)
    assert "given up after 8 attempts: The board is down" in str(dead.error)
    board.before = lambda: None
    assert deliver(ready, store, REPORT)[0].error is None


def test_newer_figures_start_anew(store):
    ready = over(store, a=(board := Board(before=failing(DOWN))))
    deliver(ready, store, REPORT, PATIENT)
    board.before = lambda: None
    (done,) = deliver(ready, store, BETTER, PATIENT)
    assert (done.error, [run.state for run in Outbox(store).runs()]) == (
        None,
        [State.DELIVERED, State.SUPERSEDED],
    )


def test_only_what_failed_is_sent_again(store):
    ready = over(store, a=(a := Board(before=failing(DOWN))), b=(b := Board()))
    deliver(ready, store, REPORT)
    a.before, b.holds = (lambda: None), "lost"
    outcomes = deliver(ready, store, REPORT, Asked(only_failed=True))
    assert ([o.sink for o in outcomes], a.written, b.written) == (["a"], 1, 1)
    assert deliver(ready, store, REPORT, Asked(only_failed=True)) == []


def test_an_attempt_has_the_key_of_the_one_before(store):
    seen = []

    class Keyed(Board):
        def deliver(self, report, changes, context):
            seen.append(context.key)
            return super().deliver(report, changes, context)

    ready = over(store, a=(board := Keyed(before=failing(DOWN))))
    deliver(ready, store, REPORT)
    board.before = lambda: None
    deliver(ready, store, REPORT)
    deliver(ready, store, BETTER)
    assert (seen[0] == seen[1], seen[1] != seen[2], bool(seen[0])) == (True, True, True)


def test_what_is_held_waits_for_a_push_by_hand(store):
    ready = over(store, a=(board := Board()))
    hold(ready, store, REPORT)
    for report in (REPORT, BETTER):
        (waiting,) = deliver(ready, store, report, PATIENT)
        assert (waiting.exit_code, waiting.held.state, board.written) == (0, State.HELD, 0)
    deliver(ready, store, BETTER)
    assert (board.written, open_deliveries(store)["held"]) == (1, 0)
    assert deliver(ready, store, REPORT, PATIENT)[0].held is None


class Half(Board):
    """Refuses one target of two."""

    def preview(self, *_):
        return [Change(target=t, field="end", old=None, new="1") for t in ("x", "y")]

    def deliver(self, *_):
        return Receipt(written=1, remote_id="r", unwritten=[Unwritten(target="y", reason="locked")])


def test_a_delivery_in_part_has_failed_and_says_for_whom(store):
    (done,) = deliver(over(store, a=Half()), store, REPORT)
    assert isinstance(done.error, SourceError)
    run = Outbox(store).last("a")
    assert (run.state, run.written, run.remote_id) == (State.FAILED, 1, "r")
    assert "1 was refused: y: locked" in run.message


def test_a_sink_without_a_memory_takes_nothing_back(store):
    ready = over(store, a=Board())
    (done,) = deliver(ready, store, REPORT)
    with pytest.raises(UsageError, match="cannot take anything back"):
        undo(ready, store, "a", done.run)
    with pytest.raises(UsageError, match="has no delivery 99"):
        undo(ready, store, "a", 99)


@pytest.mark.parametrize(
    ("meta", "least", "said"),
    [
        ({"sources": (SourceState(name="b", last_complete_sync=NOW, incomplete=True),)}, 0, "'b'"),
        ({"coverage": {"assumed": "0.400000"}}, "0.7", "only 0.600000 of the opening MRR"),
    ],
)
def test_figures_over_too_little_are_withheld(store, meta, least, said):
    ready = over(store)
    ready = replace(ready, metrics=replace(ready.metrics, min_coverage=Decimal(least)))
    with pytest.raises(WithheldError, match=said) as error:
        require_publishable(ready, replace(REPORT, meta=replace(META, **meta)))
    assert error.value.exit_code == 3


@pytest.mark.parametrize("assumed", [None, "0.300000"])
def test_figures_that_are_known_well_enough_are_not(store, assumed):
    ready = over(store)
    ready = replace(ready, metrics=replace(ready.metrics, min_coverage=Decimal("0.7")))
    require_publishable(ready, replace(REPORT, meta=replace(META, coverage={"assumed": assumed})))


def test_a_ledger_of_the_schema_before_keeps_its_deliveries(store_url):
    engine = stores._engine(store_url, 1)
    config = schema._config()
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in OLD.split(";"):
            connection.execute(text(statement))
    assert Store.upgrade(store_url) == "upgraded from 0001"
    store = Store.open(store_url)
    last = Outbox(store).last("a")
    assert (last.id, last.state, last.key, last.written) == (5, State.DELIVERED, "delivery-5", 0)
    assert deliver(over(store, a=Board()), store, REPORT)[0].error is None


OLD = """INSERT INTO policy VALUES ('p', '{}', 1);
INSERT INTO publication VALUES (3, 'c', 'p', 1, '{}', 1);
INSERT INTO delivery (id, sink, content_hash, publication_id, state, attempts, message, recorded_at)
VALUES (5, 'a', 'c', 3, 'delivered', 1, '', 1)"""


CONFIG = """
[tenure]
store = "sqlite:///t.db"
[connectors.history]
use = "file"
path = "rows.csv"
[sinks.files]
use = "file"
path = "out"
formats = ["json"]
reports = ["retention"]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text(CONFIG)
    (tmp_path / "rows.csv").write_text("customer,plan,start,mrr\na,pro,2025-01-01,5\n")
    main(["sync"])
    return tmp_path


def test_deliveries_are_listed(folder, capsys):
    (folder / "out").write_text("a file where the folder should be")
    assert main(["push"]) == 1
    capsys.readouterr()
    main(["deliveries"])
    assert "failed" in capsys.readouterr().out
    main(["deliveries", "files", "--format", "json"])
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert (row["id"], row["sink"], row["state"], row["attempts"]) == (1, "files", "failed", 1)
    main(["deliveries", "--format", "csv"])
    assert capsys.readouterr().out.startswith("id,sink,undoes,alert,state")
    main(["status", "--json"])
    assert json.loads(capsys.readouterr().out)["deliveries"] == {
        "pending": 0, "failed": 1, "dead": 0, "held": 0,
    }  # fmt: skip
    (folder / "out").unlink()
    assert main(["push", "--only-failed"]) == 0
    capsys.readouterr()
    assert main(["push", "--only-failed"]) == 0
    assert "Every sink has what it was to get" in capsys.readouterr().err


def test_a_source_that_is_not_read_to_its_end_withholds_the_push(folder, capsys):
    with Store.open(f"sqlite:///{folder / 't.db'}").write() as (connection, _):
        connection.execute(text("UPDATE connector_state SET pull_started_at = 1"))
    capsys.readouterr()
    assert main(["push"]) == 3
    out, err = capsys.readouterr()
    assert (out, "'history' is not read to its end" in err, (folder / "out").exists()) == (
        "",
        True,
        False,
    )
    assert main(["push", "--anyway"]) == 0


def test_a_connector_that_is_disabled_and_was_never_read_withholds_nothing(folder, capsys):
    more = '[connectors.later]\nuse = "file"\npath = "later.csv"\n'
    (folder / "plugins.toml").write_text(f"{CONFIG}\n{more}")
    assert main(["push"]) == 3
    (folder / "plugins.toml").write_text(f"{CONFIG}\n{more}enabled = false\n")
    assert main(["push"]) == 0


def test_a_push_can_be_held(folder, capsys):
    assert main(["push", "--hold"]) == 0
    assert "held, until `tenure push files`" in capsys.readouterr().out
    assert main(["run"]) == 0
    assert not (folder / "out").exists()
    assert main(["push"]) == 0
    assert (folder / "out").exists()


def test_undo_wants_one_sink(folder, capsys):
    assert main(["push", "--undo", "1"]) == 2
    assert "tenure push NAME --undo DELIVERY" in capsys.readouterr().err
