"""One HTTP client per plugin: rate limited, retried, redacted, with errors that say what to do.

    client      what a plugin is lent: an httpx.Client whose errors are tenure's
    transport   one request: limit, attempts, log; the seam that an SDK's own client can use too
    limit       a token bucket that also obeys what the service answers
    retry       what is tried again, and how long the service asks to wait
    route       proxies and certificates
    failures    the words for what went wrong

A plugin tunes one request with `extensions={"tenure": {…}}`: `"idempotent": True` lets a POST be
repeated, `"accept": [404]` returns that status instead of raising, `"stream": True` leaves the
body to the caller (it is then not read again when the connection breaks in the middle), `"prepare"`
is called with the request before each attempt, such as to sign it.
"""

from tenure.http.client import client, client_for
from tenure.http.options import Clock, HttpOptions
from tenure.http.transport import Transport

__all__ = ["Clock", "HttpOptions", "Transport", "client", "client_for"]
