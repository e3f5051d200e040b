"""Serves pages that need no link: landing with its preview, signing up, and what the site says of itself."""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.domain import Frequency, Interests, SkipReason
from digest.errors import FilterError, InputError
from digest.filters import ReadBack, asks_for_saved, parse, read_back
from digest.languages import NAMES, deferred
from digest.pipeline.subscriptions import signup
from digest.pipeline.subscriptions.expiry import AUDIT_KEPT, NOTICES_KEPT, SESSIONS_KEPT, UNCONFIRMED_KEPT
from digest.pipeline.subscriptions.signup import CONFIRM_WITHIN
from digest.pipeline.subscriptions.validate import known_topics, read_address, time_zones
from digest.render.cards import Card, card
from digest.serializers import WEEKDAYS
from digest.web import forms, guards
from digest.web.forms import Problem, Problems, Reading, Typed
from digest.web.limits import costly, retry_after
from digest.web.pages.community.sessions import viewer
from digest.web.site import BROWSER, OurForm, Site, Web, one

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
WORDS = 40  # of a summary
LIKE_SAVED = "like:saved"
MOST_READ_BACK = 10  # lines of filters; each is parsed once more for it
LONGEST_READ_BACK = 200  # characters of one


@dataclass(frozen=True, slots=True)
class Shown:
    """The preview as its template prints it: a digest as the mail shows it, or why there would be none."""

    cards: tuple[Card, ...]
    notes: tuple[str, ...]
    skip_reason: str | None
    is_chosen: bool
    read: tuple[ReadBack, ...] = ()  # lines that aren't read as they were typed, or often meant otherwise


_SKIPPED = {
    SkipReason.QUIET: deferred("no announcement today"),
    SkipReason.STALE: deferred("the sources have nothing new yet"),
    SkipReason.FAILING: deferred("the sources can't be read"),
    SkipReason.NO_MATCH: deferred("nothing matched"),
}


_NOBODY_SAVED = deferred(
    "“like:saved” needs papers that you saved: nobody is signed in here, so it finds none yet."
)
_NO_SAVED = deferred("no papers are saved yet")
_NONE_SAVED = deferred("You have saved no papers yet: “Save” stands beside every paper.")


def show(web: Web, interests: Interests, given: Typed) -> Shown:
    """Return the digest of now for these interests."""
    now = web.clock()
    member = viewer()
    found = web.today.preview(interests, now, member.subscriber.saved if member else ())
    titles = {counted.topic.slug: counted.topic.title for counted in web.today.listed_topics(now)}
    matches = found.digest.papers if found.digest else ()
    cards = tuple(
        card(m.paper, m.reasons, titles, day=now.date(), words=WORDS, all_links=True, heading=3)
        for m in matches
    )
    notes = found.digest.notes if found.digest else ()
    reason = _SKIPPED.get(found.skip_reason) if found.skip_reason else None
    if _asks_for_saved(interests) and not (member and member.subscriber.saved):
        notes = (*notes, _NONE_SAVED if member else _NOBODY_SAVED)
        if found.skip_reason is SkipReason.NO_MATCH:
            reason = _NO_SAVED
    return Shown(cards, notes, reason, not given.is_empty, tuple(_read_back(given)))


def _asks_for_saved(interests: Interests) -> bool:
    """Whether a filter finds other papers for each reader; topics can't, as many share them."""
    texts = [text for text in interests.filters if LIKE_SAVED in text]
    return any(asks_for_saved(parse(text, topics=None)) for text in texts)


def _read_back(given: Typed) -> Iterator[ReadBack]:
    """Say how the first lines of filters were read, where that isn't as they were typed."""
    lines = [line.strip() for text in (given.filters, given.exclude) for line in text.splitlines()]
    for line in [each for each in lines if each][:MOST_READ_BACK]:
        if len(line) > LONGEST_READ_BACK:
            continue
        with contextlib.suppress(FilterError):  # its mistake stands at its field
            found = read_back(line)
            if found.hints or found.canonical.casefold() != line.casefold():
                yield found


def reading(web: Web, given: Typed) -> Reading:
    """Return what was typed, read by the topics that there are."""
    return forms.read(known_topics(web.installation), given)


def choices_of_forms(web: Web) -> dict[str, Any]:
    """Return what the fields of every form can be."""
    return {
        "topics": web.today.listed_topics(web.clock()),
        "frequencies": list(Frequency),
        "weekdays": WEEKDAYS,
        "zones": time_zones(),
        "language_names": NAMES,
    }


