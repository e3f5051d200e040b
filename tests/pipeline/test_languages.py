"""Emails come in their reader's language through the whole pipeline: confirm, welcome, digest, goodbye."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import Interests, Schedule
from digest.pipeline import runner
from digest.pipeline.mail.links import Purpose, link
from digest.pipeline.subscriptions import preferences, signup, transactional
from digest.pipeline.subscriptions.signup import Visitor
from digest.store import session
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries

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
