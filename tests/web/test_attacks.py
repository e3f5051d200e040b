"""What attackers do with forms, links and headers, against a real server; and that they learn nothing."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from digest.domain import SubscriberStatus
from digest.pipeline.installation import Installation
from digest.pipeline.mail.links import Purpose, link
from digest.pipeline.subscriptions import personal_data, preferences
from digest.store import session
from digest.store.subscriptions import signups, subscribers
from digest.tokens import Keys
from digest.web import guards
from tests.installations import join
from tests.web_server import WebServer, serving, stamp_in

MOST = 100_000
TRIES = 30  # for medians of times


@pytest.fixture
def database_kind() -> str:
    """What differs between databases is tested with the pipeline (test_consent)."""
    return "sqlite"


@pytest.fixture
def open_web(site: Installation, tmp_path: Path) -> Iterator[WebServer]:
    """A site whose networks may ask as often as they like, behind a proxy that says for whom it asks."""
    unlimited = replace(site, signups_per_hour=MOST, confirmations_per_hour=MOST)
    with serving(unlimited, tmp_path, proxies=["127.0.0.1"]) as server:
        yield server


def stamped(web: WebServer) -> dict[str, str]:
    """A form as it was given out three seconds ago."""
    stamp = guards.stamp(web.installation.keys, web.clock.now)
    web.clock.move(seconds=3)
    return {"stamp": stamp}


@pytest.mark.parametrize("times", [400, pytest.param(10_000, marks=pytest.mark.attack)])
@pytest.mark.long
def test_any_number_of_requests_for_one_victim_make_three_mails_at_most(
    open_web: WebServer, times: int
) -> None:
    client, form = open_web.client(), stamped(open_web)
    spellings = ["vic.tim@gmail.com", "victim+a@gmail.com", "VICTIM@googlemail.com", "v.i.c.t.i.m@gmail.com"]
    for n in range(times):
        email, hop = spellings[n % 4], f"10.{n // 250 % 250}.{n % 250}.7"
        if n % 2:
            answer = client.post(
                "/api/v1/subscriptions", json={"email": email}, headers={"X-Forwarded-For": hop}
            )
            assert answer.status_code == 202
        else:
            answer = client.post("/subscribe", data=form | {"email": email}, headers={"X-Forwarded-For": hop})
            assert answer.status_code == 303
        if n % (times // 25) == 0:  # over 23 hours
            open_web.work()
            open_web.clock.move(minutes=55)
            form = stamped(open_web)
    open_web.work()
    assert 1 <= len(open_web.mails()) <= 3
    with session.reading(open_web.installation.engine) as db:
        assert sum(len(signups.of_address(db, each)) for each in spellings) <= 3


def test_a_thousand_addresses_from_one_network_get_few_mails(web: WebServer) -> None:
    client, form = web.client(), stamped(web)
    # Without a trusted proxy the header is somebody's claim.
    answers = [
        client.post(
            "/subscribe",
            data=form | {"email": f"a{n}@example.org"},
            headers={"X-Forwarded-For": f"10.0.0.{n}"},
        )
        for n in range(300)
    ]
    answers += [client.post("/api/v1/subscriptions", json={"email": f"b{n}@example.org"}) for n in range(700)]
    web.work()
    taken = [answer for answer in answers if answer.status_code in {303, 202}]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(taken) == web.installation.signups_per_hour == len(web.mails())
    assert len(taken) + len(refused) == 1000
    assert all(0 < int(answer.headers["retry-after"]) <= 3600 for answer in refused)
    assert "a50@example.org" in answers[50].text  # what was typed stays in the form


def test_the_answers_for_unknown_known_and_suppressed_addresses_differ_in_nothing(
    open_web: WebServer,
) -> None:
    site = open_web.installation
    known = join(site, "known@example.org")
    erased = join(site, "erased@example.org")
    personal_data.erase(site, erased.id, open_web.clock.now)
    open_web.sign_up(open_web.client(), "pending@example.org")
    open_web.work()
    owner = ["unknown@example.org", "pending@example.org", known.email, erased.email]
    form, client = stamped(open_web), open_web.client()
    answers: set[tuple[object, ...]] = set()
    times: dict[str, list[float]] = {email: [] for email in owner}
    for n in range(TRIES * 4):
        email = owner[n % 4]
        client.cookies.clear()
        client.headers["X-Forwarded-For"] = f"10.0.{n}.1"
        began = time.perf_counter()
        page = client.post("/subscribe", data=form | {"email": email})
        times[email].append(time.perf_counter() - began)
        api = client.post("/api/v1/subscriptions", json={"email": email})
        answers.add((_plain(page), _plain(api)))
        if n % 4 == 3:
            open_web.work()  # in turn, so that each kind meets the same load
    medians = {email: statistics.median(taken) * 1000 for email, taken in times.items()}
    assert len(answers) == 1
    assert max(medians.values()) - min(medians.values()) < 20, medians


def _plain(answer: httpx2.Response) -> tuple[object, ...]:
    """An answer without its date and without the value of the browser's cookie, which is random."""
    headers = [
        (k, v.partition("=")[0] if k == "set-cookie" else v) for k, v in answer.headers.items() if k != "date"
    ]
    return (answer.status_code, answer.content, tuple(headers))


