"""Reads papers, with the sources that carried them and what was observed until a time. Writes nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Row, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from digest.domain import Paper
from digest.errors import UnknownError
from digest.ids import paper_id
from digest.languages import deferred
from digest.store.papers import signals
from digest.store.papers.tables.entries import EntryRow
from digest.store.papers.tables.paper_ids import PaperIdRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.papers.tables.signals import SignalRow
from digest.store.readable import readable, texts
from digest.store.session import chunks

_COLUMNS = tuple(PaperRow.__table__.columns)  # read alone, they cost half of what mapped objects do
# What lists and searches may show at all, whatever its age.
MAY_BE_SHOWN = (PaperRow.hidden.is_(False), PaperRow.merged_into.is_(None))


# Statements of every page are built once: building one takes longer than SQLite takes to run it.
_NUMBERS: BindParameter[Any] = bindparam("numbers", expanding=True)
_TABLE = PaperRow.__table__
_ROOT = _TABLE.alias("root")
_BY_PKS = (
    select(*_COLUMNS)
    .select_from(_TABLE.outerjoin(_ROOT, _ROOT.c.id == _TABLE.c.merged_into))
    .where(_TABLE.c.id.in_(_NUMBERS), _TABLE.c.hidden.is_(False), _ROOT.c.hidden.is_not(True))
)
_LISTED = _BY_PKS.where(_TABLE.c.announced.is_(True), _TABLE.c.merged_into.is_(None))
_OWN, _ALIAS = _TABLE.alias("own"), PaperIdRow.__table__.c
_NAMED = (  # the paper that has an id, or that the one with it was merged into
    select(*_COLUMNS)
    .select_from(PaperIdRow.__table__.join(_OWN, _OWN.c.id == _ALIAS.paper_id))
    .join(_TABLE, _TABLE.c.id == func.coalesce(_OWN.c.merged_into, _OWN.c.id))
    .where(_ALIAS.alias == bindparam("alias", type_=_ALIAS.alias.type))
)
_SOURCES = (
    select(EntryRow.__table__.c.paper_id, EntryRow.__table__.c.source)
    .where(EntryRow.__table__.c.paper_id.in_(_NUMBERS))
    .distinct()
)


class Withdrawn(NamedTuple):
    """When a paper was withdrawn, and when it was first seen."""

    at: datetime
    first_seen_at: datetime


def candidates(session: Session, *, since: datetime, until: datetime) -> list[Paper]:
    """Return what a digest may show of the papers first seen or listed again in (since, until], by id, with
    signals ≤ until.
    """
    again = listed_again(session, since=since, until=until)
    wanted = select(*_COLUMNS).where(*_shown(since, until, again))
    return as_papers(session, session.execute(wanted.order_by(PaperRow.canonical_id)).all(), until=until)


def listed_again(session: Session, *, since: datetime, until: datetime) -> set[int]:
    """Return the papers (`Paper.pk`) that were picked, or proposed again, in (since, until]."""
    from digest.store.community import picks, proposals  # noqa: PLC0415 - its tables; many read no paper

    numbers = {
        *picks.begun(session, since=since, until=until),
        *proposals.listed(session, since=since, until=until),
    }
    root = func.coalesce(PaperRow.merged_into, PaperRow.id)
    return {
        number
        for chunk in chunks(numbers)
        for number in session.scalars(select(root).where(PaperRow.id.in_(chunk)))
    }


def noticed(session: Session, *, since: datetime, until: datetime) -> list[Paper]:
    """Return the papers first seen in (since, until] that may be shown and have any signal, with signals ≤
    until.
    """
    part = aliased(PaperRow)
    having = (
        select(func.coalesce(part.merged_into, part.id))
        .join(SignalRow, SignalRow.paper_id == part.id)
        .where(SignalRow.observed_at > since, SignalRow.observed_at <= until)
    )
    first_seen = (PaperRow.first_seen_at > since, PaperRow.first_seen_at <= until)
    wanted = select(*_COLUMNS).where(*first_seen, *MAY_BE_SHOWN, PaperRow.id.in_(having))
    return as_papers(session, session.execute(wanted).all(), until=until)


def outlines(session: Session, *, since: datetime, until: datetime) -> list[Paper]:
    """Return the same papers, newest first, with nothing but their ids, links and comment: cheap for many."""
    row = PaperRow
    wanted = select(row.id, row.canonical_id, row.first_seen_at, row.doi, row.url, row.code_url, row.comment)
    rows = session.execute(wanted.where(*_shown(since, until)).order_by(row.first_seen_at.desc(), row.id))
    return [
        Paper(named, "", seen, doi=doi, url=url, code_url=code, comment=comment, pk=number)
        for number, named, seen, doi, url, code, comment in rows
    ]


def by_pks(
    session: Session, pks: Iterable[int], *, until: datetime, listed: bool = False, picked: bool = True
) -> dict[int, Paper]:
    """Return the papers with these numbers, with signals ≤ until; no hidden and unknown ones.

    `listed`: only what lists may show; else merged papers too, and those that no source listed as new.
    `picked`: with what curators said of them.
    """
    wanted = _LISTED if listed else _BY_PKS
    rows = [row for chunk in chunks(pks) for row in session.execute(wanted, {"numbers": chunk})]
    return {paper.pk: paper for paper in as_papers(session, rows, until=until, picked=picked)}


def hidden(session: Session) -> set[int]:
    """Return the numbers of all papers that are hidden, and of those that are merged into one."""
    these = select(PaperRow.id).where(PaperRow.hidden.is_(True))
    parts = select(PaperRow.id).where(PaperRow.merged_into.in_(these))
    return {*session.scalars(these), *session.scalars(parts)}


def canonical_ids(session: Session, pks: Iterable[int]) -> dict[int, str]:
    """Return the canonical ids of the papers with these numbers; unknown ones are left out."""
    found: dict[int, str] = {}
    for chunk in chunks(set(pks)):
        rows = select(PaperRow.id, PaperRow.canonical_id).where(PaperRow.id.in_(chunk))
        found.update(session.execute(rows).all())
    return found


def by_ids(session: Session, ids: Iterable[str]) -> dict[str, Paper]:
    """Return the papers with these ids, as far as they may be shown; unknown ids are left out.

    Nothing but their number, title and abstract; an id of a paper that was merged names the one it is now.
    """
    found: dict[str, Paper] = {}
    own, root = aliased(PaperRow), PaperRow
    columns = (PaperIdRow.alias, root.id, root.canonical_id, root.title, root.abstract, root.first_seen_at)
    wanted = (
        select(*columns)
        .join(own, own.id == PaperIdRow.paper_id)
        .join(root, root.id == func.coalesce(own.merged_into, own.id))
        .where(*MAY_BE_SHOWN, own.hidden.is_(False))
    )
    for chunk in chunks(ids):
        for alias, number, name, title, abstract, seen in session.execute(
            wanted.where(PaperIdRow.alias.in_(chunk))
        ):
            found[alias] = Paper(name, title, seen, abstract=abstract, pk=number)
    return found


def merged(session: Session) -> dict[int, int]:
    """Return, for each paper that turned out to be another (by number), the number of that other."""
    rows = select(PaperRow.id, PaperRow.merged_into).where(PaperRow.merged_into.is_not(None))
    return {old: root for old, root in session.execute(rows) if root is not None}


def withdrawn(session: Session, *, since: datetime) -> dict[int, Withdrawn]:
    """Return the withdrawn papers first seen since then, by number."""
    row = PaperRow
    wanted = select(row.id, row.withdrawn_at, row.first_seen_at).where(
        row.withdrawn_at.is_not(None), row.first_seen_at >= since, row.announced.is_(True)
    )

    def read(found: Row[Any]) -> tuple[int, Withdrawn]:
        return found.id, Withdrawn(found.withdrawn_at, found.first_seen_at)

    rows: Iterable[Row[Any]] = session.execute(wanted)
    return dict(readable(rows, read, lambda found: f"paper number {found.id}"))


def count(session: Session) -> int:
    """Return how many papers there are, merged ones not counted."""
    return session.scalar(select(func.count()).where(PaperRow.merged_into.is_(None))) or 0


def find(session: Session, ref: str) -> Paper:
    """Return the paper named by any of its ids, a bare arXiv id (also with version), its address or a DOI.

    All signals are with it. Raises UnknownError.
    """
    row = session.execute(_NAMED, {"alias": paper_id(ref) or ref.strip()}).first()
    if row is None:
        raise _unknown(ref)
    found = as_papers(session, [row], until=None)
    if not found:
        message = deferred("the row of paper {ref} can't be read", ref=repr(ref[:100]))
        raise UnknownError(message, fix="digest failures list")
    return found[0]


def named(session: Session, ref: str) -> PaperRow:
    """Return the row that has this id itself, whatever paper it was merged into. Raises UnknownError."""
    alias = select(PaperIdRow.paper_id).where(PaperIdRow.alias == (paper_id(ref) or ref.strip()))
    row = session.scalars(select(PaperRow).where(PaperRow.id == alias.scalar_subquery())).first()
    if row is None:
        raise _unknown(ref)
    return row


def _unknown(ref: str) -> UnknownError:
    return UnknownError(
        deferred("there is no paper {ref} here", ref=repr(ref[:100])), fix="digest papers search WORDS"
    )


def as_papers(
    session: Session, rows: Sequence[PaperRow | Row[Any]], *, until: datetime | None, picked: bool = True
) -> list[Paper]:
    """Return these rows as papers, in their order: mapped objects, or the same columns read alone.

    Rows that can't be read are left out.
    """
    from digest.store.community import picks  # noqa: PLC0415 - as above

    owners = signals.owners(session, [row.id for row in rows])
    sources = _sources(session, owners)
    observed = signals.by_paper(session, owners, until=until)
    picks_of = picks.of_papers(session, owners, until=until) if picked else {}

    def read(row: PaperRow | Row[Any]) -> Paper:
        return Paper(
            id=row.canonical_id,
            title=row.title,
            first_seen_at=row.first_seen_at,
            abstract=row.abstract,
            authors=texts(row.authors),
            categories=texts(row.categories),
            published_at=row.published_at,
            version=row.version,
            doi=row.doi,
            url=row.url,
            pdf_url=row.pdf_url,
            code_url=row.code_url,
            project_url=row.project_url,
            discussion_url=row.discussion_url,
            thumbnail=row.thumbnail,
            summary=row.summary,
            summary_source=row.summary_source,
            comment=row.comment,
            organization=row.organization,
            keywords=texts(row.keywords),
            withdrawn_at=row.withdrawn_at,
            withdrawal=row.withdrawal,
            sources=sources.get(row.id, ()),
            signals=observed.get(row.id, ()),
            picked=picks_of.get(row.id),
            pk=row.id,
        )

    return readable(rows, read, lambda row: f"paper {row.canonical_id}")


def _shown(since: datetime, until: datetime, again: Collection[int] = ()) -> tuple[ColumnElement[bool], ...]:
    first_seen = and_(PaperRow.first_seen_at > since, PaperRow.first_seen_at <= until)
    return (
        or_(first_seen, PaperRow.id.in_(again)) if again else first_seen,
        PaperRow.announced.is_(True),
        PaperRow.withdrawn_at.is_(None),
        *MAY_BE_SHOWN,
    )


def _sources(session: Session, owners: Mapping[int, int]) -> dict[int, tuple[str, ...]]:
    names: dict[int, set[str]] = defaultdict(set)
    for chunk in chunks(owners):
        for number, source in session.execute(_SOURCES, {"numbers": chunk}):
            names[owners[number]].add(source)
    return {number: tuple(sorted(sources)) for number, sources in names.items()}
