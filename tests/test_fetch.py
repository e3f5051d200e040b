"""Fetch, over a real server on loopback. `source.test` is a name that only the tests' resolver knows."""

import gzip
import logging
import re
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_socket import SocketConnectBlockedError

from digest.errors import FetchError
from digest.fetch import Fetcher, Limits, Turns, retry_after
from digest.fetch.addresses import is_public
from digest.fetch.body import BodyError, read_body
from tests.source_server import TLS, Handler, SourceServer

NOW = datetime(2026, 3, 17, 8, 0, tzinfo=UTC)
LIMITS = Limits(max_bytes=200_000, connect=2.0, read=2.0, total=5.0)
LOCAL = frozenset({"127.0.0.1"})


def fetcher(
    *,
    allow: frozenset[str] = LOCAL,
    addresses: dict[str, list[str]] | None = None,
    limits: Limits = LIMITS,
    turn: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext(),
    tls: ssl.SSLContext | None = None,
) -> Fetcher:
    """A Fetcher whose resolver knows `addresses`, and takes every other name for an address."""
    known = addresses or {}
    return Fetcher(
        "DigestTest/1 (+https://digest.example.org; papers@digest.example.org)",
        allow,
        limits=limits,
        turn=turn,
        resolve=lambda host, _: known.get(host, [host]),
        tls=tls,
        now=lambda: NOW,
    )


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with SourceServer() as running:
        yield running


def refusal(url: str, **options: object) -> FetchError:
    """The error that fetching `url` ends in."""
    with fetcher(**options) as client, pytest.raises(FetchError) as caught:  # type: ignore[arg-type]  # passed on
        client.get(url)
    return caught.value


# ---------------------------------------------------------------- answers


def test_an_answer_comes_with_its_bytes_and_validators(server: SourceServer) -> None:
    server.serve("/feed", b"<rss/>", etag='"1"', headers={"Last-Modified": "Tue, 17 Mar 2026 04:00:00 GMT"})
    with fetcher() as client:
        answer = client.get(server.url("/feed"))
    assert (answer.status, answer.body, answer.not_modified) == (200, b"<rss/>", False)
    assert (answer.etag, answer.last_modified) == ('"1"', "Tue, 17 Mar 2026 04:00:00 GMT")


def test_a_post_carries_its_body_and_brings_the_answer(server: SourceServer) -> None:
    server.serve("/batch", b"[1]")
    with fetcher() as client:
        answer = client.post(server.url("/batch"), b'{"ids": []}', headers=[("X-Key", "k")])
    assert (answer.status, answer.body) == (200, b"[1]")
    (asked,) = server.asked
    assert (asked.body, asked.headers["X-Key"]) == (b'{"ids": []}', "k")


def test_a_post_is_not_repeated_elsewhere(server: SourceServer) -> None:
    server.serve("/batch", status=307, headers={"Location": "/other"})
    server.serve("/other", b"x")
    with fetcher() as client, pytest.raises(FetchError, match="HTTP 307"):
        client.post(server.url("/batch"), b"{}")
    assert [asked.path for asked in server.asked] == ["/batch"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, 0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 400}, 3600),
        ({"X-RateLimit-Remaining": "0"}, 3600),
        ({"X-RateLimit-Remaining": "0", "Retry-After": "7"}, 7),
        ({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "9999999999"}, None),
    ],
)
def test_a_rate_limit_says_when_to_ask_again(
    server: SourceServer, headers: dict[str, str], seconds: float | None
) -> None:
    server.serve("/well", b"x", headers=headers)
    server.serve("/refused", status=403, headers=headers)
    with fetcher() as client:
        assert client.get(server.url("/well")).wait == seconds
    assert refusal(server.url("/refused")).retry_after == seconds


def test_the_request_says_who_asks_and_carries_the_given_headers(server: SourceServer) -> None:
    server.serve("/feed", b"x")
    with fetcher() as client:
        client.get(server.url("/feed?cat=cs.AI"), headers=[("Accept", "application/rss+xml")])
    asked = server.asked[0]
    assert asked.path == "/feed?cat=cs.AI"
    assert asked.headers["User-Agent"].startswith("DigestTest/1")
    assert asked.headers["Host"] == f"127.0.0.1:{server.port}"
    assert "application/rss+xml" in asked.headers.get_all("Accept", [])


def test_an_unchanged_answer_is_not_sent_again(server: SourceServer) -> None:
    server.serve("/feed", b"<rss/>", etag='"1"')
    with fetcher() as client:
        first = client.get(server.url("/feed"))
        second = client.get(server.url("/feed"), etag=first.etag)
    assert second.not_modified
    assert (second.status, second.body, second.etag) == (304, b"", '"1"')


