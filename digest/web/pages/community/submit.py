"""Takes in proposals and reports: what was typed is looked up, shown back, and sent to the curators.

Sites are asked after the answer has left, a few at once; the page of a proposal asks again until it is done.
"""

import threading
from functools import partial

from fastapi import APIRouter, BackgroundTasks, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.domain import Entry, Paper, Proposal, ReportAbout, Role
from digest.errors import InputError, RefusedError, UnknownError
from digest.languages import dates, deferred
from digest.pipeline.community import reports, submissions
from digest.pipeline.community.proposals import fetching
from digest.pipeline.community.sessions import SignedIn
from digest.pipeline.installation import Installation
from digest.render import phrases
from digest.web import forms, guards
from digest.web.addresses import paper_path
from digest.web.forms import Problem, Problems
from digest.web.limits import costly
from digest.web.pages.community.sessions import AnybodysForm, Member, SignedForm, viewer
from digest.web.pages.paper import read_paper
from digest.web.site import Site, Web, one

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
AT_ONCE = 2  # proposals that are looked up in this process; others wait for the next round
_LOOKING = threading.BoundedSemaphore(AT_ONCE)


@get("/submit")
def submit_page(web: Site, member: Member) -> Response:
    """Show a field for a paper, and what became of one's own proposals."""
    return _form(web, member, {})


@router.post("/submit")
def submit(
    request: Request, web: Site, member: Member, fields: SignedForm, after: BackgroundTasks
) -> Response:
    """Take in what names a paper, and look it up once the answer has left."""
    typed = one(fields, "paper")
    hands = web.acting(request, member.subscriber.id, "web")
    try:
        proposal = submissions.propose(
            hands,
            typed,
            subscriber_id=member.subscriber.id,
            tell=bool(one(fields, "tell")),
            now=web.clock(),
        )
    except (InputError, RefusedError) as error:
        return _form(web, member, {"paper": [forms.problem(error)]}, typed=typed)
    after.add_task(look_up, web, hands, proposal.id)
    return RedirectResponse(f"/submit/{proposal.id}", status_code=303)


@get("/submit/{number:int}")
def proposal_page(web: Site, member: Member, number: int) -> Response:
    """Show one's proposal: what is known of the paper, and what can be done."""
    return _shown(web, member, _own(web, member, number))


@router.post("/submit/{number:int}")
def decide(request: Request, web: Site, member: Member, number: int, fields: SignedForm) -> Response:
    """Send a proposal (`do=send`), take it back (`withdraw`), or say which paper was meant (`choose`)."""
    proposal = _own(web, member, number)
    if proposal.subscriber_id != member.subscriber.id:
        raise HTTPException(403, deferred("only who proposed a paper can do this"))
    hands, now, wanted = web.acting(request, member.subscriber.id, "web"), web.clock(), one(fields, "do")
    try:
        if wanted == "send":
            submissions.send(hands, number, now)
            web.forget()
        elif wanted == "withdraw":
            submissions.withdraw(hands, number, now)
        elif wanted == "choose":
            choice = one(fields, "choice")
            fetching.choose(hands, number, int(choice) if choice in set("0123456789") else -1, now)
    except (InputError, RefusedError) as error:
        return _shown(web, member, proposal, forms.problem(error))
    return RedirectResponse(f"/submit/{number}", status_code=303)


@get("/report")
def report_page(request: Request, web: Site) -> Response:
    """Ask what is wrong with a paper or its note."""
    return _report_page(web, read_paper(web, request.query_params.get("paper", "")).paper)


