"""forget: nobody can tell who it was, and no figure changes."""

import json
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import pytest
from books import at
from facts import point
from ledgers import Ledger
from sqlalchemy import text
from workspaces import workspace

from tenure import (
    Attribute,
    Claim,
    Customer,
    Item,
    Observation,
    Quarantined,
    RawChunk,
    Subscription,
    Tombstone,
    TombstoneKind,
)
from tenure.backup import Asked as Over
from tenure.backup import restore, save
from tenure.cli import main
from tenure.config import Workspace
from tenure.delivery.lease import hold as pushing
from tenure.erasure import Asked, forget
from tenure.erasure.texts import Needles
from tenure.erasure.who import cut_by
from tenure.errors import StoreError, TenureError, UsageError
from tenure.ledger.forgotten import PREFIX
from tenure.ledger.lease import Ask, hold
from tenure.ledger.statements import LinkFact, state_links
from tenure.ledger.store import Store
from tenure.metrics.policy import Policy
from tenure.metrics.run import ReportRequest, build
from tenure.metrics.standing import build as standings

NAME, EMAIL = "Wilhelmina Nobody", "mina@nobody.example"
TRACES = ("cus_wilhelmina", "sub_wilhelmina", "in_4711", NAME, EMAIL, "nobody.example", "crm-4711")


def ended(customer: str, subscription: str, ref: str, amount: int) -> Subscription:
    points = [
        point("2025-11-01", amount, source_ref=ref, plan="pro"),
        point("2026-03-01", None, source_ref=ref, plan="pro"),
    ]
    return Subscription(id=subscription, customer=customer, items=[Item(id="0", points=points)])


def billing() -> list[object]:
    """What the billing system says of two customers who left, one of them the one to forget."""
    country = Attribute(name="country", value="DE")
    page = f'[{{"id": "in_4711", "customer": "cus_wilhelmina", "email": "{EMAIL}"}}]'
    return [
        Customer(id="cus_wilhelmina", name=NAME, email=EMAIL, attributes=[country]),
        Customer(id="cus_somebody", name="Somebody Else", attributes=[country]),
        ended("cus_wilhelmina", "sub_wilhelmina", "in_4711/il_4711", 70),
        ended("cus_somebody", "sub_somebody", "in_4712/il_4712", 30),
        Observation(subject="sub_wilhelmina", key="evt_1", at=at("2026-01-01"), data={"who": NAME}),
        Observation(subject="sub_somebody", key="evt_2", at=at("2026-01-01"), data={}),
        Claim(
            subject="sub_wilhelmina",
            measure="mrr",
            amount=1,
            currency="USD",
            at=at("2026-01-01"),
            source_ref="in_4711",
        ),
        RawChunk(name="invoices", position=0, data=page.encode(), holds=["in_4711"]),
        RawChunk(name="invoices", position=1, data=b'[{"id": "in_4712"}]', holds=["in_4712"]),
        Quarantined(source_ref="in_4713", reason="no date", raw=f"cus_wilhelmina,{EMAIL}"),
        Quarantined(source_ref="in_4714", reason="no date", raw="cus_somebody"),
    ]


def filled(url: str) -> Store:
    """Two customers in a billing system, and in a CRM one of them again, as one account."""
    made = Store.open(url, clock=lambda: at("2026-07-01"))
    Ledger(made, "billing").pull(billing())
    owner = Attribute(name="owner", value="Ada")
    Ledger(made, "crm").pull([Customer(id="crm-4711", name=NAME, attributes=[owner])])
    rows = Ledger(made).rows("SELECT id, external_id FROM customer")
    links = [
        LinkFact(customer_id=int(str(id_)), account="crm/crm-4711", rule="email")
        for id_, name in rows
        if name != "cus_somebody"
    ]
    state_links(made, links)
    with made.write() as (connection, _):
        connection.execute(
            text(
                "INSERT INTO run (kind, subject, started_at, counts, message)"
                f" VALUES ('sync', 'billing', 0, '{{}}', 'customer cus_wilhelmina: {NAME} is odd')"
            )
        )
    return made


@pytest.fixture
def store(sqlite_database: str) -> Store:
    return filled(sqlite_database)


@pytest.fixture
def either(store_url: str) -> Store:
    """The same, once in each database."""
    return filled(store_url)


def asking(store: Store, policy: Policy | None = None) -> Workspace:
    ready = workspace(store.url, "billing", "crm", policy=policy)
    return replace(ready, metrics=replace(ready.metrics, segments=("country", "owner")))


def figures(store: Store, known_at=None) -> list[object]:
    """What a report says besides when it was made."""
    request = ReportRequest(
        first="2026-01",
        last="2026-04",
        now=at("2026-07-02"),
        known_at=known_at,
        by=("country", "owner"),
    )
    return [row.as_json() for row in build(asking(store), store, request).rows]


