"""Signals of GitHub and Semantic Scholar, asked of real servers on loopback; on both databases."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from digest.config import load
from digest.domain import Entry, Signal, SignalKind
from digest.errors import ConfigError, ParseError
from digest.pipeline.ingest.signals import ASKED_AGAIN, EVERY, ask_due
from digest.pipeline.installation import Installation, open_installation
from digest.pipeline.monitoring.checks import Result
from digest.pipeline.monitoring.doctor import examine
from digest.pipeline.runner import run_round
from digest.sources.github import GitHub
from digest.sources.semanticscholar import SemanticScholar
from digest.sources.services import Service
from digest.store import papers, session, sources
from digest.store.sources import services
from digest.store.sources.services import ServiceState
from digest.trend import rank
from tests.builders import NOW, entry, paper
from tests.installations import installation, join, outbox, store_entries
from tests.source_server import SourceServer

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BATCH = "/graph/v1/paper/batch"


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with SourceServer() as running:
        yield running


def with_github(engine: Engine, folder: Path, server: SourceServer, token: str = "") -> Installation:
    return installation(engine, folder, services=(GitHub(token, base=server.url("")),))


def with_scholar(engine: Engine, folder: Path, server: SourceServer, key: str = "") -> Installation:
    return installation(engine, folder, services=(SemanticScholar(key, base=server.url("")),))


def coded(arxiv_id: str, repository: str) -> Entry:
    return entry(arxiv_id, code_url=f"https://github.com/{repository}")


def landed(engine: Engine, *entries: Entry) -> None:
    store_entries(engine, entries, seen_at=NOW - HOUR)


def stars(count: object) -> bytes:
    return json.dumps({"full_name": "ada/engine", "stargazers_count": count}).encode()


def signals(engine: Engine, arxiv_id: str = "2603.00001") -> list[Signal]:
    with session.reading(engine) as db:
        return list(papers.find(db, arxiv_id).signals)


def values(engine: Engine, arxiv_id: str = "2603.00001") -> list[int]:
    return [signal.value for signal in signals(engine, arxiv_id)]


def state(engine: Engine, name: str = "github") -> ServiceState:
    with session.reading(engine) as db:
        return services.known(db)[name]


# ---------------------------------------------------------------- GitHub


def test_stars_are_kept_over_time_and_asked_for_once_a_day(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    landed(engine, coded("2603.00001", "Ada/Engine"), coded("2603.00002", "ada/engine/tree/main"))
    site = with_github(engine, tmp_path, server)
    server.serve("/repos/ada/engine", stars(10))
    assert ask_due(site, NOW) == 2
    server.serve("/repos/ada/engine", stars(60))
    for later in (EVERY, 12 * HOUR, ASKED_AGAIN - EVERY):
        ask_due(site, NOW + later)
    assert len(server.asked) == 1
    ask_due(site, NOW + ASKED_AGAIN)
    assert signals(engine) == [
        Signal(SignalKind.STARS, "github", 10, NOW),
        Signal(SignalKind.STARS, "github", 60, NOW + ASKED_AGAIN),
    ]
    assert values(engine, "2603.00002") == [10, 60]
    with session.reading(engine) as db:
        found = papers.candidates(db, since=NOW - 2 * HOUR, until=NOW + ASKED_AGAIN)
    part = next(part for part in rank(found, NOW + ASKED_AGAIN)[0].parts if part.signal == "stars")
    assert part.value == 50


def test_an_unchanged_repository_costs_an_answer_without_body(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    landed(engine, coded("2603.00001", "ada/engine"))
    server.serve("/repos/ada/engine", stars(10), etag='"one"')
    site = with_github(engine, tmp_path, server, "ghp_secret")
    for day in range(3):
        ask_due(site, NOW + day * ASKED_AGAIN)
    assert [asked.headers["If-None-Match"] for asked in server.asked] == [None, '"one"', '"one"']
    assert {asked.headers["Authorization"] for asked in server.asked} == {"Bearer ghp_secret"}
    assert values(engine) == [10]


def test_a_renamed_repository_is_followed_and_a_lost_one_is_passed_over(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    landed(engine, coded("2603.00001", "ada/old"), coded("2603.00002", "ada/gone"))
    server.serve("/repos/ada/old", status=301, headers={"Location": "/repositories/7"})
    server.serve("/repositories/7", stars(5))
    ask_due(with_github(engine, tmp_path, server), NOW)
    assert values(engine) == [5]
    assert values(engine, "2603.00002") == []
    assert state(engine).last_error is None
    asked = len(server.asked)
    ask_due(with_github(engine, tmp_path, server), NOW + HOUR)
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    ("status", "headers", "rest"),
    [
        (403, {"X-RateLimit-Remaining": "0"}, HOUR),
        (403, {"Retry-After": "1800"}, 30 * MINUTE),
        (429, {"Retry-After": "2400"}, 40 * MINUTE),
        (429, {}, EVERY),
        (503, {}, EVERY),
    ],
)
def test_a_limit_that_is_reached_ends_the_turn_and_nothing_is_lost(
    engine: Engine,
    tmp_path: Path,
    server: SourceServer,
    *,
    status: int,
    headers: dict[str, str],
    rest: timedelta,
) -> None:
    landed(engine, coded("2603.00001", "ada/engine"), coded("2603.00002", "bob/boat"))
    server.serve("/repos/ada/engine", status=status, headers=headers)
    site = with_github(engine, tmp_path, server)
    ask_due(site, NOW)
    ask_due(site, NOW + rest - timedelta(seconds=1))
    assert len(server.asked) == 1
    assert state(engine).failures == 1
    server.serve("/repos/ada/engine", stars(3))
    server.serve("/repos/bob/boat", stars(4))
    ask_due(site, NOW + rest)
    assert (values(engine), values(engine, "2603.00002")) == ([3], [4])
    assert state(engine).failures == 0


def test_the_last_request_of_an_hour_is_the_last(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    landed(engine, coded("2603.00001", "ada/engine"), coded("2603.00002", "bob/boat"))
    server.serve("/repos/ada/engine", stars(3), headers={"X-RateLimit-Remaining": "0"})
    ask_due(with_github(engine, tmp_path, server), NOW)
    assert len(server.asked) == 1
    found = state(engine)
    assert (found.failures, found.next_at) == (0, NOW + HOUR)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        stars(-5),
        stars(10**12),
        stars(1.5),
        stars(True),
        stars("12"),
        b'{"stargazers_count": NaN}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # nothing of it reaches a database
def test_nonsense_is_no_signal_and_does_not_stand_before_the_others(
    engine: Engine, tmp_path: Path, server: SourceServer, body: bytes
) -> None:
    landed(engine, coded("2603.00001", "ada/engine"), coded("2603.00002", "bob/boat"))
    server.serve("/repos/ada/engine", body)
    server.serve("/repos/bob/boat", stars(4))
    site = with_github(engine, tmp_path, server)
    ask_due(site, NOW)
    assert state(engine).last_error
    ask_due(site, NOW + HOUR)
    assert (values(engine), values(engine, "2603.00002")) == ([], [4])


@pytest.mark.parametrize("status", [403, 500, 502])
def test_a_repository_that_cannot_be_read_does_not_stand_before_the_others(
    engine: Engine, tmp_path: Path, server: SourceServer, status: int
) -> None:
    landed(engine, coded("2603.00001", "ada/engine"), coded("2603.00002", "bob/boat"))
    server.serve("/repos/ada/engine", status=status)
    server.serve("/repos/bob/boat", stars(4))
    site = with_github(engine, tmp_path, server)
    ask_due(site, NOW)
    ask_due(site, NOW + HOUR)
    assert values(engine, "2603.00002") == [4]


def test_a_turn_is_bounded_and_the_newest_papers_come_first(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    site = with_github(engine, tmp_path, server)
    (service,) = site.services
    store_entries(engine, [coded(f"2603.0{n:04}", f"ada/r{n}") for n in range(40)], seen_at=NOW - 2 * HOUR)
    store_entries(engine, [coded("2603.09999", "ada/newest")], seen_at=NOW - HOUR)
    ask_due(site, NOW)
    assert len(server.asked) == service.at_once
    assert server.asked[0].path == "/repos/ada/newest"
    ask_due(site, NOW + EVERY)
    assert len({asked.path for asked in server.asked}) == 2 * service.at_once


def test_two_processes_make_one_turn(engine: Engine, tmp_path: Path, server: SourceServer) -> None:
    landed(engine, coded("2603.00001", "ada/engine"))
    server.serve("/repos/ada/engine", stars(10))
    site = with_github(engine, tmp_path, server)
    at_once = [threading.Thread(target=ask_due, args=(site, NOW)) for _ in range(3)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("link", "subject"),
    [
        ("https://github.com/Ada/Engine", "ada/engine"),
        ("http://www.github.com/ada/engine.git", "ada/engine"),
        ("https://github.com/ada/engine/tree/main#readme", "ada/engine"),
        ("https://github.com/ada/engine?tab=readme", "ada/engine"),
        ("https://github.com/ada/..", None),
        ("https://github.com/ada/../../user", None),
        ("https://github.com/../user", None),
        ("https://github.com/ada/%2e%2e", None),
        ("https://github.com/ada/eng%2fine", None),
        ("https://github.com/ada/engine&per_page=1", None),
        ("https://github.com/ada", None),
        ("https://github.com.evil.example/ada/engine", None),
        ("https://gist.github.com/ada/engine", None),
        ("https://gitlab.com/ada/engine", None),
        ("https://github.com/ada/" + "x" * 101, None),
        ("https://github.com/ädä/engine", None),
    ],
)
def test_only_a_repository_is_asked_about(link: str, subject: str | None) -> None:
    assert GitHub().subject(paper(code_url=link)) == subject


def test_the_authors_comment_names_a_repository_and_the_abstract_does_not() -> None:
    comment = "12 pages. Code: https://github.com/ada/engine."
    assert GitHub().subject(paper(comment=comment)) == "ada/engine"
    assert GitHub().subject(paper(abstract="We use https://github.com/pytorch/pytorch")) is None


@given(st.text(max_size=60).map("https://github.com/{}".format))
def test_no_link_leaves_its_place_in_the_path(link: str) -> None:
    subject = GitHub().subject(paper(code_url=link))
    if subject:
        owner, name = subject.split("/")
        assert set(owner + name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.")
        assert name not in {".", ".."}
        assert owner.strip(".") == owner


# ---------------------------------------------------------------- Semantic Scholar


def test_citations_of_many_papers_are_asked_for_at_once(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    landed(engine, entry("2603.00001"), entry("2603.00002"), entry("2603.00003"))
    server.serve(BATCH, json.dumps([{"citationCount": 3}, None, {"citationCount": 0}]).encode())
    ask_due(with_scholar(engine, tmp_path, server, "key"), NOW)
    (asked,) = server.asked
    assert asked.path == f"{BATCH}?fields=citationCount"
    assert asked.headers["x-api-key"] == "key"
    assert json.loads(asked.body or b"") == {
        "ids": ["ARXIV:2603.00001", "ARXIV:2603.00002", "ARXIV:2603.00003"]
    }
    assert signals(engine) == [Signal(SignalKind.CITATIONS, "semanticscholar", 3, NOW)]
    assert (values(engine, "2603.00002"), values(engine, "2603.00003")) == ([], [0])


def test_each_paper_is_asked_about_once_a_day(engine: Engine, tmp_path: Path, server: SourceServer) -> None:
    landed(engine, entry("2603.00001"))
    server.serve(BATCH, b'[{"citationCount": 3}]')
    site = with_scholar(engine, tmp_path, server)
    ask_due(site, NOW)
    landed(engine, entry("2603.00002"))
    for hour in range(1, 24):
        ask_due(site, NOW + hour * HOUR)
    asked = [name for each in server.asked for name in json.loads(each.body or b"")["ids"]]
    assert asked == ["ARXIV:2603.00001", "ARXIV:2603.00002"]


def test_papers_of_today_that_nobody_knows_are_no_error(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    landed(engine, entry("2603.00001"))
    server.serve(BATCH, b'{"error": "No valid paper ids given"}', status=400)
    ask_due(with_scholar(engine, tmp_path, server), NOW)
    assert state(engine, "semanticscholar").failures == 0
    assert values(engine) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"no JSON", 200),
        (b"{}", 200),
        (b"[]", 200),
        (b"[{}, {}, {}]", 200),
        (b'{"error": "Bad fields"}', 400),
        (b'{"error": 7}', 400),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # nothing of it reaches a database
def test_an_answer_to_another_question_is_an_error_and_is_asked_again(
    engine: Engine, tmp_path: Path, server: SourceServer, body: bytes, status: int
) -> None:
    landed(engine, entry("2603.00001"), entry("2603.00002"))
    server.serve(BATCH, body, status=status)
    site = with_scholar(engine, tmp_path, server)
    ask_due(site, NOW)
    assert state(engine, "semanticscholar").failures == 1
    server.serve(BATCH, b'[{"citationCount": 3}, {"citationCount": -1}]')
    ask_due(site, NOW + HOUR)
    assert (values(engine), values(engine, "2603.00002")) == ([3], [])


def test_a_paper_is_named_by_its_arxiv_id_or_its_doi() -> None:
    scholar = SemanticScholar()
    assert scholar.subject(paper("2603.00001")) == "ARXIV:2603.00001"
    assert scholar.subject(paper(id="doi:10.1101/2026.01.01.1")) == "DOI:10.1101/2026.01.01.1"
    assert scholar.subject(paper(id="journal:7", doi="10.1038/s1")) == "DOI:10.1038/s1"
    assert scholar.subject(paper(id="journal:7")) is None


# ---------------------------------------------------------------- what it must not disturb


@given(body=st.binary(max_size=200), status=st.sampled_from([200, 400]))
@pytest.mark.parametrize("service", [GitHub(), SemanticScholar()], ids=lambda service: service.name)
def test_any_bytes_are_counts_or_a_parse_error(service: Service, body: bytes, status: int) -> None:
    (question,) = service.questions(["ada/engine"])
    try:
        counts = service.read(question, status, body)
    except ParseError:
        return
    assert all(value >= 0 for counted in counts.values() for value in counted.values())


def test_no_secret_is_shown_or_sent_elsewhere(engine: Engine, tmp_path: Path, server: SourceServer) -> None:
    landed(engine, coded("2603.00001", "ada/engine"))
    with SourceServer() as other:
        other.serve("/", stars(1))
        server.serve("/repos/ada/engine", status=301, headers={"Location": other.url("/")})
        ask_due(with_github(engine, tmp_path, server, "ghp_secret"), NOW)
        (asked,) = other.asked
    assert asked.headers["Authorization"] is None
    assert "ghp_secret" not in repr(GitHub("ghp_secret"))
    assert "ghp_secret" not in repr(SemanticScholar("ghp_secret"))


def test_a_service_that_is_away_holds_up_no_digest(engine: Engine, tmp_path: Path) -> None:
    with SourceServer() as server:
        gone = server.url("")
    site = installation(engine, tmp_path, services=(GitHub(base=gone), SemanticScholar(base=gone)))
    with session.transaction(engine) as db:
        for source in sources.listing(db):
            sources.remove(db, source.name)
    landed(engine, coded("2603.00001", "ada/engine"))
    join(site, "ada@example.org")
    report = run_round(site, NOW)
    assert len(outbox(tmp_path)) == 1
    assert report.delivery_error is None
    assert state(engine).failures == state(engine, "semanticscholar").failures == 1


def test_nobody_is_asked_unless_the_operator_says_so(engine: Engine, tmp_path: Path) -> None:
    landed(engine, coded("2603.00001", "ada/engine"))
    assert ask_due(installation(engine, tmp_path), NOW) == 0
    with session.reading(engine) as db:
        assert services.known(db) == {}


# ---------------------------------------------------------------- what its operator sees


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # doctor reads what the store gives
def test_doctor_says_how_each_service_that_is_wanted_is_doing(
    engine: Engine, database_url: str, tmp_path: Path, server: SourceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def checks() -> list[tuple[str, Result, str]]:
        found = examine(NOW, {})
        return [(c.check, c.result, c.detail) for c in found if c.check.startswith("signals of")]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_DATABASE_URL", database_url)
    assert checks() == []
    monkeypatch.setenv("DIGEST_SIGNALS", "github")
    assert checks() == [("signals of github", Result.OK, "not asked yet")]
    landed(engine, coded("2603.00001", "ada/engine"))
    server.serve("/repos/ada/engine", status=401)
    ask_due(with_github(engine, tmp_path, server), NOW)
    ((_, result, detail),) = checks()
    assert result is Result.WARN
    assert "failed once since 2026-03-17 08:00 UTC" in detail
    assert "HTTP 401" in detail
    server.serve("/repos/ada/engine", stars(1))
    ask_due(with_github(engine, tmp_path, server), NOW + HOUR)
    assert checks() == [("signals of github", Result.OK, "it answered last: 2026-03-17 09:00 UTC")]


def test_the_settings_choose_the_services_and_their_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("ghp_secret\n")
    monkeypatch.setenv("DIGEST_GITHUB_TOKEN_FILE", str(token))
    chosen = load(signals=" GitHub, semanticscholar ,", data_dir=tmp_path)
    opened = open_installation(chosen)
    opened.engine.dispose()
    assert opened.services == (GitHub("ghp_secret"), SemanticScholar(""))
    with pytest.raises(ConfigError, match="DIGEST_SIGNALS: 'altmetric' is none of github, semanticscholar"):
        load(signals="altmetric")


@pytest.mark.parametrize("token", ["two words", "line\r\nX-Evil: 1", "tökén"])
def test_a_token_that_would_break_out_of_its_header_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ConfigError, match="DIGEST_GITHUB_TOKEN: must be one word of ASCII") as caught:
        load(github_token=token)
    assert token not in str(caught.value)