@router.post("/report")
@costly
def report(request: Request, web: Site, fields: AnybodysForm) -> Response:
    """Take in a report, of somebody who is signed in or of any visitor."""
    paper = read_paper(web, one(fields, "paper")).paper
    about = ReportAbout.NOTE if one(fields, "about") == "note" else ReportAbout.PAPER
    words, now, member = one(fields, "words"), web.clock(), viewer()
    thanks = web.message_page(deferred("Thank you"), deferred("A curator will look at it."))
    if member is None:
        age = guards.age(web.installation.keys, one(fields, "stamp"), now)
        if problem := forms.hurry(age, guards.FILLED_IN):
            return _report_page(web, paper, words, problem)
        if one(fields, "website"):  # people don't see this field; whoever fills it in gets the usual answer
            return thanks
    hands = web.acting(request, member.subscriber.id, "web") if member else web.visiting(request)
    number = member.subscriber.id if member else None
    try:
        reports.report(hands, paper.id, about, words, subscriber_id=number, now=now)
    except RefusedError as error:
        return web.message_page(deferred("That’s a lot of reports"), error.message, error.fix, status=429)
    if member:  # only reports of subscribers hide a paper
        web.forget(papers=True)
    return thanks


def _report_page(web: Web, paper: Paper, words: str = "", problem: Problem | None = None) -> Response:
    status = 422 if problem else 200
    return web.page(
        "report.html", status=status, paper=paper, path=paper_path(paper.id), words=words, problem=problem
    )


def look_up(web: Web, hands: Installation, number: int) -> None:
    """Look a proposal up now, where few are being looked up; else the next round does."""
    if _LOOKING.acquire(blocking=False):
        try:
            fetching.look_up_due(hands, web.clock(), only=number)
        finally:
            _LOOKING.release()


def entry_card(entry: Entry) -> dict[str, str]:
    """Choose what is shown of a paper that isn't here yet."""
    day = entry.published_at
    return {
        "title": phrases.one_line(entry.title, 500),
        "authors": phrases.one_line(", ".join(entry.authors[:12]), 400)
        + (f" + {len(entry.authors) - 12} more" if len(entry.authors) > 12 else ""),
        "facts": " · ".join(
            fact
            for fact in (
                phrases.one_line(", ".join(entry.categories[:3]), 100),
                phrases.one_line(entry.comment, 120),
                dates.long_date(day.date()) if day else "",
            )
            if fact
        ),
        "abstract": phrases.one_line(entry.abstract, 1_500),
        "url": phrases.web_url(entry.url),
    }


def _form(web: Web, member: SignedIn, problems: Problems, typed: str = "") -> Response:
    mine = submissions.of_subscriber(web.installation, member.subscriber.id)
    listed = [(each, _title(each)) for each in mine]
    status = 422 if problems else 200
    return web.page("submit.html", status=status, problems=problems, typed=typed[:2_000], proposals=listed)


def _shown(web: Web, member: SignedIn, proposal: Proposal, problem: Problem | None = None) -> Response:
    entry = proposal.entry
    return web.page(
        "proposal.html",
        status=422 if problem else 200,
        proposal=proposal,
        title=_title(proposal),
        card=entry_card(entry) if entry else None,
        missing=submissions.missing(web.installation, proposal.entry, web.clock())
        if proposal.entry
        else None,
        choices=[entry_card(each) for each in proposal.choices],
        paper=paper_path(proposal.paper) if proposal.paper else "",
        old=web.installation.old_proposals.days,
        is_mine=proposal.subscriber_id == member.subscriber.id,
        problem=problem,
    )


def _title(proposal: Proposal) -> str:
    entry = proposal.entry
    return phrases.one_line(entry.title if entry else proposal.typed, 300) or f"proposal {proposal.id}"


def _own(web: Web, member: SignedIn, number: int) -> Proposal:
    """The proposal, where it is theirs or they are a curator; else there is no such page."""
    if number >= 2**63:
        raise HTTPException(404)
    try:
        proposal = submissions.get(web.installation, number)
    except UnknownError as error:
        raise HTTPException(404) from error
    if proposal.subscriber_id != member.subscriber.id and not member.may(Role.CURATOR):
        raise HTTPException(404)
    return proposal