def test_last_modified_is_sent_back_and_kept_when_nothing_changed(server: SourceServer) -> None:
    server.answers["/feed"] = lambda handler: handler.reply(304)
    stamp = "Tue, 17 Mar 2026 04:00:00 GMT"
    with fetcher() as client:
        answer = client.get(server.url("/feed"), last_modified=stamp)
    assert server.asked[0].headers["If-Modified-Since"] == stamp
    assert answer.not_modified
    assert answer.last_modified == stamp


def test_an_unasked_304_is_an_error(server: SourceServer) -> None:
    server.answers["/feed"] = lambda handler: handler.reply(304)
    assert "HTTP 304" in refusal(server.url("/feed")).message


def test_a_400_with_a_body_is_given_back_because_arxiv_explains_itself_there(server: SourceServer) -> None:
    server.serve("/rss/cs.XX", b"<rss>Feed error for query: cs.XX</rss>", status=400)
    with fetcher() as client:
        answer = client.get(server.url("/rss/cs.XX"))
    assert (answer.status, b"Feed error" in answer.body) == (400, True)


def test_a_400_without_a_body_is_an_error(server: SourceServer) -> None:
    server.serve("/rss/cs.XX", status=400)
    assert "HTTP 400 Bad Request" in refusal(server.url("/rss/cs.XX")).message


@pytest.mark.parametrize("status", [403, 404, 410, 500, 502, 599])
def test_other_statuses_are_errors_that_name_the_url_and_the_status(
    server: SourceServer, status: int
) -> None:
    server.serve("/feed", b"sorry", status=status)
    error = refusal(server.url("/feed"))
    assert server.url("/feed") in error.message
    assert f"HTTP {status}" in error.message
    assert error.retry_after is None


# ---------------------------------------------------------------- retry later


def test_429_with_seconds_says_when_to_come_back(server: SourceServer) -> None:
    server.serve("/feed", status=429, headers={"Retry-After": "90"})
    error = refusal(server.url("/feed"))
    assert error.retry_after == 90
    assert "HTTP 429 Too Many Requests" in error.message


def test_503_with_a_date_says_when_to_come_back(server: SourceServer) -> None:
    until = format_datetime(NOW + timedelta(minutes=10), usegmt=True)
    server.serve("/feed", status=503, headers={"Retry-After": until})
    assert refusal(server.url("/feed")).retry_after == 600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("3600", 3600.0),
        ("9" * 5000, 3600.0),
        ("Tue, 17 Mar 2026 07:00:00 GMT", 0.0),
        ("Tue, 17 Mar 2026 08:00:30 -0000", 30.0),
        ("Wed, 18 Mar 2026 08:00:00 GMT", 3600.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped_at_an_hour(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text())
def test_any_retry_after_is_within_an_hour_or_unknown(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= 3600


# ---------------------------------------------------------------- which URLs, which addresses


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("ftp://source.test/x", "only http and https"),
        ("source.test/feed", "only http and https"),
        ("http://user:secret@source.test/", "credentials"),
        ("http:///feed", "no host"),
        ("http://source.test:99999/", "no such port"),
        ("http://source.test/\r\nX-Evil: 1", "not a URL"),
        ("http://[::1/", "not a URL"),
    ],
)
def test_a_url_that_may_not_be_asked_is_refused_without_a_connection(url: str, reason: str) -> None:
    error = refusal(url, allow=frozenset({"source.test"}))
    assert reason in error.message
    assert "secret" not in error.message


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.100.100.200",  # metadata, Alibaba Cloud
        "169.254.169.254",  # metadata, most clouds
        "168.63.129.16",  # metadata, Azure
        "192.0.0.192",  # metadata, Oracle Cloud
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:53aa::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fd00:ec2::254",  # metadata, AWS
        "ff02::1",
        "2001:db8::1",
        "source.test",
        "",
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not is_public(address)
    error = refusal("http://source.test/", addresses={"source.test": [address]})
    assert "source.test may not be asked" in error.message
    assert "Allow it by name" in error.fix


