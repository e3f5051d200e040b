"""Databases that can't be used, files that others could read, and `doctor` in cron, as processes."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from digest.pipeline.failures import in_words
from digest.store import session
from tests.postgres_server import PostgresServer
from tests.smtp_server import SmtpServer

ROOT = Path(__file__).parents[2]
CONFIGURATION = 4


def digest(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    environment |= {"DIGEST_DATA_DIR": str(folder / "data")} | settings
    command = ["/bin/sh", "-c", 'umask 022; exec "$@"', "sh", sys.executable, "-m", "digest", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_database_that_is_not_utf8_is_refused_in_one_line(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    postgres_server.execute("CREATE DATABASE latin ENCODING 'SQL_ASCII' TEMPLATE template0")
    url = postgres_server.url("latin")
    for command in (("db", "upgrade"), ("run",), ("doctor",)):
        done = digest(tmp_path, *command, DIGEST_DATABASE_URL=url)
        assert done.returncode == CONFIGURATION, done.stderr
        assert "the database latin is encoded as SQL_ASCII" in " ".join((done.stdout + done.stderr).split())
        assert "Traceback" not in done.stderr
    postgres_server.execute("DROP DATABASE latin WITH (FORCE)")


def test_a_locked_database_is_an_error_in_words(tmp_path: Path) -> None:
    engine = session.connect(f"sqlite:///{tmp_path / 'digest.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    with sqlite3.connect(tmp_path / "digest.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        impatient = session.with_patience(engine, 0.1)
        with pytest.raises(session.UNAVAILABLE) as caught, session.transaction(impatient) as db:
            db.connection()
        other.execute("ROLLBACK")
    known = in_words(caught.value)
    assert known is not None
    assert known.message.startswith("the database is locked")
    assert in_words(ValueError("x")) is None
    engine.dispose()


def test_no_other_user_can_read_what_any_command_makes(tmp_path: Path) -> None:
    done = digest(
        tmp_path,
        "subscribers",
        "add",
        "ada@example.org",
        "--confirmed",
        "--consent",
        "said so",
        "--at",
        "00:00",
    )
    assert done.returncode == 0, done.stderr
    assert digest(tmp_path, "run", "--no-fetch").returncode == 0
    subprocess.run(
        [sys.executable, "-m", "digest", "bounces", "process", "-"],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DIGEST_DATA_DIR": str(tmp_path / "data"),
        },
        input=b"From: x\r\n\r\nwhat is this",
        check=False,
    )
    made = list((tmp_path / "data").rglob("*"))
    assert {"digest.db", "secret.key"} <= {path.name for path in made}
    exposed = {path for path in (tmp_path / "data", *made) if stat.S_IMODE(path.stat().st_mode) & 0o077}
    assert exposed == set()


def test_doctor_names_files_that_others_can_read(tmp_path: Path) -> None:
    assert digest(tmp_path, "db", "upgrade").returncode == 0
    assert "only their owner can read them" in " ".join(digest(tmp_path, "doctor").stdout.split())
    (tmp_path / "data").chmod(0o755)
    (tmp_path / "data" / "digest.db").chmod(0o644)
    told = digest(tmp_path, "doctor", "--json").stdout
    assert "other users of this machine can read" in told
    assert "chmod -R go-rwx" in told


def test_doctor_in_cron_notices_that_nobody_runs_the_rounds(tmp_path: Path) -> None:
    with SmtpServer() as server:
        mail = {
            "DIGEST_SMTP_URL": server.url,
            "DIGEST_MAIL_FROM": "papers@example.org",
            "DIGEST_POSTAL_ADDRESS": "1 Test Street",
            "DIGEST_OPERATOR_MAIL": "operator@example.org",
            "DIGEST_BASE_URL": "https://papers.example.org",
        }
        added = digest(
            tmp_path,
            *("--now", "2026-03-16T06:00:00Z", "subscribers", "add", "ada@example.org", "--at", "08:00"),
            *("--confirmed", "--consent", "said so"),
            **mail,
        )
        assert added.returncode == 0, added.stderr
        done = digest(tmp_path, "--now", "2026-03-17T12:00:00Z", "doctor", "--quiet", "--mail", **mail)
        assert done.returncode == CONFIGURATION
        shown = " ".join(done.stdout.split())
        assert "issues" in shown
        assert "mail server" not in shown  # what is ok isn't printed
        (alarm,) = server.mails
    assert alarm.recipients == ("operator@example.org",)
    assert b"isn't out" in alarm.content
