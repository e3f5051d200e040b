"""Proposals: looked up politely, shown back, decided; caps, duplicates, races, and what is hostile."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from digest.domain import (
    SYSTEM,
    Actor,
    HideReason,
    Proposal,
    ProposalState,
    ReportAbout,
    Role,
)
from digest.errors import InputError, RefusedError, UnknownError
from digest.pipeline import failures
from digest.pipeline.community import audit, moderation, picks, reports, submissions, votes
from digest.pipeline.community.proposals import fetching
from digest.pipeline.community.undo import undo
from digest.pipeline.installation import Installation, acting
from digest.pipeline.issues.candidates import read_candidates
from digest.pipeline.subscriptions import personal_data, transactional
from digest.store import papers, session
from digest.store.base import Base
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries
from tests.proposed import arxiv, asking, crossref, page
from tests.source_server import Handler, SourceServer

ID, TITLE = "2603.09999", "A paper that somebody proposes"
DOI = "10.1234/abc.1"
READY, PENDING, ACCEPTED, REJECTED, DUPLICATE = (
    ProposalState.READY,
    ProposalState.PENDING,
    ProposalState.ACCEPTED,
    ProposalState.REJECTED,
    ProposalState.DUPLICATE,
)


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with SourceServer() as server:
        server.serve("/api/query", arxiv((ID, TITLE)))
        yield server


@pytest.fixture
def site(engine: Engine, tmp_path: Path, server: SourceServer) -> Installation:
    return asking(installation(engine, tmp_path), server)


@pytest.fixture
def ada(site: Installation) -> int:
    return join(site, "ada@example.org").id


def propose(site: Installation, typed: str, who: int | None = None) -> Proposal:
    """Propose a paper and look it up."""
    made = submissions.propose(site, typed, subscriber_id=who, now=NOW)
    fetching.look_up_due(site, NOW, only=made.id)
    return submissions.get(site, made.id)


def sent(site: Installation, who: int | None = None, typed: str = ID) -> Proposal:
    return submissions.send(site, propose(site, typed, who).id, NOW)


def listed(site: Installation) -> list[str]:
    return [each.paper.title for each in read_candidates(site, NOW).ranked]


def test_a_proposal_becomes_a_paper_of_the_day(site: Installation, ada: int, tmp_path: Path) -> None:
    ready = propose(site, f"https://huggingface.co/papers/{ID}", ada)
    assert (ready.state, ready.found_at) == (READY, "arXiv")
    assert ready.entry
    assert (ready.entry.title, ready.entry.authors) == (TITLE, ("Ada Lovelace",))
    assert submissions.send(site, ready.id, NOW).state is PENDING
    assert [each.id for each in submissions.queue(site)] == [ready.id]
    assert listed(site) == []
    done = submissions.accept(site, ready.id, NOW, "well found")
    assert (done.state, done.paper, done.words) == (ACCEPTED, f"arxiv:{ID}", "well found")
    assert listed(site) == [TITLE]
    transactional.deliver_due(site, NOW)
    (mail,) = outbox(tmp_path)
    assert str(mail["Subject"]) == f"Accepted: {TITLE}"
    body = mail.get_body(("plain",))
    assert body
    assert f"/submit/{ready.id}" in str(body.get_content())
    # What arXiv announces later is the same paper.
    store_entries(site.engine, [entry(ID, title="The same")], seen_at=NOW + timedelta(hours=1))
    assert len(listed(site)) == 1


def test_a_rejection_says_why_and_is_mailed_once(site: Installation, ada: int, tmp_path: Path) -> None:
    waiting = sent(site, ada)
    with pytest.raises(InputError, match="needs a reason"):
        submissions.reject(site, waiting.id, "  ", NOW)
    submissions.reject(site, waiting.id, "Off topic here.", NOW)
    with pytest.raises(InputError, match="doesn't wait"):
        submissions.reject(site, waiting.id, "x", NOW)
    with pytest.raises(InputError, match="doesn't wait"):
        submissions.accept(site, waiting.id, NOW)
    while transactional.deliver_due(site, NOW):
        pass
    (mail,) = outbox(tmp_path)
    body = mail.get_body(("plain",))
    assert body
    assert "Reason: Off topic here." in str(body.get_content())


def test_who_wants_no_email_gets_none(site: Installation, ada: int, tmp_path: Path) -> None:
    made = submissions.propose(site, ID, subscriber_id=ada, tell=False, now=NOW)
    fetching.look_up_due(site, NOW)
    submissions.send(site, made.id, NOW)
    submissions.accept(site, made.id, NOW)
    transactional.deliver_due(site, NOW)
    assert outbox(tmp_path) == []


def test_nothing_that_was_typed_is_taken_for_metadata(site: Installation, server: SourceServer) -> None:
    server.serve(
        "/api/query", arxiv(("2603.00007", "Lamps that learn"), ("2603.00008", "Lamps that learn more"))
    )
    found = propose(site, "<b>lamps</b> that learn")
    assert (found.state, found.entry) == (READY, None)
    assert [each.title for each in found.choices] == ["Lamps that learn", "Lamps that learn more"]
    with pytest.raises(InputError, match="isn't ready"):
        submissions.send(site, found.id, NOW)
    with pytest.raises(InputError, match="nothing to choose"):
        fetching.choose(site, found.id, 2, NOW)
    chosen = fetching.choose(site, found.id, 1, NOW)
    assert chosen.entry
    assert chosen.entry.title == "Lamps that learn more"


def test_a_doi_is_asked_of_crossref_else_of_its_page(site: Installation, server: SourceServer) -> None:
    server.serve("/works/10.1234%2Fabc.1", crossref(DOI, "From Crossref"))
    found = propose(site, f"https://doi.org/{DOI}")
    assert (found.found_at, found.entry and found.entry.title) == ("Crossref", "From Crossref")
    server.serve("/10.5555/x.2", page(title="From its page", author="Li, Ada"))
    found = propose(site, "10.5555/x.2")
    assert (found.found_at, found.entry and found.entry.title) == ("its page", "From its page")


def test_a_page_that_names_an_arxiv_id_leads_to_arxiv(site: Installation, server: SourceServer) -> None:
    server.serve("/paper", page(title="Typed by its author", arxiv_id=ID))
    found = propose(site, server.url("/paper"))
    assert (found.found_at, found.entry and found.entry.title) == ("arXiv", TITLE)


def test_a_paper_that_is_here_counts_as_a_vote(site: Installation, ada: int) -> None:
    store_entries(site.engine, [entry(ID)])
    found = propose(site, ID, ada)
    assert (found.state, found.paper) == (DUPLICATE, f"arxiv:{ID}")
    assert votes.has_voted(site, ada, votes.paper(site, ID))


def test_a_hidden_paper_comes_back_by_no_proposal(site: Installation, ada: int) -> None:
    store_entries(site.engine, [entry(ID)])
    moderation.hide(site, ID, HideReason.SPAM, now=NOW)
    assert propose(site, ID, ada).state is DUPLICATE
    assert listed(site) == []


def test_what_no_site_knows_is_rejected_in_words(site: Installation, server: SourceServer) -> None:
    server.serve("/api/query", arxiv())
    found = propose(site, ID)
    assert (found.state, found.words) == (REJECTED, "it knows no such paper")
    server.serve("/page", b"<html>nothing</html>")
    assert "no citation tags" in propose(site, server.url("/page")).words
    assert "404" in propose(site, server.url("/gone")).words


def test_a_site_that_is_busy_is_asked_again_later(site: Installation, server: SourceServer) -> None:
    server.serve("/api/query", b"", status=503)
    waiting = propose(site, ID)
    assert waiting.state is ProposalState.FETCHING
    assert fetching.look_up_due(site, NOW) == 0
    server.serve("/api/query", arxiv((ID, TITLE)))
    assert fetching.look_up_due(site, NOW + timedelta(minutes=5)) == 1
    assert submissions.get(site, waiting.id).state is READY


def test_what_is_shown_back_and_never_sent_is_withdrawn(site: Installation) -> None:
    ready = propose(site, ID)
    submissions.keep_up(site, NOW + timedelta(days=8))
    assert submissions.get(site, ready.id).state is ProposalState.WITHDRAWN


# ---------------------------------------------------------------- caps and races


def test_a_person_proposes_five_a_day_and_three_wait(
    site: Installation, server: SourceServer, ada: int
) -> None:
    for number in range(1, 4):
        server.serve("/api/query", arxiv((f"2603.0000{number}", f"Title {number}")))
        sent(site, ada, f"2603.0000{number}")
    with pytest.raises(RefusedError, match="3 of your proposals wait"):
        submissions.propose(site, "2603.00004", subscriber_id=ada, now=NOW)
    for each in submissions.queue(site):
        submissions.withdraw(site, each.id, NOW)
    for number in (4, 5):
        propose(site, f"2603.0000{number}", ada)
    with pytest.raises(RefusedError, match="5 papers within a day"):
        submissions.propose(site, "2603.00006", subscriber_id=ada, now=NOW)
    submissions.propose(site, "2603.00006", subscriber_id=ada, now=NOW + timedelta(days=1, minutes=1))


def test_the_same_proposal_twice_at_once_is_one(site: Installation, ada: int) -> None:
    made: list[int] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        made.append(submissions.propose(site, ID, subscriber_id=ada, now=NOW).id)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == 1
    assert len(submissions.listing(site)) == 1


def two_proposals(site: Installation, ada: int) -> tuple[Proposal, Proposal, int]:
    """A paper that Ada and then Bob proposed: the one that waits, the other, and Bob."""
    bob = join(site, "bob@example.org").id
    first = sent(site, ada)
    second = submissions.send(site, propose(site, f"arXiv:{ID}v2", bob).id, NOW + timedelta(minutes=1))
    assert (second.state, second.paper) == (DUPLICATE, None)
    assert [each.id for each in submissions.queue(site)] == [first.id]
    return first, second, bob


def test_a_second_proposal_of_a_paper_is_a_vote_once_it_is_accepted(site: Installation, ada: int) -> None:
    first, second, bob = two_proposals(site, ada)
    submissions.accept(site, first.id, NOW + timedelta(hours=1))
    decided = submissions.get(site, second.id)
    assert (decided.state, decided.paper) == (DUPLICATE, f"arxiv:{ID}")
    assert votes.has_voted(site, bob, votes.paper(site, ID))
    assert not votes.has_voted(site, ada, votes.paper(site, ID))
    acts = [(each.actor, each.act) for each in audit.listing(site)]
    assert (f"subscriber:{bob}", "paper.vote") in acts


def test_a_second_proposal_shares_a_rejection_and_its_reason(
    site: Installation, ada: int, tmp_path: Path
) -> None:
    first, second, _ = two_proposals(site, ada)
    submissions.reject(site, first.id, "Off topic here.", NOW + timedelta(hours=1))
    decided = submissions.get(site, second.id)
    assert (decided.state, decided.words) == (REJECTED, "Off topic here.")
    while transactional.deliver_due(site, NOW + timedelta(hours=1)):
        pass
    assert {str(mail["To"]) for mail in outbox(tmp_path)} == {"ada@example.org", "bob@example.org"}


def test_a_second_proposal_waits_in_place_of_one_that_is_withdrawn(site: Installation, ada: int) -> None:
    first, second, _ = two_proposals(site, ada)
    submissions.withdraw(site, first.id, NOW + timedelta(hours=1))
    assert [each.id for each in submissions.queue(site)] == [second.id]


def test_a_second_proposal_is_undone(site: Installation, ada: int) -> None:
    _, second, _ = two_proposals(site, ada)
    undo(site, audit.listing(site)[0].id, NOW)
    assert submissions.get(site, second.id).state is READY


def test_a_trusted_person_waits_for_nobody_where_that_is_wanted(
    site: Installation, server: SourceServer, ada: int
) -> None:
    trusting = replace(site, trust_proposers=True)
    for number in range(1, 4):
        server.serve("/api/query", arxiv((f"2603.0000{number}", f"Title {number}")))
        submissions.accept(site, sent(trusting, ada, f"2603.0000{number}").id, NOW)
    server.serve("/api/query", arxiv((ID, TITLE)))
    ready = propose(site, ID, ada)
    assert submissions.send(trusting, ready.id, NOW).state is ACCEPTED


# ---------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    "typed",
    ["http://127.0.0.1/x", "http://localhost:8000/", "http://169.254.169.254/latest/meta-data", "http://[::1]/",
     "http://0x7f000001/", "http://10.0.0.8/paper", "https://example.org:22/x"],
)  # fmt: skip
def test_a_private_address_or_an_odd_port_is_refused_before_anything_is_sent(
    engine: Engine, tmp_path: Path, typed: str
) -> None:
    plain = installation(engine, tmp_path)  # its own hosts are allowed for sources, not for proposals
    with pytest.raises(InputError):
        submissions.propose(plain, typed, subscriber_id=None, now=NOW)
    assert submissions.listing(plain) == []


def test_a_redirect_to_this_machine_is_not_followed(site: Installation, server: SourceServer) -> None:
    with SourceServer() as inside:
        inside.serve("/secret", page(title="Secret"))
        target = inside.url("/secret", host="localhost")
        server.serve("/paper", b"", status=302, headers={"Location": target})
        found = propose(site, server.url("/paper"))
        assert inside.asked == []
    assert found.state is REJECTED
    assert "may not be asked" in found.words
    assert found.entry is None


def test_a_page_of_ten_megabytes_is_cut_off(site: Installation, server: SourceServer) -> None:
    server.serve("/paper", page(title="Large") + b" " * 10 * 2**20)
    found = propose(site, server.url("/paper"))
    assert (found.state, found.entry) == (REJECTED, None)
    assert "larger" in found.words or "more than" in found.words


def test_a_page_that_drips_is_given_up(
    site: Installation, server: SourceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digest.fetch import Limits
    from digest.pipeline.community.proposals import lookup

    monkeypatch.setattr(lookup, "LIMITS", Limits(max_bytes=2**20, read=0.5, total=1.0))

    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not handler.stopping.wait(0.2):
            handler.wfile.write(b" ")

    server.answers["/slow"] = drip
    found = propose(site, server.url("/slow"))
    assert found.state is ProposalState.FETCHING  # it may be quicker later
    assert found.entry is None


# ---------------------------------------------------------------- undo, erasure, curators


def snapshot(site: Installation) -> dict[str, list[str]]:
    left_out = {"audit", "paper_changes", "notices", "host_turns", "sites"}
    with session.reading(site.engine) as db:
        return {
            name: sorted(repr(tuple(row)) for row in db.execute(select(table)).all())
            for name, table in Base.metadata.tables.items()
            if name not in left_out
        }


def test_decisions_are_undone_to_the_last_row(site: Installation, ada: int) -> None:
    ready = propose(site, ID, ada)

    def undone(act: Callable[[], object]) -> None:
        before = snapshot(site)
        act()
        assert snapshot(site) != before
        undo(site, audit.listing(site)[0].id, NOW)
        assert snapshot(site) == before

    undone(lambda: submissions.withdraw(site, ready.id, NOW))
    undone(lambda: submissions.send(site, ready.id, NOW))
    submissions.send(site, ready.id, NOW)
    undone(lambda: submissions.accept(site, ready.id, NOW))
    undone(lambda: submissions.reject(site, ready.id, "no", NOW))
    assert listed(site) == []


def test_an_accepted_paper_that_is_used_is_hidden_not_unlisted(site: Installation, ada: int) -> None:
    submissions.accept(site, sent(site, ada).id, NOW)
    act = audit.listing(site)[0].id
    picks.pick(site, ID, "", now=NOW)
    with pytest.raises(RefusedError, match="used here since"):
        undo(site, act, NOW)
    assert listed(site) == [TITLE]


def test_an_erased_person_leaves_proposals_without_name_and_words(site: Installation, ada: int) -> None:
    number = sent(site, ada).id
    kept = personal_data.export(site, ada)["proposals"]
    assert [(each["typed"], each["state"]) for each in kept] == [(ID, PENDING)]
    personal_data.erase(site, ada, NOW)
    left = submissions.get(site, number)
    assert (left.subscriber_id, left.typed, left.by, left.state) == (None, "", "", PENDING)


def curator(site: Installation, email: str = "cora@example.org") -> int:
    person = join(site, email, at="08:00")
    with session.transaction(site.engine) as db:
        subscribers.set_role(db, person.id, Role.CURATOR)
    return person.id


def test_a_curator_gets_one_email_a_day_while_something_waits(
    site: Installation, ada: int, tmp_path: Path
) -> None:
    curator(site)
    assert reports.tell_curators(site, NOW) == 0
    sent(site, ada)
    assert reports.tell_curators(site, NOW - timedelta(hours=1)) == 0  # not yet the hour of their digest
    assert [reports.tell_curators(site, NOW + timedelta(minutes=n)) for n in (0, 5)] == [1, 0]
    transactional.deliver_due(site, NOW)
    (mail,) = outbox(tmp_path)
    assert str(mail["Subject"]) == "1 proposal waits for a curator"
    body = mail.get_body(("plain",))
    assert body
    text = str(body.get_content())
    assert TITLE in text
    assert "ada@" not in text
    assert reports.tell_curators(site, NOW + timedelta(days=1)) == 1


def test_a_curator_whose_time_zone_is_gone_keeps_no_other_from_their_email(
    site: Installation, ada: int
) -> None:
    cora = curator(site)
    curator(site, "dora@example.org")
    sent(site, ada)
    with site.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE subscribers SET timezone = 'Atlantis/Deep' WHERE email = 'cora@example.org'"
        )
    assert reports.tell_curators(site, NOW) == 1
    failures.note_left_out(site, NOW)
    assert list(failures.failing(site, failures.Part.ROW)) == [f"subscriber {cora}"]


# ---------------------------------------------------------------- reports


def reporting(site: Installation, number: int, network: str) -> Installation:
    return acting(site, Actor(f"subscriber:{number}", "web", network))


def report(site: Installation, number: int, network: str, ref: str = ID) -> None:
    hands = reporting(site, number, network)
    reports.report(hands, ref, ReportAbout.PAPER, "spam", subscriber_id=number, now=NOW)


def people(site: Installation, count: int) -> list[int]:
    return [join(site, f"p{n}@example.org").id for n in range(count)]


def test_three_networks_hide_what_only_a_reader_proposed(site: Installation, ada: int) -> None:
    submissions.accept(site, sent(site, ada).id, NOW)
    who = people(site, 5)
    for number, network in zip(who, ("a", "a", "b", "b"), strict=False):
        report(site, number, network)
    report(site, who[0], "z")  # their second one adds nothing
    assert listed(site) == [TITLE]
    report(site, who[4], "c")
    assert listed(site) == []
    hidden = [each for each in audit.listing(site) if each.act == "paper.hide"]
    assert [each.actor for each in hidden] == [SYSTEM.name]
    moderation.unhide(site, ID, now=NOW)
    assert listed(site) == [TITLE]


def test_no_number_of_reports_hides_what_a_source_carried(site: Installation) -> None:
    store_entries(site.engine, [entry(ID)])
    for number, network in zip(people(site, 5), "abcde", strict=True):
        report(site, number, network)
    assert len(listed(site)) == 1
    waiting = reports.unsettled(site)
    assert [each.words for each in waiting] == ["spam"] * 5
    before = snapshot(site)
    reports.settle(site, waiting[0].id, NOW)
    assert len(reports.unsettled(site)) == 4
    undo(site, audit.listing(site)[0].id, NOW)
    assert snapshot(site) == before
    with pytest.raises(UnknownError):
        reports.settle(site, 999, NOW)


def test_a_person_reports_five_a_day(site: Installation) -> None:
    store_entries(site.engine, [entry(f"2603.0000{n}") for n in range(1, 7)])
    (ada,) = people(site, 1)
    for n in range(1, 6):
        report(site, ada, "a", f"2603.0000{n}")
    with pytest.raises(RefusedError, match="5 papers or notes"):
        report(site, ada, "a", "2603.00006")


def visitor(site: Installation, network: str, ref: str = ID) -> None:
    hands = acting(site, Actor("visitor", "web", network))
    reports.report(hands, ref, ReportAbout.PAPER, "spam", subscriber_id=None, now=NOW)


def test_reports_of_visitors_wait_for_a_curator_and_hide_nothing(site: Installation, ada: int) -> None:
    submissions.accept(site, sent(site, ada).id, NOW)
    for network in "abcd":
        visitor(site, network)
        visitor(site, network)  # a network's second one adds nothing
    assert len(reports.unsettled(site)) == 4
    assert listed(site) == [TITLE]
    who = people(site, 2)
    for number, network in zip(who, "ef", strict=True):
        report(site, number, network)
    assert listed(site) == [TITLE]  # two subscribers


def test_a_network_of_visitors_reports_five_a_day_and_all_of_them_have_an_end(
    site: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_entries(site.engine, [entry(f"2603.0000{n}") for n in range(1, 8)])
    for n in range(1, 6):
        visitor(site, "a", f"2603.0000{n}")
    with pytest.raises(RefusedError, match="5 papers or notes"):
        visitor(site, "a", "2603.00006")
    monkeypatch.setattr(reports, "MOST_OF_VISITORS", 6)
    visitor(site, "b", "2603.00006")
    with pytest.raises(RefusedError, match="very many reports wait"):
        visitor(site, "b", "2603.00007")
    report(site, people(site, 1)[0], "a", "2603.00007")  # subscribers aren't kept out by it


def test_no_paper_has_two_ways_into_the_store(site: Installation, ada: int) -> None:
    submissions.accept(site, sent(site, ada).id, NOW)
    with session.reading(site.engine) as db:
        assert papers.find(db, ID).sources == ("proposals",)
