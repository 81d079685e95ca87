"""Object types, the properties that HubSpot itself defines, association types and scopes."""

from dataclasses import dataclass

from tenure_connectors.hubspot.world.things import Property

LISTED = "hs_createdate hs_lastmodifieddate hs_object_id"


@dataclass(frozen=True, slots=True)
class Kind:
    """An object type. `shown` are the properties that an answer has if none were asked for."""

    name: str
    singular: str
    type_id: str
    shown: tuple[str, ...]
    properties: str
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"

    @property
    def scope(self) -> str:
        """What a token needs for it, less `.read` or `.write`."""
        return f"crm.objects.{self.name}"


_COMMON = (
    "hs_object_id:number! hs_merged_object_ids:enumeration! hubspot_owner_id:enumeration"
    " createdate:datetime! hs_createdate:datetime! hs_lastmodifieddate:datetime!"
    " lastmodifieddate:datetime!"
)
_COMPANY = (
    "name:string domain:string industry:enumeration country:string city:string website:string"
    " numberofemployees:number annualrevenue:number lifecyclestage:enumeration type:enumeration"
    " hs_parent_company_id:number! num_associated_deals:number! description:string"
)
_DEAL = (
    "dealname:string amount:number closedate:datetime dealstage:enumeration pipeline:enumeration"
    " dealtype:enumeration deal_currency_code:enumeration hs_is_closed:bool! hs_is_closed_won:bool!"
    " hs_deal_stage_probability:number! hs_mrr:number! hs_arr:number! hs_acv:number! hs_tcv:number!"
    " hs_primary_associated_company:number! hs_num_of_associated_line_items:number!"
    " recurring_revenue_amount:number recurring_revenue_deal_type:enumeration"
    " recurring_revenue_inactive_date:date recurring_revenue_inactive_reason:enumeration"
)
_LINE_ITEM = (
    "name:string price:number quantity:number amount:number! discount:number"
    " hs_discount_percentage:number hs_product_id:number hs_sku:string"
    " recurringbillingfrequency:enumeration hs_recurring_billing_period:string"
    " hs_recurring_billing_start_date:date hs_recurring_billing_end_date:date"
    " hs_recurring_billing_number_of_payments:number hs_billing_start_delay_type:enumeration"
    " hs_billing_start_delay_days:number hs_billing_start_delay_months:number"
    " hs_line_item_currency_code:enumeration hs_mrr:number! hs_arr:number! hs_acv:number!"
    " hs_tcv:number! hs_pricing_model:enumeration hs_tier_prices:string hs_tier_ranges:string"
)
_SUBSCRIPTION = (
    "hs_name:string hs_status:enumeration hs_currency_code:enumeration hs_mrr:number!"
    " hs_recurring_billing_frequency:enumeration hs_recurring_billing_start_date:date"
    " hs_recurring_billing_end_date:date hs_next_payment_due_date:date"
    " hs_next_payment_amount:number hs_last_payment_amount:number"
    " hs_last_payment_status:enumeration hs_invoice_creation:enumeration"
    " hs_number_of_completed_payments:number hs_recurring_billing_number_of_payments:number"
    " hs_canceled_date:date"
)
_CONTACT = "email:string firstname:string lastname:string hs_all_contact_vids:string!"
_PRODUCT = "name:string price:number hs_sku:string recurringbillingfrequency:enumeration"

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "companies",
            "company",
            "0-2",
            ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
            _COMPANY,
        ),
        Kind(
            "contacts",
            "contact",
            "0-1",
            ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
            _CONTACT,
            modified="lastmodifieddate",
        ),
        Kind(
            "deals",
            "deal",
            "0-3",
            (
                *("amount", "closedate", "createdate", "dealname", "dealstage"),
                *("hs_lastmodifieddate", "hs_object_id", "pipeline"),
            ),
            _DEAL,
        ),
        Kind(
            "line_items",
            "line_item",
            "0-8",
            ("createdate", "hs_lastmodifieddate", "hs_object_id"),
            _LINE_ITEM,
        ),
        Kind(
            "products",
            "product",
            "0-7",
            ("createdate", "hs_lastmodifieddate", "hs_object_id", "name", "price"),
            _PRODUCT,
        ),
        Kind(
            "subscriptions",
            "subscription",
            "0-69",
            ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
            _SUBSCRIPTION,
            created="hs_createdate",
        ),
    )
}

NAMES = {
    name: kind.name
    for kind in KINDS.values()
    for name in (kind.name, kind.singular, kind.type_id, kind.name.upper(), kind.singular.upper())
}
"""All names that an object type answers to in a path."""

ASSOCIATIONS: dict[tuple[str, str], int] = {
    ("companies", "contacts"): 280,
    ("companies", "deals"): 342,
    ("companies", "subscriptions"): 298,
    ("contacts", "companies"): 279,
    ("contacts", "deals"): 4,
    ("contacts", "subscriptions"): 296,
    ("deals", "companies"): 341,
    ("deals", "contacts"): 3,
    ("deals", "line_items"): 19,
    ("deals", "subscriptions"): 300,
    ("line_items", "deals"): 20,
    ("line_items", "subscriptions"): 302,
    ("subscriptions", "companies"): 297,
    ("subscriptions", "contacts"): 295,
    ("subscriptions", "deals"): 299,
    ("subscriptions", "line_items"): 301,
}
"""The type of an association without a label, by direction."""

PRIMARY: dict[tuple[str, str], int] = {
    ("companies", "contacts"): 2,
    ("companies", "deals"): 6,
    ("contacts", "companies"): 1,
    ("deals", "companies"): 5,
}
"""The type that marks a record's primary company, beside the one without a label."""

PARENT_TO_CHILD, CHILD_TO_PARENT = 13, 14
LABELS = {13: "Child Company", 14: "Parent Company"} | dict.fromkeys(PRIMARY.values(), "Primary")

FIELDS = {
    "bool": "booleancheckbox",
    "date": "date",
    "datetime": "date",
    "enumeration": "select",
    "number": "number",
    "string": "text",
}

ALL_SCOPES = frozenset(
    {f"{kind.scope}.{way}" for kind in KINDS.values() for way in ("read", "write")}
    | {f"crm.schemas.{kind.name}.{way}" for kind in KINDS.values() for way in ("read", "write")}
    | {"crm.objects.owners.read"}
)


def defined(kind: Kind) -> dict[str, Property]:
    """The properties that HubSpot defines for an object type; `!` marks one it sets itself."""
    found = {}
    for word in f"{_COMMON} {kind.properties}".split():
        name, _, kind_of = word.partition(":")
        type_ = kind_of.rstrip("!")
        found[name] = Property(
            name,
            type_,
            FIELDS[type_],
            group=f"{kind.singular}information",
            own=False,
            read_only=kind_of.endswith("!"),
            refers="OWNER" if name == "hubspot_owner_id" else None,
        )
    return found
