"""The page of a day: what trended on it."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import HTMLResponse

from digest.pipeline.catalog.listing import day
from digest.render.cards import card
from digest.web.site import Site

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
WORDS = 40  # of a summary


@get("/papers/{day_of}")
def papers_of(day_of: str, web: Site) -> Response:
    """What trended on a date (YYYY-MM-DD); one that hasn’t begun anywhere is no page."""
    now = web.clock()
    try:
        wanted = date.fromisoformat(day_of)
    except ValueError as error:
        raise HTTPException(404) from error
    # A reader far east of us opens the mail of a date that hasn't begun here.
    if datetime.combine(wanted, time.min, tzinfo=UTC) > now + timedelta(hours=14):
        raise HTTPException(404)
    cards = [
        card(each.paper, (), {}, year=wanted.year, words=WORDS, all_links=True, heading=3)
        for each in day(web.installation, wanted, now)
    ]
    return web.page("day.html", day=wanted, shown={"cards": cards, "notes": ()})
