"""The sink `salesforce`: each customer beside its Account, only what changed, and back again."""

import json
import re

import httpx
import pytest
import respx
from books import at, point
from desks import Desk, Told
from pydantic import SecretStr, ValidationError
from salesforce_org import CLIENT, ORG, SECRET, Org, defined, said
from sqlalchemy import text

from tenure import Attribute, Cause, Customer, micros
from tenure.errors import ConfigError, SourceError, TransientError
from tenure_sinks.salesforce import Salesforce, SalesforceConfig
from tenure_sinks.salesforce.jobs import _files
from tenure_sinks.salesforce.keys import _MADE, ExternalId, long_id
from tenure_sinks.salesforce.org import quoted


class ToldSalesforce(Told, Salesforce):
    """Does not wait."""

    def rest(self, seconds):
        WAITED.append(seconds)


WAITED: list[float] = []


def made(**options) -> ToldSalesforce:
    usual = {"client_id": CLIENT, "client_secret": SecretStr(SECRET), "max_attempts": 1}
    return ToldSalesforce(SalesforceConfig(api_base=ORG, **usual | options))


@pytest.fixture
def org():
    there = Org("a", "b", "c")
    with respx.mock(base_url=ORG) as routes:
        routes.route().mock(side_effect=there)
        yield there


@pytest.fixture
def desk(sqlite_database, org) -> Desk:
    return Desk(sqlite_database, made, SECRET)


def writes(org: Org) -> int:
    return org.asked.count("PATCH data/v65.0/composite/sobjects")


def at_update(what):
    """Something that happens at each update of records."""
    return lambda request: (
        what(request) if request.url.path.endswith("composite/sobjects") else None
    )


GREW = (point("2025-01-10", 100), point("2026-02-10", "150.50", plan="x"))
LEFT = (point("2025-01-10", 70), point("2026-03-10", None, cause=Cause.REQUESTED))


def test_a_customer_stands_beside_its_account(desk, org):
    desk.pays("a", *GREW)
    assert desk.push().error is None
    assert {name: str(value) for name, value in org.of("a").items()} == {
        "Tenure_MRR__c": "150.50", "Tenure_ARR__c": "1806.00", "Tenure_MRR_Year_Ago__c": "100.00",
        "Tenure_NRR__c": "150.50", "Tenure_Last_Movement__c": "expansion",
        "Tenure_Last_Movement_Date__c": "2026-02-10", "Tenure_Last_Movement_Amount__c": "50.50",
        "Tenure_Last_Movement_Reason__c": "plan", "Tenure_Committed_Change__c": "0.00",
        "Tenure_ACV_Band__c": "<12k", "Tenure_As_Of__c": "2026-07-01",
    }  # fmt: skip
    assert org.of("b") == {}


def test_who_churned_is_written_with_nothing_left(desk, org):
    desk.pays("b", *LEFT)
    desk.push()
    assert (org.of("b")["Tenure_MRR__c"], org.of("b")["Tenure_NRR__c"]) == (0, 0)
    assert "Tenure_ACV_Band__c" not in org.of("b")


def test_a_second_push_writes_nothing_and_asks_three_times(desk, org):
    desk.stands("a", "b", mrr=micros("33.333333"), nrr=(1, 3))
    desk.push()
    org.asked.clear()
    assert not desk.push().changes
    described = "GET data/v65.0/sobjects/Account/describe"
    assert org.asked == ["POST oauth2/token", described, "GET data/v65.0/query"]


@pytest.mark.parametrize(
    ("field", "nrr", "holds"),
    [
        ({"type": "percent", "scale": 2}, (100125, 100000), "100.12"),
        ({"type": "double", "scale": 3}, (10005, 10000), "1.000"),
        ({"type": "percent", "scale": 0}, (5, 3), "167"),
    ],
)
def test_a_number_is_rounded_half_even_to_what_its_field_holds(desk, org, field, nrr, holds):
    org.fields["Tenure_NRR__c"] |= field
    desk.stands("a", nrr=nrr)
    desk.push()
    assert str(org.of("a")["Tenure_NRR__c"]) == holds
    assert not desk.push().changes


def test_no_digit_of_a_large_amount_is_lost(desk, org):
    org.fields["Tenure_MRR__c"]["scale"] = 6
    desk.stands("a", mrr=99_999_999_999_123_457)
    desk.push()
    assert str(org.of("a")["Tenure_MRR__c"]) == "99999999999.123457"
    assert not desk.push().changes


