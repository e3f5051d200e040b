"""`digest sources` and `digest doctor` as operators meet them: shapes, words, exit codes."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.cli.terminal.sparklines import BARS, NONE, sparkline
from digest.config import load
from digest.domain import SourceKind, SourceState
from digest.errors import ParseError
from digest.pipeline.installation import open_installation
from digest.sources import opml
from digest.sources.guess import kind_of
from digest.store import session, sources
from tests.commands import Command
from tests.source_server import SourceServer

SAMPLES = Path(__file__).parents[2] / "digest" / "samples"
TUESDAY, WEDNESDAY = "2026-03-17T09:00:00Z", "2026-03-18T12:00:00Z"
NOON = datetime.fromisoformat(WEDNESDAY)


@pytest.fixture
def digest(digest: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Commands that may ask servers of this machine."""
    monkeypatch.setenv("DIGEST_FETCH_ALLOW_HOSTS", "127.0.0.1")
    return digest


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with SourceServer() as running:
        running.serve("/rss/cs.CL", (SAMPLES / "arxiv-2026-03-16.xml").read_bytes())
        running.serve("/daily", (SAMPLES / "huggingface-2026-03-16.json").read_bytes())
        yield running


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x", "http://localhost:8080/", "http://10.1.2.3/feed", "http://[::1]/", "http://127.1/",
     "http://0x7f000001/", "http://2130706433/", "http://169.254.169.254/latest", "http://feed.localhost/"],
)  # fmt: skip
def test_an_address_that_is_never_fetched_is_not_added(
    digest: Command, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DIGEST_FETCH_ALLOW_HOSTS", "source.test")
    code, _, err = digest("sources", "add", url, "--name", "own", "--kind", "feed")
    assert code == 2
    assert "would never be fetched" in err
    assert "DIGEST_FETCH_ALLOW_HOSTS=" in err


def test_an_address_of_ones_own_network_is_added_where_it_is_allowed_by_name(digest: Command) -> None:
    assert digest("sources", "add", "http://127.0.0.1/x", "--name", "own", "--kind", "feed")[0] == 0


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.org/",
        "https://u:p@x.org/",
        "https://x.org:99999/",
        "http://[x",
        "https://x.org/" + "a" * 3000,
    ],
)
def test_what_is_no_address_of_a_source_is_refused_in_words(digest: Command, url: str) -> None:
    code, _, err = digest("sources", "add", url, "--name", "own", "--kind", "feed")
    assert (code, "address of a source" in err) == (2, True)


@pytest.mark.parametrize("name", ["a:b", "doi", "x" * 101, "a\nb"])
def test_a_name_that_can_be_no_source_is_refused_in_words(digest: Command, name: str) -> None:
    code, _, err = digest("sources", "add", "https://x.org/", "--name", name, "--kind", "feed")
    assert (code, "can't be named" in err) == (2, True)


def listed(digest: Command, name: str, now: str = TUESDAY) -> Any:
    _, found, _ = digest("--now", now, "sources", "list", "--json")
    return next(source for source in found if source["name"] == name)


def checked(digest: Command, now: str = TUESDAY) -> dict[str, Any]:
    """What `doctor` says, by the name of the check."""
    _, checks, _ = digest("--now", now, "doctor", "--json")
    assert all(check.keys() == {"check", "result", "detail", "fix"} for check in checks)
    return {check["check"]: check for check in checks}


def add(digest: Command, server: SourceServer, path: str = "/rss/cs.CL", kind: str = "arxiv") -> None:
    assert digest("sources", "add", server.url(path), "--name", "near", "--kind", kind)[0] == 0


