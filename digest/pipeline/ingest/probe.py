"""Checks an address before it is kept as a source: may it be one, and what would it be? Stores nothing."""

import re
import socket
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from digest.domain import Entry, Parsed, Source, SourceKind
from digest.errors import InputError, ParseError
from digest.fetch.addresses import bare_host, is_public
from digest.pipeline.ingest.http import ask, getter
from digest.pipeline.installation import Installation
from digest.sources import parse, requests
from digest.sources.announcements import MOST_ITEMS
from digest.sources.guess import ANY_FEED, kind_of, kind_of_host
from digest.store import session, sources

MAX_ADDRESS = 2_000  # characters; longer ones fail in proxies and servers
_NUMERIC = re.compile(r"[0-9a-fx.]+|\[?[0-9a-f:.]+\]?", re.IGNORECASE)
SAMPLE = 3
_MOST_NAMED = 5  # of the entries that can't be read


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What an address would be as a source; `error`: why it can't be one."""

    url: str
    kind: SourceKind
    entries: int = 0
    sample: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = ()
    error: str | None = None


def read_source(url: str, allow_hosts: Collection[str] = ()) -> str:
    """Return the address of a source; InputError unless it is http(s) with a host and without a password.

    Refuses addresses that could never be fetched: numbers of private networks and this machine's own name,
    unless they are among `allow_hosts`. What other names stand for is asked when they are fetched.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:  # brackets that are no IPv6 address, a port beyond 65535
        host = ""
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
        raise InputError(
            f"{url!r} is not an address of a source", fix="https://host/path, without a password"
        )
    if len(url) > MAX_ADDRESS or not url.isprintable() or " " in url:
        raise InputError(f"an address of a source is printable and has at most {MAX_ADDRESS:,} characters")
    if not _may_be_public(bare_host(host)) and bare_host(host) not in set(map(bare_host, allow_hosts)):
        raise InputError(
            f"{url} would never be fetched: {host} isn't a public address",
            fix=f"allow it by name: DIGEST_FETCH_ALLOW_HOSTS={host}",
        )
    return url


def check(installation: Installation, url: str, now: datetime) -> SourceCheck:
    """Ask the address once and read its answer. Raises FetchError where there is none."""
    guessed = Source("check", kind_of_host(url) or ANY_FEED, url)
    request = requests(guessed, now)[0]
    with getter(installation) as get:
        answer = ask(installation.engine, get, request, now)
    kind = kind_of(url, answer.body)
    try:
        parsed = parse(kind, answer.body, status=answer.status, address=answer.url or url)
    except ParseError as error:
        return SourceCheck(url, kind, error=error.message)
    with session.reading(installation.engine) as db:
        there = [source.name for source in sources.listing(db) if source.url == url]
    problems = (*(f"it is there already, as {name}" for name in there), *_problems(parsed))
    return SourceCheck(
        url, kind, len(parsed.entries) + len(parsed.skipped), parsed.entries[:SAMPLE], problems
    )


def guess_kind(installation: Installation, url: str, now: datetime) -> SourceKind:
    """Return the kind of a source: by its host, else by its answer, for which it is asked once.

    Raises InputError where it can't be a source, FetchError where it doesn't answer.
    """
    by_host = kind_of_host(read_source(url, installation.allow_hosts))
    if by_host:
        return by_host
    found = check(installation, url, now)
    if found.error:
        fix = "say --kind if you know better; digest sources check URL looks at it again"
        raise InputError(f"{url} can't be read as a source: {found.error}", fix=fix)
    return found.kind


def _problems(parsed: Parsed) -> Iterator[str]:
    entries = parsed.entries
    if not entries and not parsed.skipped:
        yield "it has no entries now"
    yield from parsed.notes
    for skipped in parsed.skipped[:_MOST_NAMED]:
        yield f"{skipped.entry}: {skipped.error}"
    if len(parsed.skipped) > _MOST_NAMED:
        yield f"{len(parsed.skipped)} entries can't be read"
    if len(entries) >= MOST_ITEMS:
        yield f"arXiv cuts its feeds off at {MOST_ITEMS:,} entries, which this has: join fewer categories"
    for what, missing in (
        ("abstract", sum(1 for e in entries if not e.abstract)),
        ("date", sum(1 for e in entries if not (e.announced_at or e.published_at))),
        ("author", sum(1 for e in entries if not e.authors)),
        ("link", sum(1 for e in entries if not e.url)),
    ):
        if missing:
            yield f"{missing} of {len(entries)} entries have no {what}"


def _may_be_public(host: str) -> bool:
    """False for names of this machine, and for numbers that aren't public, in whatever notation."""
    if host == "localhost" or host.endswith(".localhost"):
        return False
    if ":" in host:
        return is_public(host)
    if not _NUMERIC.fullmatch(host):
        return True
    try:
        return is_public(str(IPv4Address(socket.inet_aton(host))))  # also 127.1 and 0x7f000001
    except OSError:
        return True
