"""Past days that were missed: asked for page by page from a real server, gone on with, and never lost."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine

from digest.cli import main as run
from digest.domain import Gap, Paper, SignalKind, SourceKind
from digest.errors import InputError
from digest.fetch import Fetcher, Get, Response
from digest.pipeline.ingest.past.backfill import Repair, backfill, repair_gaps
from digest.pipeline.installation import Installation
from digest.sources.past import Way
from digest.store import papers, session, sources
from digest.store.sources import gaps
from tests.builders import NOW
from tests.installations import installation
from tests.source_server import Handler, SourceServer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = "https://rss.arxiv.org/rss/cs.AI+cs.CL"
OLD = date(2026, 3, 5)  # a Thursday; nothing that a source answers about it can change any more
MIDNIGHT = datetime(2026, 3, 5, 5, tzinfo=UTC)  # Eastern

Answer = Callable[[dict[str, str]], tuple[int, bytes, dict[str, str]]]


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with SourceServer() as running:
        yield running


@pytest.fixture
def here(engine: Engine, tmp_path: Path, server: SourceServer) -> Installation:
    """An installation with a source of each kind that has past days."""
    made = installation(engine, tmp_path)
    with session.transaction(engine) as db:
        for source in sources.listing(db):
            sources.remove(db, source.name)
        sources.add(db, name="arxiv", kind=SourceKind.ARXIV, url=FEED)
        sources.add(db, name="daily", kind=SourceKind.HUGGINGFACE, url=server.url("/api/daily_papers"))
        sources.add(db, name="biorxiv", kind=SourceKind.BIORXIV, url=server.url("/details/biorxiv"))
        sources.add(db, name="harvest", kind=SourceKind.OAIPMH, url=server.url("/oai?metadataPrefix=oai_dc"))
        sources.add(db, name="journal", kind=SourceKind.FEED, url=server.url("/journal"))
    return made


@pytest.fixture
def get(server: SourceServer) -> Iterator[Get]:
    """Asks the test's server, whatever host is meant."""
    with Fetcher("digest/test", frozenset({"127.0.0.1"})) as fetcher:

        def ask(
            url: str,
            *,
            etag: str | None,
            last_modified: str | None,
            headers: Iterable[tuple[str, str]] = (),
        ) -> Response:
            parts = urlsplit(url)
            return fetcher.get(
                server.url(f"{parts.path}?{parts.query}"), etag=etag, last_modified=last_modified
            )

        yield ask


def answers(server: SourceServer, path: str, answer: Answer) -> list[dict[str, str]]:
    """Let the server answer a path by what it is asked; → the queries that it got, as they come."""
    queries: list[dict[str, str]] = []

    def reply(handler: Handler) -> None:
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(handler.path).query).items()}
        queries.append(asked)
        handler.reply(*answer(asked))

    server.answers[path] = reply
    return queries


def page(ids: Iterable[str], total: int, start: int = 0) -> bytes:
    """A page of arXiv's API."""
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{each}v1</id><title>Paper {each}</title><summary>Text.</summary>"
        '<published>2026-03-04T12:00:00Z</published><category term="cs.CL"/></entry>'
        for each in ids
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"
    ).encode()


PAPERS = [f"2603.{number:05}" for number in range(1, 24)]


