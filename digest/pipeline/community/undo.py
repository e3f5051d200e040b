"""Takes acts back: for each act a function puts the object back as it was before, in one transaction.

After an act and its undo the store is as before, but for the audit. An act whose object was changed since is
refused, never half undone. A new act needs a line in `UNDO`, or in `FINAL` with the reason in words.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from digest.domain import Schedule
from digest.due import next_due
from digest.errors import RefusedError, UnknownError
from digest.pipeline.community import moderation, picks, reports
from digest.pipeline.community.proposals import states
from digest.pipeline.installation import Installation
from digest.store import deliveries, papers, session
from digest.store.community import audit, saved, tokens, votes
from digest.store.community.audit import Entry
from digest.store.session import Session
from digest.store.sources import snapshots as source_snapshots
from digest.store.subscriptions import bulk, interests, snapshots, subscribers, suppressions

# What an act is taken back by; returns what is then, where that isn't what was before.
Undo = Callable[[Session, Entry, datetime], Mapping[str, Any] | None]


class Restorable(Protocol):
    """A module whose objects are read and put back as the audit has them."""

    def state_of(self, db: Session, where: str, /) -> Mapping[str, Any] | None: ...

    def restore(self, db: Session, where: str, fields: Mapping[str, Any] | None, /) -> None: ...


def undo(installation: Installation, number: int, now: datetime) -> Entry:
    """Take an act back; returns the act that did so.

    Raises UnknownError where there is no such act, RefusedError where it can't be taken back: it was already,
    it is final, it was somebody's own choice about themselves, or its object was changed since.
    """
    with session.transaction(installation.engine) as db:
        session.serialise(db, "audit")
        entry = audit.find(db, number)
        if entry is None:
            raise UnknownError(f"there is no act {number}", fix="digest audit list")
        check(entry, installation.actor.name)
        left = UNDO[entry.act](db, entry, now)
        made = audit.record(
            db,
            installation.actor,
            "undo",
            entry.object,
            entry.after,
            entry.before if left is None else left,
            now=now,
            undo_of=entry.id,
        )
        undone = audit.find(db, made) if made else None
        if undone is None:
            raise RefusedError(f"act {number} changed nothing that is still kept")
        return undone


def can_undo(entry: Entry) -> bool:
    """Tell whether an act may be taken back by somebody who runs the site."""
    try:
        check(entry, "")
    except RefusedError:
        return False
    return True


def check(entry: Entry, actor: str) -> None:
    """Raise RefusedError where an act can't be taken back by this actor, whatever its object is now."""
    named = f"act {entry.id} ({entry.act})"
    if entry.undone_by:
        raise RefusedError(f"{named} is undone already, by act {entry.undone_by}")
    if entry.act in FINAL:
        raise RefusedError(f"{named} can't be undone: {FINAL[entry.act]}")
    if entry.object == audit.NOBODY or (entry.before is None and entry.after is None):
        raise RefusedError(f"{named} can't be undone: its subscriber was erased")
    if entry.actor == entry.object and actor != entry.actor:
        raise RefusedError(f"{named} can't be undone: it was the subscriber's own choice")
    if entry.act not in UNDO:
        raise RefusedError(f"{named} can't be undone by this version")


def _refuse_changed(
    entry: Entry,
    current: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    volatile: frozenset[str] = frozenset(),
) -> None:
    """Raise RefusedError unless the object is still as the act left it."""
    if current is None or after is None:
        same = current is after
    else:
        same = all(current.get(name) == value for name, value in after.items() if name not in volatile)
    if not same:
        fix = f"digest audit list --object {entry.object}"
        raise RefusedError(f"{entry.object} was changed since act {entry.id}", fix=fix)


# ---------------------------------------------------------------- subscribers


def _subscriber(db: Session, entry: Entry, now: datetime) -> None:
    number = _number(entry)
    _restore_subscriber(db, entry, number, before=entry.before, after=entry.after, now=now)


def _added_subscriber(db: Session, entry: Entry, _now: datetime) -> None:
    number = _number(entry)
    _refuse_changed(entry, snapshots.snapshot(db, number), entry.after, snapshots.VOLATILE)
    if deliveries.has_any(db, number):
        raise RefusedError(
            f"{entry.object} has got digests since", fix="digest subscribers unsubscribe EMAIL"
        )
    subscribers.erase(db, number)


