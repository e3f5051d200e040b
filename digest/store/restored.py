"""After a restore: what may have been sent since the backup never is again, and no number is given twice.

Links in emails name subscribers and requests by number: what joined since the backup is gone, and the next
to join mustn't get a number that somebody else holds a link to.
"""

from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from digest.domain import DeliveryState
from digest.store import metadata
from digest.store.deliveries.tables.deliveries import DeliveryRow
from digest.store.subscriptions.tables.notices import NoticeRow
from digest.store.subscriptions.tables.signups import SignupRow

SKIPPED_NUMBERS = 1_000_000
REASON = "restored from a backup: it may have been sent since"
_OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED)


def settle_open(session: Session, now: datetime) -> int:
    """Make `uncertain` what was waiting or under way, digests and emails about subscriptions.

    Requests to subscribe that nobody had looked at are closed: whoever made one can ask again. Returns how
    many emails became uncertain.
    """
    settled = {"state": DeliveryState.UNCERTAIN, "claim_token": "", "lease_until": None, "settled_at": now}
    digests = update(DeliveryRow).where(DeliveryRow.state.in_(_OPEN)).values(**settled, reason=REASON)
    emails = update(NoticeRow).where(NoticeRow.state.in_(_OPEN)).values(**settled, reply=REASON)
    changed = [*session.scalars(digests.returning(DeliveryRow.id))]
    changed += session.scalars(emails.returning(NoticeRow.id))
    session.execute(update(SignupRow).where(SignupRow.decided_at.is_(None)).values(decided_at=now))
    return len(changed)


def skip_numbers(session: Session) -> None:
    """Leave out a million numbers of every table whose numbers are never used again."""
    for table in metadata.whole().sorted_tables:
        if not table.dialect_options["sqlite"]["autoincrement"]:
            continue
        if session.get_bind().dialect.name == "sqlite":
            moved = text("UPDATE sqlite_sequence SET seq = seq + :more WHERE name = :table RETURNING seq")
            if session.execute(moved, {"more": SKIPPED_NUMBERS, "table": table.name}).first() is None:
                first = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :more)")
                session.execute(first, {"more": SKIPPED_NUMBERS, "table": table.name})
        else:
            sequence = func.pg_get_serial_sequence(table.name, "id")
            session.execute(select(func.setval(sequence, func.nextval(sequence) + SKIPPED_NUMBERS)))
