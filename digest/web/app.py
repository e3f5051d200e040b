"""Makes the application that answers for an installation: routes, guards, and errors in words."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from starlette.staticfiles import StaticFiles

from digest import __version__
from digest.pipeline.catalog.listing import Lists
from digest.pipeline.catalog.paper import PaperPages
from digest.pipeline.catalog.search import Search
from digest.pipeline.catalog.today import Today
from digest.pipeline.catalog.usual import remembered_usual
from digest.pipeline.catalog.watch import Watch
from digest.pipeline.installation import Installation, for_visitors
from digest.pipeline.monitoring.metrics import Metrics
from digest.web import errors, guards, health
from digest.web.api import personal, public, reference
from digest.web.limits import Limits
from digest.web.page_cache import SHARED, PageCache
from digest.web.pages import (
    catalog,
    feeds,
    landing,
    language,
    link_pages,
    me,
    paper,
    preferences,
    search,
    site_files,
    sources,
    topics,
    unsubscribe,
)
from digest.web.pages.community import admin, curate, mine, signin, submit, votes
from digest.web.pages.community.sessions import NotSignedInError, Sessions, ask_to_sign_in
from digest.web.pages.tokens import GoneError, gone
from digest.web.site import Web
from digest.web.ticker import Ticker

STATIC = Path(__file__).parent / "static"


class Static(StaticFiles):
    """Files that are the same for everybody."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """Mark a file so that it is kept, compressed, by the cache of pages."""
        answer = super().file_response(*args, **options)
        answer.headers["Cache-Control"] = SHARED
        return answer


def wall_clock() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def create(
    installation: Installation,
    *,
    clock: Callable[[], datetime] = wall_clock,
    proxies: Sequence[str] = (),
    tickers: Sequence[Ticker] = (),
    limits: Limits | None = None,
) -> FastAPI:
    """Yield the application.

    `proxies`: networks whose X-Forwarded-For is believed; `tickers` run while it does; `limits`: of costly
    requests, where they aren't the usual ones.
    """

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        app.state.loop = asyncio.get_running_loop()
        for ticker in tickers:
            ticker.start()
        yield
        for ticker in tickers:  # all at once, so that their waits don't add up
            ticker.tell_to_stop()
        for ticker in tickers:
            await asyncio.to_thread(ticker.stop)

    app = FastAPI(
        title=installation.site.name,
        version=__version__,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere; `api/reference.py` serves one that doesn't
        redoc_url=None,
        redirect_slashes=False,  # a redirect would lose a mail program's POST
        lifespan=running,
    )
    installation = for_visitors(installation)
    usual = remembered_usual(installation)
    web = Web(
        installation,
        clock,
        Today(installation),
        Lists(installation, usual),
        PaperPages(installation, usual),
        Search(installation),
        Watch(installation),
        Metrics(installation),
        proxies,
        tickers,
        limits=limits or Limits(),
    )
    app.state.web = web
    app.add_middleware(PageCache, clock=clock, stamp=web.stamp, forgetful=web.forgetful, look=web.look)
    app.add_middleware(Sessions)
    errors.handle(app)
    app.add_middleware(language.Languages, usual=installation.site.language)
    app.add_middleware(guards.Guards, secure=web.secure)  # around what answers errors: these get headers too
    lists = (landing, feeds, catalog, paper, search, topics, sources, site_files)
    own = (signin, mine, submit, curate, votes, admin, link_pages, preferences, me, unsubscribe)
    for part in (*lists, *own, personal, public, reference, health):
        app.include_router(part.router)
    app.mount("/static", Static(directory=STATIC))
    app.add_exception_handler(GoneError, gone)
    app.add_exception_handler(NotSignedInError, ask_to_sign_in)
    return app
