"""A digest → the message and the envelope for its subscriber: links signed, headers filled in."""

from datetime import datetime
from email.utils import parseaddr

from digest.deliver import Envelope
from digest.domain import Digest, Message
from digest.pipeline.installation import Installation
from digest.render import Links, as_bytes
from digest.tokens import sign


def write(installation: Installation, digest: Digest) -> Message:
    """Render a digest with the links that belong to its subscriber."""
    base = installation.site.base_url
    subscriber = digest.subscriber.id
    links = Links(
        web=f"{base}/papers/{digest.issue.date}",
        preferences=f"{base}/prefs/{sign('prefs', subscriber, installation.keys)}",
        unsubscribe=f"{base}/u/{sign('unsubscribe', subscriber, installation.keys)}",
    )
    return installation.renderer.digest(digest, installation.site, links)


def envelope(installation: Installation, digest: Digest, *, message_id: str, now: datetime) -> Envelope:
    """The finished mail: RFC 5322 bytes with the addresses that carry it."""
    recipient = digest.subscriber.email
    content = as_bytes(
        write(installation, digest),
        sender=installation.site.mail_from,
        recipient=recipient,
        date=now,
        message_id=message_id,
    )
    return Envelope(sender_address(installation), recipient, content, message_id)


def sender_address(installation: Installation) -> str:
    """The bare address of `Name <address>`."""
    return parseaddr(installation.site.mail_from)[1]
