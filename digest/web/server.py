"""`digest serve`: pages, scheduler and delivery in one process, over the same pipeline as the workers.

Pages are answered by uvicorn; what is to be done beside them is done by threads that look once a tick.
"""

import asyncio
import contextlib
import ctypes
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from urllib.parse import unquote

import uvicorn
from fastapi import FastAPI
from starlette.types import Message, Scope

from digest import logs
from digest.domain import Interests
from digest.errors import ConfigError
from digest.pipeline import runner
from digest.pipeline.catalog.listing import Order
from digest.pipeline.catalog.periods import Span, period_of
from digest.pipeline.clock import shared_now
from digest.pipeline.installation import Installation
from digest.pipeline.runner import Step
from digest.web import page_cache
from digest.web.addresses import paper_path
from digest.web.app import create, wall_clock
from digest.web.connections import configure, raise_descriptors, room
from digest.web.site import Web
from digest.web.ticker import Ticker

DEMO_TICK = 2.0  # seconds
AHEAD = 300.0  # seconds between two looks at what pages show; a page of longer ago isn't shown
AHEAD_DAYS = 31  # whose lists are made ahead
AHEAD_PAPERS = 80  # whose pages are
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # as malloc.h numbers the options
ANSWERED = 30.0  # seconds that a page has to be made ahead
_log = logging.getLogger(__name__)


def serve(
    installation: Installation,
    *,
    host: str,
    port: int,
    proxies: Sequence[str],
    tick_seconds: float,
    pages_only: bool,
) -> None:
    """Serve until SIGTERM or SIGINT. `pages_only`: workers fetch, open issues and deliver digests.

    Raises ConfigError where the port can't be had.
    """
    logs.set_up()
    _share_memory()
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the schema
    listening = listen(host, port)
    made = tickers(installation, tick_seconds, pages_only=pages_only)
    app = create(installation, proxies=proxies, tickers=made)
    made.append(
        Ticker("pages", partial(_read_ahead, app), seconds=AHEAD, clock=wall_clock, patience=runner.END)
    )
    gc.collect()
    gc.freeze()  # what is loaded by now stays: looking through it for garbage would make readers wait
    _answer(app, listening, host, proxies)