def everything(store: Store) -> str:
    """All that can be read in the database, pages unpacked."""
    import zlib  # noqa: PLC0415 - only for this

    from sqlmodel import SQLModel  # noqa: PLC0415

    said = []
    with store.read() as connection:
        for each in SQLModel.metadata.sorted_tables:
            said += [
                zlib.decompress(cell).decode() if isinstance(cell, bytes) and cell else str(cell)
                for row in connection.execute(each.select())
                for cell in row
            ]
    return "\n".join(said)


def traces(said: str) -> list[str]:
    return [trace for trace in TRACES if trace in said]


def test_no_figure_changes_and_nobody_is_named(either: Store):
    known_at = either.known_at()
    before, then = figures(either), figures(either, known_at)
    assert traces(everything(either)) == list(TRACES)
    done = forget(asking(either), either, Asked(customer="cus_wilhelmina"))
    assert traces(everything(either)) == []
    assert (figures(either), figures(either, known_at)) == (before, then)
    assert done.counts["customers"] == 2


def test_the_next_syncs_do_not_bring_anybody_back(either: Store):
    forget(asking(either), either, Asked(customer="cus_wilhelmina"))
    before = figures(either)
    again = [
        *billing(),
        ended("cus_wilhelmina", "sub_new", "in_4799", 10),
        Observation(subject="sub_new", key="evt_3", at=at("2026-01-01"), data={"x": "unknown"}),
        Tombstone(kind=TombstoneKind.CUSTOMER, id="cus_wilhelmina"),
        RawChunk(name="new", position=0, data=b"\xff\xfe"),
    ]
    counts = Ledger(either, "billing").pull(again)
    Ledger(either, "crm").pull([Customer(id="crm-4711", name=NAME)])
    assert (counts.excluded, counts.retracted, counts.quarantined) == (3, 0, 1)
    assert traces(everything(either)) == []
    assert "sub_new" not in everything(either)
    assert figures(either) == before


def test_others_stay_as_they_were(store: Store):
    forget(asking(store), store, Asked(customer="cus_wilhelmina"))
    said = everything(store)
    kept = ("cus_somebody", "sub_somebody", "in_4712", "Somebody Else", "evt_2", "in_4714")
    assert [one for one in kept if one not in said] == []


def test_a_page_that_is_damaged_is_deleted(store: Store):
    with store.aside() as connection:
        connection.execute(text("UPDATE raw_object SET data = x'00' WHERE position = 1"))
    done = forget(asking(store), store, Asked(customer="cus_wilhelmina"))
    assert done.counts["pages deleted"] == 2


def test_a_dry_run_says_the_same_and_does_nothing(store: Store):
    asked = Asked(customer="billing/cus_wilhelmina", dry_run=True)
    would = forget(asking(store), store, asked)
    assert traces(everything(store)) == list(TRACES)
    assert forget(asking(store), store, replace(asked, dry_run=False)) == would
    again = forget(asking(store), store, Asked(customer="cus_wilhelmina"))
    assert (again.before, again.token) == (True, would.token)


def test_nothing_can_be_read_back_from_the_file(sqlite_database: str, tmp_path: Path):
    store = Store.open(sqlite_database)
    Ledger(store, "billing").pull(billing())
    forget(asking(store), store, Asked(customer="cus_wilhelmina"))
    files = b"".join(file.read_bytes() for file in tmp_path.glob("store.db*"))
    assert traces(files.decode(errors="replace")) == []


def test_nothing_can_be_read_back_from_the_files_of_postgres(
    postgres_server, postgres_database: str
):
    store = filled(postgres_database)
    own = "SELECT oid FROM pg_database WHERE datname = current_database()"
    with store.aside() as connection:
        connection.execute(text("ANALYZE"))  # statistics quote what is frequent
        folder = connection.scalar(text(own))
    store.engine.dispose()  # whoever synced has ended, and its temporary tables with it
    forget(asking(store), store, Asked(customer="cus_wilhelmina"))
    postgres_server.execute("CHECKPOINT")
    files = (postgres_server.folder / "data/base" / str(folder)).iterdir()
    said = b"".join(file.read_bytes() for file in files)
    assert traces(said.decode(errors="replace")) == []


def test_whoever_still_reads_keeps_the_file_from_being_cleaned_and_that_is_said(
    sqlite_database: str,
):
    store = filled(sqlite_database)
    hasty = Store.open(sqlite_database, patience=0.1)
    asked = Asked(customer="cus_wilhelmina")
    with store.read() as connection:
        connection.scalar(text("SELECT count(*) FROM run"))
        with pytest.raises(StoreError, match="is forgotten, but"):
            forget(asking(store), hasty, asked)


