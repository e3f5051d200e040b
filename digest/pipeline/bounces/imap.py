"""Reads mails that came back out of a mailbox on a server (IMAP4rev1, RFC 3501), and marks each there.

A mail is marked only when what follows from it is stored: as read where it is clear, as read and flagged
where nobody understood it or it is forged, so that mail programs show it. Nothing is moved or deleted. A
process that dies leaves a mail unread, and the next one reads it again, which changes nothing more.

Never: a login without encryption, but for a server on this machine; the URL, the user or the password in an
error or a log.
"""

import imaplib
import math
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

from digest.bounces import LARGEST
from digest.domain import BounceKind
from digest.errors import ConfigError, DeliveryError, InputError
from digest.pipeline.bounces.process import Processed, process
from digest.pipeline.failures import Part, guarded
from digest.pipeline.installation import Installation

FORM = "DIGEST_BOUNCE_IMAP_URL=imaps://USER:PASSWORD@HOST/FOLDER, special characters percent-encoded"
MOST = 10_000  # mails of one call
_TIMEOUT = 30.0  # seconds for each answer
PATIENCE = 20.0  # seconds of a round for these mails
LONGEST_VISIT = 60.0  # seconds of a round, whatever the server does: one that sends a byte now and then
_PORTS = {"imaps": 993, "imap": 143}
_LARGEST_ANSWER = 2 * LARGEST  # bytes that a server may announce at once
_LOST = (imaplib.IMAP4.abort, OSError, EOFError)


@dataclass(frozen=True, slots=True)
class _Mailbox:
    """Where to log in, and the folder to read."""

    host: str
    port: int
    is_encrypted: bool  # from its first byte on
    folder: str
    user: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine."""
        with suppress(ValueError):
            return ip_address(self.host).is_loopback
        return self.host == "localhost"


def take_in(installation: Installation, now: datetime, *, longest: float = LONGEST_VISIT) -> int:
    """Process the unread mails of the mailbox of the settings; returns how many, 0 without one.

    Takes `longest` seconds at most, whatever the server does. Raises as `process_mailbox` does.
    """
    url = installation.bounce_imap_url
    if not url:
        return 0
    return len(process_mailbox(installation, url, now, seconds=PATIENCE, longest=longest))


def place(url: str) -> str:
    """Return which folder of which server a URL names, without user and password. Raises ConfigError."""
    mailbox = _read_url(url)
    return f"{mailbox.folder} on {mailbox.host}:{mailbox.port}"


def process_mailbox(
    installation: Installation,
    url: str,
    now: datetime,
    *,
    dry_run: bool = False,
    seconds: float = math.inf,
    longest: float = math.inf,
    tls: ssl.SSLContext | None = None,
) -> list[Processed]:
    """Process the unread mails of the mailbox that a URL names, oldest first, for so many seconds, but one
    mail at least; `dry_run`: leave them unread. `longest`: seconds after which the connection is cut,
    whatever the server does. `tls`: other trusted certificates than the system's.

    Raises ConfigError for a URL, login or folder that can't be used, and DeliveryError for a server that
    isn't reached or goes away; what was processed before is marked then.
    """
    mailbox = _read_url(url)
    until, done = time.monotonic() + seconds, []
    with _opened(mailbox, tls, longest, is_read_only=dry_run) as connection:
        for number in _unread(connection)[:MOST]:
            name = f"{mailbox.folder} {number}"
            one = Processed(name, BounceKind.UNKNOWN, None, None)
            with _reaching(mailbox):
                raw = _fetched(connection, number)
            if raw is None:  # another process, or a person, took it away
                continue
            with guarded(installation, Part.BOUNCE, name, now):
                one = process(installation, name, raw, now, dry_run=dry_run)
            if not dry_run:
                with _reaching(mailbox):
                    _mark(connection, number, one)
            done.append(one)
            if time.monotonic() > until:
                break
    return done


def _read_url(url: str) -> _Mailbox:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its text repeats the URL
        raise ConfigError("the URL of the bounce mailbox can't be read", fix=FORM) from None
    folder = unquote(parts.path.removeprefix("/")) or "INBOX"
    if parts.scheme not in _PORTS or not parts.hostname or not parts.username or port == 0:
        raise ConfigError(
            "the URL of the bounce mailbox needs imaps:// or imap://, a user and a host", fix=FORM
        )
    user, password = unquote(parts.username), unquote(parts.password or "")
    if not (folder.isascii() and folder.isprintable()):
        raise ConfigError("the folder of the bounce mailbox isn't printable ASCII", fix=FORM)
    if not (user.isprintable() and password.isprintable()):
        raise ConfigError("the user or password of the bounce mailbox holds a control character", fix=FORM)
    return _Mailbox(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        is_encrypted=parts.scheme == "imaps",
        folder=folder,
        user=user,
        password=password,
    )


class _Bounded:
    """An answer that a server announces is as long as we asked for, or the connection ends; and it ends after
    `longest` seconds: a timeout of each answer doesn't bound a server that sends a byte now and then."""

    def __init__(self, *where: Any, longest: float, **how: Any) -> None:
        self._cutter = threading.Timer(min(longest, threading.TIMEOUT_MAX), self._cut)
        self._cutter.daemon = True
        self._cutter.start()
        try:
            super().__init__(*where, **how)
        except BaseException:
            self._cutter.cancel()
            raise

    def shutdown(self) -> None:
        self._cutter.cancel()
        super().shutdown()  # type: ignore[misc] # of the class beside it

    def _cut(self) -> None:
        with suppress(AttributeError, OSError):  # not connected yet, or no longer
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # type: ignore[attr-defined] # as above

    def read(self, size: int) -> Any:
        if size > _LARGEST_ANSWER:
            raise imaplib.IMAP4.abort(f"an answer of {size} bytes")
        return super().read(size)  # type: ignore[misc] # of the class beside it


