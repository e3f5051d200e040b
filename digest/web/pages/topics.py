"""Lists all topics with their counts, and the papers of one topic."""

from functools import partial

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from digest.pipeline.catalog.listing import Order, read_page
from digest.pipeline.catalog.today import CountedTopic
from digest.web.pages.catalog import read_view
from digest.web.site import Site, Web

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])


@get("/topics")
def topics(web: Site) -> Response:
    """List all topics by group, each with its papers of this week."""
    return web.shared_page("topics.html", topics=web.today.topics(web.clock()))


@get("/t/{slug}")
def topic(request: Request, web: Site, slug: str) -> Response:
    """List a topic's papers of the last seven days."""
    order, number = read_view(request)
    counted = find_topic(web, slug)
    now = web.clock()
    numbers = counted.numbers if order is Order.TREND else counted.newest_first
    page = read_page(web.installation, numbers, number, now)
    if page is None:
        raise HTTPException(404)
    return web.shared_page(
        "topic.html",
        topic=counted.topic,
        order=order,
        page=page,
        cards=web.cards(page.papers, now),
        year=now.year,
        path=f"/t/{slug}",
    )


def find_topic(web: Web, slug: str) -> CountedTopic:
    """Return the topic of this name; where there is none, there is no page."""
    for counted in web.today.topics(web.clock()):
        if counted.topic.slug == slug:
            return counted
    raise HTTPException(404)
