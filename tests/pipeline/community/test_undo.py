"""After an act and its undo the store is as before, but for the audit."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from digest.domain import Actor, Role, SourceKind
from digest.errors import DigestError, RefusedError
from digest.pipeline.community import merges, saved, undo, votes
from digest.pipeline.ingest import sources
from digest.pipeline.installation import Installation, acting
from digest.pipeline.subscriptions import admin, expiry, personal_data, preferences, suppression_list, topics
from digest.store import session
from digest.store.base import Base
from digest.store.community import audit
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries

ADA = "ada@one.example"
OPERATOR = Actor("cli:operator", "cli")
# What an act leaves for good: its row, emails that it asked for, what was agreed to, distinct filters, and
# that two papers were one for a while.
LEFT = {"audit", "paper_changes", "notices", "attempts", "consents", "filters", "merges", "alembic_version"}


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Installation:
    made = acting(installation(engine, tmp_path), OPERATOR)
    store_entries(engine, [entry("2603.00001"), entry("2603.00002")])
    sources.add(made, "https://example.org/feed.xml", name="feed", kind=SourceKind.FEED, now=NOW)
    join(made, ADA)
    return made


def dump(engine: Engine) -> dict[str, list[Any]]:
    """Every row of every table that an act may not change for good, without the numbers of topics."""
    with engine.connect() as connection:
        return {
            name: sorted(
                (
                    str({key: value for key, value in row.items() if name != "topics" or key != "id"})
                    for row in connection.execute(select(table)).mappings()
                ),
            )
            for name, table in Base.metadata.tables.items()
            if name not in LEFT and not name.startswith("search")
        }


def acts(engine: Engine) -> list[audit.Entry]:
    with session.reading(engine) as db:
        return audit.listing(db, limit=1000)


def edit(here: Installation, **changes: Any) -> None:
    admin.carry_out(here, admin.planned(here, preferences.by_address(here, ADA), changes), NOW)


def edit_topic(here: Installation, slug: str, *, is_new: bool, title: str) -> None:
    planned = topics.planned(here, slug, NOW, is_new=is_new, title=title, expression="ti:walking", group=None)
    topics.carry_out(here, planned, NOW)


def pk(here: Installation) -> int:
    return preferences.by_address(here, ADA).id


ACTS: dict[str, Callable[[Installation], object]] = {
    "role": lambda here: edit(here, role="curator"),
    "name": lambda here: edit(here, display_name="Ada"),
    "address": lambda here: edit(here, email="lovelace@one.example"),
    "filters": lambda here: edit(here, add_filters=["graph neural network"], max_papers=7),
    "never": lambda here: edit(here, frequency="never"),
    "hour": lambda here: edit(here, at="17:00", timezone="Asia/Tokyo"),
    "pause": lambda here: preferences.pause(here, pk(here), NOW + timedelta(days=5), NOW),
    "mute": lambda here: preferences.mute(here, pk(here), "survey", NOW),
    "leave": lambda here: preferences.leave(here, pk(here), NOW, goodbye=True),
    "weekly": lambda here: preferences.less_often(here, pk(here), NOW),
    "add": lambda here: admin.add(
        here,
        "new@one.example",
        preferences.by_address(here, ADA).interests,
        preferences.by_address(here, ADA).schedule,
        NOW,
        consent="said so",
    ),
    "suppress": lambda here: suppression_list.add(here, ADA, reason="asked", now=NOW),
    "suppress a stranger": lambda here: suppression_list.add(here, "x@y.example", reason="asked", now=NOW),
    "new topic": lambda here: edit_topic(here, "moving", is_new=True, title="Moving"),
    "topic": lambda here: edit_topic(here, "llm", is_new=False, title="Models"),
    "source address": lambda here: sources.edit(here, "feed", url="https://example.org/b.xml", now=NOW),
    "pause source": lambda here: sources.pause(here, "feed", NOW),
    "remove source": lambda here: sources.remove(here, "feed", NOW),
    "merge": lambda here: merges.merge(here, "2603.00001", "2603.00002", reason="one work", now=NOW),
    "save": lambda here: saved.save(here, pk(here), votes.paper(here, "2603.00001"), NOW),
}


def test_an_act_and_its_undo_leave_the_store_as_it_was(here: Installation) -> None:
    before = dump(here.engine)
    for name, act in ACTS.items():
        act(here)
        assert dump(here.engine) != before, name
        done = acts(here.engine)[0]
        undone = undo.undo(here, done.id, NOW)
        after = dump(here.engine)
        assert [table for table in before if after[table] != before[table]] == [], name
        assert (undone.undo_of, undone.before, undone.after) == (done.id, done.after, done.before)
        with pytest.raises(RefusedError, match="undone already"):
            undo.undo(here, done.id, NOW)


@given(names=st.lists(st.sampled_from(sorted(ACTS)), unique=True, min_size=2, max_size=5))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_acts_that_are_undone_from_the_last_to_the_first_leave_nothing(
    here: Installation, names: list[str]
) -> None:
    before, first = dump(here.engine), acts(here.engine)[0].id
    for name in names:
        if name == "address":
            continue  # the acts below look for the address
        with suppress(DigestError):  # such as an act on a source that was removed
            ACTS[name](here)
    done = [each for each in acts(here.engine) if each.id > first]
    for each in done:
        undo.undo(here, each.id, NOW)
    assert dump(here.engine) == before


def test_nothing_is_written_down_where_nothing_was_changed(here: Installation) -> None:
    before = len(acts(here.engine))
    edit(here, role="reader")
    preferences.resume(here, pk(here), NOW)
    sources.resume(here, "feed", NOW)
    assert len(acts(here.engine)) == before


def test_an_act_that_fails_leaves_no_row(here: Installation) -> None:
    before = len(acts(here.engine))
    join(here, "bob@two.example")
    with pytest.raises(Exception, match="subscribed already"):
        edit(here, email="bob@two.example")
    assert len(acts(here.engine)) == before


def test_an_act_whose_object_was_changed_since_is_not_undone(here: Installation) -> None:
    edit(here, max_papers=7)
    first = acts(here.engine)[0]
    edit(here, max_papers=9)
    with pytest.raises(RefusedError, match=f"was changed since act {first.id}"):
        undo.undo(here, first.id, NOW)
    assert preferences.by_address(here, ADA).interests.max_papers == 9


def test_what_somebody_chose_for_themselves_is_not_undone_by_others(here: Installation) -> None:
    number = pk(here)
    own = acting(here, Actor(f"subscriber:{number}", "email"))
    preferences.leave(own, number, NOW, goodbye=False)
    with pytest.raises(RefusedError, match="own choice"):
        undo.undo(here, acts(here.engine)[0].id, NOW)


def test_an_erased_person_leaves_neither_name_nor_words(here: Installation) -> None:
    number = pk(here)
    edit(here, display_name="Countess", role="curator")
    own = acting(here, Actor(f"subscriber:{number}", "web", "cafe"))
    merges.merge(own, "2603.00001", "2603.00002", reason="my secret words", now=NOW)
    suppression_list.add(here, ADA, reason="she asked", now=NOW)
    personal_data.erase(here, number, NOW)
    kept = acts(here.engine)
    text = str(kept)
    for gone in (ADA, "Countess", "my secret words", "she asked", f"subscriber:{number}", "cafe"):
        assert gone not in text, gone
    assert audit.NOBODY in {each.actor for each in kept}
    with pytest.raises(RefusedError, match="erased"):
        undo.undo(here, next(e.id for e in kept if e.act == "subscriber.edit"), NOW)


def test_acts_are_kept_for_a_year(here: Installation) -> None:
    edit(here, role=Role.ADMIN)
    expiry.keep_up(here, NOW + timedelta(days=364))
    assert any(each.act == "subscriber.edit" for each in acts(here.engine))
    expiry.keep_up(here, NOW + timedelta(days=366))
    assert acts(here.engine) == []


def test_two_undos_at_once_are_one(here: Installation) -> None:
    edit(here, max_papers=7)
    done = acts(here.engine)[0]
    undo.undo(here, done.id, NOW)
    with pytest.raises(RefusedError):
        undo.undo(here, done.id, NOW)
    assert preferences.by_address(here, ADA).interests.max_papers == 20