class _Encrypted(_Bounded, imaplib.IMAP4_SSL):
    pass


class _Plain(_Bounded, imaplib.IMAP4):
    pass


@contextmanager
def _opened(
    mailbox: _Mailbox, tls: ssl.SSLContext | None, longest: float, *, is_read_only: bool
) -> Iterator[imaplib.IMAP4]:
    with _reaching(mailbox):
        connection = _connected(mailbox, tls or ssl.create_default_context(), longest)
    try:
        with _reaching(mailbox):
            _log_in(connection, mailbox)
            answer, _ = connection.select(_quoted(mailbox.folder), readonly=is_read_only)
        if answer != "OK":
            msg = f"the bounce mailbox on {mailbox.host} has no folder {mailbox.folder!r} that can be opened"
            raise ConfigError(msg, fix=FORM)
        yield connection
    finally:
        with suppress(*_LOST, imaplib.IMAP4.error):
            connection.logout()
        with suppress(OSError):
            connection.shutdown()  # also where it didn't answer any more


def _connected(mailbox: _Mailbox, tls: ssl.SSLContext, longest: float) -> imaplib.IMAP4:
    host, port = mailbox.host, mailbox.port
    if mailbox.is_encrypted:
        return _Encrypted(host, port, ssl_context=tls, timeout=_TIMEOUT, longest=longest)
    connection = _Plain(host, port, timeout=_TIMEOUT, longest=longest)
    try:
        if "STARTTLS" in connection.capabilities:
            connection.starttls(tls)
        elif not mailbox.is_here:
            msg = f"the mail server {host} offers no encryption, and a password needs it"
            raise ConfigError(msg, fix="ask its operator for an address with imaps://")
    except BaseException:
        connection.shutdown()
        raise
    return connection


def _log_in(connection: imaplib.IMAP4, mailbox: _Mailbox) -> None:
    try:
        if "AUTH=PLAIN" in connection.capabilities:  # takes any letters (RFC 4616)
            secret = f"\0{mailbox.user}\0{mailbox.password}".encode()
            connection.authenticate("PLAIN", lambda _challenge: secret)
        else:
            connection.login(_quoted(mailbox.user), mailbox.password)  # which quotes the password alone
    except (imaplib.IMAP4.error, UnicodeError) as error:
        if isinstance(error, imaplib.IMAP4.abort):
            raise
        msg = f"the mail server {mailbox.host} refuses the login of the bounce mailbox"
        raise ConfigError(msg, fix=FORM) from None  # it may repeat what was sent


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@contextmanager
def _reaching(mailbox: _Mailbox) -> Iterator[None]:
    """Say of a server that isn't reached, or goes away, which it is."""
    try:
        yield
    except _LOST as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        msg = f"the mail server {mailbox.host}:{mailbox.port} of the bounce mailbox can't be used: {why}"
        raise DeliveryError(msg, fix="try again later; what was processed is marked as read") from error


def _unread(connection: imaplib.IMAP4) -> list[str]:
    """The unique numbers of the unread mails, ascending: the order in which they came."""
    answer, found = connection.uid("SEARCH", "UNSEEN")
    if answer != "OK":
        raise InputError("the mail server can't say which mails of the bounce mailbox are unread")
    return sorted((each.decode("ascii") for each in b" ".join(filter(None, found)).split()), key=int)


def _fetched(connection: imaplib.IMAP4, number: str) -> bytes | None:
    """The beginning of a mail, as much as is read of any; it stays unread. None where it is gone."""
    answer, found = connection.uid("FETCH", number, f"(BODY.PEEK[]<0.{LARGEST}>)")
    parts = [each[1] for each in found if isinstance(each, tuple)]
    return bytes(parts[0]) if answer == "OK" and parts else None


def _mark(connection: imaplib.IMAP4, number: str, done: Processed) -> None:
    flags = r"(\Seen)" if done.is_clear else r"(\Seen \Flagged)"
    connection.uid("STORE", number, "+FLAGS.SILENT", flags)