def test_a_dry_run_shows_all_and_writes_nothing(desk, org):
    desk.stands("a")
    shown = desk.preview().changes
    assert (org.of("a"), {each.label for each in shown}) == ({}, {"Company a"})
    assert desk.push().changes == shown


def test_only_what_changed_is_written(desk, org):
    desk.stands("a", "b")
    desk.push()
    desk.stands("a", mrr=micros(200))
    assert {c.field: c.new for c in desk.push().changes} == {
        "Tenure_MRR__c": "200",
        "Tenure_ARR__c": "2400",
        "Tenure_Committed_Change__c": "-49.5",
    }


def test_only_the_figures_that_are_named_are_written(desk, org):
    desk.options["fields"] = {"mrr": "Tenure_ARR__c"}
    desk.stands("a")
    desk.push()
    assert list(org.of("a")) == ["Tenure_ARR__c"]


def test_undo_puts_back_what_stood_there(desk, org):
    next(iter(org.records.values()))["Tenure_MRR__c"] = 7
    desk.stands("a")
    run = desk.push().run
    done = desk.undo(run)
    assert (done.error, org.of("a")) == (None, {"Tenure_MRR__c": 7})
    assert desk.undo(done.run).error is None  # an undo can be taken back itself
    assert str(org.of("a")["Tenure_MRR__c"]) == "150.50"


def test_undo_leaves_what_somebody_changed_since_and_what_is_gone(desk, org):
    desk.stands("a", "b")
    run = desk.push().run
    first, second, _ = org.records
    org.records[first]["Tenure_MRR__c"] = 9
    del org.records[second]
    shown = desk.undo(run, dry_run=True)
    assert {each.target: each.reason for each in shown.left} == {
        first: "Tenure_MRR__c: changed by hand since, and stays",
        second: "is not in Salesforce any more",
    }
    assert ({c.label for c in shown.changes}, len(org.of("a"))) == ({"Company a"}, 11)
    assert desk.undo(run).left == shown.left
    assert org.of("a") == {"Tenure_MRR__c": 9}


def test_a_field_that_is_gone_keeps_no_other_from_being_put_back(desk, org):
    desk.stands("a")
    run = desk.push().run
    del org.fields["Tenure_MRR__c"]
    assert desk.undo(run).error is None
    assert list(org.of("a")) == ["Tenure_MRR__c"]


def test_a_value_changed_by_hand_is_put_back_and_said(desk, org):
    desk.stands("a")
    desk.push()
    next(iter(org.records.values()))["Tenure_MRR__c"] = 1
    (change,) = desk.push().changes
    assert (change.field, change.old, change.note) == ("Tenure_MRR__c", "1", "changed by hand")
    assert str(org.of("a")["Tenure_MRR__c"]) == "150.50"


def test_values_go_with_the_customer(desk, org):
    desk.stands("a", "b")
    desk.push()
    desk.stand.pop("a")
    desk.push()
    assert (org.of("a"), len(org.of("b"))) == ({}, 11)
    assert not desk.push().changes


def test_an_account_is_never_made(desk, org, caplog):
    desk.stands("a", "nobody")
    assert desk.push().error is None
    assert len(org.records) == 3
    assert "no Account has their id in Tenure_Customer_Id__c: nobody (nobody)" in caplog.text


def test_a_warning_stays_short_whatever_an_id_is(desk, org, caplog):
    desk.stands("a", "d" * 10_000)
    assert desk.push().error is None
    assert "these are no ids of Salesforce: ddd" in caplog.text
    assert len(caplog.text) < 400


def test_two_accounts_with_one_id_are_left_alone(desk, org, caplog):
    org.add("a")
    desk.stands("a", "b")
    assert desk.push().error is None
    assert [len(held) > 4 for held in org.records.values()] == [False, True, False, False]
    assert "left alone, since two accounts hold one id: a in 001" in caplog.text


def test_ids_that_differ_in_capitals_alone_are_two(desk, org):
    org.add("A")
    desk.stands("a")
    desk.stands("A", mrr=micros(7))
    desk.push()
    assert (org.of("a")["Tenure_MRR__c"], org.of("A")["Tenure_MRR__c"]) == (150.5, 7)


@pytest.mark.parametrize(
    "customer",
    ["x') OR (Name != '", "\\", "\\'", "a\nb\tc\rd", "O'Neil & Söhne #1+%27", "مرحبا 🙂"],
)
def test_an_id_is_looked_up_as_it_is_whatever_stands_in_it(desk, org, customer):
    org.add(customer)
    desk.stands(customer)
    assert desk.push().error is None
    assert [len(held) > 4 for held in org.records.values()] == [False, False, False, True]


