"""The headers of a digest that tell mail programs and providers what it is.

In: a digest, its site and links. Out: (name, value) pairs, ASCII, one line each. Never: `From`, `To`, `Date`
and `Message-ID`, which belong to one hand-over.
"""

import re
from collections.abc import Iterator

from digest.domain import Digest
from digest.render.phrases import one_line
from digest.render.site import Links, Site

_PHRASE = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")  # words that need no quoting (RFC 5322, 3.2.3)
_LIST_ID_LABEL = "daily"  # for ever: people's rules and Gmail know the list by it (RFC 2919)


def header_text(text: str, most: int = 78) -> str:
    """Text that is inert in a header: one line, no controls, and no encoded word (RFC 2047).

    Python decodes encoded words in values that it is given, so that `=?UTF-8?Q?=0A?=Bcc: …` in a title would
    become a line break; a space between `=` and `?` makes them plain text.
    """
    return one_line(re.sub(r"=(?=\?)", "= ", text), most)


def digest_headers(digest: Digest, site: Site, links: Links) -> tuple[tuple[str, str], ...]:
    """The headers of a digest (RFC 2369, 2919, 3834, 8058, and people's own rules)."""
    return tuple((name, _ascii(value)) for name, value in _headers(digest, site, links))


def _headers(digest: Digest, site: Site, links: Links) -> Iterator[tuple[str, str]]:
    base = site.base_url.rstrip("/")
    list_id = f"<{_LIST_ID_LABEL}.{site.host}>"
    yield "List-Id", f"{site.name} {list_id}" if _PHRASE.fullmatch(site.name) else list_id
    by_mail = f", <mailto:{links.unsubscribe_mail}>" if links.unsubscribe_mail else ""
    yield "List-Unsubscribe", f"<{links.unsubscribe}>{by_mail}"
    if links.unsubscribe.startswith("https://"):
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    yield "List-Help", f"<{base}/about>"
    yield "List-Archive", f"<{base}/papers/{digest.issue.date}>"
    yield "List-Owner", f"<mailto:{site.address}>"
    yield "List-Post", "NO"
    yield "Auto-Submitted", "auto-generated"
    yield "Precedence", "bulk"
    yield "X-Auto-Response-Suppress", "OOF, AutoReply"
    yield "Feedback-ID", f"{digest.issue.id}:{_audience(digest)}:digest:{_sender_id(site)}"
    kinds = {reason.kind.value for match in digest.papers for reason in match.reasons}
    if kinds:
        yield "X-Digest-Reason", ", ".join(sorted(kinds))
    if digest.topics:
        yield "X-Digest-Topics", ", ".join(topic.slug for topic in digest.topics)


def _audience(digest: Digest) -> str:
    """What the subscriber asked for, coarse enough to be counted by (Gmail's feedback loop)."""
    slugs = "+".join(sorted(topic.slug for topic in digest.topics))
    if len(slugs) > 40:
        return f"{len(digest.topics)}-topics"
    return slugs or ("filters" if digest.subscriber.interests.filters else "trending")


def _sender_id(site: Site) -> str:
    """5 to 15 letters and digits that stay the same for a site, as Gmail wants them."""
    return f"digest{re.sub('[^a-z0-9]', '', site.host)}"[:15]


def _ascii(value: str) -> str:
    """A value of one ASCII line; long ones are kept whole, folding is the message's business."""
    return header_text(value, len(value) * 2).encode("ascii", "replace").decode("ascii")
