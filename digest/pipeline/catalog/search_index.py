"""Keeps the search index up with the papers, and reads it into a process.

The index is segments in the store; which papers they hold is decided by comparing the changes that the
database noted with the last segment's end, so a process that is killed loses and doubles nothing. Processes
of one machine share the segments through files in the data folder, mapped into memory; the files can be
thrown away at any time. Papers that changed since the last segment are read beside it, so a search is right
at once; where they are many, as after an upgrade, for some seconds in each search until all are read.
"""

import contextlib
import logging
import mmap
import os
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise

from digest.domain import Paper
from digest.errors import RebuildingError, UnreadableError
from digest.pipeline import failures
from digest.pipeline.failures import Part
from digest.pipeline.installation import Installation
from digest.search import Engine, Segment, build, fits, merge, version
from digest.store import search as stored
from digest.store import session
from digest.store.search import Changed, SegmentInfo
from digest.store.session import Session

BATCH = 7_000  # papers that are indexed in one transaction: bounds memory; RUN of them fit into one segment
BESIDE = 1_000  # changed papers that a search reads beside the segments at once
BESIDE_SECONDS = 2.0  # of a search, after which it reads no more of them
MOST_BESIDE = 8  # segments of such papers in one process: more are merged
MOST_PAPERS = 28_000  # of a segment that merging makes: about as many as its slots hold
RUN = 4  # neighbours of about one size that are merged
ALIKE = 2  # times the papers of all newer ones in a run that an older one may have
BUILDING = "+"  # behind a version: segments that will take the place of those in use
LOOK_EVERY = 1.0  # seconds, until a process looks whether segments with the same papers were merged
STALE_SECONDS = 600  # until the file of a segment that is no longer there is removed
_log = logging.getLogger(__name__)

OnProgress = Callable[[int, int], None]
"""Is called with how many papers are indexed, of how many."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An engine over the index as a session sees it; `behind`: changed papers that it doesn't know yet.

    `stored`: the number of each of its segments; None of one that isn't stored, or is damaged.
    """

    engine: Engine
    stored: tuple[int | None, ...]
    behind: int


