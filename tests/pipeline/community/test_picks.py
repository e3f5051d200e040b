"""Picks and hidden papers: who sees what, everywhere, and that each act can be undone."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from digest.domain import Actor, DeliveryState, HideReason, Paper, SignalKind
from digest.errors import InputError, UnknownError
from digest.pipeline.catalog.listing import Lists, Order
from digest.pipeline.catalog.periods import Span, period_of
from digest.pipeline.catalog.search import Search
from digest.pipeline.community import audit, moderation, picks
from digest.pipeline.community.undo import undo
from digest.pipeline.delivery.worker import DeliveryWorker
from digest.pipeline.installation import Installation, acting
from digest.pipeline.issues.open import open_due
from digest.pipeline.subscriptions import personal_data
from digest.store import papers, session
from digest.store.base import Base
from digest.store.subscriptions import subscribers
from digest.trend import rank
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries

ADA = "ada@example.org"
FIRST, SECOND, THIRD = "2603.00001", "2603.00002", "2603.00003"
NOTE = "Read this one for the ablation."
TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    made = installation(engine, tmp_path)
    entries = [entry(number, title=f"Title {number}") for number in (FIRST, SECOND, THIRD)]
    store_entries(engine, entries, seen_at=NOW - timedelta(hours=2))
    return acting(made, Actor("cli:test", "cli"))


def ada(site: Installation) -> int:
    person = join(site, ADA)
    with session.transaction(site.engine) as db:
        subscribers.set_display_name(db, person.id, "Ada")
    return person.id


def state(site: Installation) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the store but the audit and the numbers of changes."""
    left_out = {"audit", "paper_changes"}
    with session.reading(site.engine) as db:
        return {
            name: sorted((tuple(row) for row in db.execute(select(table)).all()), key=repr)
            for name, table in Base.metadata.tables.items()
            if name not in left_out
        }


def last_act(site: Installation) -> int:
    return audit.listing(site)[0].id


def listed(site: Installation, day: date = TODAY) -> list[str]:
    page = Lists(site).page(period_of(day, Span.DAY), Order.TREND, 1, NOW)
    assert page
    return [paper.id.removeprefix("arxiv:") for paper in page.page.papers]


def found(site: Installation, words: str) -> list[str]:
    return [item.paper.id.removeprefix("arxiv:") for item in Search(site)(words, NOW).items]


def picked(site: Installation, day: date = TODAY) -> list[tuple[str, str, str]]:
    shown = picks.picked_on(site, day, NOW)
    return [(p.id.removeprefix("arxiv:"), p.picked.by, p.picked.note) for p in shown if p.picked]


def pick_signals(paper: Paper) -> list[int]:
    return [signal.value for signal in paper.signals if signal.kind is SignalKind.PICK]


def test_a_pick_is_shown_with_its_note_and_weighs_in_the_trend(site: Installation) -> None:
    paper = picks.pick(site, SECOND, f"  {NOTE}\n", curator=ada(site), now=NOW)
    assert picked(site) == [(SECOND, "Ada", NOTE)]
    assert [part.signal for part in rank([paper], NOW)[0].parts] == ["new", "pick"]
    assert listed(site)[0] == SECOND
    assert found(site, "has:pick") == found(site, "topic:picks") == [SECOND]


def test_picking_again_changes_the_note_and_keeps_the_place(site: Installation) -> None:
    for ref in (FIRST, SECOND):
        picks.pick(site, ref, "one", now=NOW)
    picks.pick(site, FIRST, "another", now=NOW + timedelta(hours=1))
    assert [(ref, note) for ref, _, note in picked(site)] == [(FIRST, "another"), (SECOND, "one")]


def test_picks_are_put_into_another_order(site: Installation) -> None:
    for ref in (FIRST, SECOND, THIRD):
        picks.pick(site, ref, "", now=NOW)
    before = state(site)
    picks.place(site, TODAY, {THIRD: 1, FIRST: 2, SECOND: 3}, NOW)
    assert [ref for ref, _, _ in picked(site)] == [THIRD, FIRST, SECOND]
    undo(site, last_act(site), NOW)
    assert state(site) == before
    with pytest.raises(UnknownError, match="isn't picked"):
        picks.place(site, TOMORROW, {FIRST: 1}, NOW)
    with pytest.raises(InputError, match="from 1 to 999"):
        picks.place(site, TODAY, {FIRST: 0}, NOW)


