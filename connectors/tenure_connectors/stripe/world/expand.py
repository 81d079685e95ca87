"""`expand[]`: puts objects where a response has their ids, four levels deep."""

from collections.abc import Sequence
from typing import Any

from tenure_connectors.stripe.world import render
from tenure_connectors.stripe.world.account import Account
from tenure_connectors.stripe.world.errors import cannot_expand, too_deep

Json = dict[str, Any]
DEEPEST = 4
HIDDEN = {"coupon": ("applies_to", "currency_options"), "price": ("currency_options",)}
"""Properties that are there only where they are asked for."""


def expanded(account: Account, made: Json, paths: Sequence[str]) -> Json:
    """A copy of a response with what `paths` ask for in it."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise too_deep(path)
        made = put(account, made, steps, path)
    return made


def put(account: Account, holder: Any, steps: list[str], path: str) -> Any:
    """`holder` with the first of `steps` expanded in it, and the rest within that."""
    if isinstance(holder, list):
        return [put(account, one, steps, path) for one in holder]
    if not isinstance(holder, dict):
        return holder
    name, rest = steps[0], steps[1:]
    if name == "tiers" and holder.get("object") == "price":
        price = account.price_tiers[holder["id"]]
        return holder | ({"tiers": render.tiers(price)} if price.tiers else {})
    if name == "applies_to" and holder.get("object") == "coupon":
        products = account.coupon_products.get(holder["id"])
        return holder | ({"applies_to": {"products": list(products)}} if products else {})
    if name not in holder and name in HIDDEN.get(str(holder.get("object")), ()):
        return holder  # there is none, or the account does not use it
    if name not in holder:
        raise cannot_expand(path, in_list=holder.get("object") == "list")
    value = resolved(account, holder[name])
    if not rest and value is holder[name] and not expandable(value):
        raise cannot_expand(path, in_list=False)
    return holder | {name: put(account, value, rest, path) if rest else value}


def resolved(account: Account, value: Any) -> Any:
    """The object of an id, of every id in a list, or what was no id as it is."""
    if isinstance(value, str) and value in account.by_id:
        return account.by_id[value].json
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [resolved(account, one) for one in value]
    return value


def expandable(value: Any) -> bool:
    """What is null, empty, or an object already may be asked for; a plain value may not."""
    return value is None or isinstance(value, dict | list)
