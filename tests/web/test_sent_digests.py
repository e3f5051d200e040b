"""An old digest on the web is the email that was sent: its papers, headings, marks and reasons, in its order.

Random readers get a digest; then what they chose, the topics and what is counted for papers change.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from digest.domain import Entry, HideReason, SignalKind, Subscriber
from digest.pipeline.community import moderation
from digest.pipeline.installation import Installation
from digest.pipeline.mail.links import Purpose, link
from digest.pipeline.runner import run_round
from digest.pipeline.subscriptions.validate import read_interests, read_schedule, subscribe
from digest.store import session
from digest.store.deliveries.tables.deliveries import DeliveryRow
from digest.store.subscriptions import interests, subscribers
from tests.builders import NOW, entry
from tests.installations import CONSENT, installation, outbox, store_entries
from tests.web_server import WebServer, serving

WORDS = (
    "agents",
    "language model",
    "robot",
    "diffusion",
    "reasoning",
    "retrieval",
    "speech",
    "safety",
    "graph",
)
FILTERS = (*WORDS, "agents OR robot", '"language model" -speech', "au:lovelace", "cat:cs.CL", "upvotes>=5")
TOPICS = ("llm", "agents", "robotics", "rag", "reasoning", "speech", "safety")
READERS = 12
Seen = tuple[str, str]  # what it is (heading, title, why, line), and its words


class Reading(HTMLParser):
    """What a reader sees of a digest, in order; marked words in brackets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[Seen] = []
        self._kind, self._until, self._text, self._out = "", "", "", ""
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"meta", "link", "input", "img", "br"}:
            return
        classes = set((dict(attrs).get("class") or "").split())
        self._inside.append(" ".join(classes))
        if not self._kind and (kind := self._kind_of(tag, classes)):
            self._kind, self._until, self._text = kind, str(len(self._inside)), ""
        if "num" in classes:
            self._out = str(len(self._inside))
        if tag == "mark" or "hit" in classes:
            self._text += "["

    def _kind_of(self, tag: str, classes: set[str]) -> str:
        is_paper = "paper" in self._inside
        if "title" in classes or (is_paper and tag in {"h2", "h3"}):
            return "title"
        if "why" in classes:
            return "why"
        if "line" in classes or (tag == "li" and "sent-lines" in self._inside):
            return "line"
        if classes & {"h2", "group"} or (tag in {"h2", "h3"} and not classes):
            return "heading"
        return ""

    def handle_endtag(self, tag: str) -> None:
        if not self._inside:
            return
        depth = str(len(self._inside))
        if tag == "mark" or "hit" in self._inside[-1].split():
            self._text += "]"
        if depth == self._out:
            self._out = ""
        if self._kind and depth == self._until:
            self.seen.append((self._kind, " ".join(self._text.replace("\u00a0", " ").split())))
            self._kind = ""
        self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._kind and not self._out:
            self._text += data


def papers(chance: random.Random) -> list[Entry]:
    """Papers about some of the words, with some upvotes."""
    return [
        entry(
            f"2603.{number:05}",
            title=" ".join(["Paper", str(number), "on", *chance.sample(WORDS, chance.randrange(1, 4))]),
            abstract=f"We show that {' and '.join(chance.sample(WORDS, 3))} are alike. It is so.",
            signals={SignalKind.UPVOTES: chance.randrange(40)} if chance.random() < 0.6 else {},
        )
        for number in range(1, 41)
    ]


def reader(here: Installation, chance: random.Random, number: int) -> Subscriber:
    """Somebody who chose at random."""
    with session.transaction(here.engine) as db:
        wanted = read_interests(
            interests.topics(db),
            topics=chance.sample(TOPICS, chance.choice((0, 1, 2, 4))),
            filters=chance.sample(FILTERS, chance.choice((0, 1, 3))),
            exclude=chance.sample(WORDS, chance.choice((0, 0, 1))),
            top=chance.choice((0, 0, 3)),
            max_papers=chance.choice((3, 8, 20)),
            front=chance.choice((0, 1, 7)),
        )
        return subscribe(
            here,
            db,
            email=f"reader{number}@example.org",
            interests=wanted,
            schedule=read_schedule(
                frequency=chance.choice(("daily", "daily", "weekly")), weekday="tue", quiet_days=True
            ),
            now=NOW - timedelta(hours=1),
            consent=CONSENT,
        )


