"""Gives every handler the installation, the clock, the templates, and how to answer with a page."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from digest.bundled import folder
from digest.domain import Actor, Paper
from digest.languages import current, dates, deferred, gettext
from digest.pipeline.catalog.listing import Lists
from digest.pipeline.catalog.paper import PaperPages
from digest.pipeline.catalog.search import Search
from digest.pipeline.catalog.thumbnails import thumbnails_of
from digest.pipeline.catalog.today import Today
from digest.pipeline.catalog.watch import Change, Watch
from digest.pipeline.community import votes
from digest.pipeline.installation import UNAVAILABLE, Installation, acting
from digest.pipeline.mail.pictures import thumbnail_path
from digest.pipeline.monitoring.metrics import Metrics
from digest.pipeline.subscriptions.signup import WORDING, Visitor
from digest.render.cards import title
from digest.render.site import in_language
from digest.render.translated import translate
from digest.serializers import WEEKDAYS
from digest.tokens import network_hash
from digest.web import cards, guards, page_cache
from digest.web.addresses import author_path, paper_path
from digest.web.limits import Limits
from digest.web.pages import language
from digest.web.ticker import Ticker

BROWSER = "digest_browser"  # the cookie by which a browser that asked is known again
RECENT = timedelta(minutes=3)  # longer than lists keep what they have read
MOST_FIELDS = 500
ANOTHER_SITE = deferred("this form was sent from another site")
ANOTHER_SESSION = deferred("this form is of another session; open the page once more")
CHARSETS = {b"utf-8", b"utf8", b"us-ascii"}  # the last is a part of it


@cache
def environment() -> Environment:
    """Return where pages are rendered from: everything is escaped, a missing name is an error."""
    made = Environment(
        loader=FileSystemLoader(folder("templates") / "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "long_day": dates.long_day,
        "long_date": dates.long_date,
        "short_day": dates.short_day,
        "short_date": dates.short_date,
        "short_number": dates.short_number,
        "number": dates.number,
        "month": dates.month,
        "short_month": dates.short_month,
        "short_day_of_year": dates.short_day_of_year,
        "weekday": _weekday,
        "source_names": cards.source_names,
        "source_series": cards.source_series,
        "plain_title": title,
        "paper_path": paper_path,
        "said": gettext,
        "author_path": author_path,
    }
    translate(made)
    return made


def _weekday(name: str) -> str:
    return dates.weekday(WEEKDAYS.index(name))


@dataclass(frozen=True, slots=True)
class Web:
    """One running site."""

    installation: Installation
    clock: Callable[[], datetime]
    today: Today
    lists: Lists
    papers: PaperPages
    search: Search
    watch: Watch
    metrics: Metrics
    proxies: Sequence[str] = ()
    tickers: Sequence[Ticker] = ()
    templates: Environment = field(default_factory=environment)
    limits: Limits = field(default_factory=Limits)
    forgetful: list[Callable[[], None]] = field(default_factory=list)  # caches of pages
    recent_votes: dict[str, tuple[int, datetime]] = field(default_factory=dict)  # of papers, and until when

    @property
    def secure(self) -> bool:
        """Whether the site is reached by https."""
        return self.installation.site.base_url.startswith("https://")

    def visitor(self, request: Request, how: str = "web") -> Visitor:
        """Return who asks."""
        return Visitor(
            how=how,
            ip=self.ip(request),
            user_agent=request.headers.get("user-agent", "")[:300],
            nonce=request.cookies.get(BROWSER, "")[:100],
        )

    def ip(self, request: Request) -> str:
        """Return the address of who asks."""
        return guards.client_ip(request, self.proxies)

    def acting(self, request: Request, subscriber_id: int, via: str = "email") -> Installation:
        """Return the installation in the hands of a subscriber, for functions that change something.

        `via`: email (by a link of an email), web (signed in) or api. What they do is written down as theirs.
        """
        network = network_hash(self.ip(request), self.installation.keys)
        return acting(self.installation, Actor(f"subscriber:{subscriber_id}", via, network))

    def visiting(self, request: Request) -> Installation:
        """Return the installation in the hands of a visitor without a session, known by their network."""
        return acting(
            self.installation, Actor("visitor", "web", network_hash(self.ip(request), self.installation.keys))
        )

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page."""
        spoken = current()
        frame: dict[str, Any] = {
            "site": in_language(self.installation.site, spoken),
            "languages": language.others(),
            "wording": gettext(WORDING),
            "stamp": self.stamp(),
            "viewer": (viewer := guards.VIEWER.get().signed_in),
            "counts": self._counts(),
        }
        if viewer:
            frame["marks"] = cache(partial(votes.marks, self.installation, viewer.subscriber.id))
        text = language.carried_on(self.templates.get_template(template).render(frame | values))
        headers = {"Content-Language": spoken, "Vary": "Accept-Language"}
        return HTMLResponse(text, status_code=status, headers=headers)

    def shared_page(self, template: str, *, briefly: bool = False, **values: Any) -> HTMLResponse:
        """Return a page that is the same for everybody: kept for a minute, and known again by its ETag.

        `briefly`: for some seconds. Whoever is signed in gets a page of their own, which nobody keeps.
        """
        if guards.VIEWER.get().signed_in:
            return self.page(template, **values)
        answer = self.page(template, **({"stamp": page_cache.HOLE} | values))
        answer.headers["Cache-Control"] = page_cache.BRIEFLY if briefly else page_cache.SHARED
        return answer

    def cards(self, papers: Sequence[Paper], now: datetime) -> tuple[cards.PaperCard, ...]:
        """Choose what a list shows of each of these papers, with the pictures that are there."""
        copies = thumbnails_of(self.installation, [paper.pk for paper in papers])
        pictures = {
            number: cards.CardPicture(thumbnail_path(number, copy.mark), copy.width, copy.height)
            for number, copy in copies.items()
        }
        return cards.paper_cards(papers, now, pictures)

    def stamp(self) -> str:
        """Return when a form is given out: now."""
        return guards.stamp(self.installation.keys, self.clock())

    def show_votes(self, paper_id: str, people: int) -> None:
        """Show how many voted for a paper on every page of this process from now on.

        Lists keep what they have read for a minute; until then this number stands for theirs.
        """
        now = self.clock()
        over = [each for each, (_, until) in self.recent_votes.items() if until < now]
        for each in over:
            self.recent_votes.pop(each, None)
        self.recent_votes[paper_id] = people, now + RECENT
        for forget in self.forgetful:
            forget()

    def _counts(self) -> dict[str, int]:
        now = self.clock()
        return {each: people for each, (people, until) in [*self.recent_votes.items()] if until >= now}

    def forget(self, *, papers: bool = False) -> None:
        """Make lists and pages that everybody sees anew, because something was changed.

        `papers`: a paper was hidden or is shown again, so previews and topics are too.
        """
        if papers:
            self.today.forget()
        with contextlib.suppress(*UNAVAILABLE):
            self.watch.look()  # so that it is noticed when another process undoes this at once
        self.lists.forget()
        for forget in self.forgetful:
            forget()

    def look(self) -> None:
        """Forget what curators changed in other processes since the last look."""
        changed = self.watch.look()
        if changed is not Change.NOTHING:
            self.forget(papers=changed is Change.HIDDEN)

    def message_page(self, title: str, *lines: str, status: int = 200) -> HTMLResponse:
        """Return a page that says one thing."""
        return self.page(
            "message.html", status=status, title=gettext(title), lines=[gettext(line) for line in lines]
        )

    def notify(self) -> None:
        """Let the threads of this process look at once, because somebody waits for an email."""
        for ticker in self.tickers:
            if ticker.name == "notices":
                ticker.notify()


