"""`digest subscribers`, `suppressions`, `issues`, `mail`: an operator's commands, as they are typed."""

import csv
import email
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.commands import Command, commands
from tests.smtp_server import SmtpServer

ADA = "ada@example.org"
MORNING = "2026-03-17T09:00:00Z"
CONFIRMED = ("--confirmed", "--consent", "asked by mail")


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    for name in [name for name in os.environ if name.startswith("DIGEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DIGEST_SECRET_KEY", "k" * 40)

    return commands(capsys, now=MORNING)


@pytest.fixture
def ada(digest: Command) -> Command:
    digest(
        "subscribers",
        "add",
        ADA,
        "--topic",
        "llm",
        "--filter",
        "mamba",
        *CONFIRMED,
        now="2026-03-01T00:00:00Z",
    )
    return digest


# ---------------------------------------------------------------- edit


def test_an_edit_shows_the_difference_before_it_writes_and_then_writes_it(ada: Command) -> None:
    change = ("subscribers", "edit", ADA, "--add-filter", "robots", "--remove-topic", "llm", "--at", "7:30")
    code, shown, _ = ada(*change[:-1], "07:30", "--dry-run")
    assert code == 0
    assert "filters: mamba → mamba; robot" in shown
    assert "topics: llm → none" in shown
    assert "at: 08:00 → 07:30" in shown
    assert ada("subscribers", "show", ADA, "--json")[1]["at"] == "08:00"
    code, _, err = ada(*change[:-1], "07:30")
    assert (code, "--yes" in err) == (7, True)
    _, edited, _ = ada(*change[:-1], "07:30", "--yes", "--json")
    assert (edited["topics"], edited["at"]) == ([], "07:30")
    assert edited["next_due_at"].startswith("2026-03-18T07:30")
    assert [field["field"] for field in edited["changed"]] == ["topics", "filters", "at"]
    assert ada("subscribers", "show", ADA, "--json")[1]["filters"] == edited["filters"]


def test_every_field_can_be_edited(ada: Command) -> None:
    options = {
        "--email": ("email", "ada.l@example.org", "ada.l@example.org"),
        "--topic": ("topics", "rag", ["rag"]),
        "--filter": ("filters", "agents", None),
        "--exclude": ("exclude", "survey", ["survey"]),
        "--min-upvotes": ("min_upvotes", "3", 3),
        "--top": ("top", "2", 2),
        "--max": ("max", "7", 7),
        "--front": ("front", "3", 3),
        "--frequency": ("frequency", "weekly", "weekly"),
        "--weekday": ("weekday", "fri", "fri"),
        "--timezone": ("timezone", "Europe/Oslo", "Europe/Oslo"),
    }
    typed = [part for option, (_, value, _) in options.items() for part in (option, value)]
    _, edited, _ = ada("subscribers", "edit", ADA, *typed, "--quiet-days", "--yes", "--json")
    assert edited["quiet_days"] is True
    for field, _, wanted in options.values():
        assert wanted is None or edited[field] == wanted
    assert ada("subscribers", "show", ADA)[0] == 3
    assert ada("subscribers", "show", "ada.l@example.org")[0] == 0


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "say what to change"),
        (("--remove-filter", "robots"), 2, "none of the filters"),
        (("--add-topic", "llms"), 3, "llm"),
        (("--filter", "a AND"), 2, "error"),
        (("--timezone", "Europe/Osl"), 2, "Europe/Oslo"),
        (("--email", "bob@example.org"), 2, "subscribed already"),
    ],
)
def test_a_wrong_edit_writes_nothing(ada: Command, options: Sequence[str], code: int, said: str) -> None:
    ada("subscribers", "add", "bob@example.org")
    before = ada("subscribers", "show", ADA, "--json")[1]
    got, _, err = ada("subscribers", "edit", ADA, *options, "--yes")
    assert (got, said in err) == (code, True)
    assert ada("subscribers", "show", ADA, "--json")[1] == before


def test_an_edit_that_changes_nothing_says_so_and_asks_nothing(ada: Command) -> None:
    code, shown, _ = ada("subscribers", "edit", ADA, "--topic", "llm")
    assert (code, "nothing to change" in shown) == (0, True)


