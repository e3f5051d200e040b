"""Sends queued emails about subscriptions, and writes down what became of them.

Like a digest, a mail is committed as `sending` before its body leaves, and never sent again after a doubt:
who misses a confirmation asks for another.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from digest.deliver import Envelope, Transport
from digest.domain import (
    DeliveryState,
    Digest,
    Message,
    ProposalState,
    Receipt,
    Role,
    Schedule,
    Subscriber,
    SubscriberStatus,
)
from digest.due import next_due
from digest.errors import DeliveryError
from digest.languages import dates, speaking
from digest.languages import gettext as _
from digest.pipeline import failures
from digest.pipeline.failures import Part
from digest.pipeline.installation import Installation
from digest.pipeline.issues.preview import preview
from digest.pipeline.mail import outbox
from digest.pipeline.mail.build import check_sender, finalize, message_name, return_address, site_of
from digest.pipeline.mail.links import Purpose, erase_link, link, mail_links, signin_link
from digest.pipeline.mail.suppression import suppress
from digest.pipeline.subscriptions.personal_data import ERASE_WITHIN
from digest.pipeline.subscriptions.signin import LINK_LASTS, MAY_SIGN_IN
from digest.pipeline.subscriptions.signup import CONFIRM_WITHIN, expected
from digest.render import Encoded, Links, Site, phrases
from digest.store import session
from digest.store.community import proposals
from digest.store.monitoring import failures as kept_failures
from digest.store.session import Session
from digest.store.subscriptions import interests, signups, subscribers, suppressions, transactional
from digest.store.subscriptions.transactional import TransactionalEmail, TransactionalKind
from digest.tokens import address_hashes

log = logging.getLogger(__name__)

_WANTED = {  # a mail is only right while its subscriber is in one of these states
    TransactionalKind.CONFIRM: {SubscriberStatus.PENDING, SubscriberStatus.UNSUBSCRIBED},
    TransactionalKind.ALREADY: {SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED},
    TransactionalKind.WELCOME: {SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED},
    TransactionalKind.GOODBYE: {SubscriberStatus.UNSUBSCRIBED},
    TransactionalKind.PREFERENCES: set(SubscriberStatus) - {SubscriberStatus.SUPPRESSED},
    TransactionalKind.ERASE: set(SubscriberStatus) - {SubscriberStatus.SUPPRESSED},
    TransactionalKind.PROPOSAL: {SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED},
    TransactionalKind.QUEUE: {SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED},
    TransactionalKind.SIGNIN: MAY_SIGN_IN,
}


def deliver_due(installation: Installation, now: datetime, *, limit: int = 50) -> int:
    """Claim and deliver at most `limit` mails; returns how many were claimed.

    Raises DeliveryError when the mail server can't be used at all (they are queued again) and ConfigError
    when the sender isn't set up.
    """
    check_sender(installation)
    with session.transaction(installation.engine) as db:
        claimed = transactional.claim(db, now=now, limit=limit, lease=outbox.LEASE)
    if claimed:
        asyncio.run(_hand_over_all(installation, claimed, now))
    return len(claimed)


async def _hand_over_all(
    installation: Installation, claimed: Sequence[TransactionalEmail], now: datetime
) -> None:
    async with outbox.connected(installation, connections=installation.smtp_connections) as transport:
        done = await asyncio.gather(
            *(_hand_over(installation, transport, notice, now) for notice in claimed), return_exceptions=True
        )
    for failure in done:
        if failure is not None:
            raise failure


async def _hand_over(
    installation: Installation, transport: Transport, notice: TransactionalEmail, now: datetime
) -> None:
    """Hand over one email. What fails for a reason that nobody foresaw is tried again as after a refusal, and
    stops no other; where its body may have left, it isn't. Raises DeliveryError, the email queued again."""

    async def begin() -> bool:
        with session.transaction(installation.engine) as db:
            return transactional.begin_sending(db, notice, now=now, lease=outbox.LEASE)

    came = await outbox.hand_over(
        transport, lambda: _envelope(installation, notice, now), begin, outbox.TRANSACTIONAL
    )
    if came.error and not isinstance(came.error, DeliveryError):
        log.warning("%s email %d is set aside: %s", notice.kind, notice.id, failures.words(came.error))
        failures.note(installation, Part.EMAIL, _name(notice), came.error, now)
    _settle(installation, notice, came.receipt, now)
    if isinstance(came.error, DeliveryError):
        raise came.error


