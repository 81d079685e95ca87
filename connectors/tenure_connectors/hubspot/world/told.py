"""A portal that a company keeps of its customers: who they are and who looks after them.

with serving(told(company)) as server:
    ...
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from itertools import pairwise

from tenure import Company, Stretch
from tenure_connectors.hubspot.world.portal import Portal
from tenure_connectors.hubspot.world.things import Owner, Property

STRIPE_ID = "stripe_customer_id"
"""The portal's own property that says which customer of Stripe a company is."""


def told(company: Company) -> Portal:
    """The portal of a company at its `now`: its customers, without their money."""
    portal = Portal()
    named = Property(STRIPE_ID, label="Stripe customer", group="companyinformation", unique=True)
    portal.add_property("companies", named)
    owners = _hired(portal, company)
    for rows in company.customers():
        _add(portal, owners, rows)
    return portal


def _hired(portal: Portal, company: Company) -> dict[str, Owner]:
    """The owners by name; who looks after nobody any more has left and is archived."""
    today, opened = company.now.date(), min(row.start for row in company.stretches)
    busy = {row.owner for row in company.stretches if row.end is None or row.end > today}
    owners = {}
    for name in sorted({row.owner for row in company.stretches}):
        first, _, last = name.partition(" ")
        email = f"{first}.{last}@our-company.example".lower()
        owners[name] = portal.add_owner(first, last, email, _morning(opened))
        owners[name].archived = name not in busy
    return owners


def _add(portal: Portal, owners: dict[str, Owner], rows: Sequence[Stretch]) -> None:
    """A company that became a customer, and each time that another owner took it over."""
    first = rows[0]
    record = portal.add_company(
        first.customer_name,
        first.domain,
        _morning(first.start),
        country=first.country,
        hubspot_owner_id=owners[first.owner].id,
        stripe_customer_id=first.customer,
    )
    for before, row in pairwise(rows):
        if row.owner != before.owner:
            portal.update(record, _morning(row.start), hubspot_owner_id=owners[row.owner].id)


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(6), UTC)
