"""Chooses the language of an answer: what `?lang=` says, else what its subscriber chose, else what the
browser asks for (Accept-Language, RFC 9110, 12.5.4), else the site's own.

No cookie remembers a choice: the links of a page that was asked for with `?lang=` carry it on.
"""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from digest import languages
from digest.domain import Subscriber
from digest.web import guards

PARAMETER = "lang"
MOST_READ = 500  # characters of an Accept-Language
API = "/api/"  # answers scripts in English
_LINK = re.compile(r'\b(href|action|formaction|hx-post)="(/(?!static/)[^"#]*)')
_GET_FORM = re.compile(r'<form\b[^>]*\bmethod="get"[^>]*>')


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request says of its language: `asked` is the code in its address, empty where there is none."""

    asked: str = ""
    path: str = "/"
    query: str = ""


NOTHING = Choice()
CHOICE: ContextVar[Choice] = ContextVar("language_choice", default=NOTHING)


class Languages:
    """ASGI middleware: speaks the language of each request while it is answered."""

    def __init__(self, app: ASGIApp, *, usual: str) -> None:
        """`usual`: the site's own language."""
        self._app = app
        self._usual = usual

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        asked = _in_address(query) if f"{PARAMETER}=" in query else ""
        before = CHOICE.set(Choice(asked, scope["path"], query))
        try:
            with languages.speaking(self._language(scope, asked)):
                await self._app(scope, receive, send)
        finally:
            CHOICE.reset(before)

    def _language(self, scope: Scope, asked: str) -> str:
        if scope["path"].startswith(API):
            return languages.ENGLISH
        return asked or accepted(Headers(scope=scope).get("accept-language", "")) or self._usual


def accepted(header: str) -> str:
    """Return the language that a browser likes best of those that there are; '' where it likes none."""
    best, found = 0.0, ""
    for each in header[:MOST_READ].split(","):
        name, _, quality = each.partition(";")
        code = name.strip().lower().partition("-")[0]
        weight = _weight(quality)
        if code in languages.NAMES and weight > best:
            best, found = weight, code
    return found


def _weight(text: str) -> float:
    found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", text)
    return min(float(found[1]), 1.0) if found else 0.0 if text.strip() else 1.0


def speak_to(subscriber: Subscriber) -> None:
    """Speak a subscriber's own language from here on, unless the address asks for another."""
    if subscriber.schedule.language and not CHOICE.get().asked:
        languages.speak(subscriber.schedule.language)


def carried_on(page: str) -> str:
    """Put the language that a page was asked for into its links and forms."""
    asked = CHOICE.get().asked
    if not asked:
        return page
    page = _LINK.sub(lambda found: f'{found[1]}="{_with_language(found[2], asked)}', page)
    hidden = f'<input type="hidden" name="{PARAMETER}" value="{asked}">'
    return _GET_FORM.sub(lambda found: found[0] + hidden, page)


def _with_language(address: str, code: str) -> str:
    if re.search(rf"[?;&]{PARAMETER}=", address):
        return address
    return f"{address}{'&amp;' if '?' in address else '?'}{PARAMETER}={code}"


def others() -> list[tuple[str, str, str]]:
    """Return (code, name, address) of this page in each other language; none for pages of one person."""
    choice, here = CHOICE.get(), languages.current()
    if guards.is_private(choice.path):
        return []
    kept = [(name, value) for name, value in parse_qsl(choice.query)[:20] if name != PARAMETER]
    return [
        (code, name, "?" + urlencode([*kept, (PARAMETER, code)]))
        for code, name in languages.NAMES.items()
        if code != here
    ]


def _in_address(query: str) -> str:
    asked = dict(parse_qsl(query[:MOST_READ], max_num_fields=None)).get(PARAMETER, "")
    return asked if asked in languages.NAMES else ""
