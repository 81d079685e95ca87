"""The SQL agrees with the reference on made-up worlds: currencies, policies, segments, variants."""

from fractions import Fraction

from asked import NOBODY, as_policy, asked, cohort_of, filled, has_begun, heavy
from hypothesis import assume, given
from hypothesis import strategies as st
from ledgers import Ledger
from reference import COUNTS, NAMES, VARIANTS, Terms, bridge, payers, retention
from workspaces import workspace
from worlds import policies, questions, worlds

from tenure.meta import Variant
from tenure.metrics.run import build

SEGMENTS = ("owner", "country", "plan", "product", "currency", "source", "acv_band", "cohort")


def figures(row) -> dict[str, int]:
    return {name: getattr(row, name) for name in (*NAMES, *COUNTS)}


BLANK = dict.fromkeys((*NAMES, *COUNTS), 0)


def agree(ledger: Ledger, world, question, policy, by: str) -> None:
    """The report equals the reference: total, segments, variants, coverage."""
    ready = workspace(ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy))
    report = build(ready, ledger.store, asked(question, by=(by,), variant=Variant.ALL))
    customers = payers([*world.records, NOBODY], question.now, policy, source=ledger.connector)
    terms = Terms(world.rates, cohort=cohort_of(question))
    total = bridge(customers, question.window, terms=terms).get(None, BLANK)
    assert figures(report.rows[0]) == total
    parts = {row.segment[by]: figures(row) for row in report.rows[1:]}
    expected = bridge(customers, question.window, by, terms)
    assert parts == {name: row for name, row in expected.items() if any(row.values())}
    for name in VARIANTS:
        if name == "compounded" and not question.first.day == question.end.day == 1:
            assert report.rows[0].variants[Variant.COMPOUNDED].nrr is None
            continue
        ours = report.rows[0].variants.get(Variant(name), report.rows[0].cohort)
        theirs = retention(customers, question.window, name, terms)
        assert (ratio(ours.nrr), ratio(ours.grr)) == (ratio(theirs.nrr), ratio(theirs.grr)), name


def ratio(pair) -> Fraction | None:
    return Fraction(pair[0]) / pair[1] if pair is not None and pair[1] else None


@heavy
@given(data=st.data(), world=worlds(), policy=policies(), by=st.sampled_from(SEGMENTS))
def test_the_sql_agrees_with_the_reference(fresh, data, world, policy, by):
    question = data.draw(questions(world))
    assume(has_begun(question))
    agree(filled(fresh(), world), world, question, policy, by)
