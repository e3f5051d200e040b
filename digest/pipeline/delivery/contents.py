"""Builds the digests that rows of the ledger promised, for their readers as they are now.

A chunk goes through as arrays, like the issue that made it; a reason is found once for all whom it brings a
paper.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from digest.compose import MOST_ALSO, compose
from digest.domain import Delivery, Digest, Issue, Paper, SkipReason, Subscriber
from digest.match import Lists, unpack
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import CandidateCache, CandidateSet
from digest.pipeline.issues.choosing import choose
from digest.pipeline.issues.no_papers import quiet_digest, reason_of
from digest.pipeline.issues.withdrawals import Withdrawals
from digest.pipeline.mail.pictures import Pictures
from digest.store import deliveries, papers, session
from digest.store.subscriptions import interests


class DigestBuilder:
    """Remembers editions, and what they explained, from chunk to chunk; to be made anew every now and then,
    because papers are merged and hidden meanwhile."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._candidates = CandidateCache(installation)
        self._pictures = Pictures(installation)

    def digests(self, rows: Sequence[Delivery], people: Mapping[int, Subscriber]) -> dict[int, Digest | None]:
        """Return, by delivery id, the digest that its row promised: its papers in order, with their reasons.

        What the subscriber doesn't want any more is left out; where nothing stays: a quiet day's mail, or
        None for who wants none.
        """
        with session.reading(self._installation.engine) as db:
            issues = deliveries.issues_by_id(db, {row.issue_id for row in rows})
            withdrawn = Withdrawals(
                db,
                [issue.opened_at for issue in issues],
                {row.subscriber_id for row in rows},
                but={row.id for row in rows},
            )
            hidden = papers.hidden(db)
        found: dict[int, Digest | None] = {}
        for issue in issues:
            of_issue = [row for row in rows if row.issue_id == issue.id]
            for days in {row.window_days for row in of_issue}:
                window = timedelta(days=days) if days else self._installation.window
                candidates = self._candidates.at(issue.opened_at, window)
                same = [row for row in of_issue if row.window_days == days]
                gone = {candidates.numbers.get(pk) for pk in (*withdrawn.papers, *hidden)}
                found |= self._of_issue(issue, candidates, same, people, withdrawn=withdrawn, gone=gone)
        written = {row: digest for row, digest in found.items() if digest}
        return found | dict(zip(written, self._pictures.given(list(written.values())), strict=True))

    def _of_issue(
        self,
        issue: Issue,
        candidates: CandidateSet,
        rows: Sequence[Delivery],
        people: Mapping[int, Subscriber],
        *,
        withdrawn: Withdrawals,
        gone: Collection[int | None],  # numbers of papers that were withdrawn or hidden since
    ) -> dict[int, Digest | None]:
        rows = sorted(rows, key=lambda row: row.subscriber_id)
        digests: dict[int, Digest | None] = {}
        listed = candidates.corpus.papers
        for row, chosen, others in zip(rows, *self._chosen(candidates, rows), strict=True):
            reader = people[row.subscriber_id]
            promised = {candidates.numbers.get(pk) for pk in row.papers}.difference(gone)
            shown = [number for number in chosen if number in promised]
            kept = candidates.corpus.why.explain(reader.interests, shown, reader.saved)
            also_trending = [listed[number] for number in others if number not in gone]
            back = withdrawn.of(row.subscriber_id, issue.opened_at)
            digests[row.id] = compose(
                reader,
                issue,
                kept,
                candidates.topics_of(reader),
                candidates.notes,
                also_trending=also_trending,
                withdrawn=back,
            ) or _without_papers(candidates, reader, issue, row, also_trending=also_trending, withdrawn=back)
        return digests

    def _chosen(
        self, candidates: CandidateSet, rows: Sequence[Delivery]
    ) -> tuple[list[list[int]], list[list[int]]]:
        """The numbers of the papers that each reader would get now, but for what these rows carry; and of
        those that trend beside them."""
        ids = [row.subscriber_id for row in rows]
        corpus = candidates.corpus
        with session.reading(self._installation.engine) as db:
            cohort = unpack(*deliveries.packed_interests(db, ids))
            unread = corpus.many.unread(cohort)
            corpus.many.read(unread, interests.filter_texts(db, unread))
            but = {row.id for row in rows}
            messages = deliveries.history_of(db, ids, since=candidates.since, but=but)
            found, sent = choose(db, candidates, cohort, ids, messages, but=but)
        return _lists(found), _lists(corpus.many.also_trending(cohort, sent.joined(found), MOST_ALSO))


def _lists(found: Lists) -> list[list[int]]:
    items = found.items.tolist()
    return [items[start:end] for start, end in pairwise(found.offsets.tolist())]


def _without_papers(
    candidates: CandidateSet,
    reader: Subscriber,
    issue: Issue,
    row: Delivery,
    *,
    also_trending: Sequence[Paper],
    withdrawn: Sequence[Paper],
) -> Digest | None:
    """The mail of somebody for whom there is nothing: what was promised isn't wanted any more, or it was so
    from the start, for the reason that the row keeps."""
    schedule = reader.schedule
    if not schedule.quiet_days:
        return None
    reason = SkipReason.NO_MATCH if row.papers else reason_of(row.reason, candidates, schedule.frequency)
    return quiet_digest(candidates, reader, issue, reason, also_trending=also_trending, withdrawn=withdrawn)