@pytest.mark.parametrize("address", ["8.8.8.8", "151.101.3.42", "2606:4700::6810:84e5"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_becomes_public_by_being_written_as_ipv6(address: object) -> None:
    assert not is_public(f"::ffff:{address}")
    assert not is_public(f"64:ff9b::{address}")


def test_a_short_form_of_loopback_is_refused_by_what_it_resolves_to(server: SourceServer) -> None:
    server.serve("/feed", b"secret")
    with Fetcher("DigestTest/1") as client:
        for host in ("127.1", "2130706433", "0x7f.1"):
            with pytest.raises(FetchError, match="may not be asked"):
                client.get(server.url("/feed", host=host))
    assert server.asked == []


def test_a_private_address_is_dialled_when_its_host_is_allowed_by_name(server: SourceServer) -> None:
    server.serve("/feed", b"ours")
    with fetcher(allow=frozenset({"Source.Test"}), addresses={"source.test": ["127.0.0.1"]}) as client:
        assert client.get(server.url("/feed", host="SOURCE.test")).body == b"ours"
    assert server.asked[0].headers["Host"] == f"source.test:{server.port}"


def test_a_name_is_resolved_once_and_that_address_is_dialled(server: SourceServer) -> None:
    server.serve("/feed", b"ours")
    answers = iter([["127.0.0.1"]])  # a second question would end the iterator, and the test
    with Fetcher(
        "DigestTest/1", frozenset({"source.test"}), limits=LIMITS, resolve=lambda _host, _port: next(answers)
    ) as client:
        assert client.get(server.url("/feed", host="source.test")).body == b"ours"


@contextmanager
def the_fence_stops_the_dial_to(address: str) -> Iterator[None]:
    """pytest-socket lets nobody out of loopback, and says which address was dialled."""
    with pytest.warns(UserWarning, match=re.escape(address)), pytest.raises(SocketConnectBlockedError):
        yield


def test_a_name_that_turns_private_after_the_check_is_still_dialled_where_it_was_checked(
    server: SourceServer,
) -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])  # DNS rebinding: public for the check, private for the use
    with (
        Fetcher("DigestTest/1", limits=LIMITS, resolve=lambda _host, _port: next(answers)) as client,
        the_fence_stops_the_dial_to("8.8.8.8"),
    ):
        client.get(server.url("/feed", host="source.test"))
    assert server.asked == []


def test_of_public_and_private_addresses_only_the_public_one_is_dialled(server: SourceServer) -> None:
    with (
        fetcher(addresses={"source.test": ["127.0.0.1", "8.8.8.8"]}) as client,
        the_fence_stops_the_dial_to("8.8.8.8"),
    ):
        client.get(server.url("/feed", host="source.test"))
    assert server.asked == []


def test_a_name_that_does_not_resolve_is_said_so() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with (
        Fetcher("DigestTest/1", limits=LIMITS, resolve=resolve) as client,
        pytest.raises(FetchError, match=r"nowhere\.test can't be reached: its name can't be resolved"),
    ):
        client.get("http://nowhere.test/feed?key=secret")


def test_an_empty_label_in_a_name_is_an_error_in_words() -> None:
    with Fetcher("DigestTest/1", limits=LIMITS) as client, pytest.raises(FetchError, match="resolved"):
        client.get("http://a..b/")


def test_proxy_variables_are_ignored(server: SourceServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.serve("/feed", b"direct")
    with fetcher() as client:
        assert client.get(server.url("/feed")).body == b"direct"


def test_https_checks_the_certificate_against_the_name_that_was_asked_for() -> None:
    trusted = ssl.create_default_context(cafile=str(TLS / "cert.pem"))
    names = frozenset({"source.test", "other.test"})
    addresses = {name: ["127.0.0.1"] for name in names}
    with SourceServer(tls=True) as server, fetcher(allow=names, addresses=addresses, tls=trusted) as client:
        server.serve("/feed", b"over TLS")
        assert client.get(server.url("/feed", host="source.test")).body == b"over TLS"
        with pytest.raises(FetchError, match=r"other\.test can't be reached: .*certificate"):
            client.get(server.url("/feed", host="other.test"))


# ---------------------------------------------------------------- redirects


def redirect_to(server: SourceServer, path: str, location: str, status: int = 302) -> None:
    server.serve(path, status=status, headers={"Location": location})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(server: SourceServer, status: int) -> None:
    redirect_to(server, "/old", "/new?x=1", status)
    server.serve("/new", b"here")
    with fetcher() as client:
        assert client.get(server.url("/old")).body == b"here"
    assert [asked.path for asked in server.asked] == ["/old", "/new?x=1"]


def test_a_redirect_to_a_private_address_is_refused(server: SourceServer) -> None:
    redirect_to(server, "/feed", "http://metadata.test/latest/")
    error = refusal(server.url("/feed"), addresses={"metadata.test": ["169.254.169.254"]})
    assert "metadata.test may not be asked" in error.message
    assert server.url("/feed") in error.message


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "http://user:secret@127.0.0.1/", "http://[::1/", "gopher://127.0.0.1/", ""],
)
def test_a_redirect_to_what_may_not_be_asked_is_refused(server: SourceServer, location: str) -> None:
    redirect_to(server, "/feed", location)
    error = refusal(server.url("/feed"))
    assert "redirects" in error.message
    assert "secret" not in error.message
    assert len(server.asked) == 1