def web_of(request: Request) -> Web:
    """Return the site that a request came to."""
    found: Web = request.app.state.web
    return found


Fields = list[tuple[str, str]]


async def fields_of(request: Request) -> Fields:
    """Return the fields of a form in either encoding; files are left out, what isn't a form has none.

    Raises HTTPException 415 for a charset other than UTF-8 (clients could choose codecs that make what is no
    text), 400 for a character that can't be stored.
    """
    charset = parse_options_header(request.headers.get("content-type"))[1].get(b"charset", b"utf-8")
    if charset.lower() not in CHARSETS:
        raise HTTPException(415, deferred("forms are sent in UTF-8"))
    try:
        async with request.form(max_fields=MOST_FIELDS, max_files=0) as form:
            found = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    except (HTTPException, MultiPartException, FormParserError, UnicodeDecodeError):
        return []
    if any("\0" in text for field in found for text in field):
        raise HTTPException(400, deferred("the form holds a character that no text has"))
    return found


async def any_fields(request: Request) -> Fields:
    """Return the fields of a form, whoever sent it; one that can't be read has none."""
    try:
        return await fields_of(request)
    except HTTPException:
        return []


async def our_fields(request: Request) -> Fields:
    """Return the fields of a form that was sent from a page of ours; any other is refused."""
    if not guards.is_ours(request, web_of(request).installation.site.base_url):
        raise HTTPException(403, ANOTHER_SITE)
    return await fields_of(request)


Site = Annotated[Web, Depends(web_of)]
AnyForm = Annotated[Fields, Depends(any_fields)]
OurForm = Annotated[Fields, Depends(our_fields)]


def one(fields: Fields, name: str, otherwise: str = "") -> str:
    """Return the last value of a field."""
    return next((value for each, value in reversed(fields) if each == name), otherwise)
