"""What is refused, in HubSpot's own words.

v3 says `{status, message, correlationId, category}`, with `errors`, `context` and `links` where
there is more to say; a rate limit names its policy.
"""

from typing import Any
from uuid import UUID

from tenure_connectors.hubspot.world.things import Json

_POLICIES = {
    "DAILY": "You have reached your daily limit.",
    "SECONDLY": "You have reached your secondly limit.",
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
}
_SCOPES = (
    "This app hasn't been granted all required scopes to make this call. Read more about required"
    " scopes here: https://developers.hubspot.com/scopes."
)
_NOBODY = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can"
    " find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)


class RefusedError(Exception):
    """The answer is an error: its status and body."""

    def __init__(self, status: int, category: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"status": "error", "message": message, **more, "category": category}


def invalid(message: str, **more: Any) -> RefusedError:
    """A request that the API cannot read."""
    return RefusedError(400, "VALIDATION_ERROR", message, **more)


def missing(what: str = "resource not found") -> RefusedError:
    """Nothing is there."""
    return RefusedError(404, "OBJECT_NOT_FOUND", what)


def taken(message: str) -> RefusedError:
    """What is to be created exists."""
    return RefusedError(409, "OBJECT_ALREADY_EXISTS", message)


def unauthorized() -> RefusedError:
    """No token, or one that is not of this portal."""
    return RefusedError(401, "INVALID_AUTHENTICATION", _NOBODY)


def expired() -> RefusedError:
    """A token that was good."""
    said = "The OAuth token used to make this call expired 1 second(s) ago."
    return RefusedError(401, "EXPIRED_AUTHENTICATION", said)


def forbidden(scopes: list[str]) -> RefusedError:
    """The token lacks a scope; any of those named would do."""
    context = {"requiredGranularScopes": scopes}
    said = "One or more of the following scopes are required."
    return RefusedError(
        403,
        "MISSING_SCOPES",
        _SCOPES,
        errors=[{"message": said, "context": context}],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def too_many(policy: str) -> RefusedError:
    """A limit is reached: DAILY, TEN_SECONDLY_ROLLING, or SECONDLY for searches."""
    more = {"errorType": "RATE_LIMIT", "policyName": policy}
    return RefusedError(429, "RATE_LIMITS", _POLICIES[policy], **more)


def broken() -> RefusedError:
    """Something inside HubSpot."""
    return RefusedError(500, "INTERNAL_ERROR", "internal error")


def correlation(number: int) -> str:
    """The id of a request."""
    return str(UUID(int=(0xA5 << 120) + number, version=4))


def not_found(singular: str, ids: list[str]) -> Json:
    """Why a batch is partial."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": (
            f"Could not get some {singular.upper()} objects, they may be deleted or not exist."
            " Check that ids are valid."
        ),
        "context": {"ids": ids},
        "errors": [],
        "links": {},
    }


def unassociated(kind: str, key: str, other: str) -> Json:
    """Why a batch of associations is partial."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {other} is associated with {kind} {key}.",
        "context": {"fromObjectId": [key], "fromObjectType": [kind], "toObjectType": [other]},
        "errors": [],
        "links": {},
    }
