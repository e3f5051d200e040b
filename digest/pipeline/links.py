"""A subscriber → the signed links that open their pages; a link → whose it is.

One purpose per kind of link: the token of one never opens another.
"""

from datetime import date
from enum import StrEnum
from urllib.parse import urlencode

from digest.domain import Interests
from digest.pipeline.installation import Installation
from digest.render import Links
from digest.tokens import sign, verify

LONGEST_QUERY = 400  # characters of a feed's query; mail programs cut longer links off


class Purpose(StrEnum):
    """What a link is for; the value is its path."""

    CONFIRM = "confirm"  # stands for a sign-up, all others for a subscriber
    PREFERENCES = "prefs"
    UNSUBSCRIBE = "u"
    PAUSE = "pause"
    MUTE = "mute"
    VOTE = "vote"


# What the tokens of mails that are out there were signed for; a path may be shortened, these stay.
_SIGNED = {Purpose.UNSUBSCRIBE: "unsubscribe"}


def link(installation: Installation, purpose: Purpose, number: int, **query: str) -> str:
    """The absolute address for a subscriber's (or sign-up's) number."""
    token = sign(_SIGNED.get(purpose, purpose), number, installation.keys)
    asked = f"?{urlencode(query)}" if query else ""
    return f"{installation.site.base_url}/{purpose}/{token}{asked}"


def opened(installation: Installation, purpose: Purpose, token: str) -> int:
    """The number that a link stands for. Raises TokenError."""
    return verify(_SIGNED.get(purpose, purpose), token, installation.keys)


def mail_links(
    installation: Installation,
    subscriber_id: int,
    *,
    issue_date: date | None = None,
    interests: Interests | None = None,
) -> Links:
    """The links of one subscriber's mail; `issue_date` and `interests`: of the digest that it carries."""
    return Links(
        web=f"{installation.site.base_url}/papers/{issue_date}" if issue_date else "",
        preferences=link(installation, Purpose.PREFERENCES, subscriber_id),
        unsubscribe=link(installation, Purpose.UNSUBSCRIBE, subscriber_id),
        pause=link(installation, Purpose.PAUSE, subscriber_id),
        vote=link(installation, Purpose.VOTE, subscriber_id),
        mute=link(installation, Purpose.MUTE, subscriber_id),
        feed=feed(installation, interests) if interests else "",
        unsubscribe_mail=_unsubscribe_mail(installation, subscriber_id),
    )


def feed(installation: Installation, interests: Interests) -> str:
    """The feed of what somebody asked for: a search, so that it tells no reader of itself; '' if too long."""
    wanted = [f"topic:{slug}" for slug in interests.topics] + list(interests.filters)
    if not wanted:
        return f"{installation.site.base_url}/papers.atom"
    either = " OR ".join(f"({each})" for each in wanted) if len(wanted) > 1 else wanted[0]
    unwanted = "".join(f" -({each})" for each in interests.exclude)
    query = urlencode({"q": f"({either}){unwanted}" if unwanted else either})
    return f"{installation.site.base_url}/search.atom?{query}" if len(query) <= LONGEST_QUERY else ""


def _unsubscribe_mail(installation: Installation, subscriber_id: int) -> str:
    """An address whose mails unsubscribe; the token stands in the subject, whose case every server keeps."""
    if not installation.unsubscribe_mail:
        return ""
    token = sign(_SIGNED[Purpose.UNSUBSCRIBE], subscriber_id, installation.keys)
    return f"{installation.unsubscribe_mail}?subject={token}"
