"""The mails around a digest: confirm, already, welcome, goodbye, links, alarm."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from digest.domain import Alarm, Message
from digest.render import Encoded, as_bytes
from tests.builders import NOW
from tests.digests import LINKS, RENDERER, SITE, full, many, quiet, rendered
from tests.mail_html import Page, contrast, inverted
from tests.render.test_mime import parsed

LINK = "https://papers.example.org/confirm/CCCCCCCCCCCCCCCCCCCCCCCCCCCC"
SOON = "Monday 30 November, 08:00 Europe/Zurich"
ALARM = Alarm(
    key="source:arxiv",
    title="source arxiv is stalled",
    detail="Papers were expected and haven't come.",
    tried="It is asked again at noon.",
    fix="digest sources fetch arxiv",
    since=NOW,
)
MAILS: dict[str, Callable[[], Message | Encoded]] = {
    "confirm": lambda: RENDERER.confirm(SITE, link=LINK, hours=48, until=SOON, first=SOON),
    "already": lambda: RENDERER.already(SITE, LINKS, following=SOON),
    "welcome": lambda: RENDERER.welcome(SITE, LINKS, None),
    "welcome with a digest": lambda: RENDERER.welcome(SITE, LINKS, full()),
    "goodbye": lambda: RENDERER.goodbye(SITE, back=LINK),
    "preferences": lambda: RENDERER.preferences(SITE, link=LINK),
    "erase": lambda: RENDERER.erase(SITE, link=LINK, hours=24),
    "alarm": lambda: RENDERER.alarm(SITE, began=[ALARM], over=[replace(ALARM, over_at=NOW)]),
}
EACH = pytest.mark.parametrize("write", MAILS.values(), ids=MAILS.keys())


def test_every_mail_says_what_happens_next_and_when() -> None:
    soon = {"confirm", "already"}
    for name in soon:
        for part in (" ".join(MAILS[name]().text.split()), Page(MAILS[name]().html).text):
            assert SOON in part, name
    assert "works until " + SOON in " ".join(MAILS["confirm"]().text.split())
    greeted = RENDERER.welcome(SITE, LINKS, replace(full(), next_at=NOW + timedelta(days=1)))
    for message in (greeted, rendered(quiet())):
        for part in (" ".join(message.text.split()), Page(message.html).text):
            assert "Your next digest: Wednesday 18 March, 08:00 UTC" in part
    paused = RENDERER.already(SITE, LINKS, paused="Thursday 24 December")
    assert "It resumes on Thursday 24 December." in Page(paused.html).text
    assert "on its way may still arrive today" in Page(MAILS["goodbye"]().html).text
    assert "What happens next: it is checked again" in " ".join(MAILS["alarm"]().text.split())


@EACH
def test_every_mail_is_strict_mime_that_no_machine_answers(write: Callable[[], Message | Encoded]) -> None:
    raw = as_bytes(
        write(), sender=SITE.mail_from, recipient="ada@example.org", date=NOW, message_id="<1@example.org>"
    )
    mail = parsed(raw)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert SITE.name in mail["Subject"]


@EACH
def test_every_mail_says_who_sends_it_and_has_one_h1(write: Callable[[], Message | Encoded]) -> None:
    message = write()
    page = Page(message.html)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(deeper - upper <= 1 for upper, deeper in zip(page.headings, page.headings[1:], strict=False))
    assert 40 <= len(page.preheader) <= 90
    for part in (" ".join(message.text.split()), page.text):
        assert SITE.postal_address in part
        assert SITE.address in part


@EACH
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_e06_every_text_of_every_mail_can_be_read(write: Callable[[], Message | Encoded], dark: bool) -> None:
    for text in Page(write().html, dark=dark).texts:
        color, background = text.colors
        assert not text.text.strip() or contrast(color, background) >= 4.5, text
        assert not text.text.strip() or contrast(inverted(color), inverted(background)) >= 4.5, text


@EACH
def test_the_text_part_has_the_links_of_the_html_part_on_lines_of_their_own(
    write: Callable[[], Message | Encoded],
) -> None:
    message = write()
    lines = message.text.splitlines()
    targets = {target for _, target in Page(message.html).links}
    assert {each for each in targets if "?" not in each} <= {line.strip() for line in lines}
    assert all(len(line) <= 76 for line in lines if "://" not in line)
    assert not re.search(r"&\w+;", message.text)


def test_a_confirmation_has_one_link_and_nothing_of_a_list() -> None:
    message = MAILS["confirm"]()
    assert {target for _, target in Page(message.html).links} == {LINK}
    assert not [name for name, _ in message.headers if name.startswith(("List-", "Precedence"))]


def test_a_welcome_shows_the_last_digest_under_a_heading_of_its_own() -> None:
    message = MAILS["welcome with a digest"]()
    page = Page(message.html)
    assert set(page.headings) == {1, 2, 3}
    for part in (" ".join(message.text.split()), page.text):
        assert "Welcome to Daily Papers" in part
        assert "Your papers · Tuesday 17 March" in part.replace("\u00a0", " ")
        assert "Counting Sheep with Language Models" in part
    assert dict(message.headers)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_welcome_without_a_digest_says_when_the_first_comes() -> None:
    assert "Your first digest comes at the hour that you chose" in MAILS["welcome"]().text


def test_a_welcome_is_never_cut_off() -> None:
    assert len(RENDERER.welcome(SITE, LINKS, many(200)).html.encode()) <= 102_400


def test_a_confirmation_says_until_when_and_what_happens_then() -> None:
    message = MAILS["confirm"]()
    for part in (" ".join(message.text.split()), Page(message.html).text):
        assert "Open this link within 48 hours" in part
        assert "your first digest then comes at the hour that you chose" in part
