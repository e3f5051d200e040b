"""Pages behind signed links: confirming, preferences, leaving in one click, votes, export, erasure."""

import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine, MetaData

from digest.domain import Subscriber, SubscriberStatus
from digest.pipeline.issues import explain as why_not
from digest.pipeline.mail.links import Purpose, link
from digest.pipeline.subscriptions import personal_data, preferences
from digest.store import session
from digest.store.subscriptions import subscribers
from tests.builders import entry
from tests.installations import installation, join, store_entries
from tests.web_server import WebServer, serving

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    store_entries(engine, [entry("2603.00001", title="Agents that plan")])
    with serving(installation(engine, tmp_path), tmp_path) as server:
        yield server


@pytest.fixture
def ada(web: WebServer) -> Subscriber:
    return join(web.installation, "ada@example.org", filters=["agents", "au:dao"])


def path(web: WebServer, purpose: Purpose, who: Subscriber | int, **query: str) -> str:
    number = who if isinstance(who, int) else who.id
    return link(web.installation, purpose, number, **query).removeprefix(web.url)


def now(web: WebServer, who: Subscriber) -> Subscriber:
    found = preferences.person(web.installation, who.id)
    assert found is not None
    return found


def rows(web: WebServer) -> dict[str, list[str]]:
    """Every row of every table."""
    tables = MetaData()
    tables.reflect(web.installation.engine)
    with web.installation.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select()).all()))
            for table in tables.sorted_tables
        }


def test_in_another_browser_a_link_asks_and_a_button_confirms(web: WebServer) -> None:
    web.sign_up(web.client(), "eve@example.org")
    web.work()
    (confirm,) = web.links("confirm")
    other = web.client()
    before = rows(web)
    for _ in range(3):
        assert "One more click" in other.get(confirm).text
        assert other.head(confirm).status_code == 200
    assert rows(web) == before
    assert "You are subscribed" in other.post(confirm).text
    assert "You are subscribed" in other.get(confirm).text
    assert "You are subscribed" in other.post(confirm).text
    web.work()
    assert len(web.mails()) == 2  # the question and one welcome


def test_a_look_without_opening_confirms_nothing(web: WebServer) -> None:
    client = web.client()
    web.sign_up(client, "eve@example.org")
    web.work()
    (confirm,) = web.links("confirm")
    client.head(confirm)
    with session.reading(web.installation.engine) as db:
        assert subscribers.get(db, "eve@example.org").status is SubscriberStatus.PENDING
    client.get(confirm)
    with session.reading(web.installation.engine) as db:
        assert subscribers.get(db, "eve@example.org").status is SubscriberStatus.ACTIVE


def test_signing_up_twice_in_one_browser_keeps_the_first_link_working(web: WebServer) -> None:
    client = web.client()
    for email in ("typo@example.org", "eve@example.org"):
        web.sign_up(client, email)
    web.work()
    for owner in ("typo@example.org", "eve@example.org"):
        assert "You are subscribed" in client.get(web.links("confirm", owner)[0]).text


