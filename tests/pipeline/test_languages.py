"""Emails come in their reader's language through the whole pipeline: confirm, welcome, digest, goodbye."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import Interests, Schedule, SourceState
from digest.languages import CODES, speaking
from digest.languages import gettext as _
from digest.pipeline import runner
from digest.pipeline.mail.links import Purpose, link
from digest.pipeline.monitoring.alarms import watch
from digest.pipeline.subscriptions import preferences, signin, signup, transactional
from digest.pipeline.subscriptions.signup import Visitor
from digest.render.plain import WIDTH, width
from digest.store import session, sources
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries
from tests.smtp_server import SmtpServer

SATURDAY = datetime(2026, 3, 21, 8, tzinfo=UTC)

WORDS = {
    "de": ("Bitte bestätigen Sie", "Willkommen bei", "Sie haben Daily Papers abbestellt", "Ihre Paper"),
    "zh": ("请确认您对", "欢迎使用", "您已退订", "您的论文"),
}


@pytest.mark.parametrize("code", WORDS)
def test_emails_about_a_subscription_are_in_its_language(engine: Engine, tmp_path: Path, code: str) -> None:
    site = installation(engine, tmp_path)
    schedule, visitor = Schedule(language=code), Visitor("web", "192.0.2.7", nonce="n")
    signup.ask(
        site, email="a@example.org", interests=Interests(), schedule=schedule, visitor=visitor, now=NOW
    )
    signup.settle(site, NOW)
    transactional.deliver_due(site, NOW)
    with session.reading(engine) as db:
        person = subscribers.find(db, "a@example.org")
    assert person
    token = link(site, Purpose.CONFIRM, 1).rpartition("/")[2]
    signup.confirm(site, token, visitor, NOW, pressed=True)
    transactional.deliver_due(site, NOW)
    preferences.leave(site, person.id, NOW, goodbye=True)
    transactional.deliver_due(site, NOW + timedelta(minutes=20))
    subjects = [str(mail["Subject"]) for mail in outbox(tmp_path)]
    for words in WORDS[code][:3]:
        assert any(words in subject for subject in subjects), subjects
    for mail in outbox(tmp_path):
        html = mail.get_body(("html",))
        assert html is not None
        assert f'<html lang="{code}"' in html.get_content()


@pytest.mark.parametrize("code", WORDS)
def test_a_digest_is_in_the_language_of_its_reader_beside_one_in_english(
    engine: Engine, tmp_path: Path, code: str
) -> None:
    site = installation(engine, tmp_path)
    store_entries(engine, [entry("2603.00001", title="Agents that plan")])
    for email, language in (("a@example.org", code), ("b@example.org", "")):
        person = join(site, email, filters=["agents"])
        with session.transaction(engine) as db:
            subscribers.save(db, person.id, schedule=replace(person.schedule, language=language))
    runner.run_round(site, NOW, fetch=False)
    bodies = {str(mail["To"]): mail.get_body(("plain",)) for mail in outbox(tmp_path)}
    texts = {to: body.get_content() for to, body in bodies.items() if body is not None}
    assert WORDS[code][3] in texts["a@example.org"]
    assert "Your papers" in texts["b@example.org"]
    assert "Agents that plan" in texts["a@example.org"]


def say(engine: Engine, state: SourceState) -> None:
    """Every source says this of itself."""
    with session.transaction(engine) as db:
        for source in sources.listing(db):
            sources.set_state(db, source.name, state)


def parts(mail: EmailMessage) -> tuple[str, str]:
    """The text part and the HTML part."""
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return text.get_content().replace("\r\n", "\n"), html.get_content()


@pytest.mark.parametrize("code", CODES)
def test_every_email_of_a_subscription_comes_in_its_language_through_a_mail_server(
    engine: Engine, tmp_path: Path, code: str
) -> None:
    """From the form to the mailbox: confirm, welcome, already, a quiet day, links, goodbye; and an alarm,
    which is for the operator and stays English."""
    friday, saturday = SATURDAY - timedelta(hours=23), SATURDAY
    with SmtpServer() as server:
        site = installation(engine, tmp_path, smtp_url=server.url, operator_mail="operator@example.org")
        site = replace(site, site=replace(site.site, language=code))
        say(engine, SourceState.QUIET)
        visitor = Visitor("web", "192.0.2.7", nonce="n")
        wanted = Schedule(language=code, quiet_days=True)
        interests = Interests(filters=("topology",))
        for _again in range(2):
            signup.ask(
                site, email="a@example.org", interests=interests, schedule=wanted, visitor=visitor, now=friday
            )
            signup.settle(site, friday)
            transactional.deliver_due(site, friday)
            token = link(site, Purpose.CONFIRM, 1).rpartition("/")[2]
            signup.confirm(site, token, visitor, friday, pressed=True)
            transactional.deliver_due(site, friday)
        runner.run_round(site, saturday, fetch=False)
        with session.reading(engine) as db:
            person = subscribers.find(db, "a@example.org")
        assert person
        preferences.email_preferences_link(site, person.id, saturday)
        preferences.email_erase_link(site, person.id, saturday)
        signin.ask(site, email="a@example.org", next_path="/me", visitor=visitor, now=saturday)
        signin.settle(site, saturday)
        transactional.deliver_due(site, saturday)
        preferences.leave(site, person.id, saturday, goodbye=True)
        transactional.deliver_due(site, saturday + timedelta(minutes=20))
        say(engine, SourceState.STALLED)
        watch(site, saturday)
        parser = BytesParser(policy=SMTP.clone(raise_on_defect=True))
        mails = [parser.parsebytes(mail.content) for mail in server.mails]
    with speaking(code):
        heads = [
            _("Please confirm your subscription"),
            _("Welcome to {site}", site="Daily Papers"),
            _("You are already subscribed"),
            _("No papers today"),
            _("Your preferences"),
            _("Erase everything about you?"),
            _("Sign in"),
            _("You have unsubscribed"),
        ]
        sentence = _("There are no new papers today: the sources announced none.")
        next_digest = _("Your next digest: ").strip()
    alarm = [mail for mail in mails if mail["To"] == "operator@example.org"]
    ours = [mail for mail in mails if mail not in alarm]
    assert len(alarm) == 1
    assert '<html lang="en"' in parts(alarm[0])[1]
    found = []
    for mail in ours:
        text, html = parts(mail)
        assert f'<html lang="{code}"' in html
        found.append(text.splitlines()[0].split("\u00a0")[0])
        for line in text.splitlines():
            assert width(line) <= WIDTH or "://" in line, line
        if code == "zh":
            assert not re.findall(r"(?:[A-Za-z’]{2,} ){3}[A-Za-z]+", text), "English in a Chinese email"
            assert not re.search("[，。：；？！] ", text)
    assert sorted(found) == sorted(heads)
    quiet = parts(ours[found.index(heads[3])])[0]
    assert sentence in "".join(quiet.splitlines()) or sentence in " ".join(quiet.split())
    assert next_digest in quiet