def test_a_replayed_confirmation_changes_nothing(web: WebServer) -> None:
    client = web.client()
    web.sign_up(client, "eve@example.org", filters="agents")
    web.work()
    (path,) = web.links("confirm")
    client.get(path)
    with session.reading(web.installation.engine) as db:
        eve = subscribers.get(db, "eve@example.org")
    preferences.leave(web.installation, eve.id, web.clock.now, goodbye=False)
    assert web.client().post(path).status_code == 404
    after = preferences.person(web.installation, eve.id)
    assert after is not None
    assert after.status is SubscriberStatus.UNSUBSCRIBED


def test_forged_tokens_open_nothing(web: WebServer, site: Installation) -> None:
    ada = join(site, "ada@example.org")
    strangers = replace(web.installation, keys=Keys(b"a key that somebody else made up"))
    forged = {purpose: link(strangers, purpose, ada.id).removeprefix(web.url) for purpose in Purpose}
    for purpose, path in forged.items():
        answer = web.client().post(path, data={"List-Unsubscribe": "One-Click", "filters": "x"})
        nowhere = 405 if purpose is Purpose.ME else 404  # nothing is posted to that page itself
        assert answer.status_code == (200 if purpose is Purpose.UNSUBSCRIBE else nowhere)
        if purpose is Purpose.ME:
            assert web.client().get(path).status_code == 404
    for path in (
        "/prefs/../../etc/passwd",
        "/prefs/%00",
        "/prefs/" + "é" * 28,
        "/static/../app.py",
        "/static/%2e%2e/app.py",
    ):
        assert web.client().get(path).status_code in {404, 405}
    assert preferences.person(web.installation, ada.id) == ada


def test_old_links_work_after_a_rotation_of_the_key(site: Installation, tmp_path: Path) -> None:
    ada = join(site, "ada@example.org")
    rotated = replace(site, keys=Keys(b"a newer key that only tests use", (site.keys.current,)))
    with serving(rotated, tmp_path) as web:
        for purpose in (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE):
            old = link(replace(site, site=web.installation.site), purpose, ada.id).removeprefix(web.url)
            assert "a…@example.org" in web.client().get(old).text


def test_a_body_that_is_too_large_is_refused_while_it_comes(web: WebServer) -> None:
    client = web.client()
    large = b"x" * (guards.LARGEST_BODY + 1)
    assert client.post("/preview", content=large).status_code == 413

    def stream() -> Iterator[bytes]:
        yield from [b"a=" + b"x" * 8192] * 20

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/preview", content=stream(), headers=form).status_code == 413
    assert client.get("/healthz").status_code == 200


def test_every_answer_carries_the_security_headers(web: WebServer) -> None:
    client = web.client()
    for path in ("/", "/static/style.css", "/nothing", "/api/v1/openapi.json", "/u/x", "/healthz"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert "server" not in headers


def test_over_https_cookies_and_browsers_keep_to_it(site: Installation, tmp_path: Path) -> None:
    with serving(site, tmp_path, base_url="https://papers.example.org") as web:
        answer = web.sign_up(web.client(), "ada@example.org")
        cookie = answer.headers["set-cookie"]
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=lax"))
        assert "max-age" in answer.headers["strict-transport-security"]


def test_the_client_behind_a_trusted_proxy_is_the_last_it_names(open_web: WebServer) -> None:
    for n, given in enumerate(["192.0.2.9", "203.0.113.1, 192.0.2.9", "spoof, 192.0.2.9, 127.0.0.1"]):
        email = f"a{n}@example.org"
        client, form = open_web.client(), stamped(open_web)
        client.post("/subscribe", data=form | {"email": email}, headers={"X-Forwarded-For": given})
        with session.reading(open_web.installation.engine) as db:
            (signup,) = signups.of_address(db, email)
        assert signup.ip == "192.0.2.9"


def test_a_page_that_another_site_frames_or_posts_is_refused(web: WebServer) -> None:
    stamp = stamp_in(web.client().get("/").text)
    web.clock.move(seconds=5)
    foreign = web.client(**{"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example"})
    assert foreign.post("/subscribe", data={"email": "ada@example.org", "stamp": stamp}).status_code == 403
