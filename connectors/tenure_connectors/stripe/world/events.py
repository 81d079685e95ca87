"""Events as the API gives them: in the shape of the version that the account had, always."""

from typing import TYPE_CHECKING, Any

from tenure_connectors.stripe.world.older import shaped
from tenure_connectors.stripe.world.things import Event

if TYPE_CHECKING:
    from tenure_connectors.stripe.world.account import Account

Json = dict[str, Any]


def earlier(before: Json, after: Json) -> Json:
    """Stripe's `previous_attributes`: only what differs, hashes in part and lists whole."""
    found: Json = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found[name] = earlier(old, new)
        else:
            found[name] = old
    return found


def replayed(after: Json, previous: Json) -> Json:
    """The object as it was before an event."""
    made = dict(after)
    for name, old in previous.items():
        new = after.get(name)
        both = isinstance(old, dict) and isinstance(new, dict)
        made[name] = replayed(new, old) if both and new is not None else old
    return made


def event_json(event: Event, account: "Account") -> Json:
    version = account.world.api_version
    after = shaped(event.object, version, account)
    data: Json = {"object": after}
    if event.before is not None:
        data["previous_attributes"] = earlier(shaped(event.before, version, account), after)
    return {
        "id": event.id,
        "object": "event",
        "api_version": version,
        "created": event.created,
        "data": data,
        "livemode": event.object.get("livemode", True),
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": event.type,
    }
