"""Acts in the JSON API, by a bearer token: vote, save, propose; for curators also pick, hide, accept, reject.

`Authorization: Bearer dgst_…`, made by `digest tokens create`. A token acts by its scope, and by no more than
the role that its subscriber has at that moment. Without one: 401; with too little: 403.
"""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from digest import serializers
from digest.domain import HideReason, Proposal, Role, Subscriber
from digest.errors import UnknownError
from digest.ids import MAX_ID
from digest.pipeline.community import moderation, picks, saved, submissions, tokens, votes
from digest.pipeline.community.proposals import fetching
from digest.pipeline.community.tokens import Caller
from digest.serializers.proposals import proposal_object
from digest.web.limits import costly
from digest.web.pages.community.sessions import viewer
from digest.web.pages.community.submit import look_up
from digest.web.pages.paper import read_paper
from digest.web.site import Site, Web, web_of

router = APIRouter(
    prefix="/api/v1",
    default_response_class=JSONResponse,
    dependencies=[Depends(HTTPBearer(auto_error=False))],
)
Ref = Annotated[str, Path(description="any id of the paper, or its address", examples=["2509.13332"])]
Number = Annotated[int, Path(description="of the proposal", examples=[1])]
_ASK = {"WWW-Authenticate": 'Bearer realm="digest"'}


def bearer(role: Role) -> Callable[[Request], Caller]:
    """Make a dependency that gives who calls with a token of at least this scope.

    It raises HTTPException 401 without a token that works, and 403 for one with too little.
    """

    def known(request: Request) -> Caller:
        web = web_of(request)
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        is_bearer = scheme.lower() == "bearer"
        found = (
            tokens.find(web.installation, text.strip(), web.ip(request), web.clock()) if is_bearer else None
        )
        if found is None:
            raise HTTPException(401, "a token that works is needed", headers=_ASK)
        if not found.may(role):
            raise HTTPException(403, f"only a token with the scope {role} can do this")
        return found

    return known


def maybe_reader(request: Request) -> Subscriber | None:
    """Return who is signed in or calls with a token, None for anybody else.

    Raises HTTPException 401 for a token that doesn't work.
    """
    if "authorization" in request.headers:
        return bearer(Role.READER)(request).subscriber
    member = viewer()
    return member.subscriber if member else None


Reader = Annotated[Caller, Depends(bearer(Role.READER))]
MaybeReader = Annotated[Subscriber | None, Depends(maybe_reader)]
Curator = Annotated[Caller, Depends(bearer(Role.CURATOR))]