def test_a_quoted_text_ends_where_it_should():
    assert quoted("x') OR Name LIKE ('%\\") == "'x\\') OR Name LIKE (\\'%\\\\'"


def test_accounts_may_be_named_by_their_own_ids(desk, org, caplog):
    desk.options["external_id"] = ExternalId(field="Id", attribute="salesforce_id")
    known = list(org.records)
    for customer, key in (("x", known[0]), ("y", known[1][:15]), ("z", "001 or none")):
        named = [Attribute(name="salesforce_id", value=key, valid_from=at("2025-01-01"))]
        desk.book.records.append(Customer(id=customer, attributes=named))
        desk.pays(customer, *GREW)
    assert desk.push().error is None
    assert [len(held) > 4 for held in org.records.values()] == [True, True, False]
    assert "no ids of Salesforce: z: '001 or none'" in caplog.text


@pytest.mark.parametrize(
    ("short", "long"),
    [("0013000000Zz1aB", "0013000000Zz1aBAAR"), ("001000000000001", "001000000000001AAA"),
     ("0013000000Zz1aBAAR", "0013000000Zz1aBAAR"), ("0013000000Zz1aBAAA", None), ("001", None)],
)  # fmt: skip
def test_an_id_has_letters_that_tell_its_capitals(short, long):
    assert long_id(short) == long


def test_whose_ids_they_are_is_asked_where_it_is_not_clear(desk):
    desk.options["external_id"] = ExternalId(field="Name", connector="nobody")
    desk.pays("a", *GREW)
    words = 'external_id = { field = "Name", connector = "NAME" } (there are: test)'
    assert words in str(desk.push().error)


def test_all_that_is_amiss_with_the_fields_is_named_at_once(desk, org):
    org.may_update = False
    del org.fields["Tenure_MRR__c"]
    org.fields["Tenure_Customer_Id__c"]["type"] = "double"
    org.fields["Tenure_ARR__c"]["type"] = "string"
    org.fields["Tenure_NRR__c"]["updateable"] = False
    org.fields["Tenure_As_Of__c"] |= {"updateable": False, "calculated": True}
    choices = [{"value": "new", "active": True}, {"value": "churn", "active": False}]
    org.fields["Tenure_Last_Movement__c"] |= {
        "restrictedPicklist": True,
        "picklistValues": choices,
    }
    desk.stands("a")
    error = desk.push().error
    assert isinstance(error, ConfigError)
    assert error.reason.partition(": ")[2].split("; ") == [
        "this user may not edit Account",
        "Tenure_Customer_Id__c is of type double, by which nothing can be found: " + _MADE,
        "Tenure_MRR__c is not there, or this user may not see it: create it as Number(16, 2)",
        "Tenure_ARR__c is of type string and not double or currency",
        "Tenure_NRR__c may not be edited by this user",
        "Tenure_Last_Movement__c lacks the values reactivation, expansion, contraction, churn",
        "Tenure_As_Of__c is a formula",
    ]


def test_an_object_that_is_not_there_is_named(desk):
    desk.options["object"] = "Acount"
    with pytest.raises(ConfigError, match="Salesforce has no Acount"):
        desk.check()


def test_check_says_what_works_and_which_currency_matters(desk, org):
    org.fields["Tenure_MRR__c"]["type"] = "currency"
    assert desk.check() == [
        "signed in; can read Account",
        "can find Account by Tenure_Customer_Id__c, and edit 11 fields",
        "Tenure_MRR__c: of type Currency, so amounts have to be USD",
    ]


def test_an_account_in_another_currency_gets_no_amounts_in_a_currency_field(desk, org, caplog):
    org.fields["CurrencyIsoCode"] = defined("CurrencyIsoCode", "picklist")
    org.fields["Tenure_MRR__c"]["type"] = "currency"
    for record, currency in zip(org.records.values(), ("USD", "EUR", "USD"), strict=True):
        record["CurrencyIsoCode"] = currency
    desk.stands("a", "b")
    assert desk.push().error is None
    assert "Tenure_MRR__c" not in org.of("b")
    assert "fields of type Currency are not in USD: b (EUR)" in caplog.text
    org.fields["Tenure_MRR__c"]["type"] = "double"
    assert {c.label for c in desk.push().changes} == {"Company b"}


def test_many_accounts_are_read_and_written_in_parts(desk, org):
    customers = [f"cus_{number:014d}" for number in range(950)]
    for each in customers:
        org.add(each)
    desk.stands(*customers)
    assert desk.push().error is None
    assert writes(org) == 5
    org.asked.clear()
    org.page = 100
    assert not desk.push().changes
    assert len(org.asked) == 2 + 11  # three queries, and the pages after their first


