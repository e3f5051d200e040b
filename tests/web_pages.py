"""Every page of the site in every state that looks different: by name, the address that shows it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count

from digest.domain import Certificate, HideReason, SignalKind, SourceKind, Subscriber
from digest.pipeline.community import merges, moderation, own_feed, picks, saved, votes
from digest.pipeline.mail.links import Purpose, erase_link, link
from digest.pipeline.runner import run_round
from digest.pipeline.subscriptions import preferences
from digest.store import session, sources
from digest.store.sources import announcements, certificates, gaps
from tests.builders import entry
from tests.installations import join, store_entries
from tests.web_server import WebServer

PAPERS = (
    entry(
        "2603.00001",
        title="Agents that plan",
        abstract="We let agents plan before they act. " * 12,
        categories=("cs.AI", "cs.CL"),
        code_url="https://code.example.org/plan",
    ),
    entry("2603.00002", title="Robots that walk", abstract="Legs, and a language model that moves them."),
)

_WORDS = ("Learning", "Scaling", "Sparse", "Robust", "Efficient", "Causal", "Latent", "Neural")
EARLIER = tuple(
    entry(
        f"2602.{number:05}",
        title=f"{_WORDS[number % 8]} {_WORDS[number // 8 % 8]} Models of $O(n^{{{number}}})$ Worlds {number}",
        abstract=f"We look at world {number}, and find {number} things in it. " * 3,
        authors=tuple(f"Author {name} of {number}" for name in "ABCDE"[: number % 5 + 1]),
        categories=("cs.LG", "stat.ML"),
        organization="Example Lab" if number % 2 else "",
        keywords=("world models", "scaling laws", "sparse attention")[: number % 4],
        code_url=f"https://code.example.org/{number}",
        discussion_url=f"https://talk.example.org/{number}",
        pdf_url=f"https://arxiv.org/pdf/2602.{number:05}",
        summary=f"World {number} is smaller than people thought." if number % 3 else "",
        signals={
            SignalKind.UPVOTES: number * 37 % 400,
            SignalKind.COMMENTS: number % 7,
            SignalKind.STARS: number * number,
        },
    )
    for number in range(90)
)

_numbers = count(1)  # so that each page has a reader of its own


def furnish(web: WebServer) -> None:
    """Papers, so that lists aren't empty."""
    store_entries(web.installation.engine, PAPERS, seen_at=web.clock.now - timedelta(hours=1))
    store_entries(
        web.installation.engine, EARLIER, seen_at=web.clock.now - timedelta(days=27), source="huggingface"
    )
    later = [
        replace(each, signals={kind: value * 2 for kind, value in each.signals.items()}) for each in EARLIER
    ]
    store_entries(
        web.installation.engine, later, seen_at=web.clock.now - timedelta(days=24), source="huggingface"
    )


def _of(purpose: Purpose, end: str = "", **query: str) -> Callable[[WebServer], str]:
    return lambda web: _address(web, purpose, _somebody(web), **query) + end


def _somebody(web: WebServer) -> Subscriber:
    return join(
        web.installation, f"reader{next(_numbers)}@example.org", topics=["llm"], filters=["agents", "au:dao"]
    )


def _address(web: WebServer, purpose: Purpose, owner: Subscriber, **query: str) -> str:
    return link(web.installation, purpose, owner.id, **query).removeprefix(web.url)


def _busy(web: WebServer) -> str:
    reader = _somebody(web)
    preferences.mute(web.installation, reader.id, '"language model"', web.clock.now)
    preferences.pause(web.installation, reader.id, web.clock.now + timedelta(days=9), web.clock.now)
    return _address(web, Purpose.PREFERENCES, reader) + "?done=muted"


def _lived(web: WebServer) -> str:
    reader = _somebody(web)
    paper = votes.paper(web.installation, "2602.00054")
    votes.vote(web.installation, reader.id, paper, web.clock.now)
    saved.save(web.installation, reader.id, paper, web.clock.now)
    own_feed.renew_feed(web.installation, reader.id, web.clock.now)
    return _address(web, Purpose.ME, reader) + "?done=feed"


