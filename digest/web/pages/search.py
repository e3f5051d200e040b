"""Serves a search: words and filters in one box, what was made of them, and the papers, page by page."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import Any
from urllib.parse import quote_plus, urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from digest.errors import FilterError, InputError
from digest.filters import hints
from digest.languages import deferred
from digest.pipeline.catalog.search import Facet, SearchResult
from digest.render.cards import source_name
from digest.search import Order, Pieces
from digest.web import forms
from digest.web.cards import found_card
from digest.web.feeds import Feed
from digest.web.forms import LONGEST_LINE
from digest.web.limits import costly
from digest.web.pages.community.sessions import viewer
from digest.web.pages.feeds import shared_feed
from digest.web.site import Site

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
PAPERS = 20  # on a page
FACETS = 12  # values of one kind that are shown


@get("/search")
@costly
def search(request: Request, web: Site) -> Response:
    """Show what a search finds, or its mistake with how to fix it; without a query only the box."""
    given = request.query_params
    query, order = given.get("q", "").strip(), given.get("order", Order.RELEVANCE)
    if order not in list(Order) or len(query) > LONGEST_LINE:
        raise HTTPException(404)
    as_typed = "as_typed" in given
    values: dict[str, Any] = {"query": query, "order": order, "result": None, "error": None}
    if not query:
        return web.shared_page("search.html", **values)
    try:
        result = web.search(
            query,
            web.clock(),
            limit=PAPERS,
            cursor=given.get("cursor", ""),
            order=Order(order),
            as_typed=as_typed,
            saved=member.subscriber.saved if (member := viewer()) else None,
        )
    except FilterError as error:
        return web.page("search.html", status=422, **(values | {"error": forms.problem(error)}))
    except InputError:
        raise HTTPException(404) from None  # a cursor of something else
    cards = [(found_card(each.paper), _marked(each.title), _marked(each.snippet)) for each in result.items]
    narrowing = _Narrowing(result.canonical if result.mistake else query, order, as_typed)
    return web.shared_page(
        "search.html",
        briefly=True,
        **(values | {"result": result, "cards": cards}),
        facets=_facets(result, narrowing),
        hints=() if result.mistake else hints(query),
        link=partial(_link, query, order, as_typed),
        with_code=narrowing("has:code"),
        year=web.clock().year,
    )


@get("/search.{form:feed}")
@costly
def search_feed(request: Request, web: Site, form: str) -> Response:
    """Serve a search as a feed: the papers of its page in the same order, the newest first unless asked."""
    query = request.query_params.get("q", "").strip()
    order = request.query_params.get("order", Order.DATE)
    if not query or order not in list(Order) or len(query) > LONGEST_LINE:
        raise HTTPException(404)
    try:
        result = web.search(query, web.clock(), limit=PAPERS, order=Order(order))
    except FilterError:
        raise HTTPException(404) from None
    asked = urlencode({"q": query, "order": order})
    feed = Feed(
        title=f"{query} – {web.installation.site.name}",
        description=f"Papers found by {result.canonical}",
        path=f"/search?{asked}",
        feed_path="/search",
        papers=[item.paper for item in result.items],
        query=f"?{asked}",
    )
    return shared_feed(web, feed, form)


_CATEGORY, _YEAR, _SOURCE = deferred("Category"), deferred("Year"), deferred("Source")


def _marked(pieces: Pieces) -> Markup:
    """Pieces of a text as HTML, what was searched for marked."""
    texts = [f"<mark>{escape(text)}</mark>" if marked else escape(text) for text, marked in pieces]
    return Markup("".join(texts))  # noqa: S704 - all of it is escaped


class _Narrowing:
    """Addresses of a search with one more filter; what the query offers as alternatives stays together."""

    def __init__(self, query: str, order: str, as_typed: bool) -> None:
        together = f"({query})" if " OR " in query or "|" in query else query
        self._ends = _link(f"{together} \0", order, as_typed).split(quote_plus("\0"))

    def __call__(self, wanted: str) -> str:
        return _quoted(wanted).join(self._ends)


@lru_cache(maxsize=4_096)  # searches show the same filters again and again
def _quoted(wanted: str) -> str:
    return quote_plus(wanted)


def _facets(
    result: SearchResult, narrowing: Callable[[str], str]
) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """The values of each kind by which results can be narrowed, most papers first: what people call each,
    its papers, and where it leads.
    """
    kinds: tuple[tuple[str, Sequence[Facet], Callable[[str], str]], ...] = (
        (_CATEGORY, result.categories, str),
        (_YEAR, result.years, str),
        (_SOURCE, result.sources, source_name),
    )
    found = []
    for name, values, called in kinds:
        narrower = islice((each for each in values if each.papers < result.total), FACETS)
        if shown := [(called(each.value), each.papers, narrowing(each.filter)) for each in narrower]:
            found.append((name, shown))
    return found


def _link(query: str, order: str, as_typed: bool, /, **changed: str) -> str:
    """The address of this search with something changed; a page begins anew unless a cursor is given."""
    values = {"q": query, "order": order if order != Order.RELEVANCE else ""}
    values |= {"as_typed": "1" if as_typed else ""} | changed
    return "/search?" + urlencode({name: value for name, value in values.items() if value})