def _name(notice: TransactionalEmail) -> str:
    return f"{notice.kind} {notice.id}"


# They lead to leaving and erasing, which must work whatever a row holds.
_ALWAYS = frozenset({TransactionalKind.GOODBYE, TransactionalKind.PREFERENCES, TransactionalKind.ERASE})


def _envelope(installation: Installation, notice: TransactionalEmail, now: datetime) -> Envelope | None:
    """The finished mail, or None where it isn't wanted any more."""
    with session.reading(installation.engine) as db:
        read = subscribers.addressee if notice.kind in _ALWAYS else subscribers.by_id
        subscriber = read(db, notice.subscriber_id)
        if subscriber is None or not _is_wanted(installation, db, notice, subscriber, now):
            return None
    name = message_name(installation, notice.id)
    with speaking(site_of(installation, subscriber.schedule).language):
        message = _message(installation, notice, subscriber, now)
    sender = return_address(installation, subscriber.id)
    return finalize(installation, message, subscriber.email, sender=sender, message_id=name, now=now)


def _is_wanted(
    installation: Installation, db: Session, notice: TransactionalEmail, subscriber: Subscriber, now: datetime
) -> bool:
    if subscriber.status not in _WANTED[notice.kind]:
        return False
    if notice.kind is TransactionalKind.CONFIRM:
        signup = signups.get(db, notice.signup_id or 0)
        if signup is None or signup.confirmed_at or now > signup.at + CONFIRM_WITHIN:
            return False
    if notice.kind is TransactionalKind.PROPOSAL:
        decided = {ProposalState.ACCEPTED, ProposalState.REJECTED}
        proposal = proposals.find(db, notice.proposal_id or 0)
        if proposal is None or proposal.state not in decided:
            return False  # undone meanwhile
    if notice.kind is TransactionalKind.QUEUE:
        waiting = proposals.count(db, state=ProposalState.PENDING)
        if not waiting or not subscriber.role.includes(Role.CURATOR):
            return False
    if notice.kind is TransactionalKind.SIGNIN and now > notice.created_at + LINK_LASTS:
        return False
    return not suppressions.among(db, address_hashes(subscriber.email, installation.keys))


def _message(  # noqa: PLR0911 - one for each kind
    installation: Installation, notice: TransactionalEmail, subscriber: Subscriber, now: datetime
) -> Message | Encoded:
    site, renderer = site_of(installation, subscriber.schedule), installation.renderer
    links = mail_links(installation, subscriber.id)
    match notice.kind:
        case TransactionalKind.CONFIRM:
            return _confirm(installation, notice, now)
        case TransactionalKind.ALREADY:
            return _already(installation, subscriber, links)
        case TransactionalKind.WELCOME:
            shown = _first_digest(installation, subscriber, now)
            return renderer.welcome(site, links, shown, first=_expected(installation, subscriber))
        case TransactionalKind.GOODBYE:
            return renderer.goodbye(site, back=links.unsubscribe)
        case TransactionalKind.PREFERENCES:
            return renderer.preferences(site, link=links.preferences)
        case TransactionalKind.ERASE | TransactionalKind.SIGNIN:
            return _with_expiring_link(installation, notice, site)
        case TransactionalKind.PROPOSAL | TransactionalKind.QUEUE:
            return _of_proposals(installation, notice, site, now)


