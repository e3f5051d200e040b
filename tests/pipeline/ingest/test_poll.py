"""Sources over the network, on both databases: what fails stops only itself, and nobody is asked twice."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import Source, SourceKind, SourceState
from digest.errors import FetchError, NotAskedError
from digest.fetch import Response
from digest.pipeline.ingest import overview
from digest.pipeline.ingest.poll import FetchReport, fetch, fetch_due
from digest.pipeline.installation import Installation
from digest.pipeline.runner import run_round
from digest.store import papers, session, sources
from digest.store.sources import announcements
from tests.builders import NOW
from tests.installations import installation, join, outbox
from tests.source_server import Handler, SourceServer

HUGGINGFACE, ARXIV, FEED = SourceKind.HUGGINGFACE, SourceKind.ARXIV, SourceKind.FEED
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def daily(*ids: str, upvotes: int = 5) -> bytes:
    """A day's list of Hugging Face."""
    paper = {"summary": "We study experts.", "publishedAt": "2026-03-16T10:00:00.000Z", "upvotes": upvotes}
    return json.dumps(
        [{"paper": paper | {"id": each, "title": f"Paper {each}"}, "numComments": 1} for each in ids]
    ).encode()


ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Journal</title>
<id>urn:journal</id>
<updated>2026-03-17T06:00:00Z</updated><entry><id>urn:a1</id>
<title>Routing of experts</title>
<link href="https://journal.example/a1"/><updated>2026-03-17T06:00:00Z</updated>
<summary>Experts that are routed.</summary></entry></feed>"""


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with SourceServer() as running:
        running.serve("/daily", daily("2603.00001", "2603.00002"))
        running.serve("/journal", ATOM)
        yield running


@pytest.fixture
def here(engine: Engine, tmp_path: Path, server: SourceServer) -> Installation:
    """An installation with a Hugging Face source and a journal, both on the test's server."""
    made = installation(engine, tmp_path)
    with session.transaction(engine) as db:
        for source in sources.listing(db):
            sources.remove(db, source.name)
        sources.add(db, name="daily", kind=HUGGINGFACE, url=server.url("/daily"))
        sources.add(db, name="journal", kind=FEED, url=server.url("/journal"))
    return made


def known(here: Installation, name: str) -> Source:
    with session.reading(here.engine) as db:
        return sources.get(db, name)


def count(here: Installation) -> int:
    with session.reading(here.engine) as db:
        return papers.count(db)


def by_name(reports: Iterable[FetchReport]) -> dict[str, FetchReport]:
    return {report.name: report for report in reports}