@pytest.mark.parametrize(
    "said",
    [
        json.dumps({"who": "Wilhelmína Ñobody"}),
        json.dumps({"Wilhelmína Ñobody": {"nrr": 1.5}}),
        json.dumps("a line\nWilhelmína Ñobody"),
        r"in a sentence: Wilhelm\u00edna \u00d1obody",
    ],
    ids=["value", "key", "after an escape", "no JSON"],
)
def test_a_name_is_found_behind_the_escapes_of_json(said: str):
    clean = Needles.of(["Wilhelmína Ñobody"], "forgotten-1").out_of(said)
    assert "Wilhelm" not in clean
    assert "forgotten-1" in clean


def spelt(name: str) -> dict[str, str]:
    """The same name as others may write it."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)
    return {
        "decomposed": normalize("NFD", name),
        "capitals": name.upper(),
        "full width": wide,
        "invisible": name.replace("i", "i\u00ad"),
        "spaces": name.replace(" ", "\u00a0 "),
    }


@pytest.mark.parametrize("how", sorted(spelt("")))
@pytest.mark.parametrize("name", ["Jürg Großfilm", "I\u015f\u0131l \u0130nci", "김 민준호"])
def test_a_name_is_found_in_every_spelling(name: str, how: str):
    said = f"Über {spelt(name)[how]}, Straße 1"
    clean = Needles.of([name], "forgotten-1").out_of(said)
    assert clean.replace("\u00ad", "") == "Über forgotten-1, Straße 1"


def test_a_name_in_a_script_without_spaces_is_found_within_a_text():
    assert Needles.of(["田中太郎"], "x").out_of("株式会社田中太郎様") == "株式会社x様"


def test_another_name_is_left_alone():
    said = "José Nobody, Jose Nobodyson, jose-nobody"
    assert Needles.of(["Jose Nobody"], "x").out_of(said) == said


def test_who_is_called_by_a_name_stays_out_in_every_spelling(sqlite_database: str):
    store = Store.open(sqlite_database)
    name = "Jürg Großfilm"
    Ledger(store).pull([ended(name, "s1", "r1", 5), Customer(id="c2", name="Ann")])
    forget(asking(store), store, Asked(customer=name))
    again = [
        *(ended(one, f"s-{how}", "r2", 5) for how, one in spelt(name).items() if how != "spaces"),
        Customer(id="c2", name="Ann"),
    ]
    assert Ledger(store).pull(again).excluded == 4
    assert "Gro" not in everything(store)


def test_a_row_that_cannot_be_read_does_not_bring_a_name_back(store: Store):
    forget(asking(store), store, Asked(customer="cus_wilhelmina"))
    bad = [
        Quarantined(source_ref="r:1", reason="no id", raw=f";{NAME.upper()};5"),
        Quarantined(source_ref="r:2", reason=f"e-mail {EMAIL} twice", raw=""),
        RawChunk(name="rows", position=0, data=f"id;who\n;{NAME}".encode()),
    ]
    assert Ledger(store, "billing").pull(bad).excluded == 2
    assert traces(everything(store)) == []


def test_who_may_be_the_same_by_another_id_is_named(store: Store):
    Ledger(store, "support").pull(
        [Customer(id="u-1", email=EMAIL.upper()), Customer(id="u-2", name="Somebody Else")]
    )
    assert forget(asking(store), store, Asked(customer="cus_wilhelmina")).alike == ("support/u-1",)


def test_a_pull_that_stopped_at_a_record_of_theirs_names_it_no_more(store: Store):
    with store.aside() as connection:
        state = "UPDATE connector_state SET cursor = :cursor"
        connection.execute(text(state), {"cursor": '{"after": "sub_wilhelmina"}'})
    forget(asking(store), store, Asked(customer="cus_wilhelmina"))
    assert traces(everything(store)) == []


def test_a_sink_is_told_of_no_id(store: Store):
    forget(asking(store), store, Asked(customer="cus_wilhelmina"))
    found = list(standings(asking(store), store, ReportRequest(now=at("2026-02-01"))))
    assert [dict(one.ids) for one in found if one.id.startswith(PREFIX)] == [{}]


def test_it_is_written_down_without_a_name(store: Store):
    done = forget(asking(store), store, Asked(customer="cus_wilhelmina"))
    ((token, counts),) = Ledger(store).rows("SELECT token, counts FROM erasure")
    assert (token, json.loads(str(counts))) == (done.token, done.counts)


def test_not_while_a_sink_is_written_to(store: Store):
    with pushing(store, "slack"), pytest.raises(TenureError, match="is being pushed to"):
        forget(asking(store), store, Asked(customer="cus_wilhelmina"))


@pytest.fixture
def paying(sqlite_database: str) -> Store:
    """A customer of two connectors who pays at one of them."""
    store = Store.open(sqlite_database)
    runs = Item(id="0", points=[point("2025-11-01", 5)])
    subscription = Subscription(id="s", customer="cus_payer", items=[runs])
    Ledger(store, "billing").pull([subscription])
    Ledger(store, "crm").pull([Customer(id="cus_payer", email="x@payer.example")])
    return store


@pytest.mark.parametrize(
    ("customer", "connector", "said"),
    [
        ("cus_nobody", None, "There is no customer"),
        ("cus_payer", None, "Several customers"),
        ("cus_payer", "billing", "still pays"),
        ("cus_payer", "elsewhere", "There is no customer"),
    ],
    ids=["unknown", "several", "paying", "connector"],
)
def test_who_cannot_be_forgotten(paying: Store, customer: str, connector: str | None, said: str):
    with pytest.raises(UsageError, match=said):
        forget(asking(paying), paying, Asked(customer=customer, connector=connector))


@pytest.mark.parametrize("rule", ["customer:cus_payer", "domain:payer.example"])
def test_who_is_left_out_by_a_rule_stays_out(paying: Store, rule: str):
    asked = Asked(customer="cus_payer", connector="crm")
    with pytest.raises(UsageError, match="exclude leaves") as refused:
        forget(asking(paying, Policy(exclude=(rule,))), paying, asked)
    token = refused.value.instruction.split('"')[1]
    policy = Policy(exclude=(rule, token))
    assert f"customer:{forget(asking(paying, policy), paying, asked).token}" == token


def test_not_while_its_source_is_read(store: Store):
    with (
        hold(store, Ask(name="crm", plugin="test")),
        pytest.raises(TenureError, match="is being synced"),
    ):
        forget(asking(store), store, Asked(customer="cus_wilhelmina"))


def test_a_backup_put_back_does_not_bring_anybody_back(either: Store, tmp_path: Path):
    before = figures(either)
    save(either, tmp_path / "a.zip")
    forget(asking(either), either, Asked(customer="cus_wilhelmina"))
    over = Over(replace=True, kept=cut_by(asking(either)))
    done = restore(either.url, tmp_path / "a.zip", over).again
    assert done is not None
    assert (done.forgotten, done.paying, traces(everything(either))) == (2, (), [])
    assert Ledger(either, "billing").pull(billing()).excluded == 2
    assert (traces(everything(either)), figures(either)) == ([], before)


def test_a_backup_older_than_the_connector_does_not_bring_anybody_in(
    sqlite_database: str, tmp_path: Path
):
    store = Store.open(sqlite_database)
    save(store, tmp_path / "a.zip")
    Ledger(store, "billing").pull(billing())
    forget(asking(store), store, Asked(customer="cus_wilhelmina"))
    restore(store.url, tmp_path / "a.zip", Over(replace=True))
    Ledger(store, "billing").pull(billing())
    assert traces(everything(store)) == []


def test_who_still_pays_in_a_backup_is_named_and_may_end(sqlite_database: str, tmp_path: Path):
    store = Store.open(sqlite_database)
    left = ended("cus_left", "sub_left", "in_1", 5)
    runs = replace(left, items=[replace(left.items[0], points=left.items[0].points[:1])])
    Ledger(store).pull([runs])
    save(store, tmp_path / "a.zip")
    Ledger(store).pull([left])
    forget(asking(store), store, Asked(customer="cus_left"))
    done = restore(store.url, tmp_path / "a.zip", Over(replace=True)).again
    assert (done and done.paying) == ("test/cus_left",)
    assert Ledger(store).pull([left]).stored == 1
    assert forget(asking(store), store, Asked(customer="cus_left")).counts["customers"] == 1


def test_a_backup_in_a_new_store_knows_of_nobody(store: Store, tmp_path: Path):
    save(store, tmp_path / "a.zip")
    assert restore(f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "a.zip").again is None


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text(
        '[connectors.a]\nuse = "file"\npath = "rows.csv"\n'
        '[sinks.out]\nuse = "file"\npath = "out"\nformats = ["json"]\n'
    )
    (tmp_path / "rows.csv").write_text(
        "customer,start,end,mrr\ncustomer-1,2025-01-01,2025-06-01,5\ncustomer-2,2025-01-01,,7\n"
    )
    main(["sync"])
    capsys.readouterr()
    assert main(["forget", "customer-1"]) == 0
    said = capsys.readouterr().out
    assert PREFIX in said
    assert "what was sent elsewhere (out).\n" in said
    with (tmp_path / "rows.csv").open("a") as file:
        file.write("customer-3,2025-01-01,,7\n")
    assert main(["sync"]) == 0
    assert "+ 1 excluded" in capsys.readouterr().out
    assert main(["forget", "customer-2"]) == 2
