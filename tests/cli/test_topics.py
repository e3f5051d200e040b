"""`digest topics add|edit|remove|list --counts`: topics of the operator's own, and what a change does."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import Interests
from digest.errors import FilterError, InputError, RefusedError, UnknownError
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import topics
from digest.pipeline.subscriptions.validate import known_topics
from digest.store import session
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries

DAY = timedelta(days=1)


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Installation:
    site = installation(engine, tmp_path)
    store_entries(engine, [entry("2603.00001", title="Walking on graphs")], seen_at=NOW - DAY)
    store_entries(engine, [entry("2603.00002", title="Swimming robots")], seen_at=NOW - 10 * DAY)
    return site


def plan(here: Installation, slug: str, expression: str | None, *, is_new: bool = False) -> topics.TopicEdit:
    return topics.planned(here, slug, NOW, is_new=is_new, title=None, expression=expression, group=None)


def slugs(here: Installation) -> set[str]:
    return {topic.slug for topic in known_topics(here)}


def test_a_topic_is_added_edited_and_removed_and_says_what_it_gains_and_loses(here: Installation) -> None:
    added = plan(here, "moving", "ti:swimming", is_new=True)
    assert [paper.title for paper in added.gained] == ["Swimming robots"]
    assert "moving" not in slugs(here)
    topics.carry_out(here, added, NOW)
    edited = plan(here, "moving", "ti:walking")
    assert [paper.title for paper in edited.gained] == ["Walking on graphs"]
    assert [paper.title for paper in edited.lost] == ["Swimming robots"]
    topics.carry_out(here, edited, NOW)
    assert topics.papers_of_topics(here, NOW)["moving"] == 1
    assert "moving" not in topics.readers_of_topics(here)
    topics.remove(here, "moving", NOW, dry_run=True)
    assert "moving" in slugs(here)
    topics.remove(here, "moving", NOW)
    assert "moving" not in slugs(here)


def test_a_topic_that_somebody_has_or_that_comes_with_the_software_stays(
    here: Installation, engine: Engine
) -> None:
    topics.carry_out(here, plan(here, "moving", "ti:walking", is_new=True), NOW)
    reader = join(here, "ada@one.example")
    with session.transaction(engine) as db:
        subscribers.save(db, reader.id, interests=Interests(topics=("moving",)))
    assert topics.readers_of_topics(here)["moving"] == 1
    with pytest.raises(RefusedError, match="1 subscribers have"):
        topics.remove(here, "moving", NOW)
    with session.transaction(engine) as db:
        subscribers.save(db, reader.id, interests=Interests(filters=("topic:moving survey",)))
    with pytest.raises(RefusedError, match="the filter topic:moving survey"):
        topics.remove(here, "moving", NOW)
    with pytest.raises(RefusedError, match="comes with Digest"):
        topics.remove(here, "llm", NOW)


@pytest.mark.parametrize("slug", ["Moving", "mo ving", "", "-x", "x" * 41, "llm"])
def test_a_name_that_cannot_be_a_topics_is_refused(here: Installation, slug: str) -> None:
    with pytest.raises(InputError):
        plan(here, slug, "ti:walking", is_new=True)


def test_a_topic_is_no_part_of_itself_and_its_filter_can_be_read(here: Installation) -> None:
    with pytest.raises((FilterError, UnknownError)):
        plan(here, "moving", "topic:moving OR x", is_new=True)
    with pytest.raises(FilterError):
        plan(here, "llm", "a AND")
    with pytest.raises(UnknownError, match="there is no topic"):
        plan(here, "llms", "a")
