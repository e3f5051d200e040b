"""Building messages: spliced from shared parts, beside rendering and packing each whole.

    python -m benchmarks.render [--data ../shared/data] [--save]

Prints, for readers of 5, 12 and 20 of a day's 200 papers, the time to build a message from a digest: as
Digest does it, and with Jinja for text and HTML and Python's `EmailMessage` for each reader. Every reader has
a choice of papers, an address and links of their own. Before anything is timed, the first readers' messages
are parsed and compared: both ways must say the same. Medians of rounds that take turns. `--save` keeps the
figures in `benchmarks/results/render.json`, which README quotes.
"""

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from benchmarks import day
from digest.compose import MOST_ALSO
from digest.domain import Digest, Field, Interests, Match, Paper, Reason, ReasonKind
from digest.render import Links, Renderer, as_bytes, cards, phrases
from digest.render.plain import word_count
from tests.builders import NOW, issue, subscriber
from tests.digests import LINKS, SITE
from tests.full_render import full_mail, full_message

DAY = 200
SIZES = (5, 12, 20)
READERS = 400
REMEMBERED = (  # texts of papers that cards keep ready: who renders whole begins with the paper
    (cards, "_opening"),
    (cards, "_name"),
    (phrases, "places"),
)
WHOLE = 8  # of them are rendered whole in a round
ROUNDS = 25
RESULTS = Path(__file__).parent / "results" / "render.json"
Letter = tuple[Digest, Links]


def letters(papers: list[Match], size: int) -> list[Letter]:
    """What each reader gets: papers of the day, those that trend more often, with links of their own, and
    the titles of what trends beside them, where there is room."""
    chance = random.Random(size)
    weights = [1 / rank for rank in range(1, len(papers) + 1)]
    found = []
    for number in range(1, READERS + 1):
        order = sorted(range(len(papers)), key=lambda at: chance.random() ** (1 / weights[at]), reverse=True)
        matches = tuple(papers[at] for at in order[:size])
        reader = subscriber(f"reader{number}@example.org", id=number, interests=Interests(filters=("sheep",)))
        token = f"{number:028}"
        own = {name: f"https://papers.example.org/{name}/{token}" for name in ("preferences", "unsubscribe")}
        links = replace(LINKS, **own, vote=f"https://papers.example.org/vote/{token}")
        room = min(MOST_ALSO, reader.interests.max_papers - size)
        also_trending = [papers[at].paper for at in range(size + room) if at not in order[:size]][:room]
        found.append((Digest(reader, issue(), matches, also_trending=tuple(also_trending)), links))
    return found


def matched(paper: Paper) -> Match:
    """The paper with links, and a word of its title as the reason."""
    page = f"https://arxiv.org/abs/{paper.id.partition(':')[2]}"
    word = max(paper.title.split(), key=len)
    at = paper.title.index(word)
    reason = Reason(ReasonKind.FILTER, word.lower(), word, Field.TITLE, at, at + len(word))
    linked = replace(paper, url=page, pdf_url=page.replace("abs", "pdf"))
    return Match(linked, 0.5, (reason, Reason(ReasonKind.TRENDING, note="newly listed")))


def timed(build: Callable[[Letter], bytes], some: list[Letter]) -> float:
    """Seconds of the processor a message; other programs on the machine don't count."""
    start = time.process_time()
    for letter in some:
        build(letter)
    return (time.process_time() - start) / len(some)


def parsed(raw: bytes) -> list[Any]:
    """What a mail program reads: headers and both parts. Python folds some subjects with a space too many."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    parts = [str(part.get_content()).replace("\r\n", "\n") for part in mail.iter_parts()]
    return [
        {name: " ".join(str(value).split()) for name, value in mail.items() if name != "Content-Type"},
        *parts,
    ]


def compared(papers: list[Match], size: int) -> dict[str, float]:
    """Microseconds a message of `size` papers, spliced and whole, and how many times faster that is."""
    renderer = Renderer()
    common: dict[str, Any] = {"sender": SITE.mail_from, "date": NOW, "message_id": "<1@papers.example.org>"}

    def spliced(letter: Letter) -> bytes:
        digest, links = letter
        made = renderer.digest(digest, SITE, links)
        return as_bytes(made, recipient=digest.subscriber.email, **common)

    def whole(letter: Letter) -> bytes:
        for module, remembered in REMEMBERED:
            getattr(module, remembered).cache_clear()
        digest, links = letter
        made = full_message(digest, SITE, links)
        return full_mail(made, recipient=digest.subscriber.email, **common)

    everybody = letters(papers, size)
    timed(spliced, everybody)  # the day's cards are made by the first readers' messages
    for letter in everybody[:WHOLE]:
        assert parsed(spliced(letter)) == parsed(whole(letter)), "the two ways differ"
    rounds = [(timed(spliced, everybody), timed(whole, everybody[:WHOLE])) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {"spliced_us": round(ours * 1e6), "whole_us": round(theirs * 1e6), "times": round(theirs / ours)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    papers, origin = day.papers(DAY, asked.data)
    matches = [matched(paper) for paper in papers]
    figures: dict[str, Any] = {"papers": origin, "sizes": {}}
    print("papers   spliced (µs)   whole (µs)   times faster")
    for size in SIZES:
        found = figures["sizes"][str(size)] = compared(matches, size)
        print(f"{size:>6}   {found['spliced_us']:>12,}   {found['whole_us']:>10,}   {found['times']:>12}")
    front = Renderer().digest(letters(matches, 5)[0][0], SITE, LINKS).text
    words = word_count(re.sub(r"https?://\S+", "", front[front.index("  1. ") : front.index("\n-- ")]))
    print(f"{words} words in a front of 5 real papers: {words / 200:.1f} minutes at 200 words a minute")
    if asked.save:
        RESULTS.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