def test_a_redirect_loop_ends_after_five(server: SourceServer) -> None:
    redirect_to(server, "/feed", "/feed")
    assert "more than 5 redirects" in refusal(server.url("/feed")).message
    assert len(server.asked) == 6


def test_the_time_for_the_whole_answer_covers_all_redirects(server: SourceServer) -> None:
    def slow(handler: Handler) -> None:
        handler.stopping.wait(0.2)
        handler.reply(302, headers={"Location": "/feed"})

    server.answers["/feed"] = slow
    error = refusal(server.url("/feed"), limits=Limits(read=2.0, total=0.5))
    assert "took longer than 0.5 s" in error.message
    assert len(server.asked) <= 3


def test_given_headers_stay_with_the_first_site(server: SourceServer) -> None:
    redirect_to(server, "/feed", server.url("/feed2", host="other.test"))
    server.serve("/feed2", b"x")
    allow = LOCAL | {"other.test"}
    with fetcher(allow=allow, addresses={"other.test": ["127.0.0.1"]}) as client:
        client.get(server.url("/feed"), headers=[("X-Key", "secret")])
    assert [asked.headers["X-Key"] for asked in server.asked] == ["secret", None]


# ---------------------------------------------------------------- hostile answers


def send_head(handler: Handler, *headers: tuple[str, str]) -> None:
    handler.send_response(200)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True


def test_a_gzip_answer_is_inflated(server: SourceServer) -> None:
    server.serve("/feed", gzip.compress(b"<rss/>" * 1000), headers={"Content-Encoding": "gzip"})
    with fetcher() as client:
        assert client.get(server.url("/feed")).body == b"<rss/>" * 1000
    assert server.asked[0].headers["Accept-Encoding"] == "gzip"


def test_a_gzip_bomb_stops_at_the_cap(server: SourceServer) -> None:
    bomb = gzip.compress(bytes(64 * 2**20))
    assert len(bomb) < LIMITS.max_bytes
    server.serve("/feed", bomb, headers={"Content-Encoding": "gzip"})
    assert "larger than 200,000 bytes" in refusal(server.url("/feed")).message


def test_an_endless_body_stops_at_the_cap(server: SourceServer) -> None:
    def endless(handler: Handler) -> None:
        send_head(handler)
        while not handler.stopping.is_set():
            handler.wfile.write(bytes(2**16))

    server.answers["/feed"] = endless
    assert "larger than 200,000 bytes" in refusal(server.url("/feed")).message


@pytest.mark.parametrize("head_first", [True, False])
def test_a_server_that_drips_is_cut_off_when_the_whole_takes_too_long(
    server: SourceServer, *, head_first: bool
) -> None:
    def drip(handler: Handler) -> None:
        if head_first:
            send_head(handler)
        else:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not handler.stopping.wait(0.05):
            handler.wfile.write(b"a")

    server.answers["/feed"] = drip
    started = time.monotonic()
    error = refusal(server.url("/feed"), limits=Limits(read=2.0, total=0.5))
    assert "took longer than 0.5 s" in error.message
    assert time.monotonic() - started < 2.0


def test_a_silent_server_is_cut_off_after_the_read_timeout(server: SourceServer) -> None:
    def silent(handler: Handler) -> None:
        handler.stopping.wait(5)

    server.answers["/feed"] = silent
    error = refusal(server.url("/feed"), limits=Limits(read=0.2, total=5.0))
    assert "127.0.0.1 sent nothing for 0.2 s" in error.message


def test_a_garbage_status_line_is_an_error_in_words(server: SourceServer) -> None:
    def garbage(handler: Handler) -> None:
        handler.wfile.write(b"\x16\x03\x01 what is this\r\n\r\n")
        handler.close_connection = True

    server.answers["/feed"] = garbage
    assert "doesn't answer as HTTP should" in refusal(server.url("/feed")).message


def test_a_body_that_is_cut_short_is_an_error(server: SourceServer) -> None:
    def cut_short(handler: Handler) -> None:
        send_head(handler, ("Content-Length", "1000"))
        handler.wfile.write(b"<rss>")

    server.answers["/feed"] = cut_short
    assert "HTTP should" in refusal(server.url("/feed")).message


