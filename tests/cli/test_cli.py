"""The command line as its users meet it: shapes that scripts rely on, errors in words, exit codes."""

import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pytest

from digest.cli.terminal.output import emit
from digest.cli.terminal.prompts import ask
from digest.match.fit import FITS
from tests.commands import Command
from tests.source_server import SourceServer

SAMPLES = Path(__file__).parents[2] / "digest" / "samples"
DAY_BEFORE, MORNING = "2026-03-18T22:00:00Z", "2026-03-19T09:00:00Z"


@pytest.fixture
def filled(digest: Command) -> Command:
    """The same with the sample papers in the store, seen on the days that their files give."""
    for kind in ("arxiv", "huggingface"):
        files = [str(path) for path in sorted(SAMPLES.glob(f"{kind}-*"))]
        assert digest("papers", "import", *files, "--kind", kind, "--seen-at", "source")[0] == 0
    return digest


def subscribe(digest: Command, email: str, *options: str) -> Any:
    """Add a confirmed subscriber on the evening before; → its object."""
    confirmed = ("--confirmed", "--consent", "said so", "--json")
    code, added, _ = digest("--now", DAY_BEFORE, "subscribers", "add", email, *options, *confirmed)
    assert code == 0
    return added


def test_help_is_quick_because_it_loads_no_stage() -> None:
    probe = (
        "import sys; from digest.cli import main; main(['--help']);"
        "sys.exit(bool({'sqlalchemy', 'numpy', 'httpcore2', 'httpx2', 'jinja2', 'rich', 'celery', 'lark'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "digest demo" in done.stdout


def test_importing_the_same_files_twice_changes_nothing(digest: Command) -> None:
    files = [str(path) for path in sorted(SAMPLES.glob("huggingface-*"))]
    arguments = ("papers", "import", *files, "--kind", "huggingface", "--seen-at", "source", "--json")
    _, first, _ = digest(*arguments)
    _, second, _ = digest(*arguments)
    shape = {"file", "state", "entries", "new", "updated", "unchanged", "skipped", "error"}
    assert all(report.keys() >= shape for report in first)
    assert sum(report["new"] for report in first) > 10
    assert [(r["new"], r["updated"]) for r in second] == [(0, 0)] * 4
    assert [r["unchanged"] for r in second] == [r["entries"] for r in second]


def test_a_file_that_cannot_be_read_is_named_and_the_others_land(digest: Command, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("[\"{'paper': 1}\"]")
    good = str(SAMPLES / "huggingface-2026-03-16.json")
    code, reports, _ = digest("papers", "import", str(broken), good, "--kind", "huggingface", "--json")
    assert code == 6
    assert reports[0]["file"] == str(broken)
    assert "strings" in reports[0]["error"]
    assert reports[1]["error"] is None
    assert reports[1]["new"] > 0


def test_a_weekend_feed_leaves_its_source_quiet(digest: Command, tmp_path: Path) -> None:
    saturday = tmp_path / "saturday.xml"
    saturday.write_text(
        '<rss version="2.0"><channel><title>cs updates on arXiv.org</title>'
        "<link>http://rss.arxiv.org/rss/cs</link><description>cs updates</description>"
        "<pubDate>Sat, 21 Mar 2026 00:00:00 -0400</pubDate></channel></rss>"
    )
    _, (report,), _ = digest("papers", "import", str(saturday), "--kind", "arxiv", "--json")
    assert (report["state"], report["entries"], report["error"]) == ("quiet", 0, None)


def test_a_gzip_file_that_is_cut_off_is_told(digest: Command, tmp_path: Path) -> None:
    import gzip

    cut = tmp_path / "cut.json.gz"
    cut.write_bytes(gzip.compress((SAMPLES / "huggingface-2026-03-16.json").read_bytes())[:-20])
    code, (report,), _ = digest("papers", "import", str(cut), "--kind", "huggingface", "--json")
    assert code == 6
    assert report["error"] == "the gzip file is cut off"


def test_a_subscriber_has_the_shape_that_scripts_know(filled: Command) -> None:
    added = subscribe(
        filled, "ada@example.org", "--topic", "llm", "--exclude", "survey", "--timezone", "Europe/Paris"
    )
    assert added["status"] == "active"
    assert added["topics"] == ["llm"]
    assert added["exclude"] == ["survey"]
    assert added["next_due_at"] == "2026-03-19T07:00:00Z"
    _, shown, _ = filled("subscribers", "show", "ada@example.org", "--json")
    assert shown["consent"][0]["wording"] == "said so"
    assert shown["deliveries"] == shown["bounces"] == []
    assert {key: shown[key] for key in added} == added


def test_a_subscriber_without_consent_is_pending_and_gets_nothing(filled: Command) -> None:
    _, added, _ = filled("--now", DAY_BEFORE, "subscribers", "add", "ada@example.org", "--json")
    assert (added["status"], added["next_due_at"]) == ("pending", None)
    _, report, _ = filled("--now", MORNING, "run", "--no-fetch", "--json")
    assert report == {"sources": [], "issues": [], "emails": 1, "failed": []}


def test_a_round_accounts_for_everybody(filled: Command) -> None:
    subscribe(filled, "ada@example.org", "--topic", "llm")
    subscribe(filled, "bob@example.org", "--filter", "topology")
    _, report, _ = filled("--now", MORNING, "run", "--no-fetch", "--json")
    (issue,) = report["issues"]
    states = ("sent", "queued", "deferred", "uncertain", "bounced", "failed", "skipped", "expired")
    assert issue["audience"] == sum(issue[state] for state in states) == 2
    assert (issue["sent"], issue["skipped"], issue["date"]) == (1, 1, "2026-03-19")
    _, rows, _ = filled("deliveries", "list", "--json")
    by_email = {row["email"]: row for row in rows}
    assert by_email["bob@example.org"]["reason"] == "nothing matched"
    assert all(paper.startswith("arxiv:") for paper in by_email["ada@example.org"]["papers"])
    assert filled("deliveries", "list", "--state", "skipped", "--json")[1] == [by_email["bob@example.org"]]
    again = filled("--now", MORNING, "run", "--no-fetch", "--json")
    assert again[1]["issues"] == []


def test_the_preview_of_a_subscriber_is_what_the_round_sends(filled: Command) -> None:
    subscribe(filled, "ada@example.org", "--topic", "llm")
    _, preview, _ = filled("--now", MORNING, "preview", "ada@example.org", "--json")
    filled("--now", MORNING, "run", "--no-fetch")
    _, (row,), _ = filled("deliveries", "list", "--json")
    assert [paper["id"] for paper in preview["papers"]] == row["papers"]
    reason = preview["papers"][0]["reasons"][0]
    assert reason["kind"] == "topic"
    assert reason["filter"] == "llm"
    assert reason["field"] in {"title", "abstract", "category", "author"}
    assert preview["skip_reason"] is None


def test_a_preview_with_nothing_in_it_says_why(filled: Command) -> None:
    code, preview, _ = filled("--now", MORNING, "preview", "--filter", "topology", "--json")
    assert code == 0
    assert preview == {"subject": None, "skip_reason": "nothing matched", "papers": [], "withdrawn": []}


def test_the_message_of_a_preview_is_a_whole_mail(filled: Command) -> None:
    from email import message_from_string, policy

    code, out, _ = filled("--now", MORNING, "preview", "--topic", "llm", "--eml")
    assert code == 0
    mail = message_from_string(out, policy=policy.SMTP)
    assert mail["List-Unsubscribe"]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_testing_a_filter_names_the_term_and_the_field(filled: Command) -> None:
    code, found, _ = filled("--now", MORNING, "topics", "test", "robots", "--json")
    assert code == 0
    assert found
    for paper in found:
        assert {reason["kind"] for reason in paper["reasons"]} == {"filter"}
        assert all("robot" in reason["term"].lower() for reason in paper["reasons"])


def test_a_broken_filter_is_shown_with_its_place(filled: Command) -> None:
    code, _, err = filled("topics", "test", '"mixture of')
    assert code == 2
    lines = err.splitlines()
    assert lines[0].strip() == '"mixture of'
    assert lines[1].strip() == "^"
    assert lines[2].startswith("error: ")


def test_testing_a_filter_shows_how_it_was_read(filled: Command) -> None:
    code, _, err = filled("--now", MORNING, "topics", "test", "Robots　－survey or maps")
    assert code == 0
    assert err.splitlines()[1:] == [
        "read as: maps or robots NOT survey",
        "hint: “or” is read as a word; the operator is OR, in capitals.",
    ]


def test_adding_a_subscriber_shows_how_their_filters_were_read(filled: Command) -> None:
    wanted = ("--filter", "「state space」", "--exclude", "Survey")
    code, _, err = filled("subscribers", "add", "cy@example.org", *wanted)
    assert code == 0
    assert err.splitlines() == ['read as: "state space"', "read as: survey"]


def test_a_paper_is_found_by_any_of_its_names(filled: Command) -> None:
    _, searched, _ = filled("--now", MORNING, "papers", "search", "robots", "--limit", "2", "--json")
    assert len(searched) == 2
    name = searched[0]["id"]
    bare = name.removeprefix("arxiv:")
    for ref in (name, bare, f"{bare}v1", f"https://arxiv.org/abs/{bare}"):
        assert filled("papers", "show", ref, "--json")[1]["id"] == name


def test_the_parts_of_a_score_add_up(filled: Command) -> None:
    _, (first, *_), _ = filled("--now", MORNING, "topics", "test", "topic:llm", "--json")
    _, explained, _ = filled("--now", MORNING, "papers", "explain", first["id"], "--json")
    assert explained["score"] == pytest.approx(sum(p["points"] for p in explained["parts"]), abs=1e-4)


def test_a_preview_explains_each_score_with_the_numbers_that_papers_explain_gives(filled: Command) -> None:
    asked = ("--topic", "llm", "--filter", "quantization OR robots", "--explain")
    _, preview, _ = filled("--now", MORNING, "preview", *asked, "--json")
    assert [paper["place"] for paper in preview["papers"]] == list(range(1, len(preview["papers"]) + 1))
    for paper in preview["papers"]:
        _, explained, _ = filled("--now", MORNING, "papers", "explain", paper["id"], "--json")
        assert (paper["parts"], paper["trend"]) == (explained["parts"], explained["score"])
        fit = paper["fit"]
        assert fit["value"] == FITS[min(sum(each["points"] for each in fit["filters"]), 7)]
        assert paper["score"] == pytest.approx(paper["trend"] + paper["weight"] * fit["value"], abs=1e-5)
        assert {term["field"] for each in fit["filters"] for term in each["terms"]} <= {"title", "abstract"}
    code, shown, _ = filled("--now", MORNING, "preview", *asked)
    first = preview["papers"][0]
    assert code == 0
    assert f"1. {first['title']} · {first['id']}" in shown
    assert f"score {first['score']:.4f} = trend {first['trend']:.4f} + {first['weight']:g} × fit" in shown


def test_a_preview_that_explains_adds_keys_and_drops_none(filled: Command) -> None:
    _, plain, _ = filled("--now", MORNING, "preview", "--topic", "llm", "--json")
    _, explained, _ = filled("--now", MORNING, "preview", "--topic", "llm", "--explain", "--json")
    added = {"place", "trend", "parts", "weight", "fit"}
    assert [{k: v for k, v in p.items() if k not in added} for p in explained["papers"]] == plain["papers"]


def test_a_paper_that_a_filter_does_not_match_says_what_is_missing(filled: Command) -> None:
    _, (first, *_), _ = filled("--now", MORNING, "topics", "test", "robots", "--json")
    ask = ("--now", MORNING, "topics", "test")
    _, out, _ = filled(*ask, "robots mamba -cat:cs", "--paper", first["id"], "--json")
    assert out == {
        "id": first["id"],
        "title": first["title"],
        "matches": False,
        "why_not": ["no mamba", "has cat:cs"],
    }
    assert filled(*ask, "robots", "--paper", first["id"], "--json")[1]["why_not"] == []
    assert "no mamba" in filled(*ask, "mamba", "--paper", first["id"].removeprefix("arxiv:"))[1]
    late = filled("--now", "2026-05-01T00:00:00Z", "topics", "test", "mamba", "--paper", first["id"])[1]
    assert "first seen 2026-03-" in late
    assert "no mamba" in late
    assert filled(*ask, "robots", "--paper", "2603.99999")[0] == 3


WANTED = '"language model" OR robots'


def test_a_preview_says_why_a_paper_is_not_in_it(filled: Command) -> None:
    subscribe(filled, "ada@example.org", "--filter", WANTED, "--exclude", "maps", "--max", "1")
    _, matching, _ = filled("--now", MORNING, "topics", "test", f"({WANTED}) -maps", "--json")
    _, mapped, _ = filled("--now", MORNING, "topics", "test", "robots maps", "--json")
    _, other, _ = filled("--now", MORNING, "topics", "test", f"cat:cs -({WANTED}) -maps", "--json")

    def why(paper: Any, *who: str) -> list[str]:
        _, out, _ = filled("--now", MORNING, "preview", *who, "--paper", paper["id"], "--json")
        assert out["matches"] == (not out["why_not"])
        return list(out["why_not"])

    assert why(matching[0], "ada@example.org") == []
    assert why(matching[1], "ada@example.org") == ["it matches, in place 2, and the digest has 1"]
    assert why(mapped[0], "ada@example.org") == ["excluded by maps"]
    assert why(other[0], "ada@example.org") == [f'{WANTED}: no "language model", no robots']
    assert why(mapped[0], "--topic", "music", "--exclude", "maps")[0] == "excluded by maps"
    filled("--now", MORNING, "run", "--no-fetch")
    assert why(matching[0], "ada@example.org") == ["it is in a digest that was sent, or is on its way"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("subscribers", "show", "nobody@example.org"), 3, "nobody@example.org"),
        (("subscribers", "add", "not an address"), 2, "is not an e-mail address"),
        (("subscribers", "add", "a@example.org", "--timezone", "Europe/Pariss"), 2, "Europe/Paris"),
        (("subscribers", "add", "a@example.org", "--at", "25:00"), 2, "not a time of day"),
        (("subscribers", "add", "a@example.org", "--topic", "lllm"), 3, "did you mean llm?"),
        (("subscribers", "add", "a@example.org", "--confirmed"), 2, "--consent"),
        (("papers", "show", "2601.99999"), 3, "2601.99999"),
        (("topics", "show", "robotic"), 3, "did you mean robotics?"),
        (("sources", "fetch", "arxvi"), 3, "arxiv"),
        (("sources", "add", "file:///etc/passwd", "--name", "x", "--kind", "feed"), 2, "not an address"),
        (("--now", "yesterday", "run"), 2, "not a time with its zone"),
        (("papers", "import", "missing.json", "--kind", "arxiv"), 2, "missing.json"),
        (("demoo",), 2, "demoo"),
    ],
)
def test_what_is_wrong_is_told_in_words(
    digest: Command, arguments: Sequence[str], code: int, said: str
) -> None:
    got, _, err = digest(*arguments)
    assert got == code
    assert said in err
    assert "Traceback" not in err


