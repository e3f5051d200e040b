"""Chooses the papers of many subscribers, none of which they got before, however long ago.

In: candidates, a cohort, the messages that its subscribers got within the window. A paper that was listed
again is older than the window; whoever it was chosen for is looked up in the whole ledger, and nobody else.
"""

from collections.abc import Collection, Sequence

from digest.match import Cohort, Lists, unpack_sent
from digest.pipeline.issues.candidates import CandidateSet
from digest.store import deliveries
from digest.store.session import Session


def choose(
    db: Session,
    candidates: CandidateSet,
    cohort: Cohort,
    ids: Sequence[int],
    messages: Sequence[tuple[int, bytes]],
    *,
    but: Collection[int] = (),
) -> tuple[Lists, Lists]:
    """Return, by subscriber (`ids`, ascending), the numbers of their papers, best first; and of those that
    they got before.

    `messages`: subscriber id and packed papers of what they got within the window, by subscriber; the
    deliveries `but` (ids) don't count.
    """
    many = candidates.corpus.many
    looked_up: set[int] = set()
    while True:
        sent = unpack_sent(ids, messages, candidates.numbers)
        found = many.choose(cohort, sent)
        readers = {ids[place] for place in found.holding(candidates.listed_again)} - looked_up
        if not readers:
            return found, sent
        looked_up |= readers
        earlier = deliveries.history_of(db, sorted(readers), since=candidates.oldest, but=but)
        messages = sorted([*messages, *earlier], key=lambda message: message[0])
