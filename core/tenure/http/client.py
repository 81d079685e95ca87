"""What a plugin is lent: an httpx.Client whose errors are tenure's."""

from pathlib import Path
from typing import Any

import httpx

from tenure._version import __version__
from tenure.config import Entry
from tenure.errors import ConfigError
from tenure.http.options import Clock, HttpOptions
from tenure.http.retry import accepted
from tenure.http.transport import Transport
from tenure.plugin import HttpConfig
from tenure.redaction import redact

_LAST_PORT = 65535


class _Client(httpx.Client):
    """Raises for every answer that is an error, unless the request accepts it."""

    def __init__(self, transport: Transport, options: HttpOptions) -> None:
        super().__init__(
            transport=transport,
            base_url=options.api_base,
            timeout=options.timeout,
            headers={"User-Agent": f"tenure/{__version__}"},
            follow_redirects=True,
            event_hooks={"response": [self._stay]},
        )
        self._words = transport.words
        self._clock = transport.clock

    def send(self, request: httpx.Request, **how: Any) -> httpx.Response:
        """Send the request; any answer but a good one becomes a `TenureError`."""
        try:
            response = super().send(request, **how)
            good = response.is_success or response.has_redirect_location
            if not good and response.status_code not in accepted(request):
                response.read()
                raise self._words.refused(response, self._clock.wall())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._words.unanswered(request, error, 1) from None
        return response

    def _stay(self, response: httpx.Response) -> None:
        """Refuse a redirect that would carry the credential to another host, or in the clear."""
        if not response.has_redirect_location:
            return
        here = response.request.url
        there = here.join(response.headers["location"])
        encrypted = here.copy_with(scheme="https") if here.port is None else here
        if _origin(there) not in {_origin(here), _origin(encrypted)}:
            raise self._words.elsewhere(response, there)


def client(name: str, *, options: HttpOptions, clock: Clock | None = None) -> httpx.Client:
    """A client of its own for the plugin in the table `name`."""
    _check_base(options.table(name), options.api_base)
    return _Client(Transport(name, options, clock), options)


def client_for(
    entry: Entry, folder: Path | None = None, clock: Clock | None = None
) -> httpx.Client:
    """The client that an entry of plugins.toml asks for; `ca_bundle` starts at `folder`."""
    config = entry.plugin.config if entry.plugin else None
    limit = entry.plugin.requests_per_second if entry.plugin else None
    options = HttpOptions(kind=entry.kind, requests_per_second=limit, secrets=entry.secrets)
    if isinstance(config, HttpConfig):
        options = _from(config, options, folder or Path())
    return client(entry.name, options=options, clock=clock)


def _from(config: HttpConfig, options: HttpOptions, folder: Path) -> HttpOptions:
    return HttpOptions(
        kind=options.kind,
        secrets=options.secrets,
        api_base=config.api_base,
        timeout=config.timeout,
        requests_per_second=config.requests_per_second or options.requests_per_second,
        max_attempts=config.max_attempts,
        proxy=config.proxy,
        ca_bundle=config.ca_bundle and folder / config.ca_bundle,
    )


def _check_base(table: str, text: str) -> None:
    try:
        base = httpx.URL(text)
    except httpx.InvalidURL:
        base = httpx.URL("invalid:")
    good = base.scheme in {"http", "https"} and base.host and (base.port or 0) <= _LAST_PORT
    if text and not good:
        raise ConfigError(
            f"{table} api_base: {redact(text, ())!r} is not an http:// or https:// address",
            "Write it as in https://api.example.com",
        )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