class Asked(BaseModel):
    """The body of an act; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_max_length=2000)


class Pick(Asked):
    """A pick for a day (UTC), today without one."""

    note: str = Field("", examples=["The first that holds up beyond 100k tokens."])
    day: date | None = None


class Hiding(Asked):
    """Why a paper is hidden; its page shows the words."""

    reason: HideReason
    words: str = ""


class Proposed(Asked):
    """A paper by its arXiv id, DOI, address or title."""

    paper: str = Field(max_length=MAX_ID, examples=["2509.13332"])


class Choice(Asked):
    """One of the papers that a title may mean, from 0."""

    choice: int = Field(ge=0, le=100, examples=[0])


class Decision(Asked):
    """Words for whoever proposed the paper."""

    words: str = ""


@router.post("/papers/{ref:path}/vote")
def vote(web: Site, ref: Ref, caller: Reader) -> Response:
    """Vote for a paper, once. `people`: how many do; `weight`: what their votes weigh in the trend."""
    return _vote(web, ref, caller, back=False)


@router.delete("/papers/{ref:path}/vote")
def take_back(web: Site, ref: Ref, caller: Reader) -> Response:
    """Take a vote back."""
    return _vote(web, ref, caller, back=True)


def _vote(web: Site, ref: Ref, caller: Caller, *, back: bool) -> Response:
    paper = read_paper(web, ref).paper
    counted = votes.vote(caller.hands, caller.subscriber.id, paper, web.clock(), back=back)
    web.show_votes(paper.id, counted.people)
    return _answer({"paper": paper.id, "voted": not back, "people": counted.people, "weight": counted.weight})


@router.post("/papers/{ref:path}/save")
def save(web: Site, ref: Ref, caller: Reader) -> Response:
    """Save a paper."""
    paper = read_paper(web, ref).paper
    saved.save(caller.hands, caller.subscriber.id, paper, web.clock())
    return _answer({"paper": paper.id, "saved": True})


@router.delete("/papers/{ref:path}/save")
def unsave(web: Site, ref: Ref, caller: Reader) -> Response:
    """Let go of a saved paper."""
    paper = read_paper(web, ref).paper
    saved.unsave(caller.hands, caller.subscriber.id, paper, web.clock())
    return _answer({"paper": paper.id, "saved": False})


@router.post("/papers/{ref:path}/pick")
def pick(web: Site, ref: Ref, caller: Curator, asked: Pick) -> Response:
    """Pick a paper for a day, or change the note of its pick."""
    now = web.clock()
    paper = picks.pick(caller.hands, ref, asked.note, day=asked.day, curator=caller.subscriber.id, now=now)
    web.forget()
    return _answer({"paper": paper.id, "picked": True, "day": asked.day or now.date()})


@router.delete("/papers/{ref:path}/pick")
def unpick(web: Site, ref: Ref, caller: Curator) -> Response:
    """Take the last pick of a paper back."""
    paper = picks.unpick(caller.hands, ref, now=web.clock())
    web.forget()
    return _answer({"paper": paper.id, "picked": False})


@router.post("/papers/{ref:path}/hide")
def hide(web: Site, ref: Ref, caller: Curator, asked: Hiding) -> Response:
    """Hide a paper from everywhere."""
    paper = moderation.hide(caller.hands, ref, asked.reason, asked.words, now=web.clock())
    web.forget(papers=True)
    return _answer({"paper": paper.id, "hidden": True, "reason": asked.reason})


@router.delete("/papers/{ref:path}/hide")
def unhide(web: Site, ref: Ref, caller: Curator) -> Response:
    """Show a hidden paper again."""
    paper = moderation.unhide(caller.hands, ref, now=web.clock())
    web.forget(papers=True)
    return _answer({"paper": paper.id, "hidden": False})


@router.post("/proposals", status_code=202)
@costly
def propose(
    request: Request,  # noqa: ARG001 - costly
    web: Site,
    caller: Reader,
    asked: Proposed,
    after: BackgroundTasks,
) -> Response:
    """Propose a paper. It is looked up; once it is `ready`, `…/send` sends it to the curators."""
    made = submissions.propose(caller.hands, asked.paper, subscriber_id=caller.subscriber.id, now=web.clock())
    after.add_task(look_up, web, caller.hands, made.id)
    return _answer({"id": made.id, "state": made.state}, status=202)


@router.get("/proposals/{number}")
def proposal(web: Site, number: Number, caller: Reader) -> Response:
    """Tell what became of a proposal: its state, what its site says of the paper, the paper."""
    return _proposal(_own(web, number, caller, for_curators=True))


@router.post("/proposals/{number}/choose")
def choose(web: Site, number: Number, caller: Reader, asked: Choice) -> Response:
    """Say which of the `choices` of a title was meant (0 …)."""
    made = _own(web, number, caller)
    return _proposal(fetching.choose(caller.hands, made.id, asked.choice, web.clock()))


@router.post("/proposals/{number}/send")
def send(web: Site, number: Number, caller: Reader) -> Response:
    """Send a proposal that is `ready` to the curators."""
    made = submissions.send(caller.hands, _own(web, number, caller).id, web.clock())
    web.forget()
    return _proposal(made)


@router.post("/proposals/{number}/withdraw")
def withdraw(web: Site, number: Number, caller: Reader) -> Response:
    """Take a proposal back that is still open."""
    return _proposal(submissions.withdraw(caller.hands, _own(web, number, caller).id, web.clock()))


def _own(web: Web, number: Number, caller: Caller, *, for_curators: bool = False) -> Proposal:
    """The proposal, where it is the caller's, or they are a curator; else there is none."""
    found = submissions.get(web.installation, _id(number))
    if found.subscriber_id == caller.subscriber.id or (for_curators and caller.may(Role.CURATOR)):
        return found
    raise UnknownError(f"there is no proposal {number}")


def _proposal(made: Proposal) -> Response:
    return _answer(proposal_object(made))


@router.post("/proposals/{number}/accept")
def accept(web: Site, number: Number, caller: Curator, asked: Decision) -> Response:
    """Accept a proposal that waits: its paper is listed today."""
    made = submissions.accept(caller.hands, _id(number), web.clock(), asked.words)
    web.forget()
    return _answer({"id": made.id, "state": made.state})


@router.post("/proposals/{number}/reject")
def reject(web: Site, number: Number, caller: Curator, asked: Decision) -> Response:
    """Reject a proposal that waits, with a reason that its proposer is told."""
    made = submissions.reject(caller.hands, _id(number), asked.words, web.clock())
    return _answer({"id": made.id, "state": made.state})


def _id(number: int) -> int:
    if not 0 < number < 2**53:
        raise HTTPException(404, "there is no such proposal")
    return number


def _answer(value: dict[str, Any], status: int = 200) -> Response:
    return Response(serializers.as_json(value), status_code=status, media_type="application/json")
