"""Every command that changes something leaves a row of the audit, in the name of who typed it."""

import getpass
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from digest.cli.terminal.context import Cli
from digest.cli.terminal.exits import NOT_FOUND, REFUSED
from digest.config import load
from digest.domain import ReportAbout
from digest.pipeline.community import reports, submissions
from digest.pipeline.community.proposals import fetching
from digest.pipeline.community.undo import FINAL, UNDO
from digest.pipeline.installation import Installation, acting, open_installation
from digest.pipeline.subscriptions import preferences
from digest.store import session
from digest.store.community import audit
from digest.store.monitoring import failures
from tests import meaning_model
from tests.builders import NOW, entry
from tests.cli.test_tree import TREE, is_read, options
from tests.commands import Command, commands
from tests.installations import installation, join, store_entries
from tests.proposed import arxiv, asking
from tests.source_server import SourceServer

ADA, BOB, EVE = "ada@one.example", "bob@two.example", "eve@three.example"

# What isn't an act of a person on what the site holds, and why.
NO_ACT = {
    **dict.fromkeys(("run", "serve", "sources fetch", "papers import"), "what sources bring says so itself"),
    **dict.fromkeys(("papers reindex",), "made anew from what is there"),
    **dict.fromkeys(("bounces process",), "what mail servers said, and the ledger has it"),
    **dict.fromkeys(("demo", "init"), "writes files of its own"),
    **dict.fromkeys(("db upgrade", "db backup"), "the schema, or a copy"),
    **dict.fromkeys(("mail test",), "an email, and nothing is kept"),
}
# A command that changes something → what is typed, in this order, in an installation with three subscribers.
TYPED: dict[str, Sequence[str]] = {
    "sources add": ["https://example.org/feed.xml", "--name", "feed", "--kind", "feed"],
    "sources edit": ["feed", "--url", "https://example.org/other.xml"],
    "sources pause": ["feed"],
    "sources resume": ["feed"],
    "sources import": ["feeds.opml"],
    "sources remove": ["feed", "--yes"],
    "sources backfill": ["arxiv", "--from", "2026-03-16", "--to", "2026-03-16"],
    "papers merge": ["2603.00001", "2603.00002", "--why", "one work"],
    "papers split": ["2603.00002"],
    "topics add": ["moving", "--title", "Moving", "--expression", "ti:walking"],
    "topics edit": ["moving", "--title", "Moving things", "--yes"],
    "topics remove": ["moving", "--yes"],
    "subscribers add": ["new@one.example"],
    "subscribers resend-confirmation": ["pending@one.example"],
    "subscribers import": ["people.csv", "--yes"],
    "subscribers edit": [ADA, "--role", "curator", "--display-name", "Ada L.", "--yes"],
    "subscribers pause": [ADA, "--until", "2026-04-01"],
    "subscribers resume": [ADA],
    "subscribers unsubscribe": [BOB, "--yes"],
    "subscribers erase": [EVE, "--yes"],
    "suppressions add": [BOB, "--reason", "asked by phone"],
    "suppressions lift": [BOB, "--yes"],
    "suppressions import": ["bounced.csv"],
    "send": [ADA, "--now"],
    "deliveries retry": ["1", "--yes"],
    "deliveries resolve": ["1", "--mark-sent", "--yes"],
    "failures retry": [],
    "papers submit": ["2603.09999", "--yes"],
    "community accept": ["1"],
    "community reject": ["2", "--reason", "Off topic here."],
    "community withdraw": ["3"],
    "community settle": ["1"],
    "papers pick": ["2603.00001", "--note", "Read this one."],
    "papers order": ["2603.00002", "2603.00001"],
    "papers unpick": ["2603.00001"],
    "papers hide": ["2603.00001", "--reason", "spam"],
    "papers unhide": ["2603.00001"],
    "papers encode": [],
    "tokens create": [ADA, "--label", "a bot", "--scope", "curator"],
    "tokens revoke": ["1", "--yes"],
    "audit undo": ["1", "--yes"],
    "db restore": ["backup", "--yes"],
}

PROPOSED = {
    "papers submit": "2603.09999",
    "community reject": "2603.09998",
    "community withdraw": "2603.09997",
}


def test_each_command_that_changes_something_is_tried_below() -> None:
    unknown = {path for path in TREE if not is_read(path)} - TYPED.keys() - NO_ACT.keys()
    assert not unknown, "give each an audit row and a line in TYPED, or say in NO_ACT why it has none"


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Commands in a folder with three subscribers, two papers and the files that are imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DIGEST_SMTP_URL", f"maildir:{tmp_path / 'outbox'}")
    monkeypatch.setenv("DIGEST_MAIL_FROM", "papers@example.org")
    monkeypatch.setenv("DIGEST_POSTAL_ADDRESS", "1 Test Street")
    monkeypatch.setenv("DIGEST_FETCH_ALLOW_HOSTS", "127.0.0.1")
    monkeypatch.setenv("DIGEST_SEMANTIC_MODEL", str(meaning_model.write(tmp_path / "model")))
    (tmp_path / "people.csv").write_text("email\npeople@one.example\n")
    (tmp_path / "bounced.csv").write_text("email\nbounced@one.example\n")
    (tmp_path / "feeds.opml").write_text(
        '<opml version="2.0"><body><outline text="Other" xmlUrl="https://example.org/o.xml"/></body></opml>'
    )
    return commands(capsys, now=NOW.isoformat())


