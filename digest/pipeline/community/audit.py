"""Lists what was done, by whom, for operators and admins. `store.community.audit.record` writes it down.

Every act that changes something for people calls `record(db, installation.actor, act, object, before, after,
now=now)` in its own transaction. Who acts is `installation.actor`: the command line sets it, and pages by
`Web.acting`. How an act is taken back stands in `undo`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from digest.errors import InputError, UnknownError
from digest.pipeline.installation import Installation
from digest.render.phrases import masked
from digest.store import papers, session
from digest.store.community import audit
from digest.store.community.audit import Entry
from digest.store.session import Session
from digest.store.subscriptions import subscribers

__all__ = [
    "PRIVATE",
    "Entry",
    "changed",
    "entry_object",
    "get",
    "in_words",
    "listing",
    "names",
    "shown",
]

# What readers do for themselves alone: it is kept, but no admin needs it in the list of recent acts.
PRIVATE = frozenset(
    {
        "paper.vote",
        "paper.unvote",
        "paper.save",
        "paper.unsave",
        "feed.renew",
        "feed.end",
        "session.begin",
        "session.end",
    }
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")
_OBJECT = re.compile(r"[a-z]+:.+", re.DOTALL)
MOST = 1_000
_LONGEST = 60  # characters of one value
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def listing(
    installation: Installation,
    *,
    actor: str = "",
    object_: str = "",
    since: datetime | None = None,
    limit: int = 100,
    without: Iterable[str] = (),
) -> list[Entry]:
    """Return the last acts, newest first, at most `limit`; `without`: acts that are left out.

    `actor`: an address, a login of the command line, or as it is kept (`cli:ada`, `subscriber:12`).
    `object_`: an address, the id of a paper, or as it is kept (`topic:llm`). Raises UnknownError, InputError.
    """
    with session.reading(installation.engine) as db:
        return audit.listing(
            db,
            actor=_actor(db, actor),
            object_=_object(db, object_),
            since=since,
            limit=min(limit, MOST),
            without=without,
        )


def get(installation: Installation, number: int) -> Entry:
    """Return one act. Raises UnknownError."""
    with session.reading(installation.engine) as db:
        found = audit.find(db, number)
    if found is None:
        raise UnknownError(f"there is no act {number}", fix="digest audit list")
    return found


def names(installation: Installation, entries: Iterable[Entry]) -> dict[str, str]:
    """Return how the actors of these acts are shown: a display name, never an address."""
    wanted = {entry.actor for entry in entries}
    numbers = {int(each.partition(":")[2]) for each in wanted if re.fullmatch(r"subscriber:\d+", each)}
    with session.reading(installation.engine) as db:
        known = subscribers.names(db, numbers)
    shown = {f"subscriber:{number}": known.get(number, f"a reader ({number})") for number in numbers}
    return {each: shown.get(each, each) for each in wanted} | {audit.NOBODY: "an erased person"}


def shown(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return before or after as it may be shown: addresses are masked."""
    if fields is None:
        return None
    return {name: _shown(name, value) for name, value in fields.items()}


def in_words(entry: Entry) -> str:
    """Say what an act changed, on one line: `field: before → after`."""
    before, after = shown(entry.before) or {}, shown(entry.after) or {}
    if entry.before is None or entry.after is None:
        given = {name: value for name, value in {**before, **after}.items() if value not in _EMPTY}
        gone = "gone: " if entry.after is None and given else ""
        return gone + "; ".join(f"{name}: {_cut(value)}" for name, value in given.items())
    return "; ".join(f"{name}: {_cut(before.get(name))} → {_cut(after.get(name))}" for name in after)


def changed(entry: Entry) -> list[tuple[str, str, str]]:
    """Return each field that an act changed, with its value before and after in words, whole."""
    before, after = shown(entry.before) or {}, shown(entry.after) or {}
    rows = [(name, _words(before.get(name)), _words(after.get(name))) for name in {**before, **after}]
    return [row for row in rows if row[1] != row[2]]


def _words(value: Any) -> str:
    return "none" if value in _EMPTY else _plain(value)


def _plain(value: Any) -> str:
    match value:
        case Mapping():
            given = {name: each for name, each in value.items() if each not in _EMPTY}
            return ", ".join(f"{name}: {_plain(each)}" for name, each in given.items())
        case list() | tuple():
            return ", ".join(map(_plain, value))
        case bool():
            return "yes" if value else "no"
        case str() if _MOMENT.fullmatch(value):
            return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return str(value)


def _cut(value: Any) -> str:
    text = _words(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def entry_object(entry: Entry) -> dict[str, Any]:
    """Return an act as JSON has it."""
    return {
        "id": entry.id,
        "at": entry.at,
        "actor": entry.actor,
        "via": entry.via,
        "network": entry.network or None,
        "act": entry.act,
        "object": entry.object,
        "before": shown(entry.before),
        "after": shown(entry.after),
        "undo_of": entry.undo_of,
        "undone_by": entry.undone_by,
    }


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return shown(value)
    return masked(value) if name == "email" and isinstance(value, str) else value


def _actor(db: Session, text: str) -> str:
    if "@" in text:
        return f"subscriber:{subscribers.get(db, text).id}"
    return text if not text or ":" in text or text == "system" else f"cli:{text}"


def _object(db: Session, text: str) -> str:
    if not text:
        return ""
    if "@" in text:
        return f"subscriber:{subscribers.get(db, text).id}"
    try:
        return f"paper:{papers.find(db, text.removeprefix('paper:')).id}"
    except UnknownError:
        if _OBJECT.fullmatch(text):
            return text
        raise InputError(
            f"{text[:60]!r} names no object", fix="an address, a paper's id, or such as topic:llm"
        ) from None
