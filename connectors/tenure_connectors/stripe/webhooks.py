"""`POST /webhooks/stripe`: an event that Stripe sends by itself, verified and reduced.

It is only kept: the next pull finds it among what was observed, whenever that is. So a duplicate
is the same observation again, and in which order events come does not matter.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from tenure import Observation
from tenure_connectors.decoding import decoder
from tenure_connectors.stripe.events import observation
from tenure_connectors.stripe.mending import whole
from tenure_connectors.stripe.shapes import Event

TOLERANCE = timedelta(minutes=5)
"""How old a signature may be, as in Stripe's own libraries; so far may clocks be apart, too."""

LARGEST = 4 << 20
"""Bytes of a body; Stripe's events have far fewer."""

SIGNATURE = "stripe-signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came: headers in any spelling, and the body byte for byte as it came."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The status to answer with, and what is to be stored; `reason` is for the log alone."""

    status: int
    reason: str = ""
    event: str | None = None
    observation: Observation | None = None


def receive(
    delivery: Delivery, secret: str, now: datetime, *, livemode: bool | None = None
) -> Verdict:
    """Verify a delivery. What is refused is answered 400, and Stripe sends it again.

    The signature is a hex HMAC-SHA256 of `timestamp.body` under the endpoint's secret; there may
    be several while a secret is being changed. The scheme is Stripe's own:
    https://docs.stripe.com/webhooks#verify-manually
    """
    if len(delivery.body) > LARGEST:
        return Verdict(status=413, reason="the body is too large")
    refused = _refused(delivery, secret, now)
    if refused is not None:
        return Verdict(status=400, reason=refused)
    try:
        event = decoder(Event).decode(whole(delivery.body))
        kept = observation(event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Verdict(status=400, reason=f"the body is no event: {error}")
    if {event.livemode, livemode} == {True, False}:
        return Verdict(status=200, reason="of the other mode", event=event.id)
    return Verdict(status=200, event=event.id, observation=kept)


def _refused(delivery: Delivery, secret: str, now: datetime) -> str | None:
    """Why the signature is not believed."""
    if not secret:
        return "there is no secret to verify with"
    header = next((v for n, v in delivery.headers.items() if n.lower() == SIGNATURE), "")
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdigit():
        return "the signature header is missing or says no time"
    signed = hmac.new(secret.encode(), f"{stamps[0]}.".encode() + delivery.body, sha256)
    expected = signed.hexdigest().encode()
    given = [value.encode() for name, _, value in pairs if name == "v1"]
    # All are compared, so that the time it takes tells nothing.
    if not sum(hmac.compare_digest(expected, one) for one in given):
        return "no signature is right"
    if abs(now.timestamp() - int(stamps[0][:12])) > TOLERANCE.total_seconds():
        return "the signature is too old, or from a clock that is ahead"
    return None