def test_a_listed_source_shows_what_it_brought_and_when(digest: Command, server: SourceServer) -> None:
    add(digest, server)
    assert listed(digest, "near")["announcements"] == []
    _, (report,), _ = digest("--now", TUESDAY, "sources", "fetch", "near", "--json")
    found = listed(digest, "near", "2026-03-17T11:00:00Z")
    assert found["announcements"] == [{"date": "2026-03-17", "new": report["entries"]}]
    assert (found["last_new_at"], found["last_new_age"]) == (TUESDAY, 7200)
    assert {"name", "kind", "url", "state", "last_success_at", "failures", "last_error"} <= found.keys()
    code, out, _ = digest("--now", WEDNESDAY, "sources", "list")
    assert code == 0
    assert "1 d 3 h" in out
    assert "█" in out


def test_a_batch_of_yesterday_under_todays_date_is_waiting_and_then_stalled(
    digest: Command, server: SourceServer
) -> None:
    add(digest, server)
    states = [
        digest("--now", now, "sources", "fetch", "near", "--json")[1][0]["state"]
        for now in (TUESDAY, "2026-03-18T05:00:00Z", WEDNESDAY, "2026-03-21T12:00:00Z")
    ]
    assert states == ["fresh", "waiting", "stalled", "quiet"]
    digest("--now", WEDNESDAY, "sources", "fetch", "near")
    told = checked(digest, WEDNESDAY)["source near"]
    assert told["result"] == "fail"
    assert "stalled" in told["detail"]


def test_what_fails_and_the_mend_stand_in_the_list_and_in_doctor(
    digest: Command, server: SourceServer
) -> None:
    add(digest, server, "/gone", "feed")
    digest("--now", TUESDAY, "sources", "fetch", "near")
    found = listed(digest, "near")
    assert (found["state"], found["failures"], found["failing_since"]) == ("failing", 1, TUESDAY)
    told = checked(digest)["source near"]
    assert told["result"] == "fail"
    assert "404" in told["detail"]
    assert told["fix"] == f"digest sources check {server.url('/gone')}"
    assert "404" in digest("--now", TUESDAY, "sources", "list")[2]


@pytest.mark.parametrize(("path", "kind"), [("/rss/cs.CL", "arxiv"), ("/daily", "huggingface")])
def test_an_address_is_looked_at_before_it_is_added(
    digest: Command, server: SourceServer, path: str, kind: str
) -> None:
    code, found, _ = digest("sources", "check", server.url(path), "--json")
    assert code == 0
    assert found["kind"] == kind
    assert found["entries"] >= 5
    assert len(found["sample"]) == 3
    assert all(each["title"] for each in found["sample"])
    assert found["error"] is None
    assert all(
        source["name"] in {"arxiv", "huggingface"} for source in digest("sources", "list", "--json")[1]
    )
    add(digest, server, path, kind)
    assert (
        "it is there already, as near"
        in digest("sources", "check", server.url(path), "--json")[1]["problems"]
    )


def test_an_address_that_is_no_source_says_why(digest: Command, server: SourceServer) -> None:
    server.serve("/page", b"<html><body>Welcome</body></html>")
    server.serve("/empty", b'<rss version="2.0"><channel><title>x</title></channel></rss>')
    code, found, _ = digest("sources", "check", server.url("/page"), "--json")
    assert code == 6
    assert found["error"]
    assert digest("sources", "check", server.url("/nothing"))[0] == 5
    assert digest("sources", "check", server.url("/empty"), "--json")[1]["problems"] == [
        "it has no entries now"
    ]
    assert digest("sources", "check", "file:///etc/passwd")[0] == 2


@pytest.mark.parametrize(("path", "kind"), [("/rss/cs.CL", "arxiv"), ("/daily", "huggingface")])
def test_the_kind_of_a_source_that_is_added_is_what_its_answer_says(
    digest: Command, server: SourceServer, path: str, kind: str
) -> None:
    code, added, _ = digest("sources", "add", server.url(path), "--name", "near", "--json")
    assert (code, added["kind"]) == (0, kind)
    assert listed(digest, "near")["kind"] == kind


def test_a_host_that_gives_its_kind_away_is_not_asked(digest: Command) -> None:
    code, out, _ = digest("sources", "add", "https://rss.arxiv.org/rss/math", "--name", "math", "--dry-run")
    assert (code, out) == (0, "math would be added as arxiv: https://rss.arxiv.org/rss/math\n")


