"""Finds the subscriber behind a link's token. Forged, cut off and erased look the same."""

from collections.abc import Callable, Coroutine

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from digest.domain import Subscriber
from digest.errors import TokenError
from digest.languages import deferred
from digest.pipeline.installation import Installation
from digest.pipeline.mail.links import Purpose, opened
from digest.pipeline.subscriptions import preferences
from digest.web.pages.language import speak_to
from digest.web.site import Web, web_of


class GoneError(Exception):
    """Nobody is behind this link."""


def subscriber_from_token(
    purpose: Purpose, *, leaving: bool = False
) -> Callable[[Request, str], Coroutine[None, None, Subscriber]]:
    """Return a dependency: the subscriber whose link of this purpose was followed.

    It raises GoneError; unless they are `leaving`, also UnreadableError where their row can't be read.
    """
    read = preferences.addressee if leaving else preferences.person

    async def known(request: Request, token: str) -> Subscriber:
        found = await run_in_threadpool(_find, web_of(request), purpose, token, read)
        if found is None:
            raise GoneError
        speak_to(found)  # here, and not in the thread, whose context ends with it
        return found

    return known


def _find(
    web: Web, purpose: Purpose, token: str, read: Callable[[Installation, int], Subscriber | None]
) -> Subscriber | None:
    try:
        number = opened(web.installation, purpose, token)
    except TokenError:
        return None
    return read(web.installation, number)


def gone(request: Request, _error: Exception) -> Response:
    """Return the answer where nobody is behind a link: forged, cut off, or erased; it doesn't say which."""
    return web_of(request).message_page(
        deferred("This link doesn’t work"),
        deferred("It may be cut off, or what it belonged to is no longer there."),
        deferred("Copy the whole link from your newest mail."),
        status=404,
    )