def _left(purpose: Purpose) -> Callable[[WebServer], str]:
    def leave(web: WebServer) -> str:
        reader = _somebody(web)
        preferences.leave(web.installation, reader.id, web.clock.now, goodbye=False)
        return _address(web, purpose, reader)

    return leave


def _to_confirm(web: WebServer) -> str:
    web.sign_up(web.client(), f"eve{next(_numbers)}@example.org")
    web.work()
    return web.links("confirm")[-1]


def _confirmed(web: WebServer) -> str:
    where = _to_confirm(web)
    web.client().post(where)
    return where


def _to_erase(web: WebServer) -> str:
    end = web.clock.now + timedelta(hours=1)
    return erase_link(web.installation, _somebody(web).id, end).removeprefix(web.url)


def _withdrawn(web: WebServer) -> str:
    said = "This paper has been withdrawn by the author."
    paper = entry("2603.00011", title="Proof that fish compute", abstract="Fish compute. " * 9)
    notice = replace(paper, key="v2", version=2, abstract=said, withdrawn=said, announce_type="replace")
    for each in (paper, notice):
        store_entries(web.installation.engine, [each], seen_at=web.clock.now - timedelta(hours=1))
    return "/p/2603.00011"


def _merged(web: WebServer) -> str:
    """A paper into which another was merged."""
    two = [entry(f"2603.0002{n}", title="One work under two ids") for n in range(2)]
    store_entries(web.installation.engine, two, seen_at=web.clock.now - timedelta(hours=1))
    merges.merge(web.installation, "2603.00020", "2603.00021", reason="the same work", now=web.clock.now)
    return "/p/2603.00021"


def _hidden(web: WebServer) -> str:
    paper = entry("2603.00031", title="Buy now")
    store_entries(web.installation.engine, [paper], seen_at=web.clock.now - timedelta(hours=1))
    moderation.hide(web.installation, "2603.00031", HideReason.SPAM, "It sells something.", now=web.clock.now)
    return "/p/2603.00031"


def _formulas(web: WebServer) -> str:
    paper = entry(
        "2603.00041",
        title=r"Bounds of $\mathcal{O}(n^{1.5} \log n)$ for $\ell_1$ and $\sum_{i=1}^{n} \frac{x_i}{y_i}$",
        abstract=r"For $\alpha \ge \sqrt{2}$ we show \emph{tight} $$\int_0^1 f(x)\,dx \le \|f\|_\infty$$. "
        * 3,
        authors=tuple(f"Author {number}" for number in range(30)),
    )
    store_entries(web.installation.engine, [paper], seen_at=web.clock.now - timedelta(hours=1))
    return "/p/2603.00041"


def _sent(web: WebServer) -> str:
    """A digest that was sent, under topics and with papers in brief."""
    reader = join(
        web.installation,
        f"reader{next(_numbers)}@example.org",
        topics=["agents", "world-models", "robotics"],
        filters=["world", "cat:cs.CL"],
    )
    run_round(web.installation, web.clock.now, fetch=False)
    return f"{_address(web, Purpose.ME, reader)}/digests/{web.clock.now.date()}"


def _announced(web: WebServer) -> str:
    """A source whose days are complete, incomplete, not confirmed and missed."""
    day, now = web.clock.now.date(), web.clock.now
    url, lost = "https://rss.arxiv.org/rss/cs.AI+cs.CL+stat.ML", "arxiv:2603.00106"
    counts = {"cs.AI": 300, "cs.CL": 446, "stat.ML": 61}
    lacking = {"cs.AI": (), "cs.CL": (lost,), "stat.ML": ()}
    held = Certificate(day, 700, counts, (lost,), lacking, checked_at=now)
    with session.transaction(web.installation.engine) as db:
        known = sources.add(db, name=f"listed{next(_numbers)}", kind=SourceKind.ARXIV, url=url)
        for back in (0, 1, 4, 5):
            announcements.add(db, known.id, day - timedelta(days=back), 699, counts)
        days = [day - timedelta(days=back) for back in (0, 1, 4)]
        certificates.notice(db, known.id, days, now=now)
        certificates.keep(db, known.id, held)
        certificates.keep(db, known.id, replace(held.without({lost}), day=days[1]))
        certificates.keep(db, known.id, replace(held.without({lost}), day=days[2], unlisted=3))
        gaps.notice(db, known.id, [day - timedelta(days=5)], reason="the feed was cut off", now=now)
    return "/sources?held"  # not the page that was kept of the state before


