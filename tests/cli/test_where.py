"""`--where`: who is chosen, on both databases; and acts on all of them, counted, shown and asked about."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import SubscriberStatus
from digest.errors import DigestError
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import preferences
from digest.pipeline.subscriptions.lists.acts import Act, Planned
from digest.pipeline.subscriptions.lists.bulk import act_on_all
from digest.pipeline.subscriptions.where import choose, conditions_of, listing
from digest.store import session
from digest.store.subscriptions import subscribers
from tests.builders import NOW
from tests.commands import Command, commands
from tests.installations import installation, join

DAY = timedelta(days=1)
PEOPLE = ("ada@one.example", "bob@two.example", "cyd@one.example", "dan@Bücher.example")


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Installation:
    """Four joined, a day after one another, Dan yesterday; Bob is paused, Cyd has left."""
    made = installation(engine, tmp_path)
    people = [
        join(made, email, topics=topics, now=NOW - (4 - place) * DAY)
        for place, (email, topics) in enumerate(
            zip(PEOPLE, (["llm"], ["llm", "rag"], ["rag"], []), strict=True)
        )
    ]
    with session.transaction(engine) as db:
        subscribers.set_status(db, people[1].id, SubscriberStatus.PAUSED)
    preferences.leave(made, people[2].id, NOW, goodbye=False)
    return made


@pytest.mark.parametrize(
    ("where", "chosen"),
    [
        (("status=active",), "ad"),
        (("status!=active",), "bc"),
        (("status=active,paused",), "abd"),
        (("Status = Active", "topic=llm"), "a"),
        (("topic=llm",), "ab"),
        (("topic=llm,rag",), "abc"),
        (("topic!=rag",), "ad"),
        (("domain=one.example",), "ac"),
        (("domain=@ONE.example",), "ac"),
        (("domain=bücher.example",), "d"),
        (("domain=e.example",), ""),
        (("email=B",), "bd"),
        (("frequency=daily",), "abcd"),
        (("timezone!=UTC",), ""),
        (("joined before 2026-03-15",), "ab"),
        (("joined<=2026-03-15",), "abc"),
        (("joined since 2026-03-15",), "cd"),
        (("joined > 2026-03-15",), "d"),
        (("joined on 2026-03-15",), "c"),
        (("joined=2026-03-15", "domain=two.example"), ""),
        (("left since 2026-03-17",), "c"),
        (("left before 2026-03-17",), ""),
    ],
)
def test_conditions_choose_who_meets_all_of_them(
    here: Installation, where: tuple[str, ...], chosen: str
) -> None:
    found = choose(here, where)
    assert "".join(person.email[0] for person in found.sample) == chosen
    assert found.count == len(chosen)
    assert listing(here, found.conditions, limit=10) == list(found.sample)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("actve", "no condition"),
        ("status=", "no condition"),
        ("statsu=active", "did you mean status"),
        ("status=actve", "did you mean active"),
        ("status>active", "by = or !="),
        ("topic=lllm", "did you mean llm"),
        ("joined before yesterday", "not a date"),
        ("joined != 2026-01-01", "can't be compared"),
        ("status=active,", "a value is missing"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_wrong_condition_says_what_was_meant(here: Installation, where: str, said: str) -> None:
    with pytest.raises(DigestError) as raised:
        conditions_of(here, [where])
    assert said in f"{raised.value.message} {raised.value.fix}"


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_one_who_fails_stops_nobody_else(here: Installation) -> None:
    def write(here: Installation, db: session.Session, planned: Planned[bool]) -> None:
        preferences.pause_all(db, [(person, NOW + timedelta(days=3)) for person, _ in planned])
        if any(person.email.startswith("b") for person, _ in planned):
            raise RuntimeError("a fault of ours")

    before = listing(here, (), limit=10)
    act = Act(lambda person: "llm" in person.interests.topics or None, write)
    report = act_on_all(here, choose(here, ["joined since 2026-01-01"]), act)
    assert (report.changed, report.unchanged, report.failed) == (1, 2, 1)
    assert report.errors == [("bob@two.example", "RuntimeError: a fault of ours")]
    after = listing(here, (), limit=10)
    assert after[0].status is SubscriberStatus.PAUSED
    assert after[1:] == before[1:]  # nothing half done


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path))
    call = commands(capsys, now="2026-03-17T09:00:00Z")
    rows = [{"email": f"p{n}@{'one' if n % 2 else 'two'}.example", "topics": "llm"} for n in range(7)]
    table = tmp_path / "people.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert call("subscribers", "import", str(table), "--confirmed", "--consent", "asked", "--yes")[0] == 0
    return call


def statuses(digest: Command) -> dict[str, str]:
    return {found["email"]: found["status"] for found in digest("subscribers", "list", "--json")[1]}


WHERE = ("--where", "domain=one.example")


def test_an_act_on_many_counts_first_shows_some_and_needs_consent(digest: Command) -> None:
    pause = ("subscribers", "pause", *WHERE, "--until", "2026-04-01")
    code, shown, err = digest(*pause)
    assert (code, "3 subscribers will be paused" in shown, "--yes" in err) == (7, True, True)
    assert "p1@one.example" in shown
    code, shown, _ = digest(*pause, "--dry-run")
    assert (code, "nothing was written" in shown) == (0, True)
    assert set(statuses(digest).values()) == {"active"}
    code, done, _ = digest(*pause, "--yes", "--json")
    assert (code, done["matching"], done["changed"], done["failed"]) == (0, 3, 3, [])
    assert digest(*pause, "--yes", "--json")[1]["unchanged"] == 3
    assert sorted(statuses(digest).values()) == ["active"] * 4 + ["paused"] * 3
    assert digest("subscribers", "resume", "--where", "status=paused", "--yes", "--json")[1]["changed"] == 3


def test_all_who_meet_a_condition_are_edited_with_the_difference_shown(digest: Command) -> None:
    edit = ("subscribers", "edit", *WHERE, "--add-topic", "rag")
    code, shown, _ = digest(*edit, "--dry-run")
    assert (code, shown.count("topics: llm → llm; rag")) == (0, 3)
    assert digest(*edit, "--yes", "--json")[1]["changed"] == 3
    assert len(digest("subscribers", "list", "--where", "topic=rag", "--json")[1]) == 3
    assert digest("subscribers", "edit", *WHERE, "--email", "x@one.example", "--yes")[0] == 2


def test_many_are_unsubscribed_exported_and_erased(digest: Command, tmp_path: Path) -> None:
    assert digest("subscribers", "unsubscribe", *WHERE, "--yes", "--json")[1]["changed"] == 3
    out = tmp_path / "left.csv"
    digest("subscribers", "export", "--where", "status=unsubscribed", "--out", str(out))
    assert [line.split(",")[0] for line in out.read_text().splitlines()[1:]] == [
        f"p{n}@one.example" for n in (1, 3, 5)
    ]
    code, done, _ = digest("subscribers", "erase", "--where", "status=unsubscribed", "--yes", "--json")
    assert (code, done["changed"], len(statuses(digest))) == (0, 3, 4)
    code, shown, _ = digest("subscribers", "erase", "--where", "status=unsubscribed")
    assert (code, shown.strip()) == (
        0,
        "0 subscribers will be erased with all that is kept about them, for good: status=unsubscribed",
    )


@pytest.mark.parametrize("command", ["edit", "pause", "resume", "unsubscribe", "erase"])
def test_an_address_or_conditions_and_not_both(digest: Command, command: str) -> None:
    more = ("--until", "2026-04-01") if command == "pause" else ()
    assert digest("subscribers", command, *more)[0] == 2
    assert digest("subscribers", command, "p1@one.example", *WHERE, *more)[0] == 2