def change_everything(here: Installation, sent: Sequence[Entry], readers: Sequence[Subscriber]) -> None:
    """What readers chose, what topics are called and mean, and what was counted."""
    later = NOW + timedelta(hours=3)
    store_entries(
        here.engine, [replace(each, signals={SignalKind.UPVOTES: 999}) for each in sent], seen_at=later
    )
    with session.transaction(here.engine) as db:
        for topic in interests.topics(db):
            if topic.slug == TOPICS[0]:
                interests.remove_topic(db, topic.slug)
            else:
                interests.save_topic(db, replace(topic, title=f"New {topic.title}", expression="nothing"))
        for each in readers:
            other = replace(each.interests, topics=("robotics",), filters=("graph",), exclude=(), front=2)
            subscribers.save(db, each.id, interests=other)


def page_of(web: WebServer, owner: Subscriber) -> str:
    path = link(web.installation, Purpose.ME, owner.id).removeprefix(web.url)
    answer = web.client().get(f"{path}/digests/{NOW.date()}")
    assert answer.status_code == 200
    return answer.text.partition("<main")[2].partition("</main>")[0]


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    with serving(installation(engine, tmp_path), tmp_path) as server:
        yield server


@pytest.mark.parametrize("seed", [1, 2])
def test_a_digest_on_the_web_is_the_email_whatever_changed_since(web: WebServer, seed: int) -> None:
    here, chance = web.installation, random.Random(seed)
    sent = papers(chance)
    store_entries(here.engine, sent, seen_at=NOW - timedelta(hours=2))
    readers = [reader(here, chance, number) for number in range(READERS)]
    run_round(here, NOW, fetch=False)
    mails = {str(mail["To"]): str(mail.get_body(("html",)).get_content()) for mail in outbox(web.folder)}  # type: ignore[union-attr]
    assert len(mails) == READERS
    change_everything(here, sent, readers)
    kinds = set()
    for owner in readers:
        in_mail = Reading(mails[owner.email]).seen
        assert Reading(page_of(web, owner)).seen == in_mail
        kinds |= {kind for kind, _ in in_mail}
    assert kinds == {"heading", "title", "why", "line"}


def test_of_an_old_digest_no_reason_is_made_up_and_a_hidden_paper_is_gone(web: WebServer) -> None:
    here, chance = web.installation, random.Random(3)
    store_entries(here.engine, papers(chance), seen_at=NOW - timedelta(hours=2))
    with session.transaction(here.engine) as db:
        owner = subscribe(
            here,
            db,
            email="ada@example.org",
            interests=read_interests([], filters=["agents"]),
            schedule=read_schedule(),
            now=NOW - timedelta(hours=1),
            consent=CONSENT,
        )
    run_round(here, NOW, fetch=False)
    titles = [words for kind, words in Reading(page_of(web, owner)).seen if kind == "title"]
    assert titles
    first = titles[0].replace("[", "").replace("]", "")
    number = int(first.split()[1])
    moderation.hide(here, f"2603.{number:05}", HideReason.SPAM, now=NOW + timedelta(hours=1))
    page = page_of(web, owner)
    assert first not in page.replace("<mark>", "").replace("</mark>", "")
    assert "1 paper of this email has since been hidden by a curator." in page
    with session.transaction(here.engine) as db:
        db.execute(update(DeliveryRow).values(shown=None))  # as before reasons were kept
    page = page_of(web, owner)
    assert "Why each paper came wasn’t kept at that time." in page
    assert "Why: " not in page
    assert "Paper " in page
