"""Sends one email to show that emails arrive; returns the mail server's answer."""

import asyncio
import secrets
from dataclasses import replace
from datetime import datetime

from digest.deliver import Timeouts
from digest.domain import Digest, Message, Receipt
from digest.pipeline.installation import Installation
from digest.pipeline.mail.build import check_sender, finalize, message_name, return_address, write
from digest.pipeline.mail.outbox import connected
from digest.render import Encoded

TIMEOUTS = Timeouts(greeting=30, command=30, reply=60)
_NOBODY = 0  # the number of no subscriber: what comes back of this email changes nothing


def send_test_email(installation: Installation, recipient: str, now: datetime) -> Receipt:
    """Send a test email to an address; returns what the mail server made of it.

    Raises ConfigError while no sender is set up, DeliveryError when the server can't be used.
    """
    return _send(installation, installation.renderer.test(installation.site), recipient, now)


def send_preview(installation: Installation, digest: Digest, recipient: str, now: datetime) -> Receipt:
    """Send a digest to an address to look at; it is in no ledger, and its links are nobody's.

    Raises what `send_test_email` raises.
    """
    nobodys = replace(digest, subscriber=replace(digest.subscriber, id=_NOBODY, email=recipient))
    return _send(installation, write(installation, nobodys), recipient, now)


def _send(installation: Installation, message: Message | Encoded, recipient: str, now: datetime) -> Receipt:
    check_sender(installation)
    envelope = finalize(
        installation,
        message,
        recipient,
        sender=return_address(installation, _NOBODY),
        message_id=message_name(installation, _NOBODY, secrets.randbits(31)),
        now=now,
    )

    async def hand_over() -> Receipt:
        async with connected(installation, timeouts=TIMEOUTS) as transport:
            return await transport.hand_over(envelope, before_body=_go_on)

    return asyncio.run(hand_over())


async def _go_on() -> bool:
    return True