def test_what_can_be_no_source_is_not_added_without_a_kind(digest: Command, server: SourceServer) -> None:
    server.serve("/page", b"<html><body>Welcome</body></html>")
    for url, code, said in (
        (server.url("/page"), 2, "can't be read as a source"),
        (server.url("/nothing"), 5, "404"),
        ("http://localhost/feed", 2, "would never be fetched"),
        ("ftp://x.org/", 2, "not an address of a source"),
    ):
        got, _, err = digest("sources", "add", url, "--name", "near")
        assert (got, said in err) == (code, True), (url, err)
    assert "near" not in digest("sources", "list")[1]
    assert digest("sources", "add", server.url("/page"), "--name", "near", "--kind", "feed")[0] == 0


def test_a_source_gets_another_address(digest: Command, server: SourceServer) -> None:
    add(digest, server)
    elsewhere = server.url("/elsewhere")
    digest("sources", "edit", "near", "--url", elsewhere, "--dry-run")
    assert listed(digest, "near")["url"] == server.url("/rss/cs.CL")
    code, edited, _ = digest("sources", "edit", "near", "--url", elsewhere, "--json")
    assert (code, edited["url"]) == (0, elsewhere)
    assert digest("sources", "edit", "near", "--url", "ftp://x/")[0] == 2
    assert digest("sources", "edit", "naer", "--url", elsewhere)[0] == 3


def test_removing_a_source_needs_a_yes_and_keeps_its_papers(digest: Command, server: SourceServer) -> None:
    add(digest, server)
    digest("--now", TUESDAY, "sources", "fetch", "near")
    code, _, err = digest("sources", "remove", "near")
    assert code == 7
    assert "--yes" in err
    assert digest("sources", "remove", "near", "--dry-run")[0] == 0
    assert listed(digest, "near")
    assert digest("sources", "remove", "near", "--yes")[0] == 0
    assert digest("--now", TUESDAY, "papers", "search", "the", "--json")[0] == 0
    assert "near" not in digest("sources", "list")[1]


def test_sources_go_out_and_come_in_as_opml(digest: Command, tmp_path: Path) -> None:
    code, first, _ = digest("sources", "export")
    assert code == 0
    (tmp_path / "feeds.opml").write_text(first)
    assert [each["result"] for each in digest("sources", "import", "feeds.opml", "--json")[1]] == [
        "there"
    ] * 2
    for name in ("arxiv", "huggingface"):
        digest("sources", "remove", name, "--yes")
    digest("sources", "import", "feeds.opml", "--dry-run")
    assert digest("sources", "list", "--json")[1] == []
    _, added, _ = digest("sources", "import", "feeds.opml", "--json")
    assert [(each["name"], each["kind"], each["result"]) for each in added] == [
        ("arxiv", "arxiv", "added"),
        ("huggingface", "huggingface", "added"),
    ]
    assert digest("sources", "export")[1] == first


def test_a_feed_readers_list_is_read_whatever_its_folders_and_names(digest: Command, tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(
        '<opml version="1.0"><body><outline text="Journals">'
        '<outline text="Nature &amp; co" xmlUrl="https://www.nature.com/nature.rss"/>'
        '<outline text="Nature &amp; co" xmlUrl="https://www.nature.com/nmi.rss"/>'
        '<outline text="doi" xmlUrl="https://x.example/feed"/></outline>'
        '<outline text="arXiv math" xmlUrl="https://rss.arxiv.org/rss/math"/>'
        '<outline text="broken" xmlUrl="javascript:alert(1)"/></body></opml>'
    )
    _, added, _ = digest("sources", "import", "feeds.opml", "--json")
    assert [(each["name"], each["kind"]) for each in added] == [
        ("nature-co", "feed"),
        ("nature-co-2", "feed"),
        ("doi-feed", "feed"),
        ("arxiv-math", "arxiv"),
    ]


BOMB = (
    b'<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><opml><body><outline text="&b;"/></body></opml>'
)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (BOMB, "document type or entities"),
        (BOMB.decode().encode("utf-16"), "document type or entities"),
        (b"<rss/>", "root isn't <opml>"),
        (b"<opml>", "not an OPML file"),
        (b"", "not an OPML file"),
        (b" " * 2_000_000, "larger than 1 MiB"),
        (b"<opml>" + b"<outline/>" * 3_000 + b"</opml>", "more than 2,000 outlines"),
    ],
)
def test_a_hostile_list_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        opml.read(body)


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_read_or_refused(body: bytes) -> None:
    for head in (b"", b'<opml><outline xmlUrl="http://'):
        try:
            opml.read(head + body)
        except ParseError:
            continue


