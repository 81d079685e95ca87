"""What Slack's error codes mean, and what to do: they come with status 200 and `"ok": false`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tenure import ConfigError, SourceError, TenureError, TransientError

if TYPE_CHECKING:
    import httpx

_AGAIN = "Install the app again, and put its new bot token (xoxb-…) into `token`"
_INVITE = "Write `/invite @` and the app's name in that channel"
_CHANNEL = "Check `channel`: the bot sees public channels, and private ones it was invited to"
_ADMIN = "Ask whoever administers the Slack workspace to allow it"

_USERS: Mapping[str, tuple[str, str]] = {
    "not_authed": ("no token was sent", _AGAIN),
    "invalid_auth": ("the token is not valid", _AGAIN),
    "token_revoked": ("the token was revoked", _AGAIN),
    "token_expired": ("the token has expired", _AGAIN),
    "account_inactive": ("the app was removed from the workspace", _AGAIN),
    "not_allowed_token_type": ("this is not a bot token", _AGAIN),
    "missing_scope": ("the token lacks the scope {needed}",
                      "Add it under OAuth & Permissions of the app, and install the app again"),
    "no_permission": ("the token lacks a permission", _ADMIN),
    "not_in_channel": ("the bot is not a member of the channel", _INVITE),
    "channel_not_found": ("there is no such channel for the bot", _CHANNEL),
    "is_archived": ("the channel is archived", "Unarchive it, or change `channel`"),
    "restricted_action": ("a rule of the workspace forbids it", _ADMIN),
    "restricted_action_read_only_channel": ("the channel is read-only", _ADMIN),
    "cant_update_message": ("the message was posted by another app",
                            "Give this sink's table another name, or use that app's token"),
    "edit_window_closed": ("the workspace forbids to edit messages so old", _ADMIN),
    # of incoming webhooks, as plain text with status 403, 404 or 410
    "invalid_token": ("the webhook is not valid any more", "Make a new one for `webhook_url`"),
    "no_service": ("the webhook was removed", "Make a new one for `webhook_url`"),
    "no_team": ("the webhook's workspace is gone", "Make a new one for `webhook_url`"),
    "no_active_hooks": ("the webhook is disabled", "Make a new one for `webhook_url`"),
    "channel_is_archived": ("the channel is archived", "Unarchive it, or make a new webhook"),
    "action_prohibited": ("a rule of the workspace forbids it", _ADMIN),
    "posting_to_general_channel_denied": ("a rule forbids to post to #general", _ADMIN),
}  # fmt: skip
"""Those that only the user can mend: why, and what to do."""

_LATER = frozenset(
    {"ratelimited", "rate_limited", "fatal_error", "internal_error", "service_unavailable",
     "request_timeout", "team_added_to_org", "rollup_error"}
)  # fmt: skip
"""Those that may be gone later; the last write may have been accepted all the same."""


class RefusedError(SourceError):
    """Slack took a request for wrong: `code` is its word, `details` say where."""

    def __init__(self, what: str, code: str, details: str) -> None:
        super().__init__(
            f"Slack refused {what}: {code}{f' ({details})' if details else ''}",
            "Look the code up in Slack's documentation of that method",
        )
        self.code = code
        self.details = details


def refused(sink: str, what: str, answer: "httpx.Response", body: Mapping[str, Any]) -> TenureError:
    """The error for an answer that is not `ok`."""
    code = str(body.get("error", "no reason given"))
    if code in _USERS:
        why, remedy = _USERS[code]
        said = why.format(needed=body.get("needed", "it needs"))
        return ConfigError(f"[sinks.{sink}] Slack refused {what}: {said} ({code})", remedy)
    if code in _LATER:
        wait = answer.headers.get("retry-after")
        again = f"Try again in {wait} seconds" if wait else "Try again later"
        return TransientError(f"[sinks.{sink}] Slack could not do {what}: {code}", again)
    return RefusedError(f"{what} of [sinks.{sink}]", code, _details(body))


def _details(body: Mapping[str, Any]) -> str:
    metadata = body.get("response_metadata")
    told = metadata.get("messages") if isinstance(metadata, Mapping) else None
    return "; ".join(str(each) for each in told) if isinstance(told, list) else ""