@pytest.fixture
def filled(digest: Command, tmp_path: Path) -> tuple[Command, Engine]:
    digest("db", "upgrade")
    engine = session.connect(f"sqlite:///{tmp_path / 'data' / 'digest.db'}")
    here = installation(engine, tmp_path)
    store_entries(engine, [entry("2603.00001"), entry("2603.00002")])
    for email in (ADA, BOB, EVE):
        join(here, email)
    digest("subscribers", "add", "pending@one.example", now="2026-03-01T00:00:00Z")
    return digest, engine


def acts(engine: Engine) -> list[audit.Entry]:
    with session.reading(engine) as db:
        return audit.listing(db, limit=1000)


def prepare(here: Installation, server: SourceServer, path: str) -> None:
    """Bring what a command needs that no command before it made."""
    engine = here.engine
    if path in PROPOSED:
        server.serve("/api/query", arxiv((PROPOSED[path], f"A paper for {path}")))
    if path in {"community reject", "community withdraw"}:
        made = submissions.propose(here, PROPOSED[path], subscriber_id=None, now=NOW)
        fetching.look_up_due(here, NOW, only=made.id)
        submissions.send(here, made.id, NOW)
    if path == "community settle":
        ada = preferences.by_address(here, ADA).id
        reports.report(here, "2603.00001", ReportAbout.PAPER, "Look.", subscriber_id=ada, now=NOW)
    if path == "failures retry":
        with session.transaction(engine) as db:
            failures.note(db, "step", "fetch", "an error", NOW)
    if path in {"deliveries retry", "deliveries resolve"}:
        state = "failed" if path.endswith("retry") else "uncertain"
        with engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE deliveries SET state = '{state}'")