# ---------------------------------------------------------------- pause, leave, erase


def test_a_pause_begins_and_ends(ada: Command) -> None:
    assert ada("subscribers", "pause", ADA, "--until", "2026-03-16")[0] == 2
    ada("subscribers", "pause", ADA, "--until", "2026-04-01", "--dry-run")
    assert ada("subscribers", "show", ADA, "--json")[1]["status"] == "active"
    _, paused, _ = ada("subscribers", "pause", ADA, "--until", "2026-04-01", "--json")
    assert paused["status"] == "paused"
    _, resumed, _ = ada("subscribers", "resume", ADA, "--json")
    assert (resumed["status"], resumed["next_due_at"][:10]) == ("active", "2026-03-18")


def test_who_is_unsubscribed_cannot_be_resumed(ada: Command) -> None:
    assert ada("subscribers", "unsubscribe", ADA)[0] == 7
    assert ada("subscribers", "unsubscribe", ADA, "--yes", "--json")[1]["status"] == "unsubscribed"
    code, _, err = ada("subscribers", "resume", ADA)
    assert (code, "resend-confirmation" in err) == (7, True)
    assert ada("subscribers", "pause", ADA, "--until", "2026-04-01")[0] == 7


def test_erasing_leaves_nothing_and_nobody_can_subscribe_the_address_again(ada: Command) -> None:
    code, shown, _ = ada("subscribers", "erase", ADA, "--dry-run")
    assert (code, "1 consents" in shown) == (0, True)
    assert ada("subscribers", "erase", ADA)[0] == 7
    assert ada("subscribers", "erase", ADA, "--yes", "--json")[1]["erased"] is True
    assert ada("subscribers", "show", ADA)[0] == 3
    assert ada("subscribers", "add", ADA)[0] == 2


# ---------------------------------------------------------------- export


def test_an_export_is_a_table_that_import_reads_and_a_person_is_everything(
    ada: Command, tmp_path: Path
) -> None:
    out = tmp_path / "people.csv"
    assert ada("subscribers", "export", "--out", str(out))[0] == 0
    assert out.stat().st_mode & 0o777 == 0o600
    (row,) = csv.DictReader(io.StringIO(out.read_text()))
    assert (row["email"], row["topics"], row["consent"]) == (ADA, "llm", "asked by mail")
    assert ada("subscribers", "import", str(out), "--json")[1]["unchanged"] == 1
    assert ada("subscribers", "export")[1] == out.read_bytes().decode()
    (line,) = ada("subscribers", "export", "--jsonl")[1].splitlines()
    assert json.loads(line)["email"] == ADA
    whole = json.loads(ada("subscribers", "export", ADA)[1])
    assert whole["subscriber"]["email"] == ADA
    assert whole["consents"][0]["wording"] == "asked by mail"


# ---------------------------------------------------------------- a story


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-02-01", "They joined later, on 2026-03-01."),
        ("2026-03-18", "yet to come"),
        ("2026-03-14", "a Saturday, and they get digests weekdays"),
        ("2026-03-17", "due since 2026-03-17 08:00"),
    ],
)
def test_a_day_without_mail_is_explained(ada: Command, day: str, said: str) -> None:
    ada("subscribers", "edit", ADA, "--frequency", "weekdays", "--yes", now="2026-03-16T12:00:00Z")
    assert said in ada("subscribers", "show", ADA, "--why", day)[1]


def test_a_digest_that_was_skipped_or_sent_is_explained_by_its_row(ada: Command) -> None:
    ada("subscribers", "edit", ADA, "--at", "08:30", "--yes", now="2026-03-16T12:00:00Z")
    ada("run", "--no-fetch")
    code, found, _ = ada("subscribers", "show", ADA, "--why", "2026-03-17", "--json")
    assert code == 0
    assert found["deliveries"][0]["state"] == "skipped"
    assert found["why"] == f"There was no mail: {found['deliveries'][0]['reason']}."
    assert found["consent"][0]["wording"] == "asked by mail"
    assert "skipped" in ada("subscribers", "show", ADA)[1]
    (issue,) = ada("issues", "list", "--json")[1]
    assert (issue["date"], issue["skipped"], issue["audience"]) == ("2026-03-17", 1, 1)
    (shown,) = ada("issues", "show", "2026-03-17", "--json")[1]
    assert (sum(shown["reasons"].values()), shown["papers"]) == (1, [])
    assert "skipped" in ada("issues", "show", str(issue["id"]))[1]
    assert ada("issues", "show", "2026-03-18")[0] == 3