def test_a_pick_for_tomorrow_counts_from_tomorrow_on(site: Installation) -> None:
    paper = picks.pick(site, FIRST, NOTE, day=TOMORROW, now=NOW)
    assert picked(site) == []
    assert [ref for ref, _, _ in picked(site, TOMORROW)] == [FIRST]
    assert [part.signal for part in rank([paper], NOW)[0].parts] == ["new"]
    assert "pick" in [part.signal for part in rank([paper], NOW + timedelta(days=1))[0].parts]
    for day in (TODAY - timedelta(days=1), TODAY + timedelta(days=2)):
        with pytest.raises(InputError, match="today or tomorrow"):
            picks.pick(site, FIRST, NOTE, day=day, now=NOW)


@pytest.mark.parametrize(
    "note",
    ["see https://example.org", "WWW.example.org", "example.org/paper", "me@example.org", "x" * 281,
     "javascript://x", "mailto:me"],
)  # fmt: skip
def test_a_note_is_short_and_holds_no_link(site: Installation, note: str) -> None:
    with pytest.raises(InputError, match=r"no link|280"):
        picks.pick(site, FIRST, note, now=NOW)
    assert picked(site) == []


def test_a_note_may_speak_of_versions_and_ratios(site: Installation) -> None:
    for note in ("GPT-4.1 and/or v2.0: 3.5x faster, e.g. in 4.2", "x" * 280, "Größer, 更好"):
        picks.pick(site, FIRST, note, now=NOW)
    assert picked(site) == [(FIRST, "", "Größer, 更好")]


def test_a_note_turns_no_direction(site: Installation) -> None:
    picks.pick(site, FIRST, "good \u202eevil\u200b", now=NOW)
    assert picked(site) == [(FIRST, "", "good evil")]


def test_what_is_taken_back_is_gone_from_pages_and_kept_as_history(site: Installation) -> None:
    picks.pick(site, FIRST, NOTE, now=NOW)
    paper = picks.unpick(site, FIRST, now=NOW + timedelta(hours=1))
    assert (picked(site), paper.picked, pick_signals(paper)) == ([], None, [1, 0])
    with pytest.raises(UnknownError, match="isn't picked"):
        picks.unpick(site, FIRST, now=NOW)
    picks.pick(site, FIRST, "again", now=NOW + timedelta(hours=2))
    assert picked(site) == [(FIRST, "", "again")]


def test_the_acts_of_a_curator_and_their_undo_leave_the_store_as_it_was(site: Installation) -> None:
    picks.pick(site, SECOND, "stays", curator=ada(site), now=NOW)
    moderation.hide(site, THIRD, HideReason.SPAM, "ads", now=NOW)
    picks.pick(site, FIRST, "to be taken back", day=TOMORROW, now=NOW)
    later = NOW + timedelta(hours=1)
    acts: list[Callable[[], object]] = [
        lambda: picks.pick(site, FIRST, NOTE, now=later),
        lambda: picks.pick(site, SECOND, "changed", now=later),
        lambda: picks.unpick(site, SECOND, now=later),
        lambda: picks.unpick(site, FIRST, now=later),
        lambda: picks.place(site, TODAY, {SECOND: 5}, later),
        lambda: moderation.hide(site, FIRST, HideReason.LEGAL, "", now=later),
        lambda: moderation.unhide(site, THIRD, now=later),
    ]
    for act in acts:
        before = state(site)
        act()
        assert state(site) != before
        undo(site, last_act(site), later + timedelta(minutes=1))
        assert state(site) == before


def test_a_dry_run_changes_nothing(site: Installation) -> None:
    before = state(site), audit.listing(site)
    picks.pick(site, FIRST, NOTE, now=NOW, dry_run=True)
    moderation.hide(site, FIRST, HideReason.SPAM, now=NOW, dry_run=True)
    assert (state(site), audit.listing(site)) == before


