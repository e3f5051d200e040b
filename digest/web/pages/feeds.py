"""Serves feeds of every list, all of them as OPML, a page about them, and the feed of one's own digest."""

import xml.etree.ElementTree as ET
from functools import partial

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from digest.languages import current, gettext
from digest.pipeline.catalog.listing import PAGE, Order, read_page
from digest.pipeline.catalog.periods import parse_period
from digest.pipeline.community import own_feed
from digest.render import phrases
from digest.web.addresses import author_path
from digest.web.feeds import FORMS, Feed, etag, write_feed
from digest.web.page_cache import SHARED
from digest.web.pages.topics import find_topic
from digest.web.site import Site, Web

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])


def shared_feed(web: Web, feed: Feed, form: str) -> Response:
    """Answer with a feed that is the same for everybody."""
    site = web.installation.site
    answer = write_feed(feed, form, site.base_url, current())
    answer.headers["Cache-Control"] = SHARED
    answer.headers["Vary"] = "Accept-Language"
    return answer


@get("/papers.{form:feed}")
def trending(web: Site, form: str) -> Response:
    """Serve the papers that trend now."""
    ranked = web.today.candidates(web.clock()).ranked[:PAGE]
    name = web.installation.site.name
    feed = Feed(name, gettext("Trending papers"), "/papers", "/papers", [each.paper for each in ranked])
    return shared_feed(web, feed, form)


@get("/papers/{name}.{form:feed}")
def of_period(web: Site, name: str, form: str) -> Response:
    """Serve the papers of a day, a week or a month, trending first."""
    period, now = parse_period(name), web.clock()
    if period is None or not period.has_begun(now):
        raise HTTPException(404)
    found = web.lists.page(period, Order.TREND, 1, now)
    papers = found.page.papers if found else ()
    path = f"/papers/{period.name}"
    title = f"{web.installation.site.name}, {period.name}"
    return shared_feed(
        web, Feed(title, gettext("Papers of {period}", period=period.name), path, path, papers), form
    )


@get("/t/{slug}.{form:feed}")
def of_topic(web: Site, slug: str, form: str) -> Response:
    """Serve a topic's papers of the last seven days, newest first."""
    counted = find_topic(web, slug)
    page = read_page(web.installation, counted.newest_first, 1, web.clock())
    papers = page.papers if page else ()
    title = f"{counted.topic.title} – {web.installation.site.name}"
    path = f"/t/{slug}"
    return shared_feed(
        web,
        Feed(title, gettext("Papers on {topic}", topic=gettext(counted.topic.title)), path, path, papers),
        form,
    )


@get("/authors/{name}.{form:feed}")
def of_author(web: Site, name: str, form: str) -> Response:
    """Serve an author's papers, newest first."""
    found = web.lists.author(name, Order.NEWEST, 1, web.clock())
    if found is None:
        raise HTTPException(404)
    path = author_path(found.name)
    by = gettext("Papers by {name}", name=found.name)
    title = f"{by} – {web.installation.site.name}"
    return shared_feed(web, Feed(title, by, path, path, found.page.papers), form)


@get("/feed/{token}.{form:feed}")
def of_my_digest(request: Request, web: Site, token: str, form: str) -> Response:
    """Serve what a subscriber asked for, in the order of their digest, as a feed that only they know."""
    owner = own_feed.owner_of(web.installation, token)
    if owner is None:
        raise HTTPException(404)
    found = web.today.matches(owner.interests, web.clock(), owner.saved)
    site = web.installation.site
    feed = Feed(
        title=gettext("{site}: my digest", site=site.name),
        description=gettext("The papers that fit what I chose"),
        path="/",
        feed_path=f"/feed/{token}",
        papers=[match.paper for match in found],
    )
    answer = write_feed(feed, form, site.base_url, current())
    tag = etag(bytes(answer.body))
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": tag})
    answer.headers["ETag"] = tag
    return answer


@get("/opml")
def opml(web: Site) -> Response:
    """Serve all feeds of topics, for feed readers (OPML 2.0)."""
    site = web.installation.site
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = site.name
    body = ET.SubElement(root, "body")
    _outline(body, site.name, f"{site.base_url}/papers.atom", f"{site.base_url}/papers")
    for counted in web.today.listed_topics(web.clock()):
        address = f"{site.base_url}/t/{counted.topic.slug}"
        _outline(body, counted.topic.title, f"{address}.atom", address)
    text = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    headers = {"Content-Disposition": 'attachment; filename="feeds.opml"', "Cache-Control": SHARED}
    return Response(text, media_type="text/x-opml; charset=utf-8", headers=headers)


@get("/feeds")
def feeds(web: Site) -> Response:
    """Explain which feeds there are."""
    return web.shared_page("feeds.html", topics=web.today.listed_topics(web.clock()), forms=list(FORMS))


def _outline(body: ET.Element, title: str, feed: str, page: str) -> None:
    ET.SubElement(body, "outline", text=phrases.printable(title), type="rss", xmlUrl=feed, htmlUrl=page)
