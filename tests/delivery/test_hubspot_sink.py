"""The sink `hubspot`: each account beside its company, only what changed, and back again."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import pytest
import respx
from books import at, point
from crm import API, TOKEN, Crm, said
from desks import Desk, Told
from pydantic import SecretStr
from sqlalchemy import event, text

from tenure import Attribute, Cause, Customer, micros
from tenure.delivery.outbox import Outbox
from tenure.errors import ConfigError, StoreError, TransientError
from tenure.ledger.store import Store
from tenure_sinks.accounts import ByAttribute
from tenure_sinks.hubspot import HubSpot, HubSpotConfig
from tenure_sinks.hubspot.fields import FIELDS


class ToldHubSpot(Told, HubSpot):
    pass


def made(**options) -> ToldHubSpot:
    usual = {"companies": "test", "max_attempts": 1}
    return ToldHubSpot(HubSpotConfig(api_base=API, token=SecretStr(TOKEN), **usual | options))


@pytest.fixture
def crm():
    there = Crm("1", "2", "3")
    with respx.mock(base_url=API) as routes:
        routes.route().mock(side_effect=there)
        yield there


@pytest.fixture
def desk(sqlite_database, crm) -> Desk:
    return Desk(sqlite_database, made, TOKEN)


GREW = (point("2025-01-10", 100), point("2026-02-10", "150.50", plan="x"))
LEFT = (point("2025-01-10", 70), point("2026-03-10", None, cause=Cause.REQUESTED))


def test_an_account_stands_beside_its_company(desk, crm):
    desk.pays("1", *GREW)
    done = desk.push()
    assert done.error is None
    assert crm.companies["1"] == {
        "tenure_mrr": "150.5", "tenure_arr": "1806", "tenure_mrr_year_ago": "100",
        "tenure_nrr": "1.505", "tenure_last_movement": "expansion",
        "tenure_last_movement_date": "2026-02-10", "tenure_last_movement_amount": "50.5",
        "tenure_last_movement_reason": "plan", "tenure_committed_change": "0",
        "tenure_acv_band": "<12k", "tenure_as_of": "2026-07-01",
    }  # fmt: skip
    assert crm.companies["2"] == {}


def test_who_churned_is_written_with_nothing_left(desk, crm):
    desk.pays("2", *LEFT)
    desk.push()
    held = crm.companies["2"]
    assert (held["tenure_mrr"], held["tenure_nrr"]) == ("0", "0")
    assert "tenure_acv_band" not in held
    assert held["tenure_last_movement_reason"] == "product_removed (requested)"


def test_the_properties_are_made_once_with_a_description(desk, crm):
    desk.stands("1")
    desk.push()
    assert crm.groups == ["tenure"]
    made = crm.properties["tenure_mrr"]
    assert (made["type"], made["groupName"]) == ("number", "tenure")
    assert "in USD" in made["description"]
    assert all(
        len(each["description"]) > 20 for name, each in crm.properties.items() if name != "name"
    )


def test_a_second_push_writes_nothing(desk, crm):
    desk.stands("1")
    desk.push()
    crm.asked.clear()
    desk.now += timedelta(days=1)
    assert not desk.push().changes
    assert crm.asked == ["properties/companies", "objects/companies/batch/read"]


def test_only_what_changed_is_written(desk, crm):
    desk.stands("1")
    desk.stands("2", mrr=0)
    desk.push()
    desk.stands("1", mrr=micros(200))
    found = {(c.target, c.field.removeprefix("tenure_")): c.new for c in desk.push().changes}
    assert {target for target, _ in found} == {"1"}
    assert found["1", "mrr"] == "200"
    assert ("1", "mrr_year_ago") not in found


def test_a_dry_run_shows_all_and_writes_nothing(desk, crm):
    desk.stands("1")
    shown = desk.preview().changes
    assert (crm.companies["1"], crm.groups, len(crm.properties)) == ({}, [], 1)
    assert desk.push().changes == shown
    assert {(c.target, c.field, c.new) for c in shown if c.setup} >= {
        ("companies", "tenure_mrr", "number"), ("companies", "tenure_as_of", "date"),
    }  # fmt: skip


@pytest.mark.parametrize("store_url", ["sqlite", "postgres"], indirect=True)
def test_undo_puts_back_what_stood_there(store_url, crm):
    desk = Desk(store_url, made, TOKEN)
    crm.companies["1"] = {"tenure_mrr": "7", "name": "Acme"}
    desk.stands("1")
    run = desk.push().run
    done = desk.undo(run)
    assert done.error is None
    kept = {name: value for name, value in crm.companies["1"].items() if value is not None}
    assert kept == {"tenure_mrr": "7", "name": "Acme"}
    assert desk.undo(done.run).error is None  # an undo can be taken back itself
    assert crm.companies["1"]["tenure_mrr"] == "150.5"


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("store_url", ["sqlite", "postgres"], indirect=True)
def test_an_undo_that_was_cut_off_is_finished_by_the_next(store_url, crm, applied):
    desk = Desk(store_url, made, TOKEN)
    crm.companies["1"] = {"tenure_mrr": "7"}
    desk.stands("1")
    run = desk.push().run

    def crash(request):
        if request.url.path.endswith("batch/update"):
            crm.companies["1"] |= {"tenure_mrr": "7"} if applied else {}
            raise KeyboardInterrupt

    crm.failing = crash
    with pytest.raises(KeyboardInterrupt):
        desk.undo(run)
    crm.failing = lambda _request: None
    done = desk.undo(run)
    assert (done.error, done.left) == (None, ())
    held = crm.companies["1"]
    assert (held["tenure_mrr"], held["tenure_arr"]) == ("7", None)
    assert not desk.undo(run).changes


def test_undo_leaves_what_somebody_changed_since(desk, crm):
    desk.stands("1")
    run = desk.push().run
    crm.companies["1"]["tenure_mrr"] = "9"
    done = desk.undo(run)
    assert [each.reason for each in done.left] == ["tenure_mrr: changed by hand since, and stays"]
    assert (crm.companies["1"]["tenure_mrr"], crm.companies["1"]["tenure_arr"]) == ("9", None)


def test_what_was_written_again_since_stays(desk, crm):
    desk.stands("1")
    run = desk.push().run
    desk.stands("1", mrr=micros(200))
    desk.push()
    done = desk.undo(run)
    assert "written again since, and left: " in done.left[0].reason
    assert (crm.companies["1"]["tenure_mrr"], crm.companies["1"]["tenure_mrr_year_ago"]) == (
        "200",
        None,
    )


def test_a_value_changed_by_hand_is_put_back_and_said(desk, crm):
    desk.stands("1")
    desk.push()
    crm.companies["1"] |= {"tenure_mrr": "1", "tenure_arr": "1806.00"}
    (change,) = desk.push().changes
    assert (change.field, change.old, change.note) == ("tenure_mrr", "1", "changed by hand")
    assert crm.companies["1"]["tenure_mrr"] == "150.5"


@pytest.mark.parametrize(("applied", "stood"), [(False, "7"), (True, "150.5")])
def test_what_a_crash_left_is_nobodys_hand_and_can_be_taken_back(desk, crm, applied, stood):
    crm.companies["1"] = {"tenure_mrr": "7"}
    desk.stands("1")

    def crash(request):
        if request.url.path.endswith("batch/update"):
            crm.companies["1"] |= {"tenure_mrr": "150.5"} if applied else {}
            raise KeyboardInterrupt

    crm.failing = crash
    with pytest.raises(KeyboardInterrupt):
        desk.push()
    crm.failing = lambda _request: None
    desk.stands("1", mrr=micros(200))
    done = desk.push()
    (change,) = [c for c in done.changes if c.field == "tenure_mrr" and not c.setup]
    assert (change.old, change.new, change.note) == (stood, "200", "")
    desk.undo(done.run)
    assert crm.companies["1"]["tenure_mrr"] == stood


def crowd(desk: Desk, crm: Crm) -> None:
    """So many values that the ledger needs more room for them."""
    crm.companies |= {f"{number}": {} for number in range(100)}
    desk.stands(*crm.companies)


@contextmanager
def full(store: Store) -> Iterator[None]:
    """No page can be added to the ledger, as on a full disk."""

    def limit(connection, *_):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(store.engine, "checkout", limit)
    yield
    event.remove(store.engine, "checkout", limit)
    store.engine.dispose()


def test_on_a_full_disk_nothing_is_sent(desk, crm):
    crowd(desk, crm)
    with full(desk.store):
        error = desk.push().error
    assert isinstance(error, StoreError)
    assert "has no room left" in str(error)
    assert crm.writes() == 0
    assert desk.push().error is None


def test_a_disk_that_fills_up_while_it_is_sent_loses_nothing_that_could_be_taken_back(desk, crm):
    crowd(desk, crm)
    with ExitStack() as stack:

        def fill(request):
            if request.url.path.endswith("batch/update"):
                stack.enter_context(full(desk.store))

        crm.failing = fill
        assert "has no room left" in str(desk.push().error)
    crm.failing = lambda _request: None
    (run,) = Outbox(desk.store).runs()
    assert run.is_open
    done = desk.push()
    assert (done.changes, Outbox(desk.store).run("crm", run.id).is_open) == ([], False)
    assert len(desk.undo(run.id).changes) > 100
    assert not any(any(held.values()) for held in crm.companies.values())


def test_values_go_with_the_customer(desk, crm):
    desk.stands("1")
    desk.stands("2", mrr=0)
    desk.push()
    desk.stand.pop("1")
    desk.push()
    assert not any(crm.companies["1"].values())
    assert crm.companies["2"]["tenure_mrr"] == "0"
    assert not desk.push().changes


def test_ten_thousand_companies_would_be_a_hundred_calls(desk, crm):
    several = 250
    for number in range(several):
        crm.companies[f"{number}"] = {}
        desk.stands(f"{number}")
    done = desk.push()
    assert crm.writes() == 3
    assert len({c.target for c in done.changes if not c.setup}) == several
    desk.push()
    assert crm.asked == ["properties/companies"] + ["objects/companies/batch/read"] * 3


def test_what_hubspot_refuses_is_named_and_the_others_are_written(desk, crm):
    for number in range(1, 9):
        crm.companies[f"{number}"] = {"name": f"Company {number}"}
        desk.stands(f"{number}")
    crm.refuse = lambda company, _values: f"{company} is locked" if company == "5" else None
    done = desk.push()
    assert done.exit_code == 1
    assert "wrote 7 targets, and 1 was refused: Company 5 (5): 5 is locked" in str(done.error)
    assert [key for key, held in crm.companies.items() if len(held) == 1] == ["5"]
    crm.refuse = lambda _company, _values: None
    done = desk.push()
    assert ({c.target for c in done.changes}, done.error) == ({"5"}, None)


def test_a_company_that_is_gone_is_no_mistake_of_the_others(desk, crm, caplog):
    desk.stands("1")
    desk.stands("77")
    assert desk.push().error is None
    assert crm.companies["1"]["tenure_mrr"] == "150.5"
    assert "left out, since they are not in HubSpot: 77" in caplog.text


def test_a_company_that_is_gone_is_said_once_and_kept_with_the_delivery(desk, crm, caplog):
    desk.stands("1")
    desk.stands("77")
    run = desk.push().run
    caplog.clear()
    assert not desk.push().changes
    desk.stands("1", mrr=micros(200))
    desk.push()
    assert caplog.text == ""
    assert "not in HubSpot: 77" in Outbox(desk.store).run("crm", run).message
    desk.stands("78")
    desk.push()
    assert "not in HubSpot: 77, 78" in caplog.text


def test_an_undo_is_looked_at_without_writing(desk, crm):
    crm.companies["1"]["name"] = "Acme"
    desk.stands("1", "2", "3")
    run = desk.push().run
    crm.companies["1"]["tenure_mrr"] = "9"
    crm.companies.pop("3")
    crm.asked.clear()
    shown = desk.undo(run, dry_run=True)
    assert crm.asked == ["objects/companies/batch/read"]
    assert [f"{each.target}: {each.reason}" for each in shown.left] == [
        "1: tenure_mrr: changed by hand since, and stays",
        "3: is not in HubSpot any more",
    ]
    assert {(c.target, c.label) for c in shown.changes} == {("1", "Acme"), ("2", "")}
    done = desk.undo(run)
    assert (done.left, {c.new for c in shown.changes}) == (shown.left, {None})


def test_a_company_that_goes_meanwhile_is_named(desk, crm):
    desk.stands("1")
    desk.stands("2")

    def vanish(request):
        if request.url.path.endswith("batch/update"):
            crm.companies.pop("2", None)

    crm.failing = vanish
    assert "2: Could not get some" in str(desk.push().error)
    assert crm.companies["1"]["tenure_mrr"] == "150.5"


def test_what_failed_in_a_batch_is_tried_again_alone(desk, crm):
    desk.stands("1", "2", "3")
    sent = []

    def fail_once(request):
        if request.url.path.endswith("batch/update"):
            sent.append([each["id"] for each in json.loads(request.content)["inputs"]])
            return PARTIAL if len(sent) == 1 else None
        return None

    crm.failing = fail_once
    assert desk.push().error is None
    assert sent == [["1", "2", "3"], ["2"]]


PARTIAL = httpx.Response(
    207,
    json={
        "status": "COMPLETE",
        "results": [{"id": "1"}, {"id": "3"}],
        "errors": [{"category": "INTERNAL_ERROR", "message": "oops", "context": {"ids": ["2"]}}],
    },
)


def test_a_type_that_was_changed_and_an_archived_property_are_named(desk, crm):
    desk.stands("1")
    desk.push()
    crm.properties["tenure_arr"]["type"] = "string"
    crm.archived["tenure_nrr"] = crm.properties.pop("tenure_nrr")
    error = desk.push().error
    assert isinstance(error, ConfigError)
    assert "tenure_arr is of type string and not number; tenure_nrr was archived" in str(error)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (said(401, "INVALID_AUTHENTICATION", "no"), ConfigError, "credential was refused"),
        (
            said(403, "MISSING_SCOPES", "crm.objects.companies.write"),
            ConfigError,
            "companies.write",
        ),
        (said(429, "RATE_LIMITS", "daily", policyName="DAILY"), TransientError, "429"),
        (httpx.Response(502, text="<html>"), TransientError, "502"),
    ],
)
def test_what_stops_it_is_said_and_the_rest_is_written_next_time(desk, crm, answer, kind, words):
    desk.stands("1")
    crm.failing = lambda request: answer if request.url.path.endswith("batch/update") else None
    done = desk.push()
    assert isinstance(done.error, kind)
    assert words in str(done.error)
    assert TOKEN not in str(done.error)
    crm.failing = lambda _request: None
    assert desk.push().error is None
    assert crm.companies["1"]["tenure_mrr"] == "150.5"


def test_the_token_is_nowhere_in_the_ledger(desk, crm):
    desk.stands("1")
    crm.failing = lambda request: (
        said(400, "X", f"Bearer {TOKEN} is bad") if "update" in request.url.path else None
    )
    desk.push()
    with desk.store.read() as connection:
        rows = connection.execute(text("SELECT message FROM delivery")).all()
    assert "is bad" in str(rows)
    assert TOKEN not in str(rows)


def test_check_names_all_missing_scopes_at_once(desk, crm):
    def refuse(request):
        if "update" in request.url.path or "create" in request.url.path:
            return said(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes")
        return None

    crm.failing = refuse
    with pytest.raises(ConfigError) as raised:
        desk.check()
    lacking = "crm.schemas.companies.write, crm.objects.companies.write"
    assert raised.value.reason == f"[sinks.crm] the token lacks {lacking}"


def test_check_reads_and_writes_nothing(desk, crm):
    assert desk.check() == [
        "can read companies and their properties; 11 would be made",
        "can write companies and define properties",
    ]
    assert (crm.groups, [*crm.properties]) == ([], ["name"])


def test_a_token_that_is_refused_for_another_reason_is_said_in_hubspots_words(desk, crm):
    crm.failing = lambda _request: said(403, "BANNED", "this address may not call")
    with pytest.raises(ConfigError, match="refuses the token: this address may not call"):
        desk.check()


def test_companies_may_be_named_by_an_attribute(desk, crm, caplog):
    desk.options["companies"] = ByAttribute(attribute="hubspot_id")
    for customer, company in (("a", "1"), ("b", "2"), ("c", "2"), ("d", "none of these")):
        named = [Attribute(name="hubspot_id", value=company, valid_from=at("2025-01-01"))]
        desk.book.records.append(Customer(id=customer, attributes=named))
        desk.pays(customer, *GREW)
    assert desk.push().error is None
    assert [bool(held) for held in crm.companies.values()] == [True, False, False]
    assert "two accounts claim them: 2 by b and c" in caplog.text
    assert "no ids of HubSpot: d: 'none of these'" in caplog.text


def test_without_a_connector_of_hubspot_it_says_what_to_write(desk):
    desk.options["companies"] = None
    desk.pays("1", *GREW)
    assert "Write companies =" in str(desk.push().error)


@pytest.mark.parametrize(
    ("name", "held", "plain"),
    [
        ("mrr", "1200.500", "1200.5"),
        ("mrr", "1E+3", "1000"),
        ("mrr", "-0", "0"),
        ("mrr", "NaN", "NaN"),
        ("mrr", " ", None),
        ("as_of", "2026-02-10", "2026-02-10"),
        ("as_of", "1770681600000", "2026-02-10"),
        ("as_of", "soon", "soon"),
        ("acv_band", "<12k", "<12k"),
    ],
)
def test_what_hubspot_tells_in_other_words_is_the_same(name, held, plain):
    (field,) = [each for each in FIELDS if each.name == name]
    assert field.plain(held) == plain


def test_a_company_that_a_second_account_claims_keeps_what_it_has(desk, crm):
    desk.options["companies"] = ByAttribute(attribute="hubspot_id")
    for customer in ("a", "b"):
        named = [Attribute(name="hubspot_id", value="1", valid_from=at("2025-01-01"))]
        desk.book.records.append(Customer(id=customer, attributes=named))
        desk.pays(customer, *GREW)
        assert desk.push().error is None
        assert crm.companies["1"]["tenure_mrr"] == "150.5"
