"""Finds whose mail came back, and applies what follows to its row and its subscriber.

Nothing follows from a report without a sign that only we could have made: an envelope sender's token, or
the Message-ID of a digest. Who it is about is read off that sign; whom the report names is shown and never
believed. The same report twice changes nothing more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from digest.bounces import Report, read
from digest.domain import Actor, BounceKind, DeliveryState
from digest.errors import TokenError
from digest.pipeline.delivery.throttle import slow_for_refusals
from digest.pipeline.installation import Installation, acting
from digest.pipeline.mail.links import Purpose, opened
from digest.pipeline.mail.suppression import suppress, suppress_if_often
from digest.pipeline.subscriptions.preferences import leave
from digest.store import deliveries, session
from digest.store.session import Session
from digest.store.subscriptions import subscribers
from digest.throttle import domain_of
from digest.tokens import verify_envelope

_NEEDS_SIGN = {BounceKind.HARD, BounceKind.SOFT, BounceKind.COMPLAINT, BounceKind.UNSUBSCRIBE}

_ENOUGH_REFUSALS = 3  # readers of one issue whose servers blame us, before their domain gets less


@dataclass(frozen=True, slots=True)
class Processed:
    """What a mail was taken for. `file`: its name; `email`: of the subscriber whose mail came back, or, where
    no sign says who that is, whom the report names; `status`: RFC 3463."""

    file: str
    kind: BounceKind
    email: str | None
    status: str | None

    @property
    def is_clear(self) -> bool:
        """Whether nobody has to look at it."""
        return self.kind not in {BounceKind.UNKNOWN, BounceKind.FORGED}


class _Origin(NamedTuple):
    """Whose mail it was, and of which issue (0: of none, or unknown)."""

    subscriber_id: int
    issue_id: int = 0


def process(
    installation: Installation, file: str, raw: bytes, now: datetime, *, dry_run: bool = False
) -> Processed:
    """Read one mail and do what follows from it; `dry_run`: only say what it is."""
    report = read(raw)
    with session.reading(installation.engine) as db:
        origin = _origin(installation, db, report)
        known = subscribers.addressee(db, origin.subscriber_id) if origin else None
    kind, about = report.kind, report.email
    if origin is None and kind in _NEEDS_SIGN:
        kind = BounceKind.FORGED
    elif origin and known:
        about = known.email
        if not dry_run:
            _apply_report(installation, report, origin, now)
    return Processed(file, kind, about or None, report.status or None)


def _origin(installation: Installation, db: Session, report: Report) -> _Origin | None:
    """Whose mail a report is about, by the first sign that is ours."""
    if report.link:
        try:
            return _Origin(opened(installation, Purpose.UNSUBSCRIBE, report.link))
        except TokenError:
            return None
    for token in report.tokens:
        try:
            return _Origin(*verify_envelope(token, installation.keys))
        except TokenError:
            continue
    row = deliveries.of_message(db, report.message_ids) if report.message_ids else None
    return _Origin(row.subscriber_id, row.issue_id) if row else None


def _apply_report(installation: Installation, report: Report, origin: _Origin, now: datetime) -> None:
    match report.kind:
        case BounceKind.HARD | BounceKind.SOFT:
            _failed(installation, report, origin, now)
        case BounceKind.COMPLAINT:
            _complained(installation, report, origin, now)
        case BounceKind.UNSUBSCRIBE:
            own = acting(installation, Actor(f"subscriber:{origin.subscriber_id}", "email"))
            leave(own, origin.subscriber_id, now, goodbye=False)
        case _:
            pass  # nothing follows


def _failed(installation: Installation, report: Report, origin: _Origin, now: datetime) -> None:
    """A row that came back, and its subscriber, where nobody is there or too many came back in a row.

    What is refused for a fault of ours (policy, reputation, spam …) fails, and counts for nothing.
    """
    state = DeliveryState.FAILED if report.blames_us else DeliveryState.BOUNCED
    refusing = ""
    with session.transaction(installation.engine) as db:
        row = deliveries.of_issue(db, *origin)
        turned = row is not None and deliveries.mark_returned(db, row.id, state, reply=report.words, now=now)
        if report.kind is BounceKind.HARD:
            suppress(installation, db, origin.subscriber_id, reason=report.words, now=now)
        elif row is not None and turned and state is DeliveryState.BOUNCED:
            suppress_if_often(installation, db, row.id, now)
        elif turned:
            refusing = _refusing_domain(db, origin)
    if refusing:
        slow_for_refusals(installation, refusing, report.words, now)


def _refusing_domain(db: Session, origin: _Origin) -> str:
    """The domain of a reader whose server blames us, where it sent back enough digests of this issue; or
    nothing. Each reader can forge a report about their own mail: one alone slows nobody down."""
    reader = subscribers.addressee(db, origin.subscriber_id)
    domain = domain_of(reader.email) if reader else ""
    refused = deliveries.came_back_failed(db, origin.issue_id, domain) if domain else 0
    return domain if refused >= _ENOUGH_REFUSALS else ""


def _complained(installation: Installation, report: Report, origin: _Origin, now: datetime) -> None:
    """Unsubscribes at once, without an email. Applied once; later re-subscriptions are kept."""
    with session.reading(installation.engine) as db:
        row = deliveries.of_issue(db, *origin)
    if row is not None and row.state is DeliveryState.COMPLAINED:
        return
    leave(installation, origin.subscriber_id, now, goodbye=False)
    if row is not None:
        with session.transaction(installation.engine) as db:
            state = DeliveryState.COMPLAINED
            deliveries.mark_returned(db, row.id, state, reply=report.words, now=now)
