"""What trends beside a reader's own papers: titles only, none that they have, had or exclude."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from digest.domain import Entry, Interests, Ranked, SignalKind, SourceKind
from digest.match import Corpus, Library, unpack, unpack_sent
from digest.pipeline.installation import Installation
from digest.pipeline.issues.preview import preview
from digest.pipeline.mail.build import write
from digest.pipeline.runner import run_round
from digest.pipeline.subscriptions import preferences
from digest.render.view import LEVELS
from digest.store import papers, session, sources
from digest.store.columns import pack
from digest.store.subscriptions import subscribers
from digest.trend import rank
from tests.builders import NOW, entry, paper, upvotes
from tests.digests import digest, many, match, rendered
from tests.installations import installation, join, outbox, store_entries

DAY = timedelta(days=1)
EARLIER = NOW - timedelta(hours=3)
HEADING = "Also trending"


def noticed(number: int, votes: int, **fields: object) -> Entry:
    """A paper that so many people voted for."""
    return entry(
        f"2603.{number:05}", title=f"Widely read {number}", signals={SignalKind.UPVOTES: votes}, **fields
    )


def titles_beside(text: str) -> list[str]:
    """The titles under "Also trending" in a text part."""
    _, _, rest = text.partition(f"{HEADING}\n")
    return [line.removeprefix("   - ") for line in rest.splitlines() if line.startswith("   - ")]


def stock(engine: Engine, entries: Sequence[Entry]) -> None:
    """Land entries with their signals."""
    with session.transaction(engine) as db:
        known = sources.ensure(db, name="huggingface", kind=SourceKind.HUGGINGFACE)
        papers.store_entries(db, known, entries, seen_at=EARLIER)


def text_for(here: Installation, folder: Path) -> str:
    """The text part of the only mail."""
    (mail,) = outbox(folder)
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_mail_ends_with_what_trends_beside_its_papers(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    stock(engine, [noticed(n, votes=100 - n) for n in range(1, 9)])
    store_entries(
        engine, [entry("2603.00100", title="Grasping with soft hands"), entry("2603.00101")], seen_at=EARLIER
    )
    join(here, "ada@example.org", filters=["grasping"])
    run_round(here, NOW, fetch=False)
    assert titles_beside(text_for(here, tmp_path)) == [f"Widely read {n}" for n in range(1, 6)]


def test_nobody_is_told_that_a_paper_trends_which_nobody_noticed(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    stock(engine, [noticed(1, votes=3)])
    store_entries(engine, [entry(f"2603.0020{n}", title=f"Grasping {n}") for n in range(3)], seen_at=EARLIER)
    store_entries(engine, [entry(f"2603.0030{n}", title=f"Unread {n}") for n in range(3)], seen_at=EARLIER)
    join(here, "ada@example.org", filters=["grasping"])
    run_round(here, NOW, fetch=False)
    assert titles_beside(text_for(here, tmp_path)) == ["Widely read 1"]


def test_what_somebody_excludes_mutes_or_had_does_not_trend_for_them(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    stock(
        engine,
        [
            noticed(1, votes=99, abstract="A survey of everything."),
            noticed(2, votes=98, abstract="Robots that dance."),
            noticed(3, votes=97),
            noticed(4, votes=2),
        ],
    )
    store_entries(engine, [entry("2603.00100", title="Grasping with soft hands")], seen_at=EARLIER)
    reader = join(here, "ada@example.org", filters=["grasping"], exclude=["survey"])
    preferences.mute(here, reader.id, "robots", NOW - DAY)
    with session.transaction(engine) as db:
        known = subscribers.get(db, "ada@example.org")
    found = preview(here, known, NOW).digest
    assert found is not None
    assert [each.title for each in found.also_trending] == ["Widely read 3", "Widely read 4"]
    choosy = replace(known, interests=replace(known.interests, min_upvotes=10, top=1))
    found = preview(here, choosy, NOW).digest
    assert found is not None
    assert [each.paper.title for each in found.papers] == ["Widely read 3"]
    assert found.also_trending == ()


def test_what_was_sent_before_does_not_trend_again(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    stock(engine, [noticed(1, votes=99), noticed(2, votes=98)])
    reader = join(here, "ada@example.org", filters=['"widely read 1"'])
    run_round(here, NOW, fetch=False)
    with session.transaction(engine) as db:
        known = subscribers.get(db, "ada@example.org")
        wider = replace(known.interests, filters=("grasping",))
        subscribers.save(db, reader.id, interests=wider)
        known = subscribers.get(db, "ada@example.org")
    store_entries(engine, [entry("2603.00100", title="Grasping with soft hands")], seen_at=NOW + DAY / 2)
    found = preview(here, known, NOW + DAY).digest
    assert found is not None
    assert [each.title for each in found.also_trending] == ["Widely read 2"]


def test_what_is_previewed_is_what_is_sent(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    stock(engine, [noticed(n, votes=100 - n) for n in range(1, 4)])
    store_entries(engine, [entry("2603.00100", title="Grasping with soft hands")], seen_at=EARLIER)
    reader = join(here, "ada@example.org", filters=["grasping"])
    found = preview(here, reader, NOW).digest
    assert found is not None
    run_round(here, NOW, fetch=False)
    assert write(here, found).text == text_for(here, tmp_path)


@given(
    votes=st.lists(st.integers(0, 3), min_size=1, max_size=90),
    readers=st.lists(
        st.tuples(st.booleans(), st.integers(0, 3), st.sets(st.integers(0, 89), max_size=8)),
        min_size=1,
        max_size=5,
    ),
)
@settings(max_examples=60, deadline=None)
def test_for_many_readers_at_once_it_is_what_one_look_at_each_paper_says(
    votes: list[int], readers: list[tuple[bool, int, set[int]]]
) -> None:
    stocked = [
        paper(f"2603.{n:05}", abstract="A survey." if n % 3 else "A study.", signals=(upvotes(v),))
        for n, v in enumerate(votes)
    ]
    ranked: list[Ranked] = rank(stocked, NOW)
    corpus = Corpus(ranked, Library([]))
    chosen = [
        Interests(filters=("grasping",), exclude=("survey",) if excludes else (), min_upvotes=least)
        for excludes, least, _ in readers
    ]
    packed = [pack((w.min_upvotes, 0, 20, 1, *([-2] if w.exclude else []))) for w in chosen]
    cohort = unpack(packed)
    corpus.many.read(corpus.many.unread(cohort), {1: "grasping", 2: "survey"})
    numbers = {n: n for n in range(len(stocked))}
    had = [(place, pack(sorted(gone))) for place, (_, _, gone) in enumerate(readers)]
    found = corpus.many.also_trending(cohort, unpack_sent(range(len(readers)), had, numbers), 5)
    for place, ((excludes, least, gone), wish) in enumerate(zip(readers, chosen, strict=True)):
        mine = found.items[found.offsets[place] : found.offsets[place + 1]].tolist()
        may = [
            n
            for n, each in enumerate(ranked)
            if n not in gone
            and not (excludes and "survey" in each.paper.abstract)
            and each.paper.latest(SignalKind.UPVOTES) >= least
        ]
        assert mine == [n for n in may[:5] if ranked[n].paper.latest(SignalKind.UPVOTES)]
        ids = {ranked[n].paper.id for n in gone if n < len(ranked)}
        assert [p.id for p in corpus.one.others(wish, ids, 5)] == [ranked[n].paper.id for n in mine]


def test_what_others_read_gives_way_before_a_readers_own_papers_do() -> None:
    others = tuple(paper(f"2603.9000{n}", title=f"Widely read {n}") for n in range(5))
    small = rendered(digest(match(), also_trending=others))
    assert HEADING in small.html
    large = rendered(replace(many(200), also_trending=others))
    assert HEADING not in large.html
    assert HEADING not in large.text
    assert len(large.html_body) <= 102_400
    kept = [level for level in LEVELS if level.also_trending]
    assert all(level.cards >= 1_000 for level in kept)