def drip(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.stopping.wait(5)


def hang_up(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


FAILURES: dict[str, tuple[Callable[[SourceServer], None], str]] = {
    "500": (lambda s: s.serve("/daily", status=500), "500"),
    "429": (lambda s: s.serve("/daily", status=429, headers={"Retry-After": "1200"}), "429"),
    "hang-up": (lambda s: s.answers.update({"/daily": hang_up}), "HTTP"),
    "garbage": (lambda s: s.serve("/daily", b"<html>Service unavailable</html>"), "JSON"),
    "strings": (lambda s: s.serve("/daily", b"[\"{'paper': 1}\"]"), "strings"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_source_that_fails_loses_nothing_and_the_digest_goes_out_from_the_others_with_a_note(
    here: Installation, server: SourceServer, tmp_path: Path, failure: str
) -> None:
    run_round(here, NOW - DAY)
    before = count(here)
    join(here, "ada@example.org", filters=["routing"])
    fail, said = FAILURES[failure]
    fail(server)
    server.serve("/journal", ATOM.replace(b"a1", b"a2").replace(b"Routing of", b"New routing of"))
    report = run_round(here, NOW + timedelta(minutes=1))
    assert by_name(report.sources)["daily"].state is SourceState.FAILING
    assert by_name(report.sources)["journal"].new == 1
    (mail,) = outbox(tmp_path)
    body = mail.get_body(("plain",))
    assert body is not None
    assert "daily could not be read today" in body.get_content()
    assert count(here) == before + 1
    failing = known(here, "daily")
    assert (failing.failures, failing.failing_since) == (1, NOW + timedelta(minutes=1))
    assert said in (failing.last_error or "")


def test_a_source_is_well_again_when_it_answers(here: Installation, server: SourceServer) -> None:
    server.serve("/daily", status=500)
    fetch_due(here, NOW, jitter=lambda: 0.0)
    assert known(here, "daily").next_fetch_at == NOW + timedelta(minutes=5)
    assert [r.name for r in fetch_due(here, NOW + timedelta(minutes=4))] == []
    server.serve("/daily", daily("2603.00001"))
    (report,) = fetch_due(here, NOW + timedelta(minutes=5))
    assert report.state is SourceState.FRESH
    assert (known(here, "daily").failures, known(here, "daily").last_error) == (0, None)


def test_retry_after_is_kept_and_other_services_on_the_operators_own_host_go_on(
    here: Installation, server: SourceServer
) -> None:
    server.serve("/daily", status=429, headers={"Retry-After": "1200"})
    reports = by_name(fetch_due(here, NOW, jitter=lambda: 0.0))
    assert known(here, "daily").next_fetch_at == NOW + timedelta(minutes=20)
    assert reports["journal"].state is SourceState.FRESH


def test_a_source_whose_site_rests_is_put_off_which_is_no_failure(here: Installation) -> None:
    def resting(url: str, **_conditions: object) -> Response:
        raise NotAskedError("the site wants to rest", retry_after=600.0)

    fetch_due(here, NOW, get=resting)
    source = known(here, "journal")
    assert (source.state, source.failures, source.last_error) == (SourceState.NEW, 0, None)
    assert source.next_fetch_at == NOW + timedelta(minutes=10)


def test_a_shorter_list_than_before_takes_nothing_away(here: Installation, server: SourceServer) -> None:
    fetch_due(here, NOW)
    server.serve("/daily", daily("2603.00002", upvotes=9))
    report = by_name(fetch_due(here, NOW + HOUR))["daily"]
    assert (report.state, report.new, report.updated) == (SourceState.FRESH, 0, 1)
    with session.reading(here.engine) as db:
        assert papers.find(db, "2603.00001").title == "Paper 2603.00001"
        assert [s.value for s in papers.find(db, "2603.00002").signals if s.kind == "upvotes"] == [5, 9]


def test_a_time_out_is_a_failure_like_any_other(here: Installation) -> None:
    def silent(url: str, **_conditions: object) -> Response:
        raise FetchError(f"{url}: 127.0.0.1 sent nothing for 30 s")

    reports = fetch_due(here, NOW, get=silent)
    assert {report.state for report in reports} == {SourceState.FAILING}
    assert "sent nothing" in (known(here, "daily").last_error or "")


def test_a_days_list_is_asked_for_again_on_the_days_after_and_merged(
    here: Installation, server: SourceServer
) -> None:
    fetch_due(here, NOW)
    days: dict[str, bytes] = {}

    def answer(handler: Handler) -> None:
        date = handler.path.partition("date=")[2].partition("&")[0]
        handler.reply(200, days.get(date, daily("2603.00009")), {"ETag": f'"{date}"'})

    server.answers["/daily"] = answer
    days["2026-03-17"] = daily("2603.00001", "2603.00003", upvotes=50)
    report = by_name(fetch_due(here, NOW + DAY))["daily"]
    assert (report.new, report.updated) == (2, 1)
    with session.reading(here.engine) as db:
        found = papers.find(db, "2603.00001")
        recent = announcements.recent(db, known(here, "daily").id)
    assert [(s.value, s.observed_at) for s in found.signals if s.kind == "upvotes"] == [
        (5, NOW),
        (50, NOW + DAY),
    ]
    assert [(a.day.day, a.new) for a in recent] == [(18, 1), (17, 3)]
    server.asked.clear()
    fetch_due(here, NOW + DAY + HOUR)
    assert [a.path for a in server.asked if "date=" in a.path] == []
    fetch_due(here, NOW + DAY + 6 * HOUR)
    (again,) = [a for a in server.asked if "date=" in a.path]
    assert again.path == "/daily?date=2026-03-17&limit=100"
    assert again.headers["If-None-Match"] == '"2026-03-17"'


def test_a_past_day_that_cannot_be_had_is_a_note_and_no_failure(
    here: Installation, server: SourceServer
) -> None:
    fetch_due(here, NOW)

    def answer(handler: Handler) -> None:
        handler.reply(400, b'{"error": "bad date"}') if "date=" in handler.path else handler.reply(
            200, daily("2603.00009")
        )

    server.answers["/daily"] = answer
    report = by_name(fetch_due(here, NOW + DAY))["daily"]
    assert (report.state, report.error) == (SourceState.FRESH, None)
    assert "2026-03-17 can't be asked for again" in report.notes[0]
    assert known(here, "daily").notes == report.notes


def test_two_at_once_ask_each_source_once(here: Installation, server: SourceServer) -> None:
    def slow(handler: Handler) -> None:
        time.sleep(0.2)
        handler.reply(200, daily("2603.00001"))

    server.answers["/daily"] = slow
    rivals = [threading.Thread(target=fetch_due, args=(here, NOW)) for _ in range(3)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    assert sorted(asked.path for asked in server.asked) == ["/daily?limit=100", "/journal"]


def test_a_claim_of_somebody_who_is_gone_runs_out(here: Installation, server: SourceServer) -> None:
    with session.transaction(here.engine) as db:
        assert sources.claim(db, "daily", now=NOW, until=NOW + HOUR, only_due=True)
        assert sources.claim(db, "daily", now=NOW, until=NOW + HOUR, only_due=True) is None
    (busy,) = fetch(here, [known(here, "daily")], NOW)
    assert busy.error == "daily: another process is asking it"
    assert server.asked == []
    assert "daily" in by_name(fetch_due(here, NOW + HOUR))


def test_a_query_to_arxivs_api_is_made_once_a_day_unless_it_failed(here: Installation) -> None:
    url = "https://export.arxiv.org/api/query?search_query=cat:cs.CL"
    asked: list[str] = []

    def get(url: str, **_conditions: object) -> Response:
        asked.append(url)
        if len(asked) == 1:
            raise FetchError("the answer is HTTP 503 Service Unavailable", status=503)
        return Response(200, ATOM)

    with session.transaction(here.engine) as db:
        sources.remove(db, "daily")
        sources.remove(db, "journal")
        sources.add(db, name="api", kind=FEED, url=url)
    for minutes in (0, 10, 60, 600):
        fetch_due(here, NOW + timedelta(minutes=minutes), get=get, jitter=lambda: 0.0)
    assert len(asked) == 2
    tomorrow = known(here, "api").next_fetch_at
    assert tomorrow is not None
    assert tomorrow.isoformat() == "2026-03-18T04:00:00+00:00"
    fetch_due(here, tomorrow, get=get)
    assert len(asked) == 3


def test_a_stalled_source_is_told_once_in_the_log(
    here: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    def the_same(url: str, **_conditions: object) -> Response:
        return Response(200, daily("2603.00001"))

    fetch_due(here, NOW)
    later = NOW + DAY
    for hours in (-1, 0, 1):
        fetch_due(here, later + timedelta(hours=hours), get=the_same)
    told = [record.message for record in caplog.records if "stalled" in record.message]
    assert len(told) == 1
    assert "daily is stalled at 2026-03-18" in told[0]
    assert "2026-03-17 08:00 UTC" in told[0]


def test_what_a_source_brought_is_shown_day_by_day_with_its_holes(here: Installation) -> None:
    source = known(here, "daily")
    with session.transaction(here.engine) as db:
        for days_ago, new in ((6, 9), (5, 4), (1, 7), (1, 2)):
            announcements.add(db, source.id, (NOW - DAY * days_ago).date(), new, {})
    (view,) = [v for v in overview.views(here.engine, NOW) if v.source.name == "daily"]
    assert [(a.day.day, a.new) for a in view.announcements] == [(11, 9), (12, 4), (13, 0), (16, 9)]
    assert [day.day for day in view.missed] == [13]


def test_a_feed_that_is_cut_off_says_so_until_its_day_is_over_and_the_api_is_asked_for_the_rest(
    here: Installation,
) -> None:
    item = "<item><title>P</title><guid>oai:arXiv.org:2603.{0:05d}v1</guid><category>cs.CL</category></item>"
    feed = f"<rss version='2.0'><channel>{''.join(map(item.format, range(2000)))}</channel></rss>"
    answers = iter([Response(200, feed.encode(), '"1"'), Response(304, not_modified=True)])
    rest = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        "<opensearch:totalResults>1</opensearch:totalResults><entry><title>Q</title>"
        '<id>http://arxiv.org/abs/2603.07777v1</id><category term="cs.CL"/></entry></feed>'
    )

    def get(url: str, **_conditions: object) -> Response:
        if "/oai?" in url:
            raise FetchError("its second list is busy", status=503)
        return Response(200, rest.encode()) if "/api/query" in url else next(answers)

    with session.transaction(here.engine) as db:
        for name in ("daily", "journal"):
            sources.remove(db, name)
        sources.add(db, name="arxiv", kind=ARXIV, url="https://rss.arxiv.org/rss/cs.CL")
    for hours in (0, 1):
        (report,) = fetch_due(here, NOW + hours * HOUR, get=get)
        assert report.notes[0] == "today's batch is cut off at 2,000 items"
        assert report.notes[1:] == (() if hours else ("papers that past days brought: 1",))
        assert report.state is SourceState.FRESH