# ---------------------------------------------------------------- suppressions


def test_a_suppression_is_added_listed_and_lifted(ada: Command) -> None:
    reason = ("--reason", "asked by phone")
    assert ada("suppressions", "add", ADA, *reason, "--dry-run", "--json")[1]["written"] is False
    assert ada("suppressions", "add", ADA, *reason, "--json")[1]["added"] is True
    assert ada("suppressions", "add", "eve@example.org", *reason)[0] == 0
    listed = ada("suppressions", "list", "--json")[1]
    assert {one["email"] for one in listed} == {ADA, None}
    assert ada("subscribers", "show", ADA, "--json")[1]["status"] == "suppressed"
    assert ada("subscribers", "add", "eve@example.org")[0] == 2
    assert ada("suppressions", "lift", ADA)[0] == 7
    assert ada("suppressions", "lift", ADA, "--yes", "--json")[1]["status"] == "active"
    assert ada("suppressions", "lift", "eve@example.org", "--yes")[0] == 0
    assert ada("suppressions", "lift", "eve@example.org", "--yes")[0] == 2
    assert ada("suppressions", "list", "--json")[1] == []


def test_a_table_of_suppressions_is_taken_whole_or_not_at_all(ada: Command, tmp_path: Path) -> None:
    table = tmp_path / "bounced.csv"
    table.write_text(f"Email;Reason\n{ADA};bounced\nnobody\n")
    code, report, _ = ada("suppressions", "import", str(table), "--json")
    assert (code, report["added"], report["errors"][0]["line"]) == (6, 0, 3)
    table.write_text(f"Email;Reason\n{ADA};bounced\neve@example.org;\n")
    assert ada("suppressions", "import", str(table), "--dry-run", "--json")[1]["added"] == 2
    assert ada("suppressions", "import", str(table), "--json")[1]["added"] == 2
    assert ada("suppressions", "import", str(table), "--json")[1]["added"] == 0


# ---------------------------------------------------------------- mail, completion


def test_a_test_email_arrives_with_the_headers_of_every_mail(
    digest: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmtpServer() as server:
        monkeypatch.setenv("DIGEST_SMTP_URL", server.url)
        monkeypatch.setenv("DIGEST_MAIL_FROM", "papers@example.org")
        monkeypatch.setenv("DIGEST_POSTAL_ADDRESS", "1 Test Street")
        assert digest("mail", "test", ADA, "--dry-run")[0] == 0
        assert server.mails == []
        code, report, _ = digest("mail", "test", ADA, "--json")
        assert (code, report["state"]) == (0, "sent")
        message = email.message_from_bytes(server.mails[0].content)
        assert message["Subject"] == "Daily Papers: a test email"
        assert message["Auto-Submitted"] == "auto-generated"
        server.on("RCPT", "550 5.7.1 not from you")
        code, report, _ = digest("mail", "test", ADA, "--json")
        assert (code, report["reply"]) == (5, "550 5.7.1 not from you")


def test_all_that_is_wrong_with_the_settings_is_said_at_once(
    digest: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert digest("config", "check", "--json")[:2] == (0, {"ok": True, "problems": []})
    monkeypatch.setenv("DIGEST_SMTP_CONECTIONS", "4")
    monkeypatch.setenv("DIGEST_WINDOW_DAYS", "many")
    monkeypatch.setenv("DIGEST_SMTP_CONNECTIONS", "none")
    code, report, _ = digest("config", "check", "--json")
    assert (code, len(report["problems"])) == (4, 3)
    assert "did you mean DIGEST_SMTP_CONNECTIONS?" in report["problems"][0]
    assert {problem.partition(":")[0] for problem in report["problems"][1:]} == {
        "DIGEST_WINDOW_DAYS",
        "DIGEST_SMTP_CONNECTIONS",
    }
