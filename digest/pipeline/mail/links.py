"""Signs the links that open a subscriber's pages, and reads whose a link is.

One purpose per kind of link: the token of one never opens another.
"""

from datetime import date, datetime
from enum import StrEnum
from urllib.parse import urlencode

from digest.pipeline.installation import Installation
from digest.render import Links
from digest.tokens import sign, sign_until, verify, verify_until


class Purpose(StrEnum):
    """What a link is for; the value is its path."""

    CONFIRM = "confirm"  # stands for a sign-up, all others for a subscriber
    PREFERENCES = "prefs"
    UNSUBSCRIBE = "u"
    PAUSE = "pause"
    MUTE = "mute"  # of mails before `less`
    LESS = "less"
    VOTE = "vote"
    SAVE = "save"
    ME = "me"


ERASE = "erase"  # the paths and purposes of the links that expire
SIGNIN = "signin"
# What the tokens of mails that are out there were signed for; a path may be shortened, these stay.
_SIGNED = {Purpose.UNSUBSCRIBE: "unsubscribe"}


def link(installation: Installation, purpose: Purpose, number: int, **query: str) -> str:
    """Return the absolute address for a subscriber's (or sign-up's) number."""
    token = sign(_SIGNED.get(purpose, purpose), number, installation.keys)
    asked = f"?{urlencode(query)}" if query else ""
    return f"{installation.site.base_url}/{purpose}/{token}{asked}"


def opened(installation: Installation, purpose: Purpose, token: str) -> int:
    """Return the number that a link stands for. Raises TokenError."""
    return verify(_SIGNED.get(purpose, purpose), token, installation.keys)


def erase_link(installation: Installation, number: int, expires: datetime) -> str:
    """Return the absolute address at which a subscriber confirms that everything about them is erased."""
    return f"{installation.site.base_url}/{ERASE}/{sign_until(ERASE, number, expires, installation.keys)}"


def opened_erase(installation: Installation, token: str, now: datetime) -> int:
    """Return the number of the subscriber whose link to erasing this is.

    Raises TokenError, also when it is over.
    """
    return verify_until(ERASE, token, installation.keys, now)


def signin_link(installation: Installation, number: int, expires: datetime) -> str:
    """Return the absolute address at which somebody signs in; `number`: of their request."""
    return f"{installation.site.base_url}/{SIGNIN}/{sign_until(SIGNIN, number, expires, installation.keys)}"


def opened_signin(installation: Installation, token: str, now: datetime) -> int:
    """Return the number of the request whose link this is. Raises TokenError, also when it is over."""
    return verify_until(SIGNIN, token, installation.keys, now)


def mail_links(
    installation: Installation,
    subscriber_id: int,
    *,
    issue_date: date | None = None,
) -> Links:
    """Return the links of one subscriber's mail; `issue_date`: of its digest, to be read on the web."""
    me = link(installation, Purpose.ME, subscriber_id)
    return Links(
        web=f"{me}/digests/{issue_date}" if issue_date else "",
        preferences=link(installation, Purpose.PREFERENCES, subscriber_id),
        unsubscribe=link(installation, Purpose.UNSUBSCRIBE, subscriber_id),
        pause=link(installation, Purpose.PAUSE, subscriber_id),
        vote=link(installation, Purpose.VOTE, subscriber_id),
        save=link(installation, Purpose.SAVE, subscriber_id),
        feed=f"{me}#feed",
        less=link(installation, Purpose.LESS, subscriber_id),
        unsubscribe_mail=_unsubscribe_mail(installation, subscriber_id),
    )


def _unsubscribe_mail(installation: Installation, subscriber_id: int) -> str:
    """An address whose mails unsubscribe; the token stands in the subject, whose case every server keeps."""
    if not installation.unsubscribe_mail:
        return ""
    token = sign(_SIGNED[Purpose.UNSUBSCRIBE], subscriber_id, installation.keys)
    return f"{installation.unsubscribe_mail}?subject={token}"
