"""Serves an admin's page: people with roles, what was done lately and its undo, the numbers of the week."""

from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.domain import DeliveryState, Role
from digest.errors import DigestError
from digest.languages import deferred
from digest.pipeline.community import audit, undo
from digest.pipeline.monitoring.statistics import read_statistics
from digest.pipeline.subscriptions import admin as people
from digest.render.phrases import masked
from digest.web.pages.community.sessions import Admin, SignedForm
from digest.web.site import Site, Web, one

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
ACTS, DAYS = 50, 7
DONE = {"role": deferred("The role is given."), "undo": deferred("It is undone.")}

STATES = {
    DeliveryState.QUEUED: deferred("Digests queued"),
    DeliveryState.SENDING: deferred("Digests being sent"),
    DeliveryState.SENT: deferred("Digests sent"),
    DeliveryState.DEFERRED: deferred("Digests deferred"),
    DeliveryState.UNCERTAIN: deferred("Digests that may have arrived"),
    DeliveryState.FAILED: deferred("Digests failed"),
    DeliveryState.SKIPPED: deferred("Digests skipped"),
    DeliveryState.EXPIRED: deferred("Digests expired"),
    DeliveryState.BOUNCED: deferred("Digests bounced"),
    DeliveryState.COMPLAINED: deferred("Digests complained of"),
}


@get("/admin")
def admin_page(request: Request, web: Site, member: Admin) -> Response:  # noqa: ARG001 - admins only
    """Show what an admin looks after."""
    return _page(web, done=DONE.get(request.query_params.get("done", ""), ""))


@router.post("/admin/role")
def give_role(request: Request, web: Site, member: Admin, fields: SignedForm) -> Response:
    """Give a subscriber (`email`) a role; their sessions end."""
    role = one(fields, "role")
    try:
        if role not in list(Role):
            return _page(web, problem=deferred("Choose a role."))
        hands = web.acting(request, member.subscriber.id, "web")
        people.give_role(hands, one(fields, "email").strip(), Role(role), web.clock())
    except DigestError as error:
        return _page(web, problem=error.message)
    return RedirectResponse("/admin?done=role", status_code=303)


@router.post("/admin/undo")
def undo_act(request: Request, web: Site, member: Admin, fields: SignedForm) -> Response:
    """Take an act back (`act`: its number)."""
    given = one(fields, "act")
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else 0
    try:
        undo.undo(web.acting(request, member.subscriber.id, "web"), number, web.clock())
    except DigestError as error:
        return _page(web, problem=error.message)
    web.forget(papers=True)
    return RedirectResponse("/admin?done=undo#acts", status_code=303)


def _page(web: Web, *, done: str = "", problem: str = "") -> HTMLResponse:
    now = web.clock()
    acts = audit.listing(web.installation, limit=ACTS, without=audit.PRIVATE)
    week = read_statistics(web.installation, now, days=DAYS)
    return web.page(
        "admin.html",
        status=422 if problem else 200,
        done=done,
        problem=problem,
        roles=list(Role),
        people=[(each, masked(each.email)) for each in people.with_roles(web.installation)],
        acts=[(each, audit.in_words(each), undo.can_undo(each)) for each in acts],
        names=audit.names(web.installation, acts),
        days=DAYS,
        numbers={
            deferred("Subscribers who joined"): sum(week.joined.values()),
            deferred("Subscribers who left"): sum(week.left.values()),
            deferred("Votes"): sum(week.votes.values()),
            **{STATES[state]: count for state, count in week.states.items()},
        },
    )
