"""The ledger: issues, one row for each subscriber and local date, and what became of each message.

A row is claimed with a lease and a token, and only who holds the token settles it. Nothing is deleted.
"""

from digest.store.deliveries.accounts import Account, accounts
from digest.store.deliveries.claims import (
    Outcome,
    again,
    begin_sending,
    claim,
    expire,
    holds,
    mark_sent,
    settle,
    sweep,
)
from digest.store.deliveries.cohorts import (
    DuePage,
    count_due,
    due_cohorts,
    due_ids,
    due_page,
    history,
    history_of,
    last_digest_before,
    last_digests,
    packed_interests,
)
from digest.store.deliveries.issues import count_waiting, counts, issues, issues_by_id, open_issue, unfinished
from digest.store.deliveries.ledger import (
    NewDelivery,
    listing,
    of_subscriber,
    papers_sent,
    picked,
    record,
    remove_skipped,
    sent_to,
    with_paper,
)
from digest.store.deliveries.received import Received, last_received, received
from digest.store.deliveries.returns import (
    came_back_failed,
    find,
    mark_returned,
    of_issue,
    of_message,
    states_around,
)

__all__ = [
    "Account",
    "DuePage",
    "NewDelivery",
    "Outcome",
    "Received",
    "accounts",
    "again",
    "begin_sending",
    "came_back_failed",
    "claim",
    "count_due",
    "count_waiting",
    "counts",
    "due_cohorts",
    "due_ids",
    "due_page",
    "expire",
    "find",
    "history",
    "history_of",
    "holds",
    "issues",
    "issues_by_id",
    "last_digest_before",
    "last_digests",
    "last_received",
    "listing",
    "mark_returned",
    "mark_sent",
    "of_issue",
    "of_message",
    "of_subscriber",
    "open_issue",
    "packed_interests",
    "papers_sent",
    "picked",
    "received",
    "record",
    "remove_skipped",
    "sent_to",
    "settle",
    "states_around",
    "sweep",
    "unfinished",
    "with_paper",
]