def _imported(db: Session, entry: Entry, _now: datetime) -> Mapping[str, Any]:
    """Take away whom an import added, but for those to whom something happened since. Whom it changed, it
    changed by acts of their own; what it suppressed stays so."""
    after = entry.after or {}
    runs = after.get("numbers")
    if not runs:
        msg = f"act {entry.id} added nobody that it noted; whom it changed has acts of their own"
        raise RefusedError(msg, fix="digest audit list")
    removed = bulk.remove_untouched(db, [(first, last) for first, last in runs], since=entry.id)
    if not removed:
        msg = f"everybody whom act {entry.id} added has got an email, was changed since, or is gone"
        raise RefusedError(msg, fix="digest subscribers erase --where 'joined on DATE'")
    return {"removed": removed, "stayed": after.get("added", removed) - removed}


def _restore_subscriber(
    db: Session,
    entry: Entry,
    number: int,
    *,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    _refuse_changed(entry, snapshots.snapshot(db, number), after, snapshots.VOLATILE)
    fields = dict(before or {})
    if "email" in fields:
        other = subscribers.find(db, fields["email"])
        if other and other.id != number:
            raise RefusedError(f"somebody else has the former address of {entry.object} now")
    snapshots.restore(db, number, fields)
    due = fields.get("next_due_at")
    if due and datetime.fromisoformat(due) < now:  # what was due meanwhile isn't made up for
        schedule: Schedule = subscribers.by_ids(db, [number])[number].schedule
        subscribers.save(db, number, due=next_due(schedule, now))


def _number(entry: Entry) -> int:
    return int(entry.object.partition(":")[2])


def _suppression(db: Session, entry: Entry, now: datetime) -> None:
    hashed = entry.object.partition(":")[2]
    before, after = entry.before or {}, entry.after or {}
    row = suppressions.find(db, [hashed])
    is_there = row is not None
    if is_there != bool(after.get("suppression")):
        _refuse_changed(entry, {}, None)
    then, since = before.get("subscriber"), after.get("subscriber")
    if then and since:
        same = {name for name in then if then[name] == since.get(name)}
        fields = [{name: each[name] for name in each if name not in same} for each in (then, since)]
        _restore_subscriber(db, entry, then["id"], before=fields[0], after=fields[1], now=now)
    suppressions.remove(db, [hashed])
    if kept := before.get("suppression"):
        at = datetime.fromisoformat(kept["at"])
        suppressions.add(db, hashed, reason=kept["words"], now=at)


# ---------------------------------------------------------------- topics, sources, papers


def _topic(db: Session, entry: Entry, _now: datetime) -> None:
    slug = entry.object.partition(":")[2]
    _refuse_changed(entry, interests.topic_state(db, slug), entry.after)
    if entry.before is None and (users := interests.uses_of_topic(db, slug)):
        raise RefusedError(f"{users[0]} names the topic {slug}", fix=f"digest topics edit {slug}")
    state = interests.topic_state(db, slug)
    interests.restore_topic(db, slug, None if entry.before is None else {**(state or {}), **entry.before})


def _source(db: Session, entry: Entry, _now: datetime) -> None:
    name = entry.object.partition(":")[2]
    current = source_snapshots.snapshot(db, name)
    _refuse_changed(entry, current, entry.after, source_snapshots.VOLATILE)
    source_snapshots.restore(db, name, entry.before)


def _merge(db: Session, entry: Entry, now: datetime) -> None:
    papers.split(db, entry.object.partition(":")[2], now)


def _split(db: Session, entry: Entry, now: datetime) -> None:
    before = entry.before or {}
    why = papers.Why(before["words"], before.get("by", "operator"), now)
    papers.merge(db, entry.object.partition(":")[2], before["into"], why)


def _saved(db: Session, entry: Entry, now: datetime) -> None:
    kept = entry.after or entry.before or {}
    paper = papers.find(db, entry.object.partition(":")[2])
    if entry.after is not None:
        saved.unsave(db, kept["subscriber"], paper.pk)
    elif subscribers.by_ids(db, [kept["subscriber"]]):
        saved.save(
            db, kept["subscriber"], paper.pk, datetime.fromisoformat(kept.get("at") or now.isoformat())
        )


def _vote(db: Session, entry: Entry, now: datetime) -> None:
    paper = papers.find(db, entry.object.partition(":")[2])
    kind, _, actor = entry.actor.partition(":")
    token = tokens.get(db, int(actor)) if kind == "token" else None
    number = token.subscriber_id if token else int(actor)
    votes.lock(db, [(number, paper.pk)])
    _refuse_changed(entry, votes.state(db, number, paper.pk), entry.after)
    votes.restore(db, number, paper.pk, entry.before)
    votes.observe(db, paper.pk, now)


def _made_token(db: Session, entry: Entry, _now: datetime) -> None:
    tokens.remove(db, _number(entry))


def _revoked_token(db: Session, entry: Entry, _now: datetime) -> None:
    tokens.set_revoked(db, _number(entry), None)


def _put_back(part: Restorable) -> Undo:
    """Undo for objects whose state is read and written as a whole, unless they were changed since."""

    def put_back(db: Session, entry: Entry, _now: datetime) -> None:
        _refuse_changed(entry, part.state_of(db, entry.object), entry.after)
        part.restore(db, entry.object, entry.before)

    return put_back


def _order(db: Session, entry: Entry, _now: datetime) -> None:
    _refuse_changed(entry, picks.order_of(db, entry.object), entry.after)
    picks.restore_order(db, entry.object, entry.before)


def _accepted(db: Session, entry: Entry, _now: datetime) -> None:
    _refuse_changed(entry, states.state_of(db, entry.object), entry.after)
    states.unlist(db, entry.object)
    states.restore(db, entry.object, entry.before)


UNDO: Mapping[str, Undo] = MappingProxyType(
    {
        "subscriber.add": _added_subscriber,
        "subscribers.import": _imported,
        **dict.fromkeys(
            (
                "subscriber.edit",
                "subscriber.name",
                "subscriber.pause",
                "subscriber.resume",
                "subscriber.less-often",
                "subscriber.unsubscribe",
                "subscriber.resubscribe",
                "subscriber.mute",
                "subscriber.unmute",
            ),
            _subscriber,
        ),
        **dict.fromkeys(("suppression.add", "suppression.lift"), _suppression),
        **dict.fromkeys(("topic.add", "topic.edit", "topic.remove"), _topic),
        **dict.fromkeys(
            ("source.add", "source.edit", "source.pause", "source.resume", "source.remove"), _source
        ),
        "paper.merge": _merge,
        "paper.split": _split,
        "token.create": _made_token,
        "token.revoke": _revoked_token,
        "paper.vote": _vote,
        "paper.unvote": _vote,
        **dict.fromkeys(("paper.pick", "paper.unpick"), _put_back(picks)),
        "pick.order": _order,
        **dict.fromkeys(("paper.hide", "paper.unhide"), _put_back(moderation)),
        **dict.fromkeys(
            (
                "proposal.add",
                "proposal.send",
                "proposal.second",
                "proposal.withdraw",
                "proposal.reject",
                "proposal.expire",
            ),
            _put_back(states),
        ),
        "proposal.accept": _accepted,
        **dict.fromkeys(("report.add", "report.settle"), _put_back(reports)),
        "paper.save": _saved,
        "paper.unsave": _saved,
    }
)

# Acts whose effect has left the database, or has no way back by its nature, and why.
FINAL: Mapping[str, str] = MappingProxyType(
    {
        "undo": "do the act itself once more",
        "subscriber.erase": "an erasure leaves nothing to put back",
        "subscriber.confirm": "a consent is on record; the subscriber can leave",
        "subscriber.invite": "the email has left",
        "papers.encode": "vectors are made anew from the papers",
        "subscriber.suppress": "a list said that no email may go there; digest suppressions lift EMAIL",
        "failures.retry": "what failed is tried again, and noted again if it fails",
        "deliveries.retry": "the emails may have left",
        "deliveries.mark-sent": "the ledger keeps the decision",
        "digest.send": "the email has left",
        "domain.resume": "a domain that still refuses our mail is stopped again by itself",
        "source.backfill": "papers that a source brought stay",
        "database.restore": "restore another backup",
        "proposal.unknown": "no site knew the paper; propose it again",
        "proposal.duplicate": "the paper is here; take the vote for it back",
        "session.begin": "end the session instead",
        "session.end": "sign in again",
        "feed.renew": "a link that was ended stays dead",
        "feed.end": "a link that was ended stays dead",
    }
)
