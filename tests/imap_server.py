"""A small IMAP server on this machine: one mailbox, and as much of RFC 3501 as reading it takes.

Each connection has a thread. What it is asked is kept, without the password, so that tests can see it.
"""

import base64
import re
import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

USER, PASSWORD = "bounces@lab.example", 'pass "wörd"\\ 1'


@dataclass
class Kept:
    """A mail and its flags."""

    raw: bytes
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """Serve `mails` (by their unique numbers) as INBOX, from `with` to its end.

    `on_fetch`: called with the number of a mail before it is given.
    """

    def __init__(self, *, has_plain: bool = True) -> None:
        self.mails: dict[int, Kept] = {}
        self.asked: list[str] = []
        self.has_plain = has_plain
        self.on_fetch: Callable[[int], object] = lambda _number: None
        self.open: list[socket.socket] = []
        self.announced: int | None = None  # bytes that each mail is said to have

    def put(self, raw: bytes) -> int:
        """Add an unread mail; returns its number."""
        number = max(self.mails, default=100) + 1
        self.mails[number] = Kept(raw)
        return number

    def __enter__(self) -> "ImapServer":
        outer = self

        class Handler(_Handler):
            server_ = outer

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, and every connection."""
        self._server.shutdown()
        self._server.server_close()
        while self.open:
            with suppress(OSError):
                self.open.pop().shutdown(socket.SHUT_RDWR)

    def url(self, password: str = "pass%20%22w%C3%B6rd%22%5C%201", folder: str = "INBOX") -> str:
        """The URL of the mailbox."""
        return f"imap://bounces%40lab.example:{password}@127.0.0.1:{self.port}/{folder}"


class _Handler(socketserver.StreamRequestHandler):
    server_: ImapServer

    def handle(self) -> None:
        self.server_.open.append(self.connection)
        with suppress(OSError):
            self._serve()

    def _serve(self) -> None:
        self._say("* OK ready")
        self._is_read_only = False
        for line in self.rfile:
            tag, command, rest = (*line.decode().strip().split(" ", 2), "")[:3]
            self.server_.asked.append(f"{command} {rest}" if command.upper() != "LOGIN" else command)
            answer = getattr(self, f"_{command.lower()}", lambda _rest: "BAD unknown")(rest)
            self._say(f"{tag} {answer} (so)")
            if command.upper() == "LOGOUT":
                return

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _capability(self, _rest: str) -> str:
        self._say(f"* CAPABILITY IMAP4rev1{' AUTH=PLAIN' if self.server_.has_plain else ''}")
        return "OK"

    def _authenticate(self, _rest: str) -> str:
        self._say("+")
        _, user, password = base64.b64decode(self.rfile.readline()).decode().split("\0")
        return "OK" if (user, password) == (USER, PASSWORD) else f"NO {user} {password} is wrong"

    def _login(self, rest: str) -> str:
        user, password = re.findall(r'"([^"]*)"', rest)
        return "OK" if (user, password) == (USER, "ascii") else "NO wrong"

    def _select(self, rest: str) -> str:
        self._is_read_only = False
        if rest != '"INBOX"':
            return "NO there is none"
        self._say(f"* {len(self.server_.mails)} EXISTS")
        return "OK [READ-WRITE]"

    def _examine(self, rest: str) -> str:
        answer = self._select(rest)
        self._is_read_only = True
        return answer.replace("WRITE", "ONLY")

    def _uid(self, rest: str) -> str:
        command, _, rest = rest.partition(" ")
        found: Any = getattr(self, f"_uid_{command.lower()}")(rest)
        return str(found)

    def _uid_search(self, _rest: str) -> str:
        unread = [str(n) for n, mail in self.server_.mails.items() if "\\Seen" not in mail.flags]
        self._say(f"* SEARCH {' '.join(reversed(unread))}".rstrip())
        return "OK"

    def _uid_fetch(self, rest: str) -> str:
        number, most = map(int, re.findall(r"^(\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)$", rest)[0])
        self.server_.on_fetch(number)
        mail = self.server_.mails.get(number)
        if mail:
            raw = mail.raw[:most]
            announced = self.server_.announced or len(raw)
            self.wfile.write(
                f"* 1 FETCH (UID {number} BODY[]<0> {{{announced}}}\r\n".encode() + raw + b")\r\n"
            )
        return "OK"

    def _uid_store(self, rest: str) -> str:
        number, flags = re.findall(r"^(\d+) \+FLAGS\.SILENT \((.*)\)$", rest)[0]
        if self._is_read_only:
            return "NO it is read only"
        self.server_.mails[int(number)].flags |= set(flags.split())
        return "OK"

    def _logout(self, _rest: str) -> str:
        self._say("* BYE")
        return "OK"
