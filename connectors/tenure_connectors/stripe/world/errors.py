"""Stripe's refusals, word for word as far as they are recorded in public."""

from dataclasses import dataclass, field
from typing import Any

DOCS = "https://stripe.com/docs/error-codes/"


@dataclass
class RefusedError(Exception):
    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def refused(status: int, message: str, *, code: str | None = None, **more: Any) -> RefusedError:
    error: dict[str, Any] = {"type": "invalid_request_error"} | more | {"message": message}
    if code is not None:
        error |= {"code": code, "doc_url": DOCS + code.replace("_", "-")}
    return RefusedError(status, {"error": error})


def missing(kind: str, key: str, param: str = "id", status: int = 404) -> RefusedError:
    return refused(status, f"No such {kind}: '{key}'", code="resource_missing", param=param)


def unknown_url(method: str, path: str) -> RefusedError:
    message = (
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or "
        "we can help at https://support.stripe.com/."
    )
    return refused(404, message)


def unknown_parameter(name: str) -> RefusedError:
    message = f"Received unknown parameter: {name}"
    return refused(400, message, code="parameter_unknown", param=name)


def masked(key: str) -> str:
    """A key as Stripe repeats it: its kind, stars, and the last four characters."""
    kind = "_".join(key.split("_")[:2]) + "_" if key.count("_") >= 2 else ""
    return f"{kind}{'*' * max(1, len(key) - len(kind) - 4)}{key[-4:]}"


def no_key() -> RefusedError:
    message = (
        "You did not provide an API key. You need to provide your API key in the Authorization "
        "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
        "https://stripe.com/docs/api#authentication for details, or we can help at "
        "https://support.stripe.com/."
    )
    return refused(401, message)


def invalid_key(key: str) -> RefusedError:
    return refused(401, f"Invalid API Key provided: {masked(key)}")


def expired_key(key: str) -> RefusedError:
    return refused(401, f"Expired API Key provided: {masked(key)}", code="api_key_expired")


def forbidden(key: str, account: str, permission: str) -> RefusedError:
    message = (
        f"The provided key '{masked(key)}' does not have the required permissions for this "
        f"endpoint on account '{account}'. Having the '{permission}' permission would allow this "
        "request to continue."
    )
    return refused(403, message)


def no_access(key: str, account: str) -> RefusedError:
    message = (
        f"The provided key '{masked(key)}' does not have access to account '{account}' (or that "
        "account does not exist). Application access may have been revoked."
    )
    return refused(403, message, code="account_invalid")


def too_many() -> RefusedError:
    message = (
        "Request rate limit exceeded. You can learn more about rate limits here "
        "https://stripe.com/docs/rate-limits."
    )
    return refused(429, message, code="rate_limit")


def broken() -> RefusedError:
    message = "An unknown error occurred. Please try again later."
    return RefusedError(500, {"error": {"type": "api_error", "message": message}})


def cannot_expand(path: str, *, in_list: bool) -> RefusedError:
    hint = f" You may want to try expanding 'data.{path}' instead." if in_list else ""
    return refused(400, f"This property cannot be expanded ({path}).{hint}")


def too_deep(path: str) -> RefusedError:
    message = f"You cannot expand more than 4 levels of a property. Property: {path}"
    return refused(400, message, code="property_expansion_max_depth")
