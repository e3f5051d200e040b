"""Writes a day's signals as JSON Lines and reads them, from which anyone can rank the day anew and compare.

The first line says what the order was made from beside the papers: the date, the moment, the weights, and
what was usual for each source. Each other line is a paper with every observation of its attention until then,
in order. Votes and picks are numbers; who gave them isn't there. Reading such a file needs no database.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from digest.domain import Paper, Ranked, Signal, SignalKind
from digest.errors import InputError, ParseError
from digest.pipeline.catalog.periods import Period
from digest.pipeline.ingest.open_files import Stream, lines
from digest.pipeline.installation import Installation
from digest.pipeline.issues.usual_signals import usual_before
from digest.store import session
from digest.store.papers import listing
from digest.trend import BASE, WEIGHTS, Usual, rank

FORMAT = "digest-signals/1"
MOST_PAPERS = 200_000  # of one file
MOST_LINE = 1_000_000  # bytes
MOST_DIFFERENCES = 20  # that a verdict names
_ABOUT = 1e-9  # scores are kept to nine decimals


@dataclass(frozen=True, slots=True)
class Difference:
    """A paper whose place or score isn't the one that the file gives; places are from 1."""

    paper: str
    place: int
    place_anew: int
    score: float
    score_anew: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of ranking a file anew: `same` order and scores, else the first differences.

    `other_weights`: the file was made with other weights than this version's, which explains differences.
    """

    date: str
    papers: int
    same: bool
    differences: tuple[Difference, ...]
    other_weights: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """A file as it was read: the papers in its order with the scores that it gives them."""

    date: str
    at: datetime
    usual: Usual
    weights: Mapping[str, float]
    papers: tuple[Paper, ...]
    scores: tuple[float, ...]


def write_signals(installation: Installation, day: Period, now: datetime) -> Iterator[str]:
    """Yield the lines (without their ends) of a day's file, its papers in the order of its list."""
    with session.reading(installation.engine) as db:
        found = listing.within(db, since=day.start, until=day.end)
        usual = usual_before(db, now - installation.window)
    yield _line(
        {
            "format": FORMAT,
            "date": day.name,
            "at": _moment(now),
            "weights": _weights(),
            "usual": [
                {"source": source, "kind": kind, "value": value}
                for (source, kind), value in sorted(usual.items())
            ],
        }
    )
    for place, ranked in enumerate(rank(found, now, usual, aging=False), start=1):
        yield _line(_paper_object(place, ranked, now))


def verify(stream: Stream) -> Verdict:
    """Rank the papers of a file (plain or gzip) anew with this version's formula and compare.

    Raises InputError, naming the line, where it isn't such a file.
    """
    try:
        read = _read(lines(stream, MOST_LINE))
    except ParseError as error:
        raise InputError(error.message, fix=error.fix) from error
    ranked = rank(read.papers, read.at, read.usual, aging=False)
    anew = {each.paper.id: (place, each.score) for place, each in enumerate(ranked, start=1)}
    differences = [
        Difference(paper.id, place, anew[paper.id][0], score, anew[paper.id][1])
        for place, (paper, score) in enumerate(zip(read.papers, read.scores, strict=True), start=1)
        if anew[paper.id][0] != place or abs(anew[paper.id][1] - score) > _ABOUT
    ]
    return Verdict(
        date=read.date,
        papers=len(read.papers),
        same=not differences,
        differences=tuple(differences[:MOST_DIFFERENCES]),
        other_weights=read.weights != _weights(),
    )


def _paper_object(place: int, ranked: Ranked, now: datetime) -> dict[str, Any]:
    paper = ranked.paper
    return {
        "place": place,
        "id": paper.id,
        "score": ranked.score,
        "first_seen_at": _moment(paper.first_seen_at),
        "published_at": _moment(paper.published_at) if paper.published_at else None,
        "signals": [
            {"kind": seen.kind, "source": seen.source, "value": seen.value, "at": _moment(seen.observed_at)}
            for seen in paper.signals
            if seen.observed_at <= now
        ],
    }


def _read(numbered: Iterable[tuple[int, bytes]]) -> _Read:
    head: dict[str, Any] | None = None
    papers: dict[str, tuple[Paper, float]] = {}
    for number, line in numbered:
        if not line.strip():
            continue
        if len(line) > MOST_LINE or len(papers) >= MOST_PAPERS:
            raise InputError(f"line {number}: more than a file of signals holds")
        try:
            value = json.loads(line)
            if head is None:
                head = _head(value)
                continue
            paper = _paper(value)
            if paper.id in papers:
                raise InputError(f"line {number}: {paper.id[:100]!r} is there twice")
            papers[paper.id] = paper, float(value["score"])
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            msg = (
                f"line {number}: not a line of a file of signals ({type(error).__name__}: {str(error)[:100]})"
            )
            raise InputError(msg, fix="use /papers/DATE.signals.jsonl as the site gives it") from error
    if head is None:
        raise InputError("the file is empty", fix="use /papers/DATE.signals.jsonl as the site gives it")
    return _Read(
        date=head["date"],
        at=head["at"],
        usual=head["usual"],
        weights=head["weights"],
        papers=tuple(paper for paper, _ in papers.values()),
        scores=tuple(score for _, score in papers.values()),
    )


def _head(value: Any) -> dict[str, Any]:
    if value.get("format") != FORMAT:
        msg = f"its format is {str(value.get('format'))[:40]!r}, not {FORMAT!r}"
        raise ValueError(msg)
    return {
        "date": str(value["date"])[:20],
        "at": _time(value["at"]),
        "weights": {str(name): float(weight) for name, weight in value["weights"].items()},
        "usual": {
            (str(each["source"]), SignalKind(each["kind"])): float(each["value"]) for each in value["usual"]
        },
    }


def _paper(value: Any) -> Paper:
    return Paper(
        id=str(value["id"]),
        title="",
        first_seen_at=_time(value["first_seen_at"]),
        published_at=_time(value["published_at"]) if value["published_at"] else None,
        signals=tuple(
            Signal(SignalKind(each["kind"]), str(each["source"]), int(each["value"]), _time(each["at"]))
            for each in value["signals"]
        ),
    )


def _weights() -> dict[str, float]:
    return {"new": BASE} | {str(kind): weight for kind, weight in WEIGHTS.items()}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        msg = f"{text[:40]!r} has no time zone"
        raise ValueError(msg)
    return read.astimezone(UTC)


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
