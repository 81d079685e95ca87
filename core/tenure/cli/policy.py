"""`tenure policy show`: the choices that every figure rests on."""

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli import console
from tenure.cli.app import app, workspace
from tenure.cli.options import TableOrJson

if TYPE_CHECKING:
    from tenure.config import Workspace
    from tenure.metrics.policy import Policy

policy_app = typer.Typer(help="The choices that figures rest on.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")


_MEANS = {
    "discounts": ("recurring, all, none", "Which discounts come off the price."),
    "trials": ("exclude, include", "Whether a trial counts at the price it will have."),
    "churn_date": ("service_end, request", "When a requested end takes the revenue away."),
    "pause": ("zero, keep, zero_all", "What a pause does: 0, nothing, or 0 for drafts too."),
    "week_factor": ("52/12, 4.33, 4, 365.25/84", "How many weeks a month has."),
    "day_factor": ("365/12, 30", "How many days a month has."),
    "gap_tolerance_hours": ("any hours, 0: never", "Who is back within so many hours never left."),
    "past_due_grace_days": ("any days, none", "Past due counts 0 after so many days."),
    "acv_bands": ("any edges", "Edges of acv_band, in major units a year."),
    "exclude": ("customer:…, domain:…, attribute:…=…", "Customers that are left out."),
}
"""Of each choice: what may be chosen, and what it does in one sentence."""


@policy_app.command("show")
def show(
    context: typer.Context,
    *,
    form: Annotated[
        TableOrJson, typer.Option("--format", help="json: the canonical form that is hashed.")
    ] = TableOrJson.TABLE,
) -> None:
    """Show every choice in force, what else there is, and the hash that stands on each result."""
    ready = workspace(context)
    if form is TableOrJson.JSON:
        typer.echo(ready.metrics.policy.canonical())
    else:
        _table(ready)


def _table(ready: "Workspace") -> None:
    policy, out = ready.metrics.policy, console.out()
    rows = [
        (name, _value(policy, name), others, sentence)
        for name, (others, sentence) in _MEANS.items()
    ]
    out.print(console.table(("choice", "value", "may be", "what it does"), rows), crop=False)
    out.print(f"preset {ready.metrics.preset}, {policy.hash}", style="dim", markup=False)


def _value(policy: "Policy", name: str) -> str:
    """A choice as plugins.toml would say it."""
    value = getattr(policy, name)
    if name in {"week_factor", "day_factor"}:
        known = {Fraction(52, 12): "52/12", Fraction(433, 100): "4.33"}
        known[Fraction(36_525, 8_400)] = "365.25/84"
        return known.get(Fraction(value), str(value))
    if isinstance(value, tuple):
        return ", ".join(f"{one:,}" if isinstance(one, int) else one for one in value) or "none"
    return "none" if value is None else str(value)
