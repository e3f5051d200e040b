"""The page of a day: what trended on it."""

import re
from datetime import date, datetime, timedelta
from functools import partial

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import HTMLResponse

from digest.pipeline.catalog.listing import day
from digest.render.cards import card
from digest.web.site import Site

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_DAY = date(1991, 8, 14)  # arXiv's first paper
WORDS = 40  # of a summary


@get("/papers/{day_of}")
def papers_of(day_of: str, web: Site) -> Response:
    """What trended on a date (YYYY-MM-DD); one that hasn’t begun anywhere is no page."""
    now = web.clock()
    wanted = day_of_path(day_of, now)
    cards = [
        card(each.paper, (), {}, year=wanted.year, words=WORDS, all_links=True, heading=3)
        for each in day(web.installation, wanted, now)
    ]
    return web.page("day.html", day=wanted, shown={"cards": cards, "notes": ()})


def day_of_path(text: str, now: datetime) -> date:
    """The date that a path names as YYYY-MM-DD; HTTPException 404 for any other spelling, for a date before
    there were papers and for one that hasn't begun anywhere on Earth."""
    try:
        wanted = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        wanted = None
    # A reader far east of us opens the mail of a date that hasn't begun here.
    if wanted is None or not FIRST_DAY <= wanted <= (now + timedelta(hours=14)).date():
        raise HTTPException(404)
    return wanted
