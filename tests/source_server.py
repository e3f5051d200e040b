"""A real HTTP server on loopback, for tests: it answers each path as told, and keeps what it was asked.

with SourceServer() as server:
    server.serve("/feed", b"...", etag='"1"')
    ... Fetcher(...).get(server.url("/feed"))
    assert server.asked[0].headers["User-Agent"] == "..."
"""

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

TLS = Path(__file__).parent / "data" / "tls"

Answer = Callable[["Handler"], None]


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    path: str
    headers: Message
    body: bytes | None = None  # of a POST


class Handler(BaseHTTPRequestHandler):
    """Looks up the path's answer. `stopping` is set when the server ends: endless answers watch it."""

    protocol_version = "HTTP/1.1"
    timeout = 10
    server: "_Server"

    def setup(self) -> None:
        self.server.owner.connected(+1)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.server.owner.connected(-1)

    @property
    def stopping(self) -> threading.Event:
        return self.server.owner.stopping

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes | None) -> None:
        self.server.owner.asked.append(Asked(self.path, self.headers, body))
        answer = self.server.owner.answers.get(self.path.partition("?")[0])
        if answer is None:
            self.send_error(404)
        else:
            answer(self)

    def reply(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """A whole answer with its length."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name that http.server uses
        """Say nothing on stderr."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: "SourceServer"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up in the middle of an answer are what many tests are about."""


class SourceServer:
    """The server, its answers by path (`answers`), and what it was asked so far (`asked`).

    `most_connections`: how many were open at the same time, at most.
    """

    def __init__(self, *, tls: bool = False) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self.most_connections = 0
        self._connections = 0
        self._counting = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.owner = self
        self._scheme = "https" if tls else "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def connected(self, change: int) -> None:
        """Count a connection that was opened (1) or closed (-1)."""
        with self._counting:
            self._connections += change
            self.most_connections = max(self.most_connections, self._connections)

    @property
    def port(self) -> int:
        return self._server.server_port

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"

    def serve(
        self,
        path: str,
        body: bytes = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
    ) -> None:
        """Answer `path` with these bytes; with an `etag`, answer 304 to those who have them already."""
        sent = {**(headers or {}), **({"ETag": etag} if etag else {})}

        def answer(handler: Handler) -> None:
            if etag and handler.headers.get("If-None-Match") == etag:
                handler.reply(304, headers=sent)
            else:
                handler.reply(status, body, sent)

        self.answers[path] = answer

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