def test_each_command_that_changes_something_leaves_a_row(
    filled: tuple[Command, Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, engine = filled
    digest("db", "backup", str(tmp_path / "backup"))
    with SourceServer() as server:
        here = asking(open_installation(load()), server)
        mine = acting(here, Cli(None, debug=False).actor)
        for path, words in TYPED.items():
            prepare(here, server, path)
            with monkeypatch.context() as patch:
                if path == "papers submit":  # the sites that it asks are the server of this test
                    patch.setattr(Cli, "installation", mine)
                leaves_a_row(digest, engine, path, words)
        here.engine.dispose()
    engine.dispose()


def leaves_a_row(digest: Command, engine: Engine, path: str, words: Sequence[str]) -> None:
    typed = list(words)
    if path == "papers order":
        assert digest("papers", "pick", "2603.00002")[0] == 0
    if path == "audit undo":
        kept = next(one for one in acts(engine) if one.act == "suppression.add" and not one.undone_by)
        typed = [str(kept.id), "--yes"]
    before = len(acts(engine))
    if "--dry-run" in options(TREE[path]):
        rest = [word for word in typed if word != "--yes"]
        assert digest(*path.split(), *rest, "--dry-run")[0] == 0, path
        assert len(acts(engine)) == before, f"a rehearsal of {path} left a row"
    code, _, err = digest(*path.split(), *typed)
    assert code in {0, 5, 6}, (path, err)
    rows = acts(engine)
    assert rows, path
    assert path == "db restore" or len(rows) > before, f"{path} left no row"
    assert rows[0].actor == f"cli:{getpass.getuser()}", path
    assert rows[0].via == "cli"
    assert rows[0].act in UNDO.keys() | FINAL.keys(), rows[0].act


def test_reading_leaves_no_row(filled: tuple[Command, Engine]) -> None:
    digest, engine = filled
    before = len(acts(engine))
    for words in (["sources", "list"], ["subscribers", "list"], ["papers", "show", "2603.00001"]):
        assert digest(*words)[0] == 0
    assert len(acts(engine)) == before


def test_the_list_shows_who_did_what_and_an_undo_takes_it_back(filled: tuple[Command, Engine]) -> None:
    digest, _ = filled
    digest("subscribers", "edit", ADA, "--role", "admin", "--yes")
    listed: Any = digest("audit", "list", "--object", ADA, "--json")[1]
    assert [(each["act"], each["before"], each["after"]) for each in listed] == [
        ("subscriber.edit", {"role": "reader"}, {"role": "admin"})
    ]
    number = str(listed[0]["id"])
    rows = digest("audit", "list", "--actor", getpass.getuser())[1].splitlines()
    assert any(row.split()[0] == number and row.endswith(f"edit {listed[0]['object']}") for row in rows[2:])
    whole = digest("audit", "show", number)[1].splitlines()
    assert any(line.split() == ["role", "reader", "admin"] for line in whole)
    assert digest("audit", "show", number, "--json")[1] == listed[0]
    undone = digest("audit", "undo", str(listed[0]["id"]), "--yes", "--json")[1]
    assert undone["undo_of"] == listed[0]["id"]
    assert digest("subscribers", "show", ADA, "--json")[1]["role"] == "reader"
    code, _, err = digest("audit", "undo", str(listed[0]["id"]), "--yes")
    assert code == REFUSED
    assert "is undone already" in err


def test_the_list_is_a_table_at_80_columns_whatever_was_changed(
    filled: tuple[Command, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, _ = filled
    digest("subscribers", "edit", ADA, "--display-name", "Ada of Somewhere Quite Far Away", "--yes")
    digest("subscribers", "edit", ADA, "--add-filter", f"{'very long words ' * 20}", "--yes")
    digest("suppressions", "add", BOB, "--reason", "asked by phone " * 10)
    digest("papers", "hide", "2603.00001", "--reason", "spam")
    last = digest("audit", "list", "--json")[1][0]["id"]
    digest("audit", "undo", str(last), "--yes")
    monkeypatch.setenv("COLUMNS", "80")
    head, rule, *rows = digest("audit", "list")[1].splitlines()
    assert head.split() == ["id", "when", "who", "from", "what"]
    assert set(rule) == {"─", " "}
    assert all(len(line) <= 80 for line in (head, rule, *rows))
    begun = [row.split()[0] for row in rows if row[:4].strip()]
    assert begun == [str(each["id"]) for each in digest("audit", "list", "--json")[1]]
    assert any("undone by" in row for row in rows)


def test_what_can_not_be_taken_back_says_why(filled: tuple[Command, Engine]) -> None:
    digest, engine = filled
    digest("subscribers", "resend-confirmation", "pending@one.example")
    digest("subscribers", "erase", EVE, "--yes")
    for act in ("subscriber.invite", "subscriber.erase"):
        done = next(each for each in acts(engine) if each.act == act)
        code, _, err = digest("audit", "undo", str(done.id), "--yes")
        assert (code, FINAL[act] in err or "was erased" in err) == (REFUSED, True), err
    assert digest("audit", "undo", "999999", "--yes")[0] == NOT_FOUND


def test_an_import_is_taken_back_and_it_is_said_how_many_went(filled: tuple[Command, Engine]) -> None:
    digest, engine = filled
    before = digest("subscribers", "list", "--json")[1]
    assert digest("subscribers", "import", "people.csv", "--yes")[0] == 0
    added = len(digest("subscribers", "list", "--json")[1]) - len(before)
    done = next(each for each in acts(engine) if each.act == "subscribers.import")
    code, said, err = digest("audit", "undo", str(done.id), "--yes")
    assert (code, added > 0) == (0, True), err
    assert f"{added:,} removed, 0 stayed" in said + err
    assert digest("subscribers", "list", "--json")[1] == before


def test_the_list_shows_no_address(filled: tuple[Command, Engine]) -> None:
    digest, _ = filled
    digest("subscribers", "edit", ADA, "--email", "lovelace@one.example", "--yes")
    digest("suppressions", "add", BOB, "--reason", "asked")
    text = digest("audit", "list")[1] + json.dumps(digest("audit", "list", "--json")[1])
    assert ADA not in text
    assert BOB not in text
    assert "lovelace@" not in text


@pytest.mark.parametrize("name", ["admin", "A Reader", "аdmin", "x" * 41, "ada@one.example", "…", "a\u202eb"])
def test_a_name_that_could_be_taken_for_the_site_s_or_can_t_be_shown_is_refused(
    filled: tuple[Command, Engine], name: str
) -> None:
    code, _, err = filled[0]("subscribers", "edit", ADA, "--display-name", name, "--yes")
    assert code == 2
    assert "display name" in err


def test_no_two_people_have_names_that_look_the_same(filled: tuple[Command, Engine]) -> None:
    digest, _ = filled
    assert digest("subscribers", "edit", ADA, "--display-name", "Ada Li", "--yes")[0] == 0
    for like in ("ada li", "ADA  LI", "Аda Li", "Ada-Li"):
        code, _, err = digest("subscribers", "edit", BOB, "--display-name", like, "--yes")
        assert (code, "taken" in err) == (2, True), like
    assert digest("subscribers", "edit", ADA, "--display-name", "", "--yes")[0] == 0
    assert digest("subscribers", "edit", BOB, "--display-name", "Ada Li", "--yes")[0] == 0


def test_somebody_who_never_wants_a_digest_is_due_to_none(filled: tuple[Command, Engine]) -> None:
    digest, _ = filled
    edited = digest("subscribers", "edit", ADA, "--frequency", "never", "--yes", "--json")[1]
    assert (edited["frequency"], edited["next_due_at"]) == ("never", None)
    assert digest("send", ADA, "--now")[0] == REFUSED
    back = digest("subscribers", "edit", ADA, "--frequency", "daily", "--yes", "--json")[1]
    assert back["next_due_at"]
