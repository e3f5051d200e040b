"""Finds the subscriber behind a link's token. Forged, cut off and erased look the same."""

from collections.abc import Callable

from fastapi import Request, Response

from digest.domain import Subscriber
from digest.errors import TokenError
from digest.pipeline.mail.links import Purpose, opened
from digest.pipeline.subscriptions import preferences
from digest.web.site import web_of


class GoneError(Exception):
    """Nobody is behind this link."""


def subscriber_from_token(purpose: Purpose) -> Callable[[Request, str], Subscriber]:
    """Return a dependency: the subscriber whose link of this purpose was followed. It raises GoneError."""

    def known(request: Request, token: str) -> Subscriber:
        web = web_of(request)
        try:
            found = preferences.person(web.installation, opened(web.installation, purpose, token))
        except TokenError:
            found = None
        if found is None:
            raise GoneError
        return found

    return known


def gone(request: Request, _error: Exception) -> Response:
    """Return the answer where nobody is behind a link: forged, cut off, or erased; it doesn't say which."""
    return web_of(request).message_page(
        "This link doesn’t work",
        "It may be cut off, or what it belonged to is no longer there.",
        "Copy the whole link from your newest mail.",
        status=404,
    )
