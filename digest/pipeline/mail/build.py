"""Builds the message and the envelope of a digest: links signed, headers filled in.

Every other mail becomes an envelope here, too (`finalize`): one place where mails are finished and signed.
"""

from datetime import datetime
from email.utils import formataddr, parseaddr
from functools import cache

from digest.deliver import Envelope, wire_address
from digest.domain import Digest, Message, Schedule
from digest.errors import ConfigError
from digest.pipeline.installation import Installation
from digest.pipeline.mail.links import mail_links
from digest.render import Encoded, Site, as_bytes
from digest.render.site import in_language
from digest.throttle import domain_of
from digest.tokens import message_id, sign_envelope


def write(installation: Installation, digest: Digest) -> Encoded:
    """Render a digest with the links that belong to its subscriber."""
    reader = digest.subscriber
    links = mail_links(installation, reader.id, issue_date=digest.issue.date if digest.papers else None)
    return installation.renderer.digest(digest, site_of(installation, reader.schedule), links)


def subject(installation: Installation, digest: Digest) -> str:
    """Return the subject of what `write` returns, in a tenth of its time."""
    reader = digest.subscriber
    links = mail_links(installation, reader.id)
    return installation.renderer.subject(digest, site_of(installation, reader.schedule), links)


def site_of(installation: Installation, schedule: Schedule) -> Site:
    """Return the site as it speaks to somebody: in the language that they chose, else in its own."""
    return in_language(installation.site, schedule.language or installation.site.language)


def envelope(
    installation: Installation, digest: Digest, written: Encoded, *, message_id: str, now: datetime
) -> Envelope:
    """Return a digest's finished mail, once it is written."""
    recipient = digest.subscriber.email
    sender = return_address(installation, digest.subscriber.id, digest.issue.id)
    return finalize(installation, written, recipient, sender=sender, message_id=message_id, now=now)


def finalize(
    installation: Installation,
    message: Message | Encoded,
    recipient: str,
    *,
    sender: str,
    message_id: str,
    now: datetime,
) -> Envelope:
    """Return any finished mail: RFC 5322 bytes, signed where this installation signs, with the addresses that
    carry it. `sender`: of the envelope.
    """
    content = unsigned(installation, message, recipient, message_id=message_id, now=now)
    if installation.signer:
        content = installation.signer.sign(content, now)
    return Envelope(sender, recipient, content, message_id)


def message_name(installation: Installation, number: int, subscriber_id: int = 0) -> str:
    """Return the Message-ID of a row's email, the same at each try.

    `number`: of an issue, with its subscriber; or of any other email, alone. No subscriber has the number 0,
    so that it is no digest's.
    """
    return message_id(number, subscriber_id, installation.keys, domain_of(sender_address(installation)))


def return_address(installation: Installation, subscriber_id: int, issue_id: int = 0) -> str:
    """Return the envelope sender of a subscriber's mail; `issue_id`: of a digest.

    Signed where bounces have an address of their own (VERP): what comes back to it says whose mail it was,
    however little else it says, and nobody else can make one.
    """
    if not installation.bounce_mail:
        return sender_address(installation)
    local, _, domain = installation.bounce_mail.rpartition("@")
    return f"{local}+{sign_envelope(subscriber_id, issue_id, installation.keys)}@{domain}"


def unsigned(
    installation: Installation, message: Message | Encoded, recipient: str, *, message_id: str, now: datetime
) -> bytes:
    """Return the RFC 5322 bytes of a mail, as they are before they are signed.

    Domains are A-labels in headers too: a raw one would need SMTPUTF8 (RFC 6532), which few servers offer.
    """
    sender, to = _sender_field(installation.site.mail_from), _ascii_domain(recipient)
    return as_bytes(message, sender=sender, recipient=to, date=now, message_id=message_id)


@cache
def _sender_field(sender: str) -> str:
    name, address = parseaddr(sender)
    return formataddr((name, _ascii_domain(address)), "utf-8") if not address.isascii() else sender


def _ascii_domain(address: str) -> str:
    if address.isascii():
        return address
    try:
        return wire_address(address)
    except ValueError:  # no mail server takes it: delivery says so, of this mail alone
        return address


def sender_address(installation: Installation) -> str:
    """Return the bare address of `Name <address>`."""
    return _bare(installation.site.mail_from)


@cache
def _bare(sender: str) -> str:
    return parseaddr(sender)[1]


def check_sender(installation: Installation) -> None:
    """Raise ConfigError while nobody can tell who sends (CAN-SPAM, 15 USC 7704(a)(5))."""
    if installation.smtp_url.startswith("maildir:"):
        return
    if not installation.site.postal_address:
        msg = "no mail is sent while the sender has no postal address"
        raise ConfigError(msg, fix="DIGEST_POSTAL_ADDRESS='Your name, street, town, country'")
    if sender_address(installation).endswith("@localhost"):
        msg = "no mail is sent while there is no sender address"
        raise ConfigError(msg, fix="DIGEST_MAIL_FROM=papers@your-domain")