@get("/")
@costly
def landing(request: Request, web: Site) -> Response:
    """Show today's papers, and the form; fields may be given in the address."""
    given = forms.typed(request.query_params.multi_items())
    if request.query_params:
        return _landing(web, given, reading(web, given))
    values = _values(web, given, reading(web, given))
    if any(counted.papers is None for counted in values["topics"]):
        return web.page("landing.html", **values)  # soon there are counts
    return web.shared_page("landing.html", **values)


@router.post("/preview")
@costly
def preview(request: Request, web: Site, fields: OurForm) -> Response:
    """Show what the digest would be with what is typed so far: a part of the page for scripts, else all of
    it.
    """
    given = forms.typed(fields)
    found = reading(web, given)
    if request.headers.get("hx-request") != "true":
        return _landing(web, given, found, stamp=one(fields, "stamp"))
    return web.page("preview.html", shown=show(web, found.interests, given), problems=found.problems)


@router.post("/subscribe")
@costly
def subscribe(request: Request, web: Site, fields: OurForm, after: BackgroundTasks) -> Response:
    """Write a request down; the answer is the same whoever's address it is."""
    given, stamped = forms.typed(fields), one(fields, "stamp")
    found = reading(web, given)
    email = _address(given, found.problems)
    _too_quick(web, stamped, found.problems)
    if found.problems:
        return _landing(web, given, found, status=422, stamp=stamped)
    nonce = request.cookies.get(BROWSER, "")
    nonce = nonce if len(nonce) == 43 else secrets.token_urlsafe(32)
    if not one(fields, "website"):  # people don't see this field; whoever fills it in gets the usual answer
        visitor = web.visitor(request)
        wait = signup.ask(
            web.installation,
            email=email,
            interests=found.interests,
            schedule=found.schedule,
            visitor=signup.Visitor(visitor.how, visitor.ip, visitor.user_agent, nonce),
            now=web.clock(),
        )
        if wait is not None:
            found.problems["email"] = [Problem(_TOO_MANY, deferred("try again later"))]
            answer = _landing(web, given, found, status=429, stamp=stamped)
            answer.headers.update(retry_after(wait.total_seconds()))
            return answer
        after.add_task(web.notify)
    return _asked(web, nonce)


@get("/check-inbox")
def check_inbox(web: Site) -> Response:
    """Show what to do next."""
    return web.page("check-inbox.html", hours=int(CONFIRM_WITHIN.total_seconds() // 3600))


@get("/about")
def about(web: Site) -> Response:
    """Show what this is and how to write a filter."""
    return web.page("about.html")


@get("/privacy")
def privacy(web: Site) -> Response:
    """Show what is kept, for how long, and how to get rid of it."""
    return web.page(
        "privacy.html",
        hours=int(CONFIRM_WITHIN.total_seconds() // 3600),
        days=UNCONFIRMED_KEPT.days,
        audit_days=AUDIT_KEPT.days,
        notice_days=NOTICES_KEPT.days,
        session_days=SESSIONS_KEPT.days,
        contact=web.installation.site.mail_from,
    )


def _landing(web: Web, given: Typed, found: Reading, *, status: int = 200, stamp: str = "") -> HTMLResponse:
    values = _values(web, given, found)
    # A form that comes back keeps the time it was first given out, so that a second try isn't too quick.
    kept = {"stamp": stamp} if stamp and guards.age(web.installation.keys, stamp, web.clock()) else {}
    return web.page("landing.html", status=status, **values, **kept)


def _values(web: Web, given: Typed, found: Reading) -> dict[str, Any]:
    return {
        "given": given,
        "problems": found.problems,
        "summary": forms.first_problems(found.problems),
        "shown": show(web, found.interests, given),
        **choices_of_forms(web),
    }


def _address(given: Typed, problems: Problems) -> str:
    try:
        return read_address(given.email)
    except InputError as error:
        problems["email"] = [forms.problem(error)]
        return ""


_TOO_MANY = deferred("too many sign-ups came from your network")


def _too_quick(web: Web, stamped: str, problems: Problems) -> None:
    passed = guards.age(web.installation.keys, stamped, web.clock())
    if problem := forms.hurry(passed, guards.FILLED_IN):
        problems["form"] = [problem]


def _asked(web: Web, nonce: str) -> Response:
    answer = RedirectResponse("/check-inbox", status_code=303)
    keep_browser(web, answer, nonce)
    return answer


def keep_browser(web: Web, answer: Response, nonce: str) -> None:
    """Give a browser the cookie by which it is known again when it follows a link that it asked for."""
    answer.set_cookie(
        BROWSER,
        nonce,
        max_age=int(CONFIRM_WITHIN.total_seconds()),
        secure=web.secure,
        httponly=True,
        samesite="lax",
    )
