"""What the figures of a page mean, in one sentence each (docs/metrics.md has the whole of it)."""

from collections.abc import Iterator, Sequence

from tenure.html.tables import latest_cohorts
from tenure.meta import DEFINITIONS, Variant
from tenure.printing import side_by_side
from tenure.report import Report

_TERMS = {
    "MRR": "Monthly recurring revenue in force at an instant: every amount that bills again, "
    "per month, after running discounts, without tax, usage and one-time lines.",
    "start, end": "MRR just before the period begins, and just before it ends.",
    "new": "MRR at the end of customers who pay then, did not at the start, and never had before.",
    "back": "The same of customers who had paid before the period and were gone at its start.",
    "up, down": "What customers who pay at both ends pay more, or less, than at the start.",
    "lost": "MRR at the start of customers who pay nothing at the end.",
    "fx": "The closing MRR at the closing rates less the same at the opening rates; "
    "all other movements are at the opening rates.",
    "NRR": "Net revenue retention, (start + up - down - lost) ÷ start: what the opening customers "
    "pay at the end, over what they paid at the start; customers won since never count.",
    "GRR": "Gross revenue retention, (start - down - lost) ÷ start: the same without growth, "
    "customer by customer, so never above 100 %.",
    "logos": "Opening customers who still pay at the end, over all opening customers.",
    "customers": "Customers who pay at the end.",
    "ARR": "Twelve times the MRR at the end.",
    "pp": "Percentage points against the period before, rounded from the exact ratios: the last "
    "place may differ from the difference of the printed ones.",
    "evidence": "Share of the last period's opening MRR that a source states (observed), that "
    "follows from its invoices (inferred), or that is taken back from today's state (assumed).",
}

_COHORT = (
    "The customers whose first paid instant lies in one period; what they paid at that instant; "
    "how many periods later, judged just before the end of each (0: their own). All at the rates "
    "of the start of the cohort's period."
)


def terms(made: Report, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The terms that this page uses, with their sentences."""
    if made.meta.trailing:
        months = made.meta.trailing
        yield "period", f"Each period opens {months} months before its end."
    for term, sentence in _TERMS.items():
        if term != "fx" or "fx" in names:
            yield term, sentence
    if made.trailing is not None:
        yield (
            "trailing twelve months",
            "The same ratios with the opening twelve months before each period's end.",
        )
    if latest_cohorts(made)[0]:
        yield "cohort, base, age", _COHORT
    asked = [] if made.meta.variant in {Variant.COHORT, Variant.ALL} else [made.meta.variant]
    for variant in (*asked, *side_by_side(made)):
        yield f"NRR {variant}", DEFINITIONS[variant]
