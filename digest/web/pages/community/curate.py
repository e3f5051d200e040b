"""Serves the curators' page: proposals, today's and tomorrow's picks, reports, and what is hidden."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.domain import HideReason
from digest.errors import InputError
from digest.languages import deferred
from digest.pipeline.community import moderation, picks, reports, submissions
from digest.pipeline.installation import Installation
from digest.web.addresses import paper_path
from digest.web.pages.community.sessions import Curator, SignedForm, safe_path
from digest.web.pages.community.submit import entry_card
from digest.web.site import Fields, Site, one

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
_SUCH_A_DAY = deferred("such as 2026-12-24")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
DONE: Mapping[str, str] = {
    "accept": deferred("The paper is listed today."),
    "reject": deferred("The proposal is rejected."),
    "pick": deferred("The paper is picked."),
    "unpick": deferred("The pick is taken back."),
    "order": deferred("The picks are in their new order."),
    "hide": deferred("The paper is hidden."),
    "unhide": deferred("The paper is shown again."),
    "settle": deferred("The report is settled."),
}


@get("/curate")
def curate_page(request: Request, web: Site, curator: Curator) -> Response:  # noqa: ARG001 - curators only
    """Show what waits for a curator."""
    now = web.clock()
    today = now.date()
    days = [(day, web.cards(picks.picked_on(web.installation, day, now), now)) for day in
            (today, today + timedelta(days=1))]  # fmt: skip
    return web.page(
        "curate.html",
        done=DONE.get(request.query_params.get("done", ""), ""),
        queue=[
            (each, entry_card(each.entry), (now - each.created_at).days)
            for each in submissions.queue(web.installation)
            if each.entry
        ],
        days=days,
        today=today,
        orders={(day, paper.id): paper.picked.order for day, _ in days
                for paper in picks.picked_on(web.installation, day, now) if paper.picked},
        reports=[(each, paper_path(each.paper)) for each in reports.unsettled(web.installation)],
        hidden=moderation.listing(web.installation),
        reasons=list(HideReason),
    )  # fmt: skip


@router.post("/curate/{act}")
def act(request: Request, web: Site, curator: Curator, act: str, fields: SignedForm) -> Response:
    """Do one act of a curator, and go back to where they came from."""
    if act not in DONE:
        return RedirectResponse("/curate", status_code=303)
    hands = web.acting(request, curator.subscriber.id, "web")
    _carry_out(hands, act, fields, web, curator.subscriber.id)
    web.forget(papers=act in {"hide", "unhide", "settle"})
    back = safe_path(one(fields, "back", "/curate"))
    return RedirectResponse(f"{back}?done={act}" if back == "/curate" else back, status_code=303)


def _carry_out(hands: Installation, act: str, fields: Fields, web: Site, curator: int) -> None:
    now, paper, words = web.clock(), one(fields, "paper"), one(fields, "words")
    match act:
        case "accept":
            submissions.accept(hands, _number(fields), now, words)
        case "reject":
            submissions.reject(hands, _number(fields), words, now)
        case "pick":
            picks.pick(hands, paper, one(fields, "note"), day=_day(fields), curator=curator, now=now)
        case "unpick":
            picks.unpick(hands, paper, day=_day(fields), now=now)
        case "order":
            picks.place(hands, _day(fields) or now.date(), _places(fields), now)
        case "hide":
            moderation.hide(hands, paper, _reason(fields), words, now=now)
        case "unhide":
            moderation.unhide(hands, paper, now=now)
        case "settle":
            reports.settle(hands, _number(fields), now)


def _number(fields: Fields) -> int:
    typed = one(fields, "number")
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 16):
        raise InputError(deferred("{text} is no number", text=repr(typed[:30])))
    return int(typed)


def _day(fields: Fields) -> date | None:
    typed = one(fields, "day")
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError as error:
        raise InputError(deferred("{text} is no day", text=repr(typed[:30])), fix=_SUCH_A_DAY) from error


def _places(fields: Fields) -> dict[str, int]:
    """Places by paper, from fields such as `place:arxiv:2509.13332`."""
    given = [(name.removeprefix("place:"), value) for name, value in fields if name.startswith("place:")]
    if not all(_NUMBER.fullmatch(value) for _, value in given):
        raise InputError(deferred("the place of a pick is a number from 1 to {most}", most=999))
    return {name: int(value) for name, value in given}


def _reason(fields: Fields) -> HideReason:
    typed = one(fields, "reason")
    try:
        return HideReason(typed)
    except ValueError as error:
        raise InputError(
            deferred("{text} is no reason", text=repr(typed[:30])), fix=", ".join(HideReason)
        ) from error