def _picked(web: WebServer) -> str:
    """A day with a curator's pick."""
    by, note = _somebody(web).id, "Read this one for the ablation."
    picks.pick(web.installation, "2603.00001", note, curator=by, now=web.clock.now)
    return "/papers/2026-03-17"


# Each is called once on a furnished site, and brings it into the state in which its page is looked at.
PAGES: Mapping[str, Callable[[WebServer], str]] = {
    "day": lambda _web: "/papers",
    "week, newest first": lambda _web: "/papers/2026-W12?order=newest",
    "month, second page": lambda _web: "/papers/2026-02?page=2",
    "day without papers": lambda _web: "/papers/2026-03-15",
    "paper": lambda _web: "/p/2602.00054",
    "paper without attention": lambda _web: "/p/2603.00001",
    "paper withdrawn": _withdrawn,
    "paper merged": _merged,
    "paper hidden": _hidden,
    "paper with formulas": _formulas,
    "author": lambda _web: "/authors/Ada Lovelace",
    "search": lambda _web: "/search",
    "search with results": lambda _web: "/search?q=find things worlds",
    "search corrected": lambda _web: "/search?q=robost",
    "search without results": lambda _web: "/search?q=ti:robots ti:agents",
    "search with a mistake": lambda _web: "/search?q=agents AND (",
    "topics": lambda _web: "/topics",
    "topic": lambda _web: "/t/llm",
    "landing": lambda _web: "/",
    "landing with mistakes": lambda _web: "/?topics=llm&filters=agents%0Alegs+AND+(&exclude=%22&at=26:00",
    "landing without papers": lambda _web: "/?filters=zebras",
    "check inbox": lambda _web: "/check-inbox",
    "to confirm": _to_confirm,
    "confirmed": _confirmed,
    "confirmation over": lambda _web: "/confirm/over",
    "preferences": _of(Purpose.PREFERENCES),
    "preferences muted and paused": _busy,
    "preferences unsubscribed": _left(Purpose.PREFERENCES),
    "sources": lambda _web: "/sources",
    "sources held against a second list": _announced,
    "feeds": lambda _web: "/feeds",
    "api": lambda _web: "/docs",
    "my page": _of(Purpose.ME, "?paper=2603.00002"),
    "my page with everything": _lived,
    "digest on the web": _sent,
    "day with a pick": _picked,
    "save": _of(Purpose.SAVE, paper="arxiv:2603.00001"),
    "erase": _of(Purpose.PREFERENCES, "/erase"),
    "erase confirmed": _to_erase,
    "unsubscribe": _of(Purpose.UNSUBSCRIBE),
    "unsubscribed": _left(Purpose.UNSUBSCRIBE),
    "unsubscribe unknown": lambda _web: "/u/unknown",
    "pause": _of(Purpose.PAUSE),
    "mute": _of(Purpose.MUTE, term="agents"),
    "vote": _of(Purpose.VOTE, paper="arxiv:2603.00001"),
    "sign in": lambda _web: "/signin",
    "link to sign in over": lambda _web: "/signin/over",
    "votes of a paper": lambda _web: "/votes/2603.00001",
    "rule of votes": lambda _web: "/about/votes",
    "submit": lambda _web: "/submit",
    "link of nobody": lambda _web: "/prefs/nobody",
    "no such page": lambda _web: "/nothing",
    "about": lambda _web: "/about",
    "privacy": lambda _web: "/privacy",
}