def test_a_roster_is_read_whole_or_not_at_all(digest: Command, tmp_path: Path) -> None:
    roster = tmp_path / "people.csv"
    roster.write_text(
        "email,topics,filters,exclude,frequency,at,timezone,max,status\n"
        'ada@example.org,llm;rag,"""state space"";mamba",survey,daily,07:30,Europe/Paris,5,\n'
        "broken,llm,,,,,,,\n"
    )
    code, report, _ = digest("subscribers", "import", str(roster), "--json")
    assert code == 6
    assert report["added"] == 0
    assert report["errors"][0]["line"] == 3
    roster.write_text(roster.read_text().replace("broken,", "bob@example.org,"))
    assert digest("subscribers", "import", str(roster), "--json")[1]["added"] == 2
    assert digest("subscribers", "import", str(roster), "--json")[1]["unchanged"] == 2
    _, people, _ = digest("subscribers", "list", "--json")
    assert people[0]["filters"] == ['"state space"', "mamba"]
    assert {person["status"] for person in people} == {"pending"}


def test_mails_on_quiet_days_are_asked_for_by_option_or_roster(digest: Command, tmp_path: Path) -> None:
    assert subscribe(digest, "ada@example.org", "--quiet-days")["quiet_days"] is True
    assert subscribe(digest, "bob@example.org")["quiet_days"] is False
    roster = tmp_path / "people.csv"
    roster.write_text("email,quiet_days\neve@example.org,yes\nmax@example.org,\nlea@example.org,No\n")
    assert digest("subscribers", "import", str(roster), "--json")[1]["added"] == 3
    _, people, _ = digest("subscribers", "list", "--json")
    assert [person["quiet_days"] for person in people] == [True, False, True, False, False]
    roster.write_text("email,quiet_days\ntom@example.org,maybe\n")
    _, report, _ = digest("subscribers", "import", str(roster), "--json")
    assert "neither yes nor no" in report["errors"][0]["error"]


