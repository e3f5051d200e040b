"""Shows what each source announced lately, which days were missed, and how far their repair has come."""

from functools import partial

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from digest.pipeline.ingest.overview import reports
from digest.web.site import Site

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])


@get("/sources")
def sources(web: Site) -> Response:
    """Show every source that is fetched, the newest of its days first."""
    now = web.clock()
    return web.shared_page(
        "sources.html", reports=[each for each in reports(web.installation.engine, now) if each.source.url]
    )