def catch_up(
    installation: Installation,
    *,
    on_progress: OnProgress = lambda _done, _total: None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Index the papers that changed since the last segment, and merge small segments; how many there were.

    May run in several processes at once; each change is indexed once. Segments that were found damaged are
    built anew first.
    """
    _rebuild_damaged(installation, version())
    return _catch_up(installation, version(), on_progress, stopping)


def reindex(installation: Installation, *, on_progress: OnProgress = lambda _done, _total: None) -> int:
    """Build the whole index anew beside the one in use, then put it in its place; how many papers it has."""
    building = version() + BUILDING
    with session.transaction(installation.engine) as db:
        stored.drop(db, keep=[version()])
    done = _catch_up(installation, building, on_progress, lambda: False)
    with session.transaction(installation.engine) as db:
        stored.rename(db, building, version())
    return done


def count(installation: Installation) -> int:
    """Return how many papers there are to index."""
    with session.reading(installation.engine) as db:
        return stored.changed_since(db, 0)


def _catch_up(
    installation: Installation, wanted: str, on_progress: OnProgress, stopping: Callable[[], bool]
) -> int:
    done, limit = 0, BATCH
    while not stopping():
        with session.reading(installation.engine) as db:
            after = _end(stored.infos(db, wanted))
        changed, data, limit = _fitting(partial(_read_changed, installation, after), limit)
        if changed.upto == after:
            break
        papers = len(changed.papers)
        with session.transaction(installation.engine) as db:
            added = stored.add(db, wanted, after=after, upto=changed.upto, papers=papers, data=data)
            left = stored.changed_since(db, changed.upto)
        if added:
            done += papers + len(changed.gone)
            on_progress(done, done + left)
        _merge_small(installation, wanted)
    else:
        return done
    kept = [version(), version() + BUILDING]
    with session.reading(installation.engine) as db:
        has_others = stored.has_others(db, kept)
    if has_others:  # most often there are none, and a look takes no writer's turn
        with session.transaction(installation.engine) as db:
            stored.drop(db, keep=kept)
    return done


def _read_changed(installation: Installation, after: int, most: int, until: int | None = None) -> Changed:
    with session.reading(installation.engine) as db:
        return stored.read_changed(db, after, most, until=until)


def _fitting(read: Callable[[int], Changed], most: int) -> tuple[Changed, bytes, int]:
    """Build a segment of what changed; returns also how many papers to ask for next. `read`: at most how many
    papers → what changed. Of very long texts fewer fit into a segment.
    """
    while True:
        changed = read(most)
        if not (changed.papers or changed.gone):
            return changed, b"", most
        data, fitted = _built(changed)
        if fitted == len(changed.papers):
            return changed, data, most
        most = max(most // 2, 1)


def _built(changed: Changed) -> tuple[bytes, int]:
    """A segment of changed papers; one that can't be indexed is left out, and stops no other."""
    try:
        return build(changed.papers, changed.gone)
    except Exception:
        _log.exception("papers could not be indexed together; looking for the one that is to blame")
    sound = [paper for paper in changed.papers if _can_be_indexed(paper)]
    left_out = {paper.pk for paper in changed.papers} - {paper.pk for paper in sound}
    data, fitted = build(sound, [*changed.gone, *left_out])
    return data, fitted + len(left_out) if fitted == len(sound) else fitted


def _can_be_indexed(paper: Paper) -> bool:
    try:
        build([paper])
    except Exception:
        _log.exception("search can't find paper %s: it could not be indexed", paper.id)
        return False
    return True


def _end(infos: Sequence[SegmentInfo]) -> int:
    return infos[-1].upto if infos else 0


def _merge_small(installation: Installation, wanted: str) -> None:
    """Merge the newest segments where several are of about one size: their number stays small."""
    while True:
        with session.reading(installation.engine) as db:
            infos = stored.infos(db, wanted)
            run = _run(infos)
            if len(run) < RUN:
                return
            data = [_data_of(installation, db, each) for each in run]
        segments = [Segment(each) for each in data if each is not None]
        while not fits(segments):  # long texts: fewer papers are one segment
            del run[0], segments[0]
        if len(run) < RUN:
            return
        merged = merge(segments, is_first=run[0] == infos[0])
        with session.transaction(installation.engine) as db:
            if not stored.replace(db, run, len(Segment(merged)), merged):
                return


def _data_of(installation: Installation, db: Session, info: SegmentInfo) -> bytes | None:
    """The data of a segment. Where it is damaged it is set aside, noted, and RebuildingError is raised."""
    try:
        return stored.data_of(db, info.id)
    except UnreadableError as error:
        with contextlib.suppress(*failures.AWAY), session.transaction(installation.engine) as writing:
            stored.set_aside(writing, info.id)
        raise _rebuilding(info.papers) from error


def _rebuilding(papers: int) -> RebuildingError:
    msg = f"a part of the search index ({papers} papers) is damaged and will be built anew"
    return RebuildingError(msg, fix="try again; digest papers reindex builds it at once")


def _rebuild_damaged(installation: Installation, wanted: str) -> None:
    """Build segments that were found damaged anew. One that can't be built is tried again in the next round,
    and stops no other.
    """
    with session.reading(installation.engine) as db:
        damaged = [each for each in stored.infos(db, wanted) if each.is_damaged]
    for info in damaged:
        try:
            _rebuild(installation, info)
        except Exception as error:
            if not failures.is_its_fault(error):
                raise
            _log.exception("search segment %d is damaged and could not be built anew", info.id)


def _rebuild(installation: Installation, info: SegmentInfo) -> None:
    """Build a segment anew, or several: of the papers whose last change is still in its span."""
    parts: list[tuple[int, int, bytes]] = []
    after, limit = info.after, BATCH
    while True:
        read = partial(_read_changed, installation, after, until=info.upto)
        changed, data, limit = _fitting(read, limit)
        if changed.upto == after:
            break
        after = changed.upto
        parts.append((after, len(changed.papers), data))
    _, papers, data = parts.pop() if parts else (0, 0, _nothing())
    parts.append((info.upto, papers, data))
    with session.transaction(installation.engine) as db:
        is_rebuilt = stored.replace_damaged(db, info, parts)
    if is_rebuilt:
        _log.warning("search segment %d was damaged and is built anew", info.id)
        failures.clear(installation, Part.ROW, [f"search segment {info.id}"])


@lru_cache(1)
def _nothing() -> bytes:
    """A segment without papers; it stands for one that is damaged."""
    return build(())[0]


def _run(infos: Sequence[SegmentInfo]) -> list[SegmentInfo]:
    """The newest segments, oldest first, as far as each is about as small as all newer ones together."""
    run: list[SegmentInfo] = []
    papers = 0
    for each in reversed(infos):
        if run and (each.papers > ALIKE * max(papers, 1) or papers + each.papers > MOST_PAPERS):
            break
        run.append(each)
        papers += each.papers
    return run[::-1]


@dataclass(frozen=True, slots=True)
class _Beside:
    """Papers that changed in (after, upto], read by a process that didn't wait until they are indexed."""

    after: int
    upto: int
    segment: Segment


class SearchIndex:
    """The index as one process reads it. Safe to use from many threads; made once, kept for long."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._folder = installation.search_folder
        self._lock = threading.Lock()
        self._segments: dict[tuple[int, int], Segment] = {}
        self._beside: list[_Beside] = []
        self._made: tuple[tuple[object, ...], Reading] | None = None
        self._look_at = 0.0

    def read(self, db: Session) -> Reading:
        """Return the engine over all that this session sees.

        The same one as before, where nothing changed since. Raises RebuildingError where it finds a segment
        damaged; from then on those who read do without it until it is built anew. Where all are damaged, it
        is raised until then: "nothing found" would not be true.
        """
        last, made = stored.last_change(db), self._made
        if made and made[0][0] == last and not made[1].behind and time.monotonic() < self._look_at:
            return made[1]
        infos = stored.infos(db, version())
        key = (last, *(each.id for each in infos))
        self._look_at = time.monotonic() + LOOK_EVERY
        if made and made[0] == key and not made[1].behind:
            return made[1]
        with self._lock:
            if not (self._made and self._made[0] == key) or self._made[1].behind:
                self._made = (key, self._read(db, infos))
            return self._made[1]

    def _read(self, db: Session, infos: Sequence[SegmentInfo]) -> Reading:
        segments: dict[tuple[int, int], Segment] = {}
        damaged: RebuildingError | None = None
        for each in infos:
            try:
                segments[each.id, each.checksum] = self._segment(db, each)
            except RebuildingError as error:  # the others are looked at too, so that one search finds all
                damaged = error
        if damaged:
            raise damaged
        if infos and all(each.is_damaged for each in infos):
            raise _rebuilding(sum(each.papers for each in infos))
        self._segments = segments
        beside = self._read_beside(db, _end(infos))
        self._remove_stale(infos)
        behind = stored.changed_since(db, beside[-1].upto if beside else _end(infos))
        behind += sum(each.papers for each in infos if each.is_damaged)
        ids = [None if each.is_damaged else each.id for each in infos] + [None] * len(beside)
        return Reading(Engine([*segments.values(), *(each.segment for each in beside)]), tuple(ids), behind)

    def _read_beside(self, db: Session, after: int) -> list["_Beside"]:
        """Read the papers that changed after a revision, beside those that are read already."""
        last = stored.last_change(db)
        beside = [each for each in self._beside if after <= each.after and each.upto <= last]
        if beside and beside[0].after != after:
            beside = []
        limit, started = BESIDE, time.monotonic()
        while True:
            end = beside[-1].upto if beside else after
            changed, data, limit = _fitting(partial(stored.read_changed, db, end), limit)
            if changed.upto == end:
                break
            beside.append(_Beside(end, changed.upto, Segment(data)))
            if len(beside) > MOST_BESIDE:
                beside = _merged(beside)
            if time.monotonic() - started > BESIDE_SECONDS:
                break
        self._beside = beside
        return beside

    def _segment(self, db: Session, info: SegmentInfo) -> Segment:
        known = self._segments.get((info.id, info.checksum))
        if known is not None:
            return known
        if info.is_damaged:
            return Segment(_nothing())
        mapped = self._mapped(info) or (self._keep(db, info) and self._mapped(info))
        if mapped:
            return Segment(mapped)
        return Segment(_data_of(self._installation, db, info) or b"")  # the session's view doesn't move

    def _mapped(self, info: SegmentInfo) -> memoryview | None:
        """The file of a segment, mapped; None where it isn't there or isn't whole."""
        if self._folder is None:
            return None
        try:
            with (self._folder / _file_name(info)).open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            return None
        is_whole = zlib.crc32(mapped) == info.checksum
        mapped.madvise(mmap.MADV_DONTNEED)  # what was read to be checked needn't stay in memory
        return memoryview(mapped) if is_whole else None

    def _keep(self, db: Session, info: SegmentInfo) -> bool:
        """Write the file of a segment, so that nobody sees it half-written; False where that can't be."""
        if self._folder is None:
            return False
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.writelines(stored.pieces_of(db, info.id))
            os.replace(file.name, self._folder / _file_name(info))  # noqa: PTH105 - atomic, over an old one too
        except OSError as error:
            _log.warning("the search index isn't shared between processes: %s", error)
            return False
        return True

    def _remove_stale(self, infos: Sequence[SegmentInfo]) -> None:
        """Remove files of segments that are gone, and what a killed process left half-written."""
        if self._folder is None:
            return
        names = {_file_name(each) for each in infos}
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in names and path.stat().st_mtime < time.time() - STALE_SECONDS:
                    path.unlink()


def _merged(beside: Sequence["_Beside"]) -> list["_Beside"]:
    """The same papers in fewer segments: the smallest neighbours become one, as far as they fit."""
    done = list(beside)
    while len(done) > MOST_BESIDE // 2:
        sizes = [len(one.segment) + len(other.segment) for one, other in pairwise(done)]
        place = sizes.index(min(sizes))
        if sizes[place] > MOST_PAPERS:
            break
        one, other = done[place : place + 2]
        segment = Segment(merge([one.segment, other.segment], is_first=False))
        done[place : place + 2] = [_Beside(one.after, other.upto, segment)]
    return done


def _file_name(info: SegmentInfo) -> str:
    return f"{info.id}-{info.checksum:08x}.segment"
