"""An installation → the application that answers for it: routes, guards, and errors in words."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from digest import __version__
from digest.errors import DigestError, UnknownError
from digest.pipeline.catalog.today import Today
from digest.pipeline.installation import Installation
from digest.web import api, guards, health
from digest.web.pages import catalog, landing, link_pages, preferences, unsubscribe
from digest.web.pages.tokens import GoneError, gone
from digest.web.site import Web, web_of
from digest.web.ticker import Ticker

STATIC = Path(__file__).parent / "static"


def wall_clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def create(
    installation: Installation,
    *,
    clock: Callable[[], datetime] = wall_clock,
    proxies: Sequence[str] = (),
    tickers: Sequence[Ticker] = (),
) -> FastAPI:
    """The application. `proxies`: networks whose X-Forwarded-For is believed; `tickers` run while it does."""

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
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
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect would lose a mail program's POST
        lifespan=running,
    )
    app.state.web = web = Web(installation, clock, Today(installation), proxies, tickers)
    app.add_middleware(guards.Guards, secure=web.secure)
    for part in (landing, catalog, link_pages, preferences, unsubscribe, api, health):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_exception_handler(GoneError, gone)
    app.add_exception_handler(DigestError, _digest_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _digest_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, DigestError):
        raise error
    if _is_api(request):
        return api.problem_of(error)
    status = 404 if isinstance(error, UnknownError) else 422
    return web_of(request).told("That doesn’t work", error.message, error.fix, status=status)


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if _is_api(request):
        return api.problem(error.status_code, str(error.detail))
    titles = {404: "There is no such page", 405: "That can’t be done here", 403: "That form isn’t ours"}
    title = titles.get(error.status_code, "That doesn’t work")
    answer = web_of(request).told(title, status=error.status_code)
    answer.headers.update(error.headers or {})
    return answer


def _invalid(_request: Request, error: Exception) -> Response:
    """What is wrong with a body, without repeating it."""
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = [{"at": "/".join(map(str, each["loc"])), "detail": each["msg"]} for each in error.errors()]
    return api.problem(422, "what was asked for can't be read", errors=wrong)