def _share_memory() -> None:
    """Let threads share two areas of memory: with one for each, the C library (glibc) keeps far more.

    Arrays of up to 4 MB are kept in them for the next ones, 16 MB in each: a search makes dozens of a byte or
    eight for each paper, and to be given fresh pages by the system for each takes as long as to fill them.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such option
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, 2)
        library.mallopt(_M_MMAP_THRESHOLD, 4 * 2**20)
        library.mallopt(_M_TRIM_THRESHOLD, 16 * 2**20)


def _read_ahead(app: FastAPI, now: datetime) -> None:
    """Make what most visitors ask for, at the start and from then on, one page after the other; first what
    is shared by many pages."""
    web: Web = app.state.web
    web.today.preview(Interests(), now)
    newest = web.lists.page(web.lists.latest(now), Order.TREND, 1, now)
    if newest and newest.page.papers:
        web.search.similar(newest.page.papers[0], now)
    web.today.topics(now)
    for path in _likely(web, now):
        asyncio.run_coroutine_threadsafe(_ask_for(app, path), app.state.loop).result(ANSWERED)


def _likely(web: Web, now: datetime) -> Iterator[str]:
    """Yield the addresses that are asked for most or cost most: home, the lists of these days in both orders
    and of each month, feeds, and the papers that those lists begin with."""
    yield from ("/", "/papers", "/topics", "/papers.atom", "/papers.rss", "/papers.json")
    all_days = web.lists.days(now)
    days = all_days[:AHEAD_DAYS]
    spans = [period_of(day, span) for span in (Span.DAY, Span.WEEK) for day in days]
    spans += [period_of(day, Span.MONTH) for day in all_days]
    for period in dict.fromkeys(spans):
        yield f"/papers/{period.name}"
        yield f"/papers/{period.name}?order={Order.NEWEST}"
    listed = (web.lists.page(period_of(day, Span.DAY), Order.TREND, 1, now) for day in days)
    papers = (paper for found in listed if found for paper in found.page.papers)
    for paper in islice(papers, AHEAD_PAPERS):
        yield paper_path(paper.id)


async def _ask_for(app: FastAPI, path: str) -> None:
    """Ask the application for a page as a visitor would, and wait until its cache has it anew."""

    async def send(_message: Message) -> None:
        pass

    plain, _, query = path.partition("?")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(plain),
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [],
        "client": None,
        "server": None,
        page_cache.ANEW: True,
    }
    await app(scope, page_cache.no_body(), send)


def serve_demo(installation: Installation, listening: socket.socket, morning: datetime) -> None:
    """Serve a demo on a socket of this machine until it is told to stop, as if it were `morning` now.

    Sign-ups work; their emails go where those of the demo lie. Nothing is fetched.
    """
    began = wall_clock()

    def clock() -> datetime:
        return morning + (wall_clock() - began)

    def work(now: datetime) -> None:
        steps = (runner.SIGNUPS, runner.EMAILS, runner.INDEX)
        runner.run_round(here, now, fetch=False, steps=steps, last=())

    host, port = listening.getsockname()[:2]
    here = replace(installation, site=replace(installation.site, base_url=f"http://{host}:{port}"))
    app = create(here, clock=clock, tickers=[Ticker("notices", work, seconds=DEMO_TICK, clock=clock)])
    _answer(app, listening, host, ())


def _answer(app: FastAPI, listening: socket.socket, host: str, proxies: Sequence[str]) -> None:
    """Answer requests until SIGTERM or SIGINT."""
    config = configure(app, proxies=proxies, room=room(raise_descriptors()))
    shown = f"[{host}]" if ":" in host else host
    _log.info("serving on http://%s:%d", shown, listening.getsockname()[1])
    # uvicorn raises the signal that ended it once more; being told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listening])


def tickers(
    installation: Installation,
    seconds: float,
    *,
    pages_only: bool,
    clock: Callable[[], datetime] = wall_clock,
) -> list[Ticker]:
    """Return the work beside the pages, a thread each, so that none waits for another: emails about
    subscriptions and alarms always; rounds, sources and summaries where no workers do them.

    Alarms have a thread of their own because what they tell of may be that rounds or workers are dead.
    """

    def stopping() -> bool:
        return any(ticker.stopping for ticker in made)

    def add(name: str, *steps: Step, leave: bool = False) -> None:
        def work(_tick: datetime) -> None:
            now = shared_now(installation)
            done = runner.run_round(installation, now, fetch=False, stopping=stopping, steps=steps, last=())
            if done.outage:
                raise done.outage

        patience = runner.END if leave else None
        made.append(Ticker(name, work, seconds=seconds, clock=clock, patience=patience))

    made: list[Ticker] = []
    add("notices", runner.SIGNUPS, runner.EMAILS)
    add("alarms", runner.ALARMS)
    if not pages_only:
        add("rounds", *runner.STEPS)
        add("search", runner.INDEX)
        add("proposals", runner.PROPOSALS, leave=True)
        add("sources", runner.FETCH, runner.SIGNALS, runner.THUMBNAILS, leave=True)
        if installation.bounce_imap_url:
            add("mailbox", runner.MAILBOX, leave=True)
        if installation.summariser:
            add("summaries", runner.SUMMARIES, leave=True)
    return made


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises ConfigError where the address can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        msg = f"can't listen on {host}:{port}: {error.strerror or error}"
        raise ConfigError(msg, fix="digest serve --host 127.0.0.1 --port 8001") from error
    # Head and body of an answer are two writes: without this the second waits for the reader's
    # acknowledgement, 40 ms. Connections inherit it; asyncio sets it only on sockets with a protocol.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