def test_a_quiet_day_is_previewed_with_its_reason(filled: Command) -> None:
    added = subscribe(filled, "ada@example.org", "--filter", "topology", "--quiet-days")
    assert added["quiet_days"] is True
    _, shown, _ = filled("--now", MORNING, "preview", "ada@example.org", "--json")
    assert shown["subject"].startswith("No papers today")
    assert (shown["skip_reason"], shown["papers"]) == ("nothing matched", [])


def test_who_left_elsewhere_is_not_written_to_here(digest: Command, tmp_path: Path) -> None:
    roster = tmp_path / "people.csv"
    roster.write_text("email,status\nada@example.org,active\nbob@example.org,unsubscribed\n")
    confirmed = ("--confirmed", "--consent", "moved from our old list")
    digest("--now", DAY_BEFORE, "subscribers", "import", str(roster), *confirmed)
    _, people, _ = digest("subscribers", "list", "--json")
    assert [person["status"] for person in people] == ["active", "unsubscribed"]
    roster.write_text("email,status\neve@example.org,actve\n")
    code, report, _ = digest("subscribers", "import", str(roster), "--json")
    assert code == 6
    assert "'actve'" in report["errors"][0]["error"]


def test_changing_what_people_chose_needs_a_yes(digest: Command, tmp_path: Path) -> None:
    roster = tmp_path / "people.csv"
    roster.write_text("email,topics\nada@example.org,llm\n")
    digest("subscribers", "import", str(roster))
    roster.write_text("email,topics\nada@example.org,rag\n")
    code, _, err = digest("subscribers", "import", str(roster))
    assert code == 7
    assert "--yes" in err
    assert digest("subscribers", "import", str(roster), "--yes", "--json")[1]["updated"] == 1


