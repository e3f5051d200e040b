"""Makes values of entries safe: raw text, links, times and counts come in, bounded plain values go out.

Every field of every entry passes through here. Nothing raises: what can't be used becomes empty or None.
"""

import hashlib
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from digest.sources.values import zones

MAX_TITLE = 500  # characters; the longest on arXiv has about 400
MAX_ABSTRACT = 10_000  # arXiv allows 1,920; some journals send the whole first page
MAX_SUMMARY = 2_000
MAX_NAME = 150
MAX_AUTHORS = 5_000  # the largest collaborations have about 5,100 names
MAX_CATEGORIES = 50
MAX_KEYWORDS = 30  # Hugging Face gives about ten
MAX_KEYWORD = 100
MAX_KEY = 300
MAX_LINK = 2_000
MAX_COUNT = 1_000_000_000
FIRST_YEAR, LAST_YEAR = 1600, 2200  # of papers: journals began in 1665

_UNPADDED = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")  # bioRxiv: 2026-6-30
_RAW_FACTOR = 5  # markup may make raw text this much longer than what is kept of it
# An end tag or a reference: then text of unknown kind is taken as HTML. "a < b" alone isn't.
_HTML = re.compile(
    r"</[A-Za-z][A-Za-z0-9:-]*\s*>|<(?:br|p|img|hr)\b[^<>]{0,500}>|&#?[A-Za-z0-9]{1,40};", re.IGNORECASE
)
# The heading that journals write before an abstract: a title of its own, as JATS and HTML have it, ...
_HEADING = re.compile(
    r"((?:\s*<[^<>]{1,200}>){0,4}?)\s*<((?:\w{1,9}:)?title|h[1-6]|b|strong)\b[^<>]{0,200}>\s*abstract\s*[.:]?\s*</\2\s*>",
    re.IGNORECASE,
)
_LABEL = re.compile(r"abstract\s*[:.—–]\s*", re.IGNORECASE)  # ... or a word before a sign
_SAFE_IN_URL = "%/:=&?~#+!$,;@()*[]-._"


def line(value: object, limit: int, *, html: bool = False) -> str:
    """Clean text on one line of at most `limit` characters; empty if it isn't text at all."""
    if not isinstance(value, str):
        return ""
    from digest.text import clean, clean_html  # noqa: PLC0415 - TeX and HTML; many ask only which kinds there are

    raw = value[: limit * _RAW_FACTOR].encode("utf-8", "replace").decode("utf-8")  # no lone surrogates
    text = clean_html(raw) if html else clean(raw)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def abstract(value: object, *, html: bool = False) -> str:
    """Clean an abstract, and leave out the heading "Abstract". Words that only begin so ("Abstractive
    summaries", "Abstract Meaning Representation") stay.
    """
    if html and isinstance(value, str) and (heading := _HEADING.match(value)):
        value = heading[1] + value[heading.end() :]
    text = line(value, MAX_ABSTRACT, html=html)
    label = _LABEL.match(text)
    return text[label.end() :] if label else text


def is_html(value: object) -> bool:
    """Return whether a text whose format doesn't say so is HTML: it holds an end tag or a reference."""
    return isinstance(value, str) and _HTML.search(value[: MAX_ABSTRACT * _RAW_FACTOR]) is not None


def authors(names: Iterable[object], *, html: bool = False) -> tuple[str, ...]:
    """Clean names, none empty; two people may have the same name."""
    cleaned = (line(name, MAX_NAME, html=html) for name in islice(names, MAX_AUTHORS))
    return tuple(name for name in cleaned if name)


def categories(terms: Iterable[object], *, html: bool = False) -> tuple[str, ...]:
    """Clean names of categories, none empty, none twice, in their order."""
    cleaned = (line(term, MAX_NAME, html=html) for term in islice(terms, MAX_CATEGORIES))
    return tuple(dict.fromkeys(term for term in cleaned if term))


def keywords(terms: object) -> tuple[str, ...]:
    """Clean keywords of a list, none empty, none twice in whatever case; nothing where it is no list."""
    listed = terms if isinstance(terms, list) else []
    cleaned = (line(term, MAX_KEYWORD) for term in islice(listed, MAX_KEYWORDS))
    first_spelling: dict[str, str] = {}
    for term in cleaned:
        if term:
            first_spelling.setdefault(term.casefold(), term)
    return tuple(first_spelling.values())


def key(value: object) -> str:
    """Return the source's own id of an item: printable and bounded; a longer one is replaced by its hash."""
    if not isinstance(value, str):
        return ""
    text = "".join(c for c in value if c.isprintable()).strip()
    return text if len(text) <= MAX_KEY else digest(text)


def digest(text: str) -> str:
    """Return a stable id for a text that has none of its own."""
    return "sha256-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def link(value: object) -> str:
    """Return an absolute http(s) link without credentials, safe to stand in a mail, or nothing."""
    if not isinstance(value, str) or len(value) > MAX_LINK:
        return ""
    text = value.strip()
    if not text.isprintable() or any(c.isspace() for c in text):
        return ""
    try:
        parts = urlsplit(text)
        host = _host(parts)
    except ValueError:  # brackets or ports that are none, host names that IDNA refuses
        return ""
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return ""
    path, query, fragment = (quote(part, safe=_SAFE_IN_URL) for part in parts[2:])
    query = "&".join(p for p in query.split("&") if not p.lower().startswith("utm_"))
    url = urlunsplit((parts.scheme, host, path, query, fragment))
    return url if len(url) <= MAX_LINK else ""


def _host(parts: SplitResult) -> str:
    """Host and port as DNS knows them; raises ValueError."""
    name = (parts.hostname or "").encode("idna").decode("ascii")
    if not all(c.isalnum() or c in "-._:" for c in name):
        raise ValueError(name)
    bracketed = f"[{name}]" if ":" in name else name
    return bracketed if parts.port is None else f"{bracketed}:{parts.port}"


def moment(value: object) -> datetime | None:
    """Return a time in ISO 8601 or as mails write it (RFC 5322), in UTC; without a zone it is taken as UTC.

    Zones may be offsets with a colon (`+05:30`), abbreviations (`CET`) or names (`Asia/Kolkata`).
    None too for years in which no paper appears: databases and calendars have their ends.
    """
    if not isinstance(value, str) or len(value) > 100:
        return None
    text = _UNPADDED.sub(lambda day: f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}", value.strip())
    text, zone = zones.split(text)
    for read in (datetime.fromisoformat, parsedate_to_datetime, _day_as_mails_write):
        try:
            when = read(text)
            return in_range((when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _day_as_mails_write(text: str) -> datetime:
    """`16 Mar 2026`, which the standard library reads only with a time."""
    return parsedate_to_datetime(f"{text} 00:00")


def in_range(when: datetime) -> datetime | None:
    """Return a time of a year in which a paper may have appeared, or may be announced; None for others."""
    return when if FIRST_YEAR <= when.year <= LAST_YEAR else None


def count(value: object) -> int | None:
    """Return a number of votes, comments or stars: not negative, bounded; None if it is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):  # an int may be too large to be asked
        return None
    return int(max(0, min(value, MAX_COUNT)))
