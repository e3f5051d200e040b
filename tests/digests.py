"""Digests for the tests of rendering: invented papers with everything that a mail can show."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from digest.compose import quiet_day
from digest.domain import (
    Digest,
    Field,
    Frequency,
    Interests,
    Match,
    Picture,
    PictureKind,
    Reason,
    ReasonKind,
    Schedule,
    SkipReason,
    Topic,
)
from digest.render import Encoded, Links, Renderer, Site
from tests.builders import NOW, issue, paper, subscriber, upvotes

SITE = Site(
    name="Daily Papers",
    base_url="https://papers.example.org",
    mail_from="Daily Papers <papers@example.org>",
    postal_address="Example Society, 1 Example Street, 12345 Example",
    logo_text="Daily Papers",
)
LINKS = Links(
    preferences="https://papers.example.org/prefs/PPPPPPPPPPPPPPPPPPPPPPPPPPPP",
    unsubscribe="https://papers.example.org/u/UUUUUUUUUUUUUUUUUUUUUUUUUUUU",
    web="https://papers.example.org/me/EEEEEEEEEEEEEEEEEEEEEEEEEEEE/digests/2026-03-17",
    pause="https://papers.example.org/prefs/PPPPPPPPPPPPPPPPPPPPPPPPPPPP#pause",
    feed="https://papers.example.org/me/EEEEEEEEEEEEEEEEEEEEEEEEEEEE#feed",
    vote="https://papers.example.org/vote/VVVVVVVVVVVVVVVVVVVVVVVVVVVV",
    less="https://papers.example.org/less/LLLLLLLLLLLLLLLLLLLLLLLLLLLL",
    save="https://papers.example.org/save/SSSSSSSSSSSSSSSSSSSSSSSSSSSS",
    unsubscribe_mail="unsubscribe@papers.example.org?subject=UUUUUUUUUUUUUUUUUUUUUUUUUUUU",
)
TRENDS = (Reason(ReasonKind.TRENDING, note="45 upvotes"),)
NEW = Reason(ReasonKind.TRENDING, note="newly listed")
TOPICS = (Topic("llm", "Language models", "llm"), Topic("rl", "Reinforcement learning", "rl"))
VISION = Topic("vision", "Computer vision", "vision")
RENDERER = Renderer()


def digest(*papers: Match, **fields: Any) -> Digest:
    """A digest of these papers; any field of `Digest` can be given."""
    defaults: dict[str, Any] = {"subscriber": subscriber(), "issue": issue(), "papers": papers}
    return Digest(**(defaults | fields))


def match(number: int = 1, reasons: tuple[Reason, ...] = TRENDS, **fields: Any) -> Match:
    """A match whose paper has that number; any field of `Paper` can be given."""
    return Match(paper(f"2603.{number:05}", **fields), 0.5, reasons)


def many(count: int, **fields: Any) -> Digest:
    """A digest of so many papers, each with a full abstract and all links."""
    sentence = "We train a sparse mixture of experts on long documents and measure what routing costs. "
    defaults = {
        "title": "Routing Costs of Sparse Experts: A Study over Long Documents and Many Languages",
        "abstract": sentence * 13,
        "authors": ("Ada Lovelace", "Alan Turing", "Grace Hopper", "Emmy Noether"),
        "pdf_url": "https://arxiv.org/pdf/2603.00001",
        "code_url": "https://github.com/example/routing-costs",
        "discussion_url": "https://huggingface.co/papers/2603.00001",
        "signals": (upvotes(45),),
    }
    reasons = (Reason(ReasonKind.FILTER, "routing", "routing", Field.ABSTRACT, 72, 79), *TRENDS)
    return digest(*(match(n, reasons, **(defaults | fields)) for n in range(1, count + 1)))


def rendered(made: Digest, site: Site = SITE, links: Links = LINKS) -> Encoded:
    return RENDERER.digest(made, site, links)


def full() -> Digest:
    """Five papers that differ in all that a mail shows, for a reader of two topics and a filter."""
    routing = Reason(ReasonKind.FILTER, '"mixture of experts"', "mixture-of-experts", Field.ABSTRACT, 11, 29)
    topic = Reason(ReasonKind.TOPIC, "llm", "Language Models", Field.TITLE, 20, 35)
    fewer = Reason(ReasonKind.TRENDING, note="3 upvotes")
    papers = (
        match(
            1,
            (topic, routing, *TRENDS),
            title="Counting Sheep with Language Models",
            abstract="We train a mixture-of-experts model to count. It counts sheep, e.g. Merinos, and "
            "goats. On three meadows it makes 40% fewer errors than a shepherd.",
            authors=("Ada Lovelace", "Alan Turing", "Grace Hopper", "Emmy Noether", "Kurt Gödel"),
            pdf_url="https://arxiv.org/pdf/2603.00001",
            code_url="https://github.com/example/sheep",
            discussion_url="https://huggingface.co/papers/2603.00001",
            signals=(upvotes(45),),
        ),
        match(
            2,
            title="α-Divergence Is All You Need",
            abstract="We adapt mixture-of-experts models with a loss. It forgets slowly.",
            summary="A loss that forgets slowly, for mixture-of-experts models and others.",
            summary_source="huggingface",
            published_at=NOW - timedelta(days=90),
            reasons=(replace(routing, start=9, end=27),),
        ),
        match(3, (fewer,), title="日本語の論文を読む", authors=("山田太郎",), signals=(upvotes(3),)),
        match(4, (NEW,), title="A Paper without a Link & with <Angles>", url="", abstract="", authors=()),
        match(5, (Reason(ReasonKind.PICK, note="picked by a curator"),), title="A Quiet Gem"),
    )
    reader = subscriber(interests=Interests(topics=("llm", "rl"), filters=('"mixture of experts"',)))
    return digest(
        *papers, subscriber=reader, topics=TOPICS, notes=("bioRxiv could not be read today; tomorrow more.",)
    )


def by_topic() -> Digest:
    """Four papers under two topics, one beside, one in brief; the reader has room for what others read."""

    def about(number: int, slug: str, term: str, title: str) -> Match:
        reason = Reason(ReasonKind.TOPIC, slug, term, Field.TITLE, 0, len(term))
        return match(number, (reason, *TRENDS), title=title, signals=(upvotes(45),))

    papers = (
        about(1, "rl", "Rewards", "Rewards for Patient Shepherds"),
        about(2, "llm", "Language Models", "Language Models That Count Their Sheep"),
        about(3, "rl", "Policies", "Policies of the Flock: Learning to Graze without Supervision"),
        match(4, title="A Short Note on Wool"),
        about(5, "llm", "Prompts", "Prompts as Pastures"),
        about(6, "rl", "Q-learning", "Q-learning on Three Meadows"),
        about(7, "llm", "Tokens", "Tokens of Wool"),
        about(8, "rl", "Regret", "Regret of Lost Sheep"),
        match(9, title="What a Fence Is For"),
    )
    others = tuple(paper(f"2603.1000{n}", title=f"What Everybody Reads, Part {n}") for n in range(1, 4))
    reader = subscriber(interests=Interests(topics=("llm", "rl", "vision")))
    return digest(*papers, subscriber=reader, topics=(*TOPICS, VISION), also_trending=others)


def weekly() -> Digest:
    """Five papers of three days."""
    reader = subscriber(schedule=Schedule(Frequency.WEEKLY))
    titles = ("Monday’s Sheep", "A Lamb on Sunday", "More Sheep for Monday", "Tuesday’s Goat", "A Late Ram")
    papers = (
        match(n, title=title, first_seen_at=NOW - timedelta(days=days), signals=(upvotes(45),))
        for n, title, days in zip(range(1, 6), titles, (1, 2, 1, 0, 2), strict=True)
    )
    return digest(*papers, subscriber=reader)


def machine_made() -> Digest:
    """Two papers that a model summed up, one that its source did, and what trends beside."""
    told: dict[str, Any] = {
        "summary": "An experts’ model counts sheep on meadows & makes fewer errors.",
        "summary_model": "ram-7b",
    }
    ours: dict[str, Any] = {"summary": "Sheep are counted.", "summary_source": "huggingface"}
    papers = (match(1, **told), match(2, title="Wool", **ours), match(3, title="Goats", **told))
    others = tuple(paper(f"2603.1000{n}", title=f"What Everybody Reads, Part {n}") for n in range(1, 6))
    return digest(
        *papers, subscriber=subscriber(interests=Interests(filters=("sheep", "wool"))), also_trending=others
    )


def pictured(made: Digest, mode: PictureKind) -> Digest:
    """The same digest with pictures of its three best papers, as large as emails may carry them."""
    papers = tuple(replace(each, paper=replace(each.paper, pk=n)) for n, each in enumerate(made.papers, 1))
    shown = tuple(
        Picture(n, f"cid:{n}-0123456789abcdef@{SITE.host}", 112, 60, b"\xff\xd8\xff" + bytes([n]) * 39_997)
        if mode is PictureKind.CID
        else Picture(n, f"{SITE.base_url}/thumbnails/{n}-0123456789abcdef.jpg", 112, 60)
        for n in range(1, min(3, len(papers)) + 1)
    )
    return made if mode is PictureKind.OFF else replace(made, papers=papers, pictures=shown)


def quiet() -> Digest:
    """A day on which the sources announced nothing."""
    reader = subscriber(interests=Interests(filters=('"mixture of experts"',)))
    others = [paper(f"2603.1000{n}", title=f"What Everybody Reads, Part {n}") for n in range(1, 4)]
    why = ["arXiv announces no papers on its holidays; the next ones are due on Wednesday 18 March."]
    made = quiet_day(reader, issue(), SkipReason.QUIET, (), notes=why, also_trending=others)
    return replace(made, next_at=NOW + timedelta(days=1))


# The cases that are reviewed by eye and kept in `golden/`.
GOLDEN: dict[str, Callable[[], Digest]] = {
    "full": full,
    "single": lambda: digest(match(title="Counting Sheep")),
    "topics": by_topic,
    "weekly": weekly,
    "machine-made": machine_made,
    "quiet": quiet,
    "long": lambda: many(200),
}