def test_what_is_refused_is_named_and_the_others_are_written(desk, org):
    desk.stands("a", "c")
    desk.stands("b", acv_band="x" * 256)
    first = next(iter(org.records))
    org.refuse = lambda key, _: (
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No!") if key == first else None
    )
    done = desk.push()
    assert done.exit_code == 1
    assert f"Company a ({first}): No! (FIELD_CUSTOM_VALIDATION_EXCEPTION)" in str(done.error)
    assert "STRING_TOO_LONG" in str(done.error)
    assert [bool(org.of(each)) for each in "abc"] == [False, False, True]
    org.refuse = lambda *_: None
    desk.stands("b")
    done = desk.push()
    assert ({c.label for c in done.changes}, done.error) == ({"Company a", "Company b"}, None)


def test_an_account_that_goes_meanwhile_is_named(desk, org):
    desk.stands("a", "b")
    org.failing = at_update(lambda _: org.records.pop(next(iter(org.records))) and None)
    assert "entity is deleted (ENTITY_IS_DELETED)" in str(desk.push().error)
    assert org.of("b")


@pytest.mark.parametrize(("rounds", "error"), [(2, False), (4, True)])
def test_a_locked_account_is_tried_again_alone(desk, org, rounds, error):
    desk.stands("a", "b")
    sent: list[int] = []
    org.failing = at_update(lambda r: sent.append(len(json.loads(r.content)["records"])))
    first = next(iter(org.records))
    locked = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
    org.refuse = lambda key, _: locked if key == first and len(sent) <= rounds else None
    assert bool(desk.push().error) is error
    assert sent == [2] + [1] * min(rounds, 3)


def test_an_expired_token_is_renewed(desk, org):
    desk.stands("a")

    def expire(_request):
        org.expired, org.failing = org.tokens, lambda _request: None

    org.failing = at_update(expire)
    assert desk.push().error is None
    assert org.of("a")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"client_id": "other"}, "Check `client_id` and `client_secret`"),
        ({"client_secret": SecretStr("wr0ng-secret")}, "invalid client credentials"),
    ],
)
def test_who_is_not_let_in_is_told_why(desk, options, words):
    desk.options |= options
    desk.stands("a")
    error = desk.push().error
    assert isinstance(error, ConfigError)
    assert words in str(error)
    assert "wr0ng" not in str(error)


@pytest.mark.parametrize(
    ("said_of_it", "words"),
    [
        ("no client credentials user enabled", "Name the user that the app runs as"),
        ("request not supported on this domain", "Write your own domain into `api_base`"),
        ("something else", "docs/salesforce.md says how"),
    ],
)
def test_an_app_that_is_not_set_up_says_what_to_do(desk, org, said_of_it, words):
    answer = {"error": "invalid_grant", "error_description": said_of_it}
    org.failing = lambda _request: httpx.Response(400, json=answer)
    desk.stands("a")
    assert words in str(desk.push().error)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (said(401, "INVALID_SESSION_ID", "no"), ConfigError, "refused the token that it gave"),
        (said(403, "API_DISABLED_FOR_ORG", "no API"), ConfigError, "no API (API_DISABLED_FOR_ORG)"),
        (said(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
         TransientError, "Try again in a minute"),
        (said(400, "JSON_PARSER_ERROR", "oops"), SourceError, "oops (JSON_PARSER_ERROR)"),
        (httpx.Response(200, json=[]), SourceError, "did not say of each record"),
        (httpx.Response(200, text="<html>"), SourceError, "no JSON"),
        (httpx.Response(503, text="<html>"), TransientError, "503"),
    ],
)  # fmt: skip
def test_what_stops_it_is_said_and_the_rest_is_written_next_time(desk, org, answer, kind, words):
    desk.stands("a")
    org.failing = at_update(lambda _request: answer)
    done = desk.push()
    assert isinstance(done.error, kind)
    assert words in str(done.error)
    org.failing = lambda _request: None
    assert desk.push().error is None
    assert org.of("a")


def test_the_daily_limit_says_how_much_was_used_and_to_wait(desk, org):
    desk.stands("a")
    org.limit = 2
    error = desk.push().error
    assert isinstance(error, TransientError)
    assert "the last 24 hours: 2 of 2 requests" in error.reason
    assert "Wait an hour or more" in error.instruction