@given(
    st.lists(
        st.builds(
            opml.Outline,
            st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=20).map(str.strip),
            st.integers().map(lambda n: f"https://x.example/{n}?a=1&b=<2>'\""),
            st.sampled_from(["", *SourceKind]),
        ),
        unique_by=lambda outline: outline.url,
    )
)
def test_what_was_written_is_read_again(outlines: list[opml.Outline]) -> None:
    assert opml.read(opml.write(tuple(outlines)).encode()) == tuple(outlines)


@pytest.mark.parametrize(
    ("url", "body", "kind"),
    [
        ("https://rss.arxiv.org/rss/cs.CL", b"", "arxiv"),
        ("https://huggingface.co/api/daily_papers", b"", "huggingface"),
        ("https://api.biorxiv.org/details/biorxiv/2026-03-16/2026-03-17", b"", "biorxiv"),
        ("https://mirror.example/x", b'<rss xmlns:arxiv="http://arxiv.org/schemas/atom">', "arxiv"),
        ("https://mirror.example/x", b'\xef\xbb\xbf [{"paper": {}}]', "huggingface"),
        ("https://mirror.example/x", b'{"messages": [], "collection": []}', "biorxiv"),
        ("https://mirror.example/x", b'{"version": "https://jsonfeed.org/version/1.1"}', "feed"),
        ("https://arxiv.org.example/x", b"\x00\xff", "feed"),
    ],
)
def test_the_kind_of_a_source_is_guessed_from_its_host_or_its_first_bytes(
    url: str, body: bytes, kind: str
) -> None:
    assert kind_of(url, body) == kind


@given(st.lists(st.integers(0, 5000), max_size=14))
def test_a_sparkline_has_a_bar_for_each_number_and_a_dot_for_none(counts: list[int]) -> None:
    line = sparkline(counts)
    assert len(line) == len(counts)
    assert [mark == NONE for mark in line] == [count == 0 for count in counts]
    heights = [BARS.index(mark) for mark, count in zip(line, counts, strict=True) if count]
    larger = [count for count in counts if count]
    assert sorted(zip(larger, heights, strict=True)) == sorted(
        zip(sorted(larger), sorted(heights), strict=True)
    )
    assert not larger or max(heights) == len(BARS) - 1


def test_doctor_finds_an_installation_of_one_machine_well_enough(digest: Command) -> None:
    digest("db", "upgrade")
    found = checked(digest)
    assert len(found) >= 14
    assert {name for name, check in found.items() if check["result"] == "fail"} == set()
    assert found["sender"]["result"] == found["postal address"]["result"] == "warn"
    assert found["source arxiv"]["fix"] == "digest sources fetch arxiv"
    assert digest("--now", TUESDAY, "doctor")[0] == 0