def api(most: int) -> Answer:
    """arXiv's API with these papers, `most` on a page, whatever is wanted."""

    def answer(asked: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        start = int(asked["start"])
        return 200, page(PAPERS[start : start + most], len(PAPERS), start), {}

    return answer


def repair(
    here: Installation, get: Get, name: str = "arxiv", day: date = OLD, now: datetime = NOW, **how: object
) -> Repair:
    return backfill(here, name, day, day, now, get=get, **how)  # type: ignore[arg-type] # by name


def stored(here: Installation, name: str = "arxiv") -> list[Paper]:
    with session.reading(here.engine) as db:
        found = papers.candidates(db, since=NOW - 60 * DAY, until=NOW)
    return [paper for paper in found if name in paper.sources]


def gap(here: Installation, name: str = "arxiv", day: date = OLD) -> Gap:
    with session.reading(here.engine) as db:
        return next(each for each in gaps.listing(db, sources.get(db, name).id) if each.day == day)


# ---------------------------------------------------------------- arXiv's API


def test_short_pages_are_followed_to_the_last_and_papers_count_as_seen_on_their_day(
    here: Installation, server: SourceServer, get: Get
) -> None:
    queries = answers(server, "/api/query", api(10))
    done = repair(here, get)
    assert (done.new, done.requests, done.done, done.open, done.error) == (23, 3, 1, (), None)
    assert [query["start"] for query in queries] == ["0", "10", "20"]
    assert queries[0]["search_query"] == (
        "(cat:cs.AI OR cat:cs.CL) AND submittedDate:[202603031900 TO 202603041900]"
    )
    assert {paper.first_seen_at for paper in stored(here)} == {MIDNIGHT}


def test_an_empty_page_that_should_not_be_is_asked_for_in_smaller_pieces(
    here: Installation, server: SourceServer, get: Get
) -> None:
    def answer(asked: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        start, size = int(asked["start"]), int(asked["max_results"])
        ids = PAPERS[start : start + 10] if size <= 500 or not start else []
        return 200, page(ids, len(PAPERS), start), {}

    queries = answers(server, "/api/query", answer)
    assert repair(here, get).new == 23
    assert [(q["start"], q["max_results"]) for q in queries] == [
        ("0", "1000"), ("10", "1000"), ("10", "500"), ("20", "500"),
    ]  # fmt: skip


def test_pages_that_stay_empty_leave_the_day_open_for_tomorrow(
    here: Installation, server: SourceServer, get: Get
) -> None:
    queries = answers(server, "/api/query", lambda _: (200, page([], 5), {}))
    failed = repair(here, get)
    assert failed.open == (OLD,)
    assert "2026-03-05: arxiv: arXiv counts 5 results but sent none of them" in (failed.error or "")
    assert len(queries) == 3
    answers(server, "/api/query", api(100))
    assert mend_arxiv(here, get, NOW + HOUR).requests == 0
    assert mend_arxiv(here, get, NOW + DAY).new == 23
    assert gap(here).done_at == NOW + DAY


def mend_arxiv(here: Installation, get: Get, now: datetime) -> Repair:
    with session.reading(here.engine) as db:
        source = sources.get(db, "arxiv")
    return repair_gaps(here.engine, get, source, now)


def test_a_run_that_is_killed_goes_on_where_it_was(
    here: Installation, server: SourceServer, get: Get
) -> None:
    queries = answers(server, "/api/query", api(10))

    def killed(*_: object) -> None:
        if len(queries) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repair(here, get, on_progress=killed)
    assert len(stored(here)) == 20
    assert repair(here, get, now=NOW + timedelta(minutes=1)).done == 1
    assert [query["start"] for query in queries] == ["0", "10", "20"]
    assert len(stored(here)) == 23


def test_a_kill_between_the_request_and_its_landing_costs_that_request_only(
    here: Installation, server: SourceServer, get: Get
) -> None:
    queries = answers(server, "/api/query", api(10))

    def dies(url: str, **conditions: object) -> Response:
        answer = get(url, etag=None, last_modified=None)
        if len(queries) == 2:
            raise KeyboardInterrupt
        return answer

    with pytest.raises(KeyboardInterrupt):
        repair(here, dies)
    assert repair(here, get).done == 1
    assert [query["start"] for query in queries] == ["0", "10", "10", "20"]
    assert len(stored(here)) == 23


def test_a_source_that_refuses_for_hours_keeps_the_day_open_and_loses_nothing(
    here: Installation, server: SourceServer, get: Get
) -> None:
    queries = answers(server, "/api/query", lambda _: (429, b"", {"Retry-After": "3000"}))
    refused = repair(here, get)
    assert (refused.requests, refused.open) == (1, (OLD,))
    assert "429" in (refused.error or "")
    answers(server, "/api/query", api(10))
    assert mend_arxiv(here, get, NOW + HOUR / 2).requests == 0
    assert mend_arxiv(here, get, NOW + HOUR).new == 23
    assert len(queries) == 1


def test_a_moments_pause_that_a_source_asks_for_is_taken(
    here: Installation, server: SourceServer, get: Get
) -> None:
    busy = iter([True, False, True, False, False])
    whole = api(10)
    answers(
        server,
        "/api/query",
        lambda asked: (503, b"", {"Retry-After": "1"}) if next(busy) else whole(asked),
    )
    done = repair(here, get)
    assert (done.new, done.requests, done.error) == (23, 5, None)


def test_the_same_query_is_not_made_twice_a_day_even_by_hand(
    here: Installation, server: SourceServer, get: Get
) -> None:
    queries = answers(server, "/api/query", api(100))
    repair(here, get)
    assert repair(here, get).requests == 0  # whole already
    assert "once a day" in (repair(here, get, again=True).error or "")
    assert len(queries) == 1
    assert repair(here, get, again=True, now=NOW + DAY).entries == 23
    assert len(queries) == 2


def test_a_recent_day_stays_open_until_the_api_cannot_lag_any_more(
    here: Installation, server: SourceServer, get: Get
) -> None:
    monday = date(2026, 3, 16)
    answers(server, "/api/query", lambda _: (200, page(PAPERS[:3], 3), {}))
    early = repair(here, get, day=monday)
    assert (early.new, early.open, early.error) == (3, (monday,), None)
    answers(server, "/api/query", lambda _: (200, page(PAPERS[:5], 5), {}))
    assert mend_arxiv(here, get, NOW + DAY).new == 2
    assert gap(here, day=monday).done_at == NOW + DAY


def test_a_bad_answer_about_one_day_leaves_the_other_days_alone(
    here: Installation, server: SourceServer, get: Get
) -> None:
    def answer(asked: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        bad = "[202603031900" in asked["search_query"]
        return 200, b"<html>Bad gateway</html>" if bad else page(["2603.04444"], 1), {}

    answers(server, "/api/query", answer)
    done = backfill(here, "arxiv", OLD - DAY, OLD + DAY, NOW, get=get)
    assert (done.days, done.done, done.open) == (3, 2, (OLD,))
    assert "2026-03-05: arxiv: a web page, not a feed" in (done.error or "")


def test_an_answer_without_a_count_is_not_taken_for_a_day_without_papers(
    here: Installation, server: SourceServer, get: Get
) -> None:
    answers(server, "/api/query", lambda _: (200, b'<feed xmlns="http://www.w3.org/2005/Atom"/>', {}))
    failed = repair(here, get)
    assert (failed.done, failed.open) == (0, (OLD,))
    assert "nothing in it" in (failed.error or "")
    answers(server, "/api/query", lambda _: (200, b"<feed><title>t</title></feed>", {}))
    assert "doesn't say how many" in (repair(here, get).error or "")


# ---------------------------------------------------------------- OAI-PMH


def record(number: str, *, created: str = "2026-03-04", categories: str = "cs.CL", header: str = "") -> str:
    return (
        f"<record><header{header}><identifier>oai:arXiv.org:{number}</identifier>"
        "<datestamp>2026-03-05</datestamp></header><metadata><arXiv>"
        f"<id>{number}</id><created>{created}</created><authors><author><keyname>Lovelace</keyname>"
        f"<forenames>Ada</forenames></author></authors><title>Paper {number}</title>"
        f"<categories>{categories}</categories><abstract>Text.</abstract></arXiv></metadata></record>"
    )


def harvest(*records: str, token: str = "") -> bytes:
    tail = f"<resumptionToken>{token}</resumptionToken>" if token else ""
    return f"<OAI-PMH><ListRecords>{''.join(records)}{tail}</ListRecords></OAI-PMH>".encode()


def test_by_oai_pmh_only_what_the_feed_would_have_brought_is_taken(
    here: Installation, server: SourceServer, get: Get
) -> None:
    pages = {
        None: harvest(record("2603.00001"), record("2603.00002", categories="math.CO cs.AI"), token="next|1"),
        "next|1": harvest(
            record("2603.00003", categories="cs.RO"),
            record("2501.00004", created="2025-01-05"),
            record("2603.00005", header=' status="deleted"'),
        ),
    }
    queries = answers(server, "/oai", lambda asked: (200, pages[asked.get("resumptionToken")], {}))
    done = repair(here, get, way=Way.OAI)
    assert (done.entries, done.new, done.done, done.error) == (3, 3, 1, None)
    assert queries[0] == {
        "verb": "ListRecords", "metadataPrefix": "arXiv", "set": "cs",
        "from": "2026-03-04", "until": "2026-03-05",
    }  # fmt: skip
    assert queries[1] == {"verb": "ListRecords", "resumptionToken": "next|1"}
    assert [(paper.id, paper.authors) for paper in stored(here)] == [
        ("arxiv:2603.00001", ("Ada Lovelace",)), ("arxiv:2603.00002", ("Ada Lovelace",)),
    ]  # fmt: skip
    with session.reading(here.engine) as db:
        assert papers.find(db, "2501.00004").title == "Paper 2501.00004"  # kept, but it is old


def test_a_token_that_has_expired_starts_the_day_again_once(
    here: Installation, server: SourceServer, get: Get
) -> None:
    refusal = b'<OAI-PMH><error code="badResumptionToken">expired</error></OAI-PMH>'

    def answer(asked: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        if "resumptionToken" in asked:
            return 200, refusal, {}
        return 200, harvest(record("2603.00001"), token="t"), {}

    queries = answers(server, "/oai", answer)
    failed = repair(here, get, "harvest")
    assert failed.open == (OLD,)
    assert "badResumptionToken: expired" in (failed.error or "")
    assert len(queries) == 4
    assert len(stored(here, "harvest")) == 1


# ---------------------------------------------------------------- others


def test_a_day_of_hugging_face_is_merged_with_upvotes_as_they_are_now(
    here: Installation, server: SourceServer, get: Get
) -> None:
    item = {"paper": {"id": "2603.00001", "title": "Paper", "summary": "Text.", "upvotes": 40}}
    queries = answers(server, "/api/daily_papers", lambda _: (200, json.dumps([item]).encode(), {}))
    assert repair(here, get, "daily").new == 1
    assert queries == [{"date": "2026-03-05", "limit": "100"}]
    (paper,) = stored(here, "daily")
    assert paper.first_seen_at == datetime(2026, 3, 5, tzinfo=UTC)
    assert [(s.kind, s.value, s.observed_at) for s in paper.signals] == [(SignalKind.UPVOTES, 40, NOW)]


def test_days_of_biorxiv_are_read_to_their_last_page(
    here: Installation, server: SourceServer, get: Get
) -> None:
    def rows(*numbers: int) -> bytes:
        collection = [
            {"doi": f"10.1101/{n}", "title": f"Preprint {n}", "version": "1", "date": "2026-03-05"}
            for n in numbers
        ]
        return json.dumps({"messages": [{"status": "ok", "total": "3"}], "collection": collection}).encode()

    server.serve("/details/biorxiv/2026-03-05/2026-03-05/0", rows(1, 2))
    server.serve("/details/biorxiv/2026-03-05/2026-03-05/2", rows(3))
    server.serve("/details/biorxiv/2026-03-06/2026-03-06/0", json.dumps(
        {"messages": [{"status": "no posts found"}], "collection": []}).encode())  # fmt: skip
    done = backfill(here, "biorxiv", OLD, OLD + DAY, NOW, get=get)
    assert (done.new, done.requests, done.done, done.error) == (3, 3, 2, None)


def test_what_has_no_past_days_says_so(here: Installation, get: Get) -> None:
    with pytest.raises(InputError, match="journal: a source of kind feed can't be asked for past days"):
        repair(here, get, "journal")
    with pytest.raises(InputError, match="is after"):
        backfill(here, "arxiv", OLD, OLD - DAY, NOW, get=get)
    with pytest.raises(InputError, match="announces nothing"):
        repair(here, get, day=date(2026, 3, 7))


# ---------------------------------------------------------------- by itself, and by hand


def test_days_without_a_fetch_are_noticed_and_asked_for_a_few_pages_at_a_time(
    here: Installation, server: SourceServer, get: Get
) -> None:
    from digest.store.sources import announcements

    with session.transaction(here.engine) as db:
        announcements.add(db, sources.get(db, "arxiv").id, date(2026, 3, 4), 5, {})
    queries = answers(server, "/api/query", api(2))
    rounds = [mend_arxiv(here, get, NOW + n * HOUR / 2) for n in range(4)]
    assert [each.requests for each in rounds] == [4, 4, 4, 4]
    assert rounds[0].days == 8  # Thursday to Monday of the next week but one, without weekends
    assert len(queries) == 16


def test_a_backfill_from_the_command_line(
    server: SourceServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_FETCH_ALLOW_HOSTS", "127.0.0.1")
    item = {"paper": {"id": "2603.00001", "title": "Paper", "summary": "Text.", "upvotes": 4}}
    server.serve("/api/daily_papers", json.dumps([item]).encode())
    assert (
        run(["sources", "add", server.url("/api/daily_papers"), "--name", "daily", "--kind", "huggingface"])
        == 0
    )
    capsys.readouterr()
    command = ("--now", "2026-03-17T08:00:00Z", "sources", "backfill", "daily")
    days = ("--from", "2026-03-05", "--to", "2026-03-09")
    assert run([*command, *days, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"days": ["2026-03-05", "2026-03-06", "2026-03-09"]}
    assert not server.asked
    assert run([*command, *days, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["days"], told["done"], told["new"], told["requests"]) == (3, 3, 1, 3)
    server.serve("/api/daily_papers", b"[\"{'paper': 1}\"]")
    assert run([*command, "--from", "2026-03-10", "--to", "2026-03-10"]) == 6
    out, err = capsys.readouterr()
    assert "still open, asked for again by itself: 2026-03-10" in out
    assert "list of strings instead of papers" in err
    assert run([*command, "--from", "2026-03-09", "--to", "2026-03-01"]) == 2