def _confirm(installation: Installation, notice: TransactionalEmail, now: datetime) -> Message:
    """The email that asks to confirm: until when, and what comes then."""
    with session.reading(installation.engine) as db:
        signup = signups.get(db, notice.signup_id or 0)
    schedule = signup.schedule if signup else Schedule()
    due, zone = next_due(schedule, now), schedule.timezone
    site = site_of(installation, schedule)  # as it was asked for now, whatever an earlier subscription said
    with speaking(site.language):
        return installation.renderer.confirm(
            site,
            link=link(installation, Purpose.CONFIRM, notice.signup_id or 0),
            hours=_hours(CONFIRM_WITHIN),
            until=phrases.moment((signup.at if signup else notice.created_at) + CONFIRM_WITHIN, zone),
            first=phrases.moment(due[0], zone) if due else "",
        )


def _already(installation: Installation, subscriber: Subscriber, links: Links) -> Message:
    due, until, zone = subscriber.next_due_at, subscriber.paused_until, subscriber.schedule.timezone
    is_active = subscriber.status is SubscriberStatus.ACTIVE
    return installation.renderer.already(
        site_of(installation, subscriber.schedule),
        links,
        following=phrases.moment(due, zone) if due and is_active else "",
        paused=dates.day_name(until.astimezone(ZoneInfo(zone)).date()) if until and not is_active else "",
    )


def _of_proposals(
    installation: Installation, notice: TransactionalEmail, site: Site, now: datetime
) -> Message:
    """The email about one proposal, or about the curators' queue."""
    renderer = installation.renderer
    with session.reading(installation.engine) as db:
        if notice.kind is TransactionalKind.QUEUE:
            return renderer.queue(site, proposals.in_state(db, [ProposalState.PENDING]), now)
        return renderer.proposal(site, proposals.get(db, notice.proposal_id or 0))


def _with_expiring_link(installation: Installation, notice: TransactionalEmail, site: Site) -> Message:
    renderer = installation.renderer
    if notice.kind is TransactionalKind.ERASE:
        address = erase_link(installation, notice.subscriber_id, notice.created_at + ERASE_WITHIN)
        return renderer.erase(site, link=address, hours=_hours(ERASE_WITHIN))
    address = signin_link(installation, notice.signin_id or 0, notice.created_at + LINK_LASTS)
    return renderer.signin(site, link=address, minutes=int(LINK_LASTS.total_seconds() // 60))


def _hours(span: timedelta) -> int:
    return int(span.total_seconds() // 3600)


def _expected(installation: Installation, subscriber: Subscriber) -> str:
    """When a subscriber's first digest comes and of what, on one line; '' while nothing is due."""
    with session.reading(installation.engine) as db:
        titles = {topic.slug: topic.title for topic in interests.topics(db)}
    first = expected(subscriber, titles)
    if first is None:
        return ""
    subjects = ", ".join(phrases.one_line(_(each), 60) for each in first.subjects[:5]) or _("what trends")
    return f"{dates.long_day(first.at.date())}, {first.at:%H:%M} {first.timezone} · {subjects}"


def _first_digest(installation: Installation, subscriber: Subscriber, now: datetime) -> Digest | None:
    """Today's digest for somebody who waits so long for the first one that none of it will come again."""
    due = subscriber.next_due_at
    if due is None or due - now <= installation.window:
        return None
    found = preview(installation, subscriber, now).digest
    return replace(found, next_at=due) if found and found.papers else None


def _settle(installation: Installation, notice: TransactionalEmail, receipt: Receipt, now: datetime) -> None:
    state, again = outbox.next_step(
        outbox.TRANSACTIONAL, receipt, attempts=notice.attempts, now=now, due_at=notice.created_at
    )
    if state is DeliveryState.DEFERRED:
        state = DeliveryState.QUEUED  # the only state in which these wait
    with session.transaction(installation.engine) as db:
        ours = transactional.settle(
            db, notice, state=state, reply=receipt.reply, now=now, next_attempt_at=again
        )
        if ours and state is DeliveryState.SENT and notice.attempts > 1:
            kept_failures.clear(db, Part.EMAIL, [_name(notice)])
        if ours and receipt.suppress:
            suppress(installation, db, notice.subscriber_id, reason=receipt.reply, now=now)
