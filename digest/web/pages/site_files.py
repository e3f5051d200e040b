"""Serves files that browsers, search engines and finders of holes look for at fixed addresses."""

import xml.etree.ElementTree as ET
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, PlainTextResponse

from digest.web.addresses import paper_path
from digest.web.guards import PRIVATE
from digest.web.page_cache import SHARED
from digest.web.site import Site

router = APIRouter(include_in_schema=False)
get = partial(router.api_route, methods=["GET", "HEAD"])
ICON = Path(__file__).parent.parent / "static" / "favicon.ico"
EXPIRES = timedelta(days=180)  # of security.txt; less than the year that RFC 9116 advises
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


@get("/favicon.ico")
def favicon() -> Response:
    """Serve the icon for whoever looks for none in the page."""
    return FileResponse(ICON, media_type="image/x-icon", headers={"Cache-Control": SHARED})


@get("/robots.txt")
def robots(web: Site) -> Response:
    """Serve which pages search engines leave alone (RFC 9309): those behind a personal link."""
    lines = ["User-agent: *", *(f"Disallow: /{part}/" for part in sorted(PRIVATE)), "Disallow: /search"]
    text = "\n".join([*lines, "", f"Sitemap: {web.installation.site.base_url}/sitemap.xml", ""])
    return PlainTextResponse(text, headers={"Cache-Control": SHARED})


@get("/sitemap.xml")
def sitemap(web: Site) -> Response:
    """Serve the lists, and the papers of the newest day (https://www.sitemaps.org/protocol.html)."""
    now, base = web.clock(), web.installation.site.base_url
    root = ET.Element("urlset", xmlns=_SITEMAP)
    paths = ["/", "/papers", "/topics", "/about", "/feeds", "/sources", "/docs"]
    paths += [f"/t/{counted.topic.slug}" for counted in web.today.listed_topics(now)]
    paths += [f"/papers/{day}" for day in web.lists.days(now)]
    paths += [paper_path(each.paper.id) for each in web.today.candidates(now).ranked[:1000]]
    for path in paths:
        ET.SubElement(ET.SubElement(root, "url"), "loc").text = base + path
    text = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(text, media_type="application/xml", headers={"Cache-Control": SHARED})


@get("/.well-known/security.txt")
def security(web: Site) -> Response:
    """Serve whom to tell of a security hole (RFC 9116)."""
    site = web.installation.site
    today = datetime.combine(web.clock().date(), time.min)
    lines = [
        f"Contact: mailto:{site.address}",
        f"Expires: {today + EXPIRES:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: en",
        f"Canonical: {site.base_url}/.well-known/security.txt",
    ]
    return PlainTextResponse("\n".join(lines) + "\n", headers={"Cache-Control": SHARED})