def test_a_new_installation_knows_two_sources_and_says_when_they_are_out_of_reach(
    digest: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, listed, _ = digest("sources", "list", "--json")
    assert [(source["name"], source["state"]) for source in listed] == [
        ("arxiv", "new"),
        ("huggingface", "new"),
    ]


def test_a_source_is_added_and_fetched(digest: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_FETCH_ALLOW_HOSTS", "127.0.0.1")
    with SourceServer() as server:
        server.serve("/rss", (SAMPLES / "arxiv-2026-03-16.xml").read_bytes(), etag='"1"')
        digest("sources", "add", server.url("/rss"), "--name", "near", "--kind", "arxiv")
        code, (first,), _ = digest("sources", "fetch", "near", "--json")
        _, (second,), _ = digest("sources", "fetch", "near", "--json")
    assert code == 0
    assert (first["state"], first["new"], first["not_modified"]) == ("fresh", first["entries"], False)
    assert (second["state"], second["new"], second["not_modified"]) == ("fresh", 0, True)


def test_a_source_that_fails_is_told_and_counted(digest: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_FETCH_ALLOW_HOSTS", "127.0.0.1")
    with SourceServer() as server:
        digest("sources", "add", server.url("/gone"), "--name", "gone", "--kind", "feed")
        code, (report,), _ = digest("sources", "fetch", "gone", "--json")
    assert code == 5
    assert report["state"] == "failing"
    assert "404" in report["error"]
    _, listed, _ = digest("sources", "list", "--json")
    (gone,) = (source for source in listed if source["name"] == "gone")
    assert (gone["failures"], gone["last_error"]) == (1, report["error"])


def test_a_database_of_another_version_is_refused_in_one_line(
    digest: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sqlite3

    digest("db", "upgrade")
    with sqlite3.connect(tmp_path / "data" / "digest.db") as db:
        db.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    db.close()
    code, _, err = digest("run", "--no-fetch")
    assert code == 4
    assert "from_the_future" in err
    assert "fix:" in err
    assert digest("db", "check")[0] == 4


def test_every_wrong_setting_is_told_at_once(digest: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_WINDOW_DAYS", "0")
    monkeypatch.setenv("DIGEST_FIT_WEIGHT", "much")
    monkeypatch.setenv("DIGEST_SMPT_URL", "x")
    code, _, err = digest("config", "show")
    assert code == 4
    assert "DIGEST_WINDOW_DAYS" in err
    assert "DIGEST_FIT_WEIGHT" in err
    assert "did you mean DIGEST_SMTP_URL?" in err


def test_the_demo_makes_five_mails_and_can_be_played_again(digest: Command, tmp_path: Path) -> None:
    for _ in range(2):
        code, report, _ = digest("demo", "--json")
        assert code == 0
        assert report["papers"] >= 40
        assert (report["subscribers"], report["sent"], len(report["mails"])) == (5, 5, 5)
        assert all((tmp_path / mail["path"]).exists() and mail["papers"] for mail in report["mails"])
    assert len({tuple(mail["papers"]) for mail in report["mails"]}) == 5


def test_the_demo_leaves_a_folder_alone_that_isnt_its_own(digest: Command, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    code, _, err = digest("demo", "--out", "mine")
    assert code == 7
    assert "mine" in err
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_an_installation_without_a_key_makes_one_and_keeps_it(digest: Command, tmp_path: Path) -> None:
    digest("db", "upgrade")
    digest("sources", "list")
    path = tmp_path / "data" / "secret.key"
    made = path.read_text()
    digest("sources", "list")
    assert path.read_text() == made
    assert len(made) >= 32
    assert path.stat().st_mode & 0o077 == 0


def test_json_has_no_form_for_what_nobody_thought_of() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        emit({"what": object()})


def test_who_is_pending_is_asked_by_mail_within_the_caps_of_the_form(filled: Command) -> None:
    filled("--now", DAY_BEFORE, "subscribers", "add", "ada@example.org", "--json")
    code, _, told = filled("--now", DAY_BEFORE, "subscribers", "resend-confirmation", "ada@example.org")
    assert (code, "had enough mails to confirm" in told) == (7, True)
    assert filled("--now", DAY_BEFORE, "run", "--no-fetch", "--json")[0] == 0
    assert filled("--now", MORNING, "subscribers", "resend-confirmation", "ada@example.org")[0] == 0
    subscribe(filled, "bob@example.org")
    assert filled("subscribers", "resend-confirmation", "bob@example.org")[0] == 7


def test_a_round_that_sent_a_confirmation_says_so(filled: Command) -> None:
    filled("--now", DAY_BEFORE, "subscribers", "add", "ada@example.org")
    _, said, _ = filled("--now", MORNING, "run", "--no-fetch")
    assert "no digest was due" in said
    assert "emails about subscriptions (confirmations and the like): 1" in said
    _, said, _ = filled("--now", MORNING, "run", "--no-fetch")
    assert "emails about subscriptions" not in said


def test_whoever_says_no_is_told_that_nothing_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    def forget() -> None:
        ask("everything is forgotten")
        click.echo("forgotten")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.stdout, "isatty", lambda: True)
        patch.setattr(sys, "stdin", io.StringIO("n\n"))
        code = forget.main([], standalone_mode=False)
    out, err = capsys.readouterr()
    assert code == 7
    assert "forgotten\n" not in out
    assert "Cancelled; nothing was changed." in err


def test_an_issue_that_is_not_there_is_an_error(filled: Command) -> None:
    code, _, said = filled("deliveries", "list", "--issue", "99")
    assert code == 3
    assert "there is no issue 99" in said