def test_doctor_fails_where_mail_would_not_leave(digest: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_SMTP_URL", "smtp://mail.example:25")
    monkeypatch.setenv("DIGEST_SECRET_KEY", "short")
    digest("db", "upgrade")
    found = checked(digest)
    for name in ("sender", "postal address", "secret key"):
        assert found[name]["result"] == "fail", name
        assert found[name]["fix"].startswith("DIGEST_")
    assert digest("--now", TUESDAY, "doctor")[0] == 4


def test_doctor_warns_of_a_year_whose_holidays_are_not_known(digest: Command) -> None:
    digest("db", "upgrade")
    assert checked(digest, "2026-11-30T12:00:00Z")["arxiv calendar"]["result"] == "ok"
    for now in ("2026-12-01T12:00:00Z", "2027-02-01T12:00:00Z"):
        told = checked(digest, now)["arxiv calendar"]
        assert told["result"] == "warn"
        assert "2027" in told["detail"]


def test_doctor_notices_that_nobody_runs_the_rounds(digest: Command, server: SourceServer) -> None:
    add(digest, server)
    digest("--now", TUESDAY, "sources", "fetch", "near")
    assert checked(digest)["rounds"]["result"] == "ok"
    told = checked(digest, WEDNESDAY)["rounds"]
    assert told["result"] == "warn"
    assert "near" in told["detail"]


def test_doctor_works_where_nothing_else_does(
    digest: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checked(digest)["schema"]["result"] == "fail"
    (tmp_path / "notes.db").write_text("no database, but long enough to look at " * 100)
    monkeypatch.setenv("DIGEST_DATABASE_URL", "sqlite:///notes.db")
    assert checked(digest)["database"]["result"] == "fail"
    monkeypatch.setenv("DIGEST_SMTP_URL", "maildir:notes.db/outbox")
    assert checked(digest)["outbox"]["result"] == "fail"
    monkeypatch.setenv("DIGEST_WINDOW_DAYS", "0")
    code, (only,), _ = digest("doctor", "--json")
    assert code == 4
    assert (only["check"], only["result"]) == ("settings", "fail")
    assert "DIGEST_WINDOW_DAYS" in only["detail"]


def test_a_paused_source_is_not_asked_and_raises_nothing_until_it_is_resumed(
    digest: Command, server: SourceServer
) -> None:
    add(digest, server)
    digest("--now", TUESDAY, "sources", "fetch", "near")
    for name in {source["name"] for source in digest("sources", "list", "--json")[1]} - {"near"}:
        digest("sources", "remove", name, "--yes")
    assert digest("sources", "pause", "near", "--dry-run")[0] == 0
    assert listed(digest, "near")["state"] == "fresh"
    assert digest("sources", "pause", "near", "--json")[1]["state"] == "paused"
    asked = len(server.asked)
    code, _, err = digest("--now", WEDNESDAY, "sources", "fetch", "near")
    assert (code, "digest sources resume near" in err) == (7, True)
    assert digest("--now", WEDNESDAY, "sources", "fetch", "--json")[1] == []
    assert digest("--now", WEDNESDAY, "run", "--json")[1]["sources"] == []
    code, _, _ = digest(
        "--now", WEDNESDAY, "sources", "backfill", "near", "--from", "2026-03-17", "--to", "2026-03-17"
    )
    assert code == 7
    assert len(server.asked) == asked
    told = checked(digest, WEDNESDAY)
    assert (told["source near"]["result"], "paused" in told["source near"]["detail"]) == ("ok", True)
    assert told["rounds"]["result"] == "ok"
    assert listed(digest, "near", WEDNESDAY)["missed"] == []
    assert digest("--now", WEDNESDAY, "sources", "resume", "near", "--json")[1]["state"] == "quiet"
    assert [each["name"] for each in digest("--now", WEDNESDAY, "run", "--json")[1]["sources"]] == ["near"]


def test_a_source_that_is_paused_while_it_is_asked_stays_paused(digest: Command, tmp_path: Path) -> None:
    digest("sources", "list")
    installation = open_installation(load())
    with session.transaction(installation.engine) as db:
        sources.claim(db, "arxiv", now=NOON, until=NOON, only_due=False)
    digest("sources", "pause", "arxiv")
    with session.transaction(installation.engine) as db:
        sources.failed(db, "arxiv", now=NOON, error="no answer", next_fetch_at=NOON)
        sources.set_state(db, "arxiv", SourceState.FRESH)
        assert sources.get(db, "arxiv").state is SourceState.PAUSED
