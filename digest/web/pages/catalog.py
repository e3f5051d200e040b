"""Lists of papers by day, week and month: in order of attention or newest first, page by page."""

import re
from functools import partial

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.pipeline.catalog.empty import why_empty
from digest.pipeline.catalog.listing import Order
from digest.pipeline.catalog.periods import Period, Span, parse_period, period_of
from digest.pipeline.catalog.signals_file import write_signals
from digest.pipeline.community.picks import picked_on
from digest.web.page_cache import SHARED
from digest.web.site import Site, Web

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
_PAGE = re.compile(r"[1-9][0-9]{0,5}")


@get("/papers")
def newest_day(request: Request, web: Site) -> Response:
    """Show the newest day that has papers; `?date=`, what the date picker sends, leads to that day."""
    if wanted := request.query_params.get("date"):
        period = parse_period(wanted)
        if period is None or not period.has_begun(web.clock()):
            raise HTTPException(404)
        return RedirectResponse(f"/papers/{period.name}", status_code=303)
    return _listed(request, web, web.lists.latest(web.clock()))


@get("/papers/{name}.signals.jsonl")
def signals_of(web: Site, name: str) -> Response:
    """Give all that a day's order was made from; `digest trend verify` ranks it anew."""
    period = parse_period(name)
    if period is None or period.span is not Span.DAY or not period.has_begun(web.clock()):
        raise HTTPException(404)
    text = "\n".join([*write_signals(web.installation, period, web.clock()), ""])
    headers = {
        "Cache-Control": SHARED,
        "Content-Disposition": f'attachment; filename="{period.name}.signals.jsonl"',
    }
    return Response(text, media_type="application/jsonl; charset=utf-8", headers=headers)


@get("/papers/{name}")
def papers_of(request: Request, web: Site, name: str) -> Response:
    """Show a day (`2026-03-17`), a week (`2026-W12`) or a month (`2026-03`) that has begun; else 404."""
    period = parse_period(name)
    if period is None or not period.has_begun(web.clock()):
        raise HTTPException(404)
    return _listed(request, web, period)


def _listed(request: Request, web: Web, period: Period) -> Response:
    now = web.clock()
    order, number = read_view(request)
    found = web.lists.page(period, order, number, now)
    if found is None:
        raise HTTPException(404)
    is_first_of_day = period.span is Span.DAY and number == 1
    picks = picked_on(web.installation, period.first, now) if is_first_of_day else []
    return web.shared_page(
        "list.html",
        listed=found,
        period=period,
        today=now.date(),
        latest=web.lists.latest(now),
        spans={span: period_of(found.newest or period.last, span) for span in Span},
        cards=web.cards(found.page.papers, now),
        picks=web.cards(picks, now),
        empty=None if found.page.total else why_empty(web.installation, period, now),
        path=f"/papers/{period.name}",
    )


def read_view(request: Request) -> tuple[Order, int]:
    """Read `?order=newest&page=2` of a list's address; what can't be read is 404."""
    order, number = request.query_params.get("order", Order.TREND), request.query_params.get("page", "1")
    if order not in list(Order) or not _PAGE.fullmatch(number):
        raise HTTPException(404)
    return Order(order), int(number)
