"""What a service answered."""

from typing import TYPE_CHECKING, Any

from tenure import SourceError

if TYPE_CHECKING:
    import httpx


def json_object(answer: "httpx.Response", asked: str) -> dict[str, Any]:
    """The body of an answer to what was `asked`; raises `SourceError` where it is no object."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise SourceError(
            f"{asked} was answered with something that is no JSON object",
            "Check `api_base`, or try again later",
        )
    return body
