"""The headers that tell mail programs and providers what a mail is.

In: a site, a subscriber's links, a digest. Out: (name, value) pairs, ASCII, one line each. Never: `From`,
`To`, `Date` and `Message-ID`, which belong to one hand-over.
"""

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from digest.domain import Digest
from digest.render.mime import Headers
from digest.render.phrases import one_line
from digest.render.site import Links, Site

_PHRASE = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")  # words that need no quoting (RFC 5322, 3.2.3)
_LIST_ID_LABEL = "daily"  # for ever: people's rules and Gmail know the list by it (RFC 2919)


def header_text(text: str, most: int = 78) -> str:
    """Make a text inert in a header: one line, no controls, and no encoded word (RFC 2047).

    Python decodes encoded words in values that it is given, so that `=?UTF-8?Q?=0A?=Bcc: …` in a title would
    become a line break; a space between `=` and `?` makes them plain text.
    """
    return one_line(text.replace("=?", "= ?"), most)


def automatic_headers() -> Headers:
    """Return what every mail of ours says: a machine wrote it, and nobody waits for a reply (RFC 3834)."""
    return (("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "OOF, AutoReply"))


def list_headers(site: Site, links: Links, archive: str = "") -> Headers:
    """Return what a mail to a subscriber says of its list, and how to leave it (RFC 2369, 2919, 8058).

    `archive`: where its papers stand on the web, an absolute URL.
    """
    return (*own_headers(links), *_list(site, archive, is_one_click(links)), *automatic_headers())


def own_headers(links: Links) -> Headers:
    """Return how this subscriber leaves the list (RFC 2369)."""
    by_mail = f", <mailto:{links.unsubscribe_mail}>" if links.unsubscribe_mail else ""
    value = f"<{links.unsubscribe}>{by_mail}"
    return (("List-Unsubscribe", value if _inert(value) else _made_inert(value)),)


def digest_headers(digest: Digest, site: Site, links: Links, kinds: frozenset[str]) -> Headers:
    """Return the headers of a digest but for `own_headers`: those of the list, and some for feedback loops
    and for people's own rules. `kinds` of the reasons for its papers. The same object for all who share them.
    """
    slugs = tuple([topic.slug for topic in digest.topics])
    issue, asked = (digest.issue.id, digest.issue.date), (_audience(digest, slugs), slugs)
    return _shared(issue, asked, kinds, site, is_one_click(links))


def is_one_click(links: Links) -> bool:
    """Tell whether a mail program may unsubscribe by itself: over HTTPS only (RFC 8058, section 3)."""
    return links.unsubscribe.startswith("https://")


@lru_cache(maxsize=64)  # equal for all readers of an issue
def _list(site: Site, archive: str, one_click: bool) -> Headers:
    list_id = f"<{_LIST_ID_LABEL}.{site.host}>"
    headers = (
        *((("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),) if one_click else ()),
        ("List-Id", f"{site.name} {list_id}" if _PHRASE.fullmatch(site.name) else list_id),
        ("List-Help", f"<{site.base_url.rstrip('/')}/about>"),
        ("List-Archive", f"<{archive}>"),
        ("List-Owner", f"<mailto:{site.address}>"),
        ("List-Post", "NO"),
        ("Precedence", "bulk"),
    )
    return _ascii(header for header in headers if header[1] != "<>")


@lru_cache(maxsize=1024)  # equal for all readers of an issue who asked for the same
def _shared(
    issue: tuple[int, date],
    asked: tuple[str, tuple[str, ...]],
    kinds: frozenset[str],
    site: Site,
    one_click: bool,
) -> Headers:
    (issue_id, day), (audience, slugs) = issue, asked
    archive = f"{site.base_url.rstrip('/')}/papers/{day}"
    headers = [("Feedback-ID", f"{issue_id}:{audience}:digest:{_sender_id(site)}")]
    if kinds:
        headers.append(("X-Digest-Reason", ", ".join(sorted(kinds))))
    if slugs:
        headers.append(("X-Digest-Topics", ", ".join(slugs)))
    return (*_list(site, archive, one_click), *automatic_headers(), *_ascii(headers))


def _audience(digest: Digest, slugs: tuple[str, ...]) -> str:
    """What the subscriber asked for, coarse enough to be counted by (Gmail's feedback loop)."""
    joined = "+".join(sorted(slugs))
    if len(joined) > 40:
        return f"{len(slugs)}-topics"
    return joined or ("filters" if digest.subscriber.interests.filters else "trending")


@lru_cache(maxsize=16)
def _sender_id(site: Site) -> str:
    """5 to 15 letters and digits that stay the same for a site, as Gmail wants them."""
    return f"digest{re.sub('[^a-z0-9]', '', site.host)}"[:15]


def _ascii(headers: Iterable[tuple[str, str]]) -> Headers:
    """Values of one ASCII line; long ones are kept whole, folding is the message's business."""
    return tuple((name, value if _inert(value) else _made_inert(value)) for name, value in headers)


def _inert(value: str) -> bool:
    return value.isascii() and value.isprintable() and "=?" not in value and "  " not in value


def _made_inert(value: str) -> str:
    return header_text(value, len(value) * 2).encode("ascii", "replace").decode("ascii")
