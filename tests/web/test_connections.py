"""Visitors who open connections and send or read slowly shut nobody else out: real sockets on loopback."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.web.connections import Patience, Room, room
from tests.installations import installation
from tests.web_server import WebServer, serving

HALF = b"GET / HTTP/1.1\r\nHost: x\r\n"
WHOLE = b"GET /about HTTP/1.1\r\nHost: x\r\n\r\n"
OTHERS = "127.0.0.2"  # another visitor of loopback
SHORT = Patience(idle=1.0, head=1.0, body=1.0, answer=2.0, closing=1.0)


@pytest.fixture
def database_kind() -> str:
    """No connection knows a database."""
    return "sqlite"


@contextmanager
def site(engine: Engine, folder: Path, **options: object) -> Iterator[WebServer]:
    with serving(installation(engine, folder), folder, **options) as server:
        yield server


def dial(web: WebServer, source: str = "127.0.0.1") -> socket.socket:
    """Open a connection from an address of loopback."""
    host, port = web.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10, source_address=(source, 0))


def status(line: socket.socket) -> int:
    """The status of an answer, 0 where the connection ends without one."""
    try:
        head = line.recv(65_536)
    except ConnectionError:
        return 0
    return int(head.split()[1]) if head else 0


def ends_within(line: socket.socket, seconds: float) -> bool:
    """Whether the server ends a connection within so many seconds, whatever it sent before."""
    line.settimeout(seconds)
    try:
        while line.recv(65_536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HALF,
        b"POST /preview HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nfilters=",
        b"POST /preview HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"POST /preview HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\nx",  # refused, then never ended
    ],
)
def test_what_isnt_whole_in_time_is_closed(engine: Engine, tmp_path: Path, sent: bytes) -> None:
    with site(engine, tmp_path, patience=SHORT) as web, dial(web) as line:
        line.sendall(sent)
        assert ends_within(line, 6)


def test_a_request_that_drips_is_closed(engine: Engine, tmp_path: Path) -> None:
    with site(engine, tmp_path, patience=SHORT) as web, dial(web) as line:
        began = time.monotonic()
        for letter in HALF * 20:
            try:
                line.sendall(bytes([letter]))
            except ConnectionError:
                break
            time.sleep(0.1)
        assert time.monotonic() - began < 6


def test_whoever_asks_again_and_again_on_one_connection_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    with site(engine, tmp_path, patience=SHORT) as web, dial(web) as line:
        began = time.monotonic()
        while time.monotonic() - began < 4:  # longer than any part of one exchange may take
            line.sendall(WHOLE)
            answer = line.recv(65_536)
            while b"</html>" not in answer:
                answer += line.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200")
            time.sleep(0.3)


def test_an_answer_that_nobody_reads_is_dropped(engine: Engine, tmp_path: Path) -> None:
    def large() -> dict[str, str]:
        return {"much": "x" * 20_000_000}  # more than the buffers of two sockets

    with site(engine, tmp_path, patience=SHORT, routes={"/large": large}) as web, dial(web) as line:
        line.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(8)
        line.settimeout(5)
        assert 0 < _taken(line) < 20_000_000


def _taken(line: socket.socket) -> int:
    """How many bytes there are until a connection ends."""
    taken = 0
    try:
        while more := line.recv(1 << 20):
            taken += len(more)
    except ConnectionError:
        pass
    return taken


def test_one_network_shuts_out_nobody_but_itself(engine: Engine, tmp_path: Path) -> None:
    space = Room(most=40, of_network=10, backlog=8)
    with site(engine, tmp_path, room=space) as web, ExitStack() as opened:
        lines = []
        for _ in range(60):
            lines.append(opened.enter_context(dial(web)))
            lines[-1].sendall(HALF)
        for source in (OTHERS, "127.0.0.1"):  # even who did it, as the oldest of theirs goes
            with dial(web, source) as line:
                line.sendall(WHOLE)
                assert status(line) == 200
        gone = [each for each in lines if ends_within(each, 0.05)]
        assert len(gone) >= 50


def test_many_networks_that_fill_all_the_room_lose_their_oldest(engine: Engine, tmp_path: Path) -> None:
    space = Room(most=20, of_network=10, backlog=8)
    with site(engine, tmp_path, room=space) as web, ExitStack() as opened:
        for number in range(60):
            line = opened.enter_context(dial(web, f"127.0.1.{number % 6 + 1}"))
            line.sendall(HALF)
        with dial(web, OTHERS) as line:
            line.sendall(WHOLE)
            assert status(line) == 200


def test_the_connections_of_a_trusted_proxy_are_of_many_people(engine: Engine, tmp_path: Path) -> None:
    space = Room(most=40, of_network=4, backlog=8)
    with site(engine, tmp_path, room=space, proxies=["127.0.0.1"]) as web, ExitStack() as opened:
        lines = [opened.enter_context(dial(web)) for _ in range(20)]
        for line in lines:
            line.sendall(WHOLE)
        assert [status(line) for line in lines] == [200] * 20


@pytest.mark.parametrize("descriptors", [64, 128, 256, 1024, 65_536, 1_048_576])
def test_room_is_kept_for_delivery_however_few_descriptors_there_are(descriptors: int) -> None:
    space = room(descriptors)
    assert 0 < space.of_network <= space.most
    if descriptors >= 128:
        assert space.most + 4 * space.backlog <= descriptors - 64
        assert space.of_network >= 8  # a browser opens six