def test_a_gzip_stream_that_is_cut_short_is_an_error(server: SourceServer) -> None:
    server.serve("/feed", gzip.compress(b"<rss/>" * 50)[:-4], headers={"Content-Encoding": "gzip"})
    assert "cut short" in refusal(server.url("/feed")).message


def test_bytes_that_are_no_gzip_are_an_error(server: SourceServer) -> None:
    server.serve("/feed", b"<rss/>", headers={"Content-Encoding": "gzip"})
    assert "gzip stream is broken" in refusal(server.url("/feed")).message


def test_an_encoding_that_was_not_asked_for_is_an_error(server: SourceServer) -> None:
    server.serve("/feed", b"...", headers={"Content-Encoding": "br"})
    assert "'br', which wasn't asked for" in refusal(server.url("/feed")).message


def test_nobody_at_the_port_is_an_error_in_words() -> None:
    with SourceServer() as gone:
        url = gone.url("/feed")
    assert "127.0.0.1 can't be reached" in refusal(url).message


def test_errors_and_logs_hold_no_query(server: SourceServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.serve("/feed", status=500)
    error = refusal(server.url("/feed?api_key=hunter2#frag"))
    assert server.url("/feed?…") in error.message
    assert "hunter2" not in error.message + caplog.text


def test_after_a_broken_answer_the_next_one_is_whole(server: SourceServer) -> None:
    server.serve("/big", bytes(300_000))
    server.serve("/feed", b"whole")
    with fetcher() as client:
        with pytest.raises(FetchError):
            client.get(server.url("/big"))
        assert client.get(server.url("/feed")).body == b"whole"


@given(st.lists(st.binary(max_size=200_000), max_size=4), st.integers(1, 5000))
def test_gzip_of_any_members_in_any_chunks_comes_back_whole(members: list[bytes], size: int) -> None:
    packed = b"".join(gzip.compress(member) for member in members)
    chunks = [packed[i : i + size] for i in range(0, len(packed), size)]
    assert read_body(chunks, "gzip", 10**6) == b"".join(members)


def test_a_bomb_is_inflated_no_further_than_its_cap() -> None:
    inflated = zlib.compressobj(9, wbits=31)
    bomb = inflated.compress(bytes(2**27)) + inflated.flush()
    seen: list[int] = []

    def chunks() -> Iterator[bytes]:
        for at in range(0, len(bomb), 100):
            seen.append(at)
            yield bomb[at : at + 100]

    with pytest.raises(BodyError, match="larger"):
        read_body(chunks(), "gzip", 2**20)
    assert len(seen) < len(bomb) / 100 / 10


# ---------------------------------------------------------------- turns


class Clock:
    """Seconds that pass only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_arxiv_is_asked_once_in_three_seconds_over_all_of_its_hosts() -> None:
    clock = Clock()
    turns = Turns(clock=clock, sleep=clock.sleep)
    for host in ("rss.arxiv.org", "export.arxiv.org", "oaipmh.arxiv.org", "arxiv.org"):
        with turns(host):
            clock.now += 1.0
    assert clock.slept == [2.0, 2.0, 2.0]


def test_other_sites_do_not_wait_for_arxiv() -> None:
    clock = Clock()
    turns = Turns(clock=clock, sleep=clock.sleep)
    for host in ("export.arxiv.org", "huggingface.co", "notarxiv.org", "huggingface.co"):
        with turns(host):
            pass
    assert clock.slept == []


def test_two_threads_never_ask_one_site_at_the_same_time() -> None:
    turns = Turns({"arxiv.org": 0.0})
    inside: list[str] = []
    most = 0

    def ask(host: str) -> None:
        nonlocal most
        for _ in range(20):
            with turns(host):
                inside.append(host)
                most = max(most, len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=ask, args=(f"{name}.arxiv.org",)) for name in ("rss", "export", "x")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_turn_ends_when_the_request_fails() -> None:
    turns = Turns({})
    with pytest.raises(FetchError), turns("source.test"):
        raise FetchError("broken")
    with turns("source.test"):
        pass


def test_the_fetcher_takes_a_turn_for_every_hop(server: SourceServer) -> None:
    hosts: list[str] = []

    def turn(host: str) -> AbstractContextManager[None]:
        hosts.append(host)
        return nullcontext()

    redirect_to(server, "/feed", server.url("/there", host="other.test."))
    server.serve("/there", b"x")
    allow = LOCAL | {"other.test"}
    with fetcher(allow=allow, addresses={"other.test.": ["127.0.0.1"]}, turn=turn) as client:
        client.get(server.url("/feed"))
    assert hosts == ["127.0.0.1", "other.test"]
