"""The headers that tell mail programs and providers what a mail is.

In: a site, a subscriber's links, a digest. Out: (name, value) pairs, ASCII, one line each. Never: `From`,
`To`, `Date` and `Message-ID`, which belong to one hand-over.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from digest.domain import Digest
from digest.render.phrases import one_line
from digest.render.site import Links, Site

_PHRASE = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")  # words that need no quoting (RFC 5322, 3.2.3)
_LIST_ID_LABEL = "daily"  # for ever: people's rules and Gmail know the list by it (RFC 2919)

Headers = tuple[tuple[str, str], ...]


def header_text(text: str, most: int = 78) -> str:
    """Text that is inert in a header: one line, no controls, and no encoded word (RFC 2047).

    Python decodes encoded words in values that it is given, so that `=?UTF-8?Q?=0A?=Bcc: …` in a title would
    become a line break; a space between `=` and `?` makes them plain text.
    """
    return one_line(text.replace("=?", "= ?"), most)


def automatic_headers() -> Headers:
    """What every mail of ours says: a machine wrote it, and nobody waits for a reply (RFC 3834)."""
    return (("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "OOF, AutoReply"))


def list_headers(site: Site, links: Links, archive: str = "") -> Headers:
    """What a mail to a subscriber says of its list, and how to leave it (RFC 2369, 2919, 8058).

    `archive`: where its papers stand on the web, an absolute URL.
    """
    return (*_ascii(_leaving(links)), *_list(site, archive), *automatic_headers())


def digest_headers(digest: Digest, site: Site, links: Links) -> Headers:
    """The headers of a digest: those of the list, and some for feedback loops and for people's own rules."""
    archive = f"{site.base_url.rstrip('/')}/papers/{digest.issue.date}"
    kinds = frozenset([str(reason.kind) for match in digest.papers for reason in match.reasons])
    slugs = tuple([topic.slug for topic in digest.topics])
    return list_headers(site, links, archive) + _own(digest.issue.id, _audience(digest), kinds, slugs, site)


def _leaving(links: Links) -> Iterator[tuple[str, str]]:
    by_mail = f", <mailto:{links.unsubscribe_mail}>" if links.unsubscribe_mail else ""
    yield "List-Unsubscribe", f"<{links.unsubscribe}>{by_mail}"
    if links.unsubscribe.startswith("https://"):
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


@lru_cache(maxsize=64)  # equal for all readers of an issue
def _list(site: Site, archive: str) -> Headers:
    list_id = f"<{_LIST_ID_LABEL}.{site.host}>"
    headers = (
        ("List-Id", f"{site.name} {list_id}" if _PHRASE.fullmatch(site.name) else list_id),
        ("List-Help", f"<{site.base_url.rstrip('/')}/about>"),
        ("List-Archive", f"<{archive}>"),
        ("List-Owner", f"<mailto:{site.address}>"),
        ("List-Post", "NO"),
        ("Precedence", "bulk"),
    )
    return _ascii(header for header in headers if header[1] != "<>")


@lru_cache(maxsize=1024)  # equal for all readers of an issue who asked for the same
def _own(issue_id: int, audience: str, kinds: frozenset[str], slugs: tuple[str, ...], site: Site) -> Headers:
    headers = [("Feedback-ID", f"{issue_id}:{audience}:digest:{_sender_id(site)}")]
    if kinds:
        headers.append(("X-Digest-Reason", ", ".join(sorted(kinds))))
    if slugs:
        headers.append(("X-Digest-Topics", ", ".join(slugs)))
    return _ascii(headers)


def _audience(digest: Digest) -> str:
    """What the subscriber asked for, coarse enough to be counted by (Gmail's feedback loop)."""
    slugs = "+".join(sorted(topic.slug for topic in digest.topics))
    if len(slugs) > 40:
        return f"{len(digest.topics)}-topics"
    return slugs or ("filters" if digest.subscriber.interests.filters else "trending")


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
