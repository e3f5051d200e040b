"""`digest init`: from an empty folder to an installation that can send."""

import shlex
import stat
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import load
from digest.errors import InputError
from digest.pipeline.operations import setup
from tests.commands import Command
from tests.smtp_server import SmtpServer
from tests.source_server import SourceServer

PRIVATE = 0o600
SAMPLES = Path(__file__).parents[2] / "digest" / "samples"


def test_init_writes_a_private_env_and_prepares_the_database(digest: Command, tmp_path: Path) -> None:
    code, out, _ = digest("init", "--no-input", "--mail-from", "Papers <papers@lab.example>",
                          "--base-url", "https://papers.lab.example", "--json")  # fmt: skip
    assert (code, out["written"], len(out["next"])) == (0, True, 3)
    env = tmp_path / ".env"
    assert env.stat().st_mode & 0o777 == PRIVATE
    assert load().mail_from == "Papers <papers@lab.example>"
    assert len(load().secret_key.get_secret_value()) >= setup.SECRET_BYTES
    assert digest("db", "check")[0] == 0
    names = {record["name"] for record in out["dns"]}
    assert {"lab.example", "_dmarc.lab.example", "papers.lab.example"} <= names


def test_init_sends_a_test_email_where_one_is_wanted_and_says_when_it_cannot(
    digest: Command, tmp_path: Path
) -> None:
    options = (
        "--no-input",
        "--mail-from",
        "papers@lab.example",
        "--postal-address",
        "1 Test Street",
        "--json",
    )
    code, out, _ = digest("init", *options, "--test-mail", "ada@lab.example")
    assert (code, out["test_mail"]["state"]) == (0, "sent")
    (tmp_path / ".env").unlink()
    away = ("--smtp-url", "smtp://127.0.0.1:1", "--test-mail", "ada@lab.example")
    code, out, _ = digest("init", *options, *away)
    assert (code, out["test_mail"]["state"], out["written"]) == (6, "failed", True)
    (tmp_path / ".env").unlink()
    assert digest("init", *options, "--test-mail", "nobody")[0] == 2
    assert not (tmp_path / ".env").exists()


@pytest.mark.parametrize(
    ("smtp", "spf", "mx"),
    [
        ("smtp://mail.lab.example", "v=spf1 a:mail.lab.example ~all", "mail.lab.example"),
        ("smtp://192.0.2.7:25", "v=spf1 ip4:192.0.2.7 ~all", "name-of-your-mail-server"),
        ("smtp://[2001:db8::1]:25", "v=spf1 ip6:2001:db8::1 ~all", "name-of-your-mail-server"),
        ("smtp://127.0.0.1:25", "v=spf1 a:name-of-this-machine ~all", "name-of-this-machine"),
        ("", "v=spf1 a:name-of-this-machine ~all", "name-of-this-machine"),
    ],
)
def test_a_mail_server_is_named_as_dns_can_name_it(digest: Command, smtp: str, spf: str, mx: str) -> None:
    found = digest("init", "--no-input", "--mail-from", "papers@lab.example", "--smtp-url", smtp,
                   "--dry-run", "--json")[1]["dns"]  # fmt: skip
    assert found[0]["value"] == spf
    assert [record["value"] for record in found if record["type"] == "MX"] == [mx]
    assert all(record["name"].endswith("lab.example") for record in found)


def test_what_only_this_machine_knows_needs_no_dns(digest: Command) -> None:
    assert "only this machine knows" in digest("init", "--no-input", "--dry-run")[1]


def test_a_database_that_is_there_is_named_and_kept(digest: Command, tmp_path: Path) -> None:
    digest("subscribers", "add", "ada@lab.example")
    said = " ".join(digest("init", "--no-input")[1].split())
    assert f"the database {tmp_path / 'data' / 'digest.db'} was there already; what it holds stays" in said
    assert len(digest("subscribers", "list", "--json")[1]) == 1


def test_from_an_empty_folder_to_the_first_digest_by_the_commands_that_are_printed(
    digest: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands are typed as they are printed; sources and mail server are servers of this test."""
    monkeypatch.setenv("DIGEST_FETCH_ALLOW_HOSTS", "127.0.0.1")
    with SmtpServer() as mails, SourceServer() as papers:
        papers.serve("/rss", (SAMPLES / "arxiv-2026-03-16.xml").read_bytes())
        code, made, _ = digest(
            *("init", "--no-input", "--mail-from", "papers@lab.example", "--smtp-url", mails.url),
            *("--postal-address", "1 Test Street", "--test-mail", "ada@lab.example", "--json"),
        )
        assert (code, made["test_mail"]["state"]) == (0, "sent")
        digest("sources", "edit", "arxiv", "--url", papers.url("/rss"))
        digest("sources", "pause", "huggingface")
        for command in made["next"]:
            name, *words = shlex.split(command)
            code, _, err = digest(*words, now="2026-03-16T09:00:00Z")
            assert (name, code) == ("digest", 0), (command, err)
        assert [mail.recipients for mail in mails.mails] == [("ada@lab.example",)] * 2
        assert b"List-Unsubscribe" in mails.mails[1].content
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == PRIVATE


def test_a_second_init_replaces_nothing(digest: Command, tmp_path: Path) -> None:
    digest("init", "--no-input")
    before = (tmp_path / ".env").read_bytes()
    code, _, err = digest("init", "--no-input", "--site-name", "Another")
    assert (code, "mv .env .env.old" in err) == (7, True)
    assert (tmp_path / ".env").read_bytes() == before


def test_a_key_that_is_kept_already_stays_in_force(digest: Command, tmp_path: Path) -> None:
    digest("topics", "list")
    assert (tmp_path / "data" / "secret.key").exists()
    digest("init", "--no-input")
    assert "DIGEST_SECRET_KEY" not in (tmp_path / ".env").read_text(encoding="utf-8")


def test_a_rehearsal_and_wrong_answers_write_nothing(digest: Command, tmp_path: Path) -> None:
    assert digest("init", "--no-input", "--dry-run")[0] == 0
    code, _, err = digest("init", "--no-input", "--base-url", "papers", "--smtp-url", "nothing://x")
    assert (code, "DIGEST_BASE_URL" in err, "DIGEST_SMTP_URL" in err) == (4, True, True)
    assert digest("init", "--no-input", "--mail-from", "nobody")[0] == 2
    assert not list(tmp_path.iterdir())


@given(name=st.text(min_size=1, max_size=30), password=st.text(min_size=1, max_size=20))
def test_what_is_answered_is_read_back_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, password: str
) -> None:
    answers = {"site_name": name, "smtp_url": f"smtp://user:{quote(password, safe='')}@mail.example:25"}
    try:
        text = setup.env_text(answers)
    except InputError:
        assert "${" in name or not name.isprintable()
        return
    folder = tmp_path_factory.mktemp("env")
    setup.write_env(folder / ".env", text)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        settings = load()
    assert (settings.site_name, settings.smtp_url.get_secret_value()) == (name, answers["smtp_url"])
