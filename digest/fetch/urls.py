"""Checks URLs that come from an operator, or from a server's redirect: text in, a URL that may be asked out.

Never: a request, or a look at what the host's name resolves to; that is checked when it is dialled.
"""

import re

import httpx2

from digest.errors import FetchError


def checked(url: str) -> httpx2.URL:
    """Return a URL that may be asked for.

    Raises FetchError: only http(s), with a host, without credentials.
    """
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise FetchError(f"{shown(url)}: not a URL ({error})", fix="check the URL of the source") from error
    if parsed.scheme not in {"http", "https"}:
        raise FetchError(f"{shown(url)}: only http and https are fetched", fix="check the URL of the source")
    if parsed.userinfo:
        raise FetchError(f"{shown(url)}: credentials in a URL are refused", fix="use the public URL")
    if not parsed.host or (parsed.port is not None and not 0 < parsed.port < 2**16):
        raise FetchError(f"{shown(url)}: no host, or no such port", fix="check the URL of the source")
    return parsed


def redirected(url: httpx2.URL, location: str) -> httpx2.URL:
    """Return where the Location header of an answer to `url` leads.

    Raises FetchError if that may not be asked.
    """
    if not location:
        raise FetchError(f"{shown(str(url))}: {url.host} redirects without saying where to")
    try:
        return checked(str(url.join(location)))
    except httpx2.InvalidURL as error:
        raise FetchError(f"{shown(str(url))}: {url.host} redirects to what is no URL ({error})") from error
    except FetchError as error:
        raise FetchError(f"{shown(str(url))}: {url.host} redirects to {error.message}") from error


def shown(url: str) -> str:
    """Return a URL as an error may name it: without credentials, query and fragment, on one line."""
    path, query, _ = url.partition("#")[0].partition("?")
    safe = re.sub(r"//[^/]*@", "//", path) + ("?…" if query else "")
    return "".join(char for char in safe if char.isprintable())[:300]
