"""Random requests of every route: plausible ones, spoiled ones, and noise. In: a seed. Out: bytes to send."""

import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, quote_plus

from fastapi import FastAPI

ODD = (
    *(
        "",
        " ",
        "\0",
        "\x7f",
        "é",
        "ß",
        "İ",
        "\u200b",
        "\u202e",
        "\ufdd0",
        "\U0001f600",
        "%",
        "%00",
        "%ff",
        "..",
        "/",
    ),
    *(
        "<script>",
        "'",
        '"',
        "\\",
        "{{7*7}}",
        "${x}",
        "a" * 300,
        "0",
        "-1",
        "9" * 30,
        "1e400",
        "NaN",
        "null",
        "true",
    ),
    *(
        "2026-03-17",
        "2026-W12",
        "2026-03",
        "0001-01-01",
        "9999-12-31",
        "10000-01-01",
        "2026-02-30",
        "-001-01-01",
    ),
    *(
        "arxiv:2603.00001",
        "doi:10.1/x",
        "llm",
        "agents",
        '"a b"',
        "(((",
        "a OR",
        "ti:x*",
        "au:dao",
        "upvotes>=9",
    ),
    *(
        "Europe/Paris",
        "localtime",
        "../../etc/passwd",
        "08:00",
        "24:00",
        "mon",
        "daily",
        "one@example.org",
        "@",
    ),
)
NAMES = (
    *(
        "filters",
        "exclude",
        "authors",
        "topics",
        "email",
        "frequency",
        "weekday",
        "at",
        "timezone",
        "quiet_days",
    ),
    *(
        "max_papers",
        "front",
        "stamp",
        "website",
        "choice",
        "until",
        "term",
        "paper",
        "q",
        "page",
        "order",
        "date",
        "limit",
    ),
    *("cursor", "done", "List-Unsubscribe", "topic", "sort", "format", "from", "to", "é"),
)
TYPES = (
    *(
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json",
        "text/plain",
        "",
    ),
    *(
        "application/x-www-form-urlencoded; charset=utf-7",
        "multipart/form-data",
        "application/json; charset=utf-16",
    ),
)
HEADERS = (
    *(
        "Accept-Encoding: gzip",
        "If-None-Match: *",
        "If-None-Match: \xff",
        "Range: bytes=0-1",
        "Origin: http://[",
    ),
    *(
        "Sec-Fetch-Site: cross-site",
        "Cookie: digest_browser=\xff",
        "HX-Request: true",
        "Accept: application/json",
    ),
    *(
        "Referer: x",
        "If-Modified-Since: yesterday",
        "Accept-Language: \xff",
        "X-Forwarded-For: [::1",
        "Expect: x",
    ),
)
LIKELY = {  # what a parameter of a path is likely to be; a token for those of other names
    "ref": ("2603.00001", "2603.00002v3", "arxiv:2603.00003", "2603.00199", "2603.99999", "doi:10.1/x"),
    "form": ("rss", "atom", "json", "bib", "ris", "xml"),
    "slug": ("llm", "agents", "robotics", "nothing"),
    "name": ("Ada Lovelace", "alan turing", "2026-03", "2026-W12", "2026-11-28", "1-0000000000000000.jpg"),
    "day": ("2026-11-28", "2026-03-17", "2026-02-30"),
    "number": ("1", "2", "0", "99999999999999999999"),
    "act": ("pick", "hide", "unhide", "nothing"),
}
QUERIES = {  # what pages are asked for, each with words that mean something to one
    "q": (
        "agents",
        "plan*",
        'ti:"agents that"',
        "au:lovelace -robots",
        "cat:cs.CL OR has:code",
        "(",
        "like:2603.00001",
    ),
    "page": ("1", "2", "99", "0"),
    "order": ("newest", "trending", "upvotes"),
    "sort": ("newest", "relevance"),
    "date": ("2026-11-28", "2026-02-30", "2026-W12"),
    "from": ("2026-03-01", "2026-13-01"),
    "to": ("2026-03-31", ""),
    "topics": ("llm", "nothing"),
    "filters": ("agents", '"language model" -survey', "(("),
    "exclude": ("survey", '"'),
    "limit": ("1", "100", "-1"),
    "lang": ("de", "zh", "xx"),
    "paper": ("2603.00001", "arxiv:2603.00003", "nothing"),
    "term": ("agents", ""),
    "done": ("feed", "muted", "x"),
    "topic": ("llm", "x"),
}
METHODS = (*["GET"] * 10, *["POST"] * 8, *("HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "BREW"))


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: its first line for people, and all of it."""

    line: str
    content: bytes


def paths_of(app: FastAPI, method: str = "") -> list[str]:
    """The paths of all routes of an application (that take this method), their parameters in braces."""
    return sorted({path for path in _paths(app.routes, method) if path})


def _paths(routes: Iterable[object], method: str) -> Iterable[str]:
    for route in routes:
        if not method or method in (getattr(route, "methods", None) or ()):
            yield getattr(route, "path", "") or getattr(route, "path_format", "")
        yield from _paths(getattr(route, "routes", None) or (), method)
        yield from _paths(getattr(getattr(route, "original_router", None), "routes", None) or (), method)


def at_random(seed: int, paths: Sequence[str], there: Sequence[str]) -> Sent:
    """The request of this seed. `paths`: of routes; `there`: of pages that are there."""
    chance = random.Random(seed)
    tokens = _tokens(there)
    word = _words(chance, tokens)
    path = re.sub(r"\{(\w*)[^}]*\}", partial(_parameter, chance, word, tokens), chance.choice(paths))
    if chance.random() < 0.1:
        path = "/".join(_escaped(chance, word()) for _ in range(chance.randrange(5))) or "*"
    is_tame = (
        chance.random() < 0.5
    )  # as a browser would ask, so that what stands behind the guards is reached
    fields = [(chance.choice(NAMES), word()) for _ in range(chance.choice((0, 0, 1, 2, 5, 40)))]
    fields = fields[: chance.randrange(2)] if is_tame else fields
    query = "&".join(f"{quote_plus(name)}={_escaped(chance, value)}" for name, value in fields)
    method = "GET" if is_tame else chance.choice(METHODS)
    body, kind = _body(chance, word) if method in {"POST", "PUT", "PATCH"} else (b"", "")
    network = ".".join(str(chance.randrange(1, 255)) for _ in range(4))
    lines = [
        f"{method} {path}{f'?{query}' if query else ''} HTTP/1.1",
        "Host: x",
        f"X-Forwarded-For: {network}",
    ]
    lines += chance.sample(HEADERS, 0 if is_tame else chance.choice((0, 0, 1, 3)))
    lines += [f"Content-Type: {kind}"] * bool(kind) + [f"Content-Length: {len(body)}"] * bool(body)
    return Sent(lines[0][:300], "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)


def url_at_random(seed: int, paths: Sequence[str], there: Sequence[str]) -> Sent:
    """Ask for the URL of this seed as a browser would: of any route, mostly with parts of its kind and with
    queries that pages know, at times spoiled."""
    chance = random.Random(seed)
    tokens = _tokens(there)
    word = _words(chance, tokens)
    route = chance.choice(paths if chance.random() < 0.7 else there)
    path = re.sub(r"\{(\w*)[^}]*\}", partial(_parameter, chance, word, tokens), route)
    asked = chance.sample(list(QUERIES), chance.choice((0, 0, 1, 2, 4)))
    fields = [(name, word() if chance.random() < 0.3 else chance.choice(QUERIES[name])) for name in asked]
    query = "&".join(f"{quote_plus(name)}={_escaped(chance, value)}" for name, value in fields)
    if chance.random() < 0.05:  # spoiled
        at = chance.randrange(len(path) + 1)
        path = f"/{path[:at]}{_escaped(chance, word())}{path[at:]}".replace("//", "/")
    network = ".".join(str(chance.randrange(1, 255)) for _ in range(4))
    lines = [
        f"GET {path}{f'?{query}' if query else ''} HTTP/1.1",
        "Host: x",
        f"X-Forwarded-For: {network}",
        *chance.sample(HEADERS[:1] + HEADERS[5:9], chance.choice((0, 0, 1))),
    ]
    return Sent(lines[0][:300], "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))


def _tokens(there: Sequence[str]) -> list[str]:
    """The last parts of paths: tokens that open something, and names of things that are there."""
    return [each.rpartition("/")[2] for each in there]


def _parameter(
    chance: random.Random, word: Callable[[], str], tokens: Sequence[str], found: re.Match[str]
) -> str:
    """What stands in a path for a parameter: mostly something of its kind, so that pages are reached."""
    if chance.random() < 0.3:
        return _escaped(chance, word())
    return _escaped(chance, chance.choice(LIKELY.get(found[1], tokens)))


def _words(chance: random.Random, tokens: Sequence[str]) -> Callable[[], str]:
    def word() -> str:
        kind = chance.random()
        if kind < 0.003:
            return "\0"
        if kind < 0.5:
            return chance.choice(ODD)
        if kind < 0.65:
            return chance.choice(tokens)
        if kind < 0.8:
            return " ".join(chance.choices(ODD, k=chance.randrange(1, 6)))
        return "".join(chr(_code_point(chance)) for _ in range(chance.randrange(1, 40)))

    return word


def _code_point(chance: random.Random) -> int:
    most = chance.choice((0x7F, 0x7F, 0x3FF, 0xD7FF, 0x10FFFF))
    point = chance.randrange(most)
    return 0x41 if 0xD800 <= point <= 0xDFFF else point


def _escaped(chance: random.Random, text: str) -> str:
    """Escaped as in an address, now and then as bytes that are no UTF-8."""
    if chance.random() < 0.05:
        return "".join(f"%{chance.randrange(256):02x}" for _ in range(8))
    return quote(text, safe=chance.choice(("", ":/", "/")))


def _body(chance: random.Random, word: Callable[[], str]) -> tuple[bytes, str]:
    kind = chance.choice(TYPES)
    fields = [(chance.choice(NAMES), word()) for _ in range(chance.choice((0, 1, 3, 10)))]
    if kind.startswith("multipart"):
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{quote(name)}"\r\n\r\n{value}\r\n'
            for name, value in fields
        ]
        body = "".join([*parts, "--x--\r\n"]).encode()
    elif kind.startswith("application/json"):
        body = json.dumps(_value(chance, word, 0), ensure_ascii=chance.random() < 0.5).encode(
            "utf-8", "replace"
        )
    else:
        body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields).encode()
    if chance.random() < 0.1:  # spoiled
        at = chance.randrange(len(body) + 1)
        body = body[:at] + chance.randbytes(chance.randrange(20)) + body[at:]
    return body, kind


def _value(chance: random.Random, word: Callable[[], str], depth: int) -> object:
    kind = chance.randrange(8 if depth < 4 else 5)
    if kind > 5 or depth == 0:
        return {chance.choice(NAMES): _value(chance, word, depth + 1) for _ in range(chance.randrange(6))}
    if kind == 5:
        return [_value(chance, word, depth + 1) for _ in range(chance.randrange(6))]
    return (word(), word(), chance.randrange(-(10**30), 10**30), chance.random() * 1e300, None)[kind]