def test_an_erased_curator_leaves_picks_without_name_and_words(site: Installation) -> None:
    number = ada(site)
    as_ada = acting(site, Actor(f"subscriber:{number}", "web"))
    picks.pick(as_ada, FIRST, NOTE, curator=number, now=NOW)
    moderation.hide(as_ada, SECOND, HideReason.SPAM, "Ada says so", now=NOW)
    assert personal_data.export(site, number)["picks"] == [
        {"paper": f"arxiv:{FIRST}", "day": TODAY, "note": NOTE}
    ]
    personal_data.erase(site, number, NOW)
    assert picked(site) == [(FIRST, "", "")]
    with session.reading(site.engine) as db:
        hidden = papers.find(db, SECOND)
    hiding = moderation.hiding_of(site, hidden)
    assert hiding
    assert (hiding.words, "Ada" in hiding.by) == ("", False)


# ---------------------------------------------------------------- hiding


def test_a_hidden_paper_is_gone_at_once_and_comes_back(site: Installation) -> None:
    lists = Lists(site)
    day = period_of(TODAY, Span.DAY)
    assert FIRST in listed(site)
    lists.page(day, Order.TREND, 1, NOW)  # remembered
    moderation.hide(site, FIRST, HideReason.OFF_TOPIC, "no research", now=NOW)
    page = lists.page(day, Order.TREND, 1, NOW)
    assert page
    assert FIRST not in [paper.id.removeprefix("arxiv:") for paper in page.page.papers]
    assert FIRST not in listed(site)
    assert found(site, "Title") == found(site, "id:2603.00002 OR id:2603.00003") != []
    with pytest.raises(InputError, match="hidden already"):
        moderation.hide(site, FIRST, HideReason.SPAM, now=NOW)
    with pytest.raises(InputError, match="can't be picked"):
        picks.pick(site, FIRST, NOTE, now=NOW)
    moderation.unhide(site, FIRST, now=NOW)
    assert FIRST in listed(site)
    assert FIRST in found(site, "Title")
    with pytest.raises(InputError, match="isn't hidden"):
        moderation.unhide(site, FIRST, now=NOW)


def test_a_hidden_pick_isnt_among_the_picks(site: Installation) -> None:
    picks.pick(site, FIRST, NOTE, now=NOW)
    moderation.hide(site, FIRST, HideReason.SPAM, now=NOW)
    assert picked(site) == []


@pytest.mark.parametrize(
    ("typed", "reason", "words"),
    [("spam", "spam", ""), ("Off-Topic: no research", "off-topic", "no research"),
     ("not ours", "other", "not ours"), ("other: see: this", "other", "see: this")],
)  # fmt: skip
def test_a_reason_is_a_word_with_words_behind_it(typed: str, reason: str, words: str) -> None:
    assert moderation.read_reason(typed) == (HideReason(reason), words)


def mails(site: Installation, folder: Path) -> list[str]:
    with DeliveryWorker(site) as worker:
        while worker.deliver_due(NOW):
            pass
    bodies = [mail.get_body(("plain",)) for mail in outbox(folder)]
    return [str(body.get_content()) for body in bodies if body]


def test_a_mail_says_who_picked_and_why_before_the_title(site: Installation, tmp_path: Path) -> None:
    picks.pick(site, SECOND, NOTE, curator=ada(site), now=NOW - timedelta(minutes=90))
    open_due(site, NOW)
    (mail,) = mails(site, tmp_path)
    said = mail.index(f"Picked by Ada: “{NOTE}”")
    assert said < mail.index(f"Title {SECOND}", said)
    assert mail.count("icked by") == 1


def test_a_paper_that_is_hidden_leaves_the_mails_that_are_queued(site: Installation, tmp_path: Path) -> None:
    ada(site)
    open_due(site, NOW)
    moderation.hide(site, FIRST, HideReason.SPAM, now=NOW)
    (mail,) = mails(site, tmp_path)
    assert f"Title {SECOND}" in mail
    assert f"Title {FIRST}" not in mail


def test_a_mail_of_which_nothing_is_left_isnt_sent(site: Installation, tmp_path: Path) -> None:
    ada(site)
    open_due(site, NOW)
    for ref in (FIRST, SECOND, THIRD):
        moderation.hide(site, ref, HideReason.SPAM, now=NOW)
    assert mails(site, tmp_path) == []
    with session.reading(site.engine) as db:
        rows = db.execute(select(Base.metadata.tables["deliveries"].c.state)).scalars().all()
    assert rows == [DeliveryState.SKIPPED]
