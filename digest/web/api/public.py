"""Serves the JSON API: signing up, and what a digest would be. Problems are told as RFC 9457 has them.

It takes JSON only: a page of another site can't send that without being let in.
"""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from digest import serializers
from digest.domain import Interests
from digest.pipeline.catalog.search import MOST, result_object, similar_object
from digest.pipeline.catalog.similar import MOST as MOST_SIMILAR
from digest.pipeline.mail import build
from digest.pipeline.subscriptions import signup
from digest.pipeline.subscriptions.validate import (
    known_topics,
    read_address,
    read_schedule,
    reader_for_strangers,
)
from digest.render.site import MOST_FRONT
from digest.search import Order
from digest.web.api.personal import MaybeReader, Ref
from digest.web.errors import problem
from digest.web.forms import LONGEST_LINE, MOST_LINES
from digest.web.limits import costly, retry_after
from digest.web.pages.paper import read_paper
from digest.web.site import Site, Web

router = APIRouter(prefix="/api/v1", default_response_class=JSONResponse)

Limit = Annotated[int, Query(ge=1, le=MOST_SIMILAR, description="papers of an answer")]
ACCEPTED = {"status": "accepted", "detail": "If this address can be subscribed, we've emailed it a link."}


class TypedInterests(BaseModel):
    """What somebody wants to read."""

    model_config = ConfigDict(extra="forbid", str_max_length=LONGEST_LINE)

    topics: list[str] = Field([], max_length=MOST_LINES, examples=[["llm"]])
    filters: list[str] = Field([], max_length=MOST_LINES, examples=[['"mixture of experts" -survey']])
    exclude: list[str] = Field([], max_length=MOST_LINES)
    about_only: bool = Field(False, description="leave out papers that only mention a term in passing")
    front: int = Field(
        0, ge=0, le=MOST_FRONT, description="papers in full, the others in brief; 0: as many as the site says"
    )


class Subscription(TypedInterests):
    """A request to be subscribed; the owner of the address confirms it by mail."""

    email: str = Field(max_length=320, examples=["ada@example.org"])
    frequency: str = "daily"
    weekday: str = "mon"
    at: str = Field("08:00", description="hours and minutes, on the clock of `timezone`")
    timezone: str = Field("UTC", examples=["Europe/Paris"])
    quiet_days: bool = Field(False, description="a short mail with the reason when there is no paper")
    language: str = Field("", description="of the mails: en, de or zh; empty: the site's", examples=["de"])


@router.post("/subscriptions", status_code=202)
@costly
def subscribe(request: Request, web: Site, asked: Subscription, after: BackgroundTasks) -> Response:
    """Ask to be subscribed. The answer is the same whoever's address it is."""
    email = read_address(asked.email)
    schedule = read_schedule(
        frequency=asked.frequency,
        weekday=asked.weekday,
        at=asked.at,
        timezone=asked.timezone,
        quiet_days=asked.quiet_days,
        language=asked.language,
    )
    wait = signup.ask(
        web.installation,
        email=email,
        interests=_interests(web, asked),
        schedule=schedule,
        visitor=web.visitor(request, how="api"),
        now=web.clock(),
    )
    if wait is not None:
        return too_many(wait)
    after.add_task(web.notify)
    return JSONResponse(ACCEPTED, status_code=202)


@router.post("/preview")
@costly
def preview(request: Request, web: Site, chosen: TypedInterests) -> Response:  # noqa: ARG001 - costly
    """Answer what the digest would be now: a subject and papers with reasons, or why there would be none."""
    found = web.today.preview(_interests(web, chosen), web.clock())
    subject = build.subject(web.installation, found.digest) if found.digest else None
    papers = found.digest.papers if found.digest else ()
    text = serializers.as_json(serializers.preview_object(subject, found.skip_reason, papers))
    return Response(text, media_type="application/json")


@router.get("/search")
@costly
def search(
    request: Request,
    web: Site,
    reader: MaybeReader,
    *,
    q: Annotated[
        str,
        Query(
            max_length=LONGEST_LINE,
            description="words, or a filter",
            examples=["state space models cat:cs.LG"],
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=MOST, description="papers of an answer")] = 20,
    cursor: Annotated[str, Query(max_length=500, description="`next` of the answer before")] = "",
    order: Annotated[Order, Query(description="what comes first")] = Order.RELEVANCE,
    as_typed: Annotated[bool, Query(description="correct no word and add no acronym's other form")] = False,
) -> Response:
    """Search all papers: plain words rank, the filter language selects. `next`: cursor of the next page.

    `like:saved` needs a token, or somebody who is signed in.
    """
    result = web.search(
        q,
        web.clock(),
        limit=limit,
        cursor=cursor,
        order=order,
        as_typed=as_typed,
        saved=reader.saved if reader else None,
    )
    answer = Response(serializers.as_json(result_object(result)), media_type="application/json")
    if result.next:
        answer.headers["Link"] = f'<{request.url.include_query_params(cursor=result.next)}>; rel="next"'
    return answer


@router.get("/papers/{ref:path}/similar")
def similar(web: Site, ref: Ref, limit: Limit = 5) -> Response:
    """Answer the papers most like one (by any of its ids), most alike first."""
    paper = read_paper(web, ref).paper
    items = [similar_object(each) for each in web.search.similar(paper, web.clock(), limit)]
    return Response(serializers.as_json({"items": items, "next": None}), media_type="application/json")


def _interests(web: Web, chosen: TypedInterests) -> Interests:
    reader = reader_for_strangers(known_topics(web.installation))
    return Interests(
        topics=reader.topics(chosen.topics),
        filters=reader.filters(chosen.filters),
        exclude=reader.filters(chosen.exclude),
        about_only=chosen.about_only,
        front=chosen.front,
    )


def too_many(wait: timedelta) -> JSONResponse:
    """Return too many sign-ups from one network."""
    return problem(429, "too many sign-ups from your network", retry_after(wait.total_seconds()))