def test_an_update_whose_answer_was_lost_is_as_good_as_any(desk, org):
    desk.options["max_attempts"] = 2
    desk.stands("a")

    def lose(request):
        org.failing = lambda _request: None
        org(request)
        raise httpx.ReadError("the line is dead")

    org.failing = at_update(lose)
    assert desk.push().error is None
    assert not desk.push().changes


def test_neither_secret_nor_token_is_anywhere_in_the_ledger(desk, org):
    desk.stands("a")
    words = f"{SECRET} and 00D!token2 are bad"
    org.failing = at_update(lambda _request: said(400, "X", words))
    desk.push()
    with desk.store.read() as connection:
        rows = str(connection.execute(text("SELECT message FROM delivery")).all())
    assert "are bad" in rows
    assert SECRET not in rows
    assert "00D!token2" not in rows


@pytest.mark.parametrize(
    "options",
    [
        {"fields": {"nmrr": "X__c"}},
        {"fields": {"mrr": "X__c", "arr": "x__c"}},
        {"fields": {}},
        {"fields": {"mrr": "X FROM User"}},
        {"object": "Account, User"},
        {"external_id": {"field": "X", "connector": "a", "attribute": "b"}},
    ],
)
def test_a_mistake_in_the_options_is_one(options):
    with pytest.raises(ValidationError):
        made(**options)


@pytest.fixture
def many(desk, org):
    desk.options["bulk_above"] = 2
    desk.stands("a", "b", "c")
    return desk


def test_very_many_accounts_are_written_by_a_job(many, org):
    list(org.records.values())[1]["Tenure_NRR__c"] = 3
    many.stands("b", nrr=(0, 0))
    WAITED.clear()
    assert many.push().error is None
    assert writes(org) == 0
    assert WAITED == [2.0, 4.0]
    assert ("Tenure_NRR__c" in org.of("b"), org.of("c")["Tenure_ACV_Band__c"]) == (False, "<12k")
    assert not many.push().changes


def test_what_a_job_refuses_is_named_and_what_was_locked_tried_again(many, org):
    first, second, _ = org.records
    tries = iter([("UNABLE_TO_LOCK_ROW", "busy")])
    why = {first: ("STRING_TOO_LONG", "too long")}
    org.refuse = lambda key, _: next(tries, None) if key == second else why.get(key)
    error = str(many.push().error)
    assert f"wrote 2 targets, and 1 was refused: Company a ({first}): too long" in error
    assert org.of("b")


@pytest.mark.parametrize("path", [r"ingest$", r"batches$", r"ingest/\w+$"])
def test_a_job_whose_answer_was_lost_goes_on(many, org, path):
    many.options["max_attempts"] = 2

    def lose(request):
        if request.method != "GET" and re.search(path, request.url.path):
            org.failing = lambda _request: None
            org(request)
            raise httpx.ReadError("the line is dead")

    org.failing = lose
    assert many.push().error is None
    assert not many.push().changes


def test_a_job_that_fails_is_said_with_its_reason(many, org):
    org.bulk.ends_as = "Failed"
    words = "ended as Failed with 0 of 3 accounts: InvalidBatch : Field name not found"
    assert words in str(many.push().error)
    org.bulk.ends_as = "JobComplete"
    assert many.push().error is None


def test_a_job_that_takes_too_long_is_waited_for_by_the_next_push(many, org):
    org.bulk.delay = 10_000
    assert isinstance(many.push().error, TransientError)
    org.bulk.delay = 2
    many.stands("a", mrr=micros(9))
    assert {c.field: c.new for c in many.push().changes}["Tenure_MRR__c"] == "9"
    assert [job["told"]["state"] for job in org.bulk.jobs.values()] == ["JobComplete"]
    assert org.of("a")["Tenure_MRR__c"] == 9


def test_an_upload_that_never_came_is_no_success(many, org):
    refused = said(400, "InvalidBatch", "not today")
    org.failing = lambda r: refused if r.url.path.endswith("batches") else None
    words = "JobComplete with 0 of 3 accounts: not today (InvalidBatch)"
    assert words in str(many.push().error)


def test_a_csv_is_no_larger_than_it_may_be():
    records = {f"{n}": {"A": "x" * 50, "B": None} if n % 2 else {"B": 'a,"b"'} for n in range(9)}
    files = list(_files(records, 130))
    assert sum(rows for rows, _ in files) == 9
    assert max(len(content) for _, content in files) <= 130
    assert files[0][1].decode() == f'Id,B,A\n0,"a,""b""",\n1,#N/A,{"x" * 50}\n2,"a,""b""",\n'
