"""Proxies and certificates: which connection pool a request goes through."""

import ssl
from urllib.request import getproxies, proxy_bypass

import httpx

from tenure.errors import ConfigError
from tenure.http.options import HttpOptions


class Route(httpx.BaseTransport):
    """Straight, through the plugin's own `proxy`, or as HTTP(S)_PROXY and NO_PROXY say.

    httpx reads these variables only for a client without a transport of its own.
    """

    def __init__(self, table: str, options: HttpOptions) -> None:
        self._own = options.proxy
        self._proxies = {} if options.proxy else _environment()
        tls = _tls(table, options)
        used = {None, options.proxy, *self._proxies.values()}
        self._pools = {proxy: _pool(table, proxy, tls) for proxy in used}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it through its pool."""
        return self._pools[self._own or self._proxy(request.url)].handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()

    def _proxy(self, url: httpx.URL) -> str | None:
        proxy = self._proxies.get(url.scheme, self._proxies.get("all"))
        return None if proxy is None or proxy_bypass(url.netloc.decode()) else proxy


def _environment() -> dict[str, str]:
    found = {key: url for key, url in getproxies().items() if key in {"http", "https", "all"}}
    return {key: url if "://" in url else f"http://{url}" for key, url in found.items()}


def _pool(table: str, proxy: str | None, tls: ssl.SSLContext) -> httpx.HTTPTransport:
    try:
        return httpx.HTTPTransport(verify=tls, proxy=proxy)
    except (ValueError, ImportError, httpx.InvalidURL):
        raise ConfigError(
            f"{table} cannot use its proxy: it is not an http:// or https:// address",
            "Change `proxy` in this table, or HTTP_PROXY, HTTPS_PROXY and ALL_PROXY",
        ) from None


def _tls(table: str, options: HttpOptions) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    bundle = options.ca_bundle
    if bundle is None:
        return context
    try:
        if bundle.is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"{table} ca_bundle: no certificates can be read from {str(bundle)!r} ({error})",
            "Name a PEM file, or a folder made with `openssl rehash`",
        ) from None
    return context