@pytest.mark.parametrize("encoding", ["urlencoded", "multipart", "empty", "garbage"])
def test_one_click_unsubscribes_at_once_in_either_encoding(
    web: WebServer, ada: Subscriber, encoding: str
) -> None:
    where = path(web, Purpose.UNSUBSCRIBE, ada)
    client = web.client()
    sent: dict[str, dict[str, object]] = {
        "urlencoded": {"data": ONE_CLICK},
        "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
        "empty": {},
        "garbage": {"content": b"\xff\0--x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}},
    }
    answer = client.post(where, **sent[encoding])  # type: ignore[arg-type] # options of httpx
    assert answer.status_code == 200
    assert answer.text == "You are unsubscribed.\n"
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    assert now(web, ada).status is SubscriberStatus.UNSUBSCRIBED
    web.work()
    assert web.mails() == []


def test_one_click_answers_everybody_the_same_for_ever_whoever_sends_it(
    web: WebServer, ada: Subscriber
) -> None:
    bob = join(web.installation, "bob@example.org")
    personal_data.erase(web.installation, bob.id, web.clock.now)
    web.clock.move(days=3000)
    where = path(web, Purpose.UNSUBSCRIBE, ada)
    strangers = [
        path(web, Purpose.UNSUBSCRIBE, bob),
        path(web, Purpose.UNSUBSCRIBE, 10**9),
        "/u/forged",
        "/u/" + "A" * 28,
    ]
    mailer = web.client(**{"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"})
    answers = [mailer.post(each, data=ONE_CLICK) for each in (where, where, *strangers)]
    assert len({(a.status_code, a.content, str(_stable(a))) for a in answers}) == 1
    assert now(web, ada).status is SubscriberStatus.UNSUBSCRIBED


def test_e14_a_scanner_that_opens_every_link_changes_no_row(web: WebServer, ada: Subscriber) -> None:
    paper = {"paper": "arxiv:2603.00001"}
    queries = {
        Purpose.MUTE: {"term": "agents"},
        Purpose.VOTE: paper,
        Purpose.SAVE: paper,
        Purpose.LESS: paper,
    }
    where = [
        path(web, purpose, ada, **queries.get(purpose, {}))
        for purpose in Purpose
        if purpose != Purpose.CONFIRM
    ]
    prefs = path(web, Purpose.PREFERENCES, ada)
    where += [f"{prefs}/export", f"{prefs}/erase", f"{prefs}?done=saved"]
    before = rows(web)
    client = web.client()
    for each in where * 3:
        assert client.get(each).status_code == 200, each
        assert client.head(each).status_code == 200, each
        assert client.options(each).status_code == 405
    assert rows(web) == before


def test_the_page_unsubscribes_says_good_bye_and_undoes(web: WebServer, ada: Subscriber) -> None:
    where, client = path(web, Purpose.UNSUBSCRIBE, ada), web.client()
    page = client.get(where).text
    assert "a…@example.org" in page
    assert "ada@" not in page
    left = client.post(where, data={"choice": "leave"})
    assert left.status_code == 200
    assert "You are unsubscribed." in left.text
    web.work()
    (goodbye,) = web.mails()
    assert where in goodbye
    assert "resumes" in client.post(where, data={"choice": "back"}).text
    known = now(web, ada)
    assert known.status is SubscriberStatus.ACTIVE
    assert known.next_due_at is not None
    assert known.next_due_at > web.clock.now


def test_the_page_offers_less_often_and_a_pause(web: WebServer, ada: Subscriber) -> None:
    where, client = path(web, Purpose.UNSUBSCRIBE, ada), web.client()
    client.post(where, data={"choice": "less"})
    assert now(web, ada).schedule.frequency == "weekly"
    client.post(where, data={"choice": "pause"})
    paused = now(web, ada)
    assert (paused.status, paused.paused_until) == (
        SubscriberStatus.PAUSED,
        web.clock.now + timedelta(days=14),
    )
    client.post(where, data={"choice": "back"})
    assert now(web, ada).status is SubscriberStatus.ACTIVE


def test_a_form_of_another_site_changes_nothing(web: WebServer, ada: Subscriber) -> None:
    foreign = web.client(**{"Sec-Fetch-Site": "cross-site"})
    older = web.client(Origin="https://evil.example")
    before = rows(web)
    for client in (foreign, older):
        assert client.post(path(web, Purpose.UNSUBSCRIBE, ada), data={"choice": "leave"}).status_code == 403
        assert client.post(path(web, Purpose.PREFERENCES, ada), data={"filters": "x"}).status_code == 403
        assert client.post(path(web, Purpose.PREFERENCES, ada) + "/erase").status_code == 403
        assert client.post("/subscribe", data={"email": "eve@example.org"}).status_code == 403
    assert rows(web) == before
    ours = web.client(**{"Sec-Fetch-Site": "same-origin", "Origin": "null"})
    assert ours.post(path(web, Purpose.PREFERENCES, ada), data={"filters": "x"}).status_code == 303


def test_the_token_of_one_purpose_opens_no_other_page(web: WebServer, ada: Subscriber) -> None:
    tokens = {purpose: path(web, purpose, ada).rpartition("/")[2] for purpose in Purpose}
    for purpose in Purpose:
        for other in set(Purpose) - {purpose, Purpose.UNSUBSCRIBE}:
            assert web.client().get(f"/{other}/{tokens[purpose]}").status_code == 404
        if purpose is not Purpose.UNSUBSCRIBE:
            assert "sends nothing to this address" in web.client().get(f"/u/{tokens[purpose]}").text
    assert len(set(tokens.values())) == len(tokens)


def test_what_is_saved_is_shown_again(web: WebServer, ada: Subscriber) -> None:
    where, client = path(web, Purpose.PREFERENCES, ada), web.client()
    page = client.get(where).text
    assert "agents</textarea>" in page
    assert "dao</textarea>" in page
    form = {
        "topics": ["llm"],
        "filters": "robots\n\n robots ",
        "authors": "Ada Lovelace",
        "exclude": "survey",
        "max_papers": "7",
        "front": "3",
        "frequency": "weekdays",
        "at": "06:15",
        "timezone": "Asia/Tokyo",
    }
    answer = client.post(where, data=form)
    assert answer.status_code == 303
    assert "Your choices are saved." in client.get(answer.headers["location"]).text
    known = now(web, ada)
    assert known.interests.topics == ("llm",)
    assert known.interests.filters == ("robots", 'au:"ada lovelace"')
    assert known.interests.exclude == ("survey",)
    assert (known.interests.max_papers, known.interests.front) == (7, 3)
    assert (known.schedule.frequency, known.schedule.timezone) == ("weekdays", "Asia/Tokyo")
    assert known.next_due_at is not None
    assert f"{known.next_due_at:%H:%M}" == "21:15"


def test_passing_mentions_are_left_out_at_a_readers_wish(web: WebServer, ada: Subscriber) -> None:
    client, where = web.client(), path(web, Purpose.PREFERENCES, ada)
    ticked = 'name="about_only" value="yes" checked'
    assert ticked not in client.get(where).text
    client.post(where, data={"filters": "agents", "about_only": "yes"})
    assert now(web, ada).interests.about_only
    assert ticked in client.get(where).text
    client.post(where, data={"filters": "agents"})
    assert not now(web, ada).interests.about_only


def test_how_many_papers_stand_in_full_is_chosen_kept_exported_and_given_back(
    web: WebServer, ada: Subscriber
) -> None:
    client, where = web.client(), path(web, Purpose.PREFERENCES, ada)
    field = re.compile(r'name="front"[^>]*value="(\d*)"')
    assert field.findall(client.get(where).text) == [""]
    assert "is not between 1 and 50" in client.post(where, data={"front": "51"}).text
    client.post(where, data={"front": "9"})
    assert now(web, ada).interests.front == 9
    assert field.findall(client.get(where).text) == ["9"]
    assert json.loads(client.get(f"{where}/export").text)["subscriber"]["interests"]["front"] == 9
    client.post(where, data={"front": ""})
    assert now(web, ada).interests.front == 0


def test_mails_on_quiet_days_are_ticked_and_unticked(web: WebServer, ada: Subscriber) -> None:
    client, where = web.client(), path(web, Purpose.PREFERENCES, ada)
    ticked = 'name="quiet_days" value="yes" checked'
    assert ticked not in client.get(where).text
    client.post(where, data={"quiet_days": "yes"})
    assert now(web, ada).schedule.quiet_days
    assert ticked in client.get(where).text
    assert json.loads(client.get(f"{where}/export").text)["subscriber"]["schedule"]["quiet_days"] is True
    client.post(where, data={})
    assert not now(web, ada).schedule.quiet_days


def test_a_mistake_in_the_preferences_keeps_what_was_chosen_before(web: WebServer, ada: Subscriber) -> None:
    before = now(web, ada)
    answer = web.client().post(
        path(web, Purpose.PREFERENCES, ada), data={"filters": "(x", "exclude": "survey"}
    )
    assert answer.status_code == 422
    assert "(x</textarea>" in answer.text
    assert now(web, ada) == before


def test_pause_mute_and_vote_by_their_links(web: WebServer, ada: Subscriber) -> None:
    client = web.client()
    assert client.post(path(web, Purpose.MUTE, ada), data={"term": '"mixture of experts"'}).status_code == 200
    assert list(preferences.muted(web.installation, ada.id)) == ['"mixture of experts"']
    assert client.post(path(web, Purpose.MUTE, ada), data={"term": "(x"}).status_code == 422
    until = f"{web.clock.now + timedelta(days=5):%Y-%m-%d}"
    assert client.post(path(web, Purpose.PAUSE, ada), data={"until": "yesterday"}).status_code == 422
    assert client.post(path(web, Purpose.PAUSE, ada), data={"until": "2020-01-01"}).status_code == 422
    assert client.post(path(web, Purpose.PAUSE, ada), data={"until": until}).status_code == 200
    assert now(web, ada).status is SubscriberStatus.PAUSED
    vote = {"paper": "2603.00001", "choice": "vote"}
    assert "You voted" in client.post(path(web, Purpose.VOTE, ada), data=vote).text
    assert "Vote for this" in client.post(path(web, Purpose.VOTE, ada), data=vote | {"choice": "back"}).text
    assert client.get(path(web, Purpose.VOTE, ada, paper="arxiv:none")).status_code == 404


def test_less_like_this_shows_what_it_leaves_out_does_it_and_takes_it_back(
    web: WebServer, ada: Subscriber
) -> None:
    client, where = web.client(), path(web, Purpose.LESS, ada)
    before = now(web, ada)
    for _ in range(3):
        page = client.get(f"{where}?paper=2603.00001").text
    assert now(web, ada) == before  # GET changes nothing
    offered = [html.unescape(text) for text in re.findall(r'name="filter" value="([^"]*)"', page)]
    assert offered
    assert client.post(where, data={"paper": "2603.00001"}).status_code == 422
    hostile = client.post(where, data={"paper": "2603.00001", "filter": "everything OR nothing"})
    assert (hostile.status_code, now(web, ada)) == (422, before)
    left = client.post(where, data={"paper": "2603.00001", "filter": offered[0]}).text
    assert "Left out for seven days." in left
    assert list(preferences.muted(web.installation, ada.id)) == [offered[0]]
    assert html.escape(offered[0], quote=False) in client.get(
        path(web, Purpose.PREFERENCES, ada)
    ).text.replace("&#34;", '"')
    assert why_not.of_digest(web.installation, now(web, ada), "2603.00001", web.clock.now).reasons
    undone = client.post(where, data={"paper": "2603.00001", "undo": offered[0]}).text
    assert "No longer left out." in undone
    assert now(web, ada) == before
    client.post(where, data={"paper": "2603.00001", "filter": offered[-1], "time": "good"})
    assert offered[-1] in now(web, ada).interests.exclude
    assert preferences.muted(web.installation, ada.id) == {}
    client.post(where, data={"paper": "2603.00001", "undo": offered[-1]})
    assert now(web, ada) == before
    assert client.get(f"{where}?paper=arxiv:none").status_code == 404


def test_mute_pause_and_coming_back_in_the_preferences(web: WebServer, ada: Subscriber) -> None:
    where, client = path(web, Purpose.PREFERENCES, ada), web.client()

    def done(action: str, **fields: str) -> str:
        answer = client.post(f"{where}/{action}", data=fields)
        assert answer.status_code == 303
        return client.get(answer.headers["location"]).text

    until = f"{web.clock.now + timedelta(days=5):%Y-%m-%d}"
    assert "Muted for seven days" in done("mute", term="robots")
    assert "No longer muted" in done("unmute", term="robots")
    assert "is paused" in done("pause", until=until)
    assert "resumes" in done("resume")
    preferences.leave(web.installation, ada.id, web.clock.now, goodbye=False)
    assert "Subscribe again" in client.get(where).text
    assert "Welcome back" in done("back")


def test_everything_can_be_taken_along_and_erased(
    web: WebServer, ada: Subscriber, caplog: pytest.LogCaptureFixture
) -> None:
    where, client = path(web, Purpose.PREFERENCES, ada), web.client()
    export = client.get(f"{where}/export")
    assert export.headers["content-type"] == "application/json"
    assert "attachment" in export.headers["content-disposition"]
    data = json.loads(export.text)
    assert data["subscriber"]["email"] == "ada@example.org"
    assert data["consents"][0]["wording"]
    web.sign_up(web.client(), "Ada@example.org")
    web.work()
    unsubscribe = path(web, Purpose.UNSUBSCRIBE, ada)
    assert client.get(f"{where}/erase").status_code == 200
    assert "Nothing is erased yet" in client.post(f"{where}/erase").text
    erase = erase_link_of(web)
    assert client.get(erase).status_code == 200
    assert now(web, ada).email == "ada@example.org"
    assert "is erased" in client.post(erase).text
    assert client.post(erase).status_code == client.get(erase).status_code == 404
    assert client.get(where).status_code == 404
    assert client.post(unsubscribe, data=ONE_CLICK).text == "You are unsubscribed.\n"
    assert "sends nothing to this address" in client.get(unsubscribe).text
    assert "ada@" not in repr(rows(web)).lower()
    assert "ada@" not in caplog.text.lower()
    for token in (where, erase):
        assert token.rpartition("/")[2] not in caplog.text


def erase_link_of(web: WebServer) -> str:
    """Do what there is to do, and find the link of the last mail that asks whether to erase."""
    web.work()
    found = re.findall(r"/erase/[\w-]{34}(?![\w-])", " ".join(web.mails()))
    return str(found[-1])


def test_a_link_to_erasing_works_for_a_day_and_erases_only_when_its_button_is_pressed(
    web: WebServer, ada: Subscriber
) -> None:
    client = web.client()
    client.post(path(web, Purpose.PREFERENCES, ada) + "/erase")
    erase = erase_link_of(web)
    web.clock.move(hours=24)
    assert client.get(erase).status_code == client.head(erase).status_code == 200
    foreign = web.client(**{"Sec-Fetch-Site": "cross-site"})
    assert foreign.post(erase).status_code == 403
    web.clock.move(seconds=1)
    assert client.get(erase).status_code == client.post(erase).status_code == 404
    assert now(web, ada).email == "ada@example.org"


def test_links_by_email_come_few_times_a_day(web: WebServer, ada: Subscriber) -> None:
    client, where = web.client(), path(web, Purpose.PREFERENCES, ada) + "/erase"
    answers = set()
    for _ in range(20):
        answers.add(client.post(where).text.partition("<main")[2])
        web.work()
        web.clock.move(minutes=11)
    assert len(web.mails()) == 3
    assert len(answers) == 1


def test_the_link_in_a_mails_header_opens_neither_data_nor_erasing(web: WebServer, ada: Subscriber) -> None:
    where, client = path(web, Purpose.UNSUBSCRIBE, ada), web.client()
    preferences_link = path(web, Purpose.PREFERENCES, ada)
    token = preferences_link.rpartition("/")[2]
    for choice in ("", "leave", "back", "less", "pause", "link"):
        page = client.post(where, data={"choice": choice}) if choice else client.get(where)
        assert page.status_code == 200
        assert token not in page.text
        assert "/prefs/" not in page.text
    web.work()
    (mail,) = [text for text in web.mails() if "/prefs/" in text]
    assert preferences_link in mail


def test_an_address_that_mail_does_not_reach_is_sent_no_link(web: WebServer, ada: Subscriber) -> None:
    with session.transaction(web.installation.engine) as db:
        subscribers.set_status(db, ada.id, SubscriberStatus.SUPPRESSED)
    page = web.client().post(path(web, Purpose.PREFERENCES, ada) + "/erase")
    assert page.status_code == 200
    web.work()
    assert web.mails() == []


def test_private_pages_are_kept_by_nobody_and_found_by_nobody(web: WebServer, ada: Subscriber) -> None:
    for purpose in Purpose:
        answer = web.client().get(path(web, purpose, ada))
        assert answer.headers["cache-control"] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["referrer-policy"] == "no-referrer"


def _stable(answer: httpx2.Response) -> list[tuple[str, str]]:
    return [(name, value) for name, value in answer.headers.items() if name != "date"]
