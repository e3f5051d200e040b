"""A simulated arXiv: a time goes in, the bytes of its joined feed come out. Pure but for counting requests.

It announces on every open day, at midnight Eastern, for each of its categories: new papers, cross-lists and
replacements. What goes wrong is given as `Trouble`s: a whole batch that is late (until then the old batch is
served under today's date), one category that is stale, an outage, a batch that is cut off.

Its API knows when each new paper was submitted, pages its answers, and can lag behind the announcements. Its
OAI-PMH repository lists what changed since a date, by the dates of Eastern evenings, and can be out of order.
"""

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from enum import StrEnum
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from digest.errors import FetchError
from digest.fetch import Response

EASTERN = ZoneInfo("America/New_York")
CATEGORIES = ("cs.AI", "cs.CL", "stat.ML")
API = "https://export.arxiv.org/api/query?"
OAI = "https://oaipmh.arxiv.org/oai?"
URL = "https://rss.arxiv.org/rss/" + "+".join(CATEGORIES)
HOLIDAYS_2026 = {"0101", "0119", "0619", "0703", "0907", "1126", "1225", "1229", "1231"}  # month and day


class Wrong(StrEnum):
    LATE = "late"
    STALE = "stale"
    DOWN = "down"
    CUT = "cut"
    BUSY = "busy"  # its second list and its API answer 429
    BEHIND = "behind"  # its second list hasn't the day's papers yet


@dataclass(frozen=True)
class Trouble:
    """What goes wrong on a day: from midnight Eastern, for some hours, in one category where it is STALE."""

    day: date
    wrong: Wrong
    hours: float = 24.0
    category: str = CATEGORIES[0]


@dataclass(frozen=True)
class Item:
    """One item of a day's batch."""

    arxiv_id: str
    version: int
    categories: tuple[str, ...]
    announce_type: str

    @property
    def listed_in(self) -> tuple[str, ...]:
        """The categories whose batch shows it: a cross-list only those it is new to."""
        return self.categories[1:] if self.announce_type == "cross" else self.categories


def is_open(day: date) -> bool:
    return day.weekday() < 5 and f"{day:%m%d}" not in HOLIDAYS_2026


def midnight(day: date) -> datetime:
    """When a day begins at arXiv, in UTC."""
    return datetime.combine(day, time(), tzinfo=EASTERN).astimezone(UTC)


def day_before(day: date) -> date:
    """The open day before a day."""
    day -= timedelta(days=1)
    while not is_open(day):
        day -= timedelta(days=1)
    return day


def submitted(day: date) -> datetime:
    """When the papers that are new on an open day were submitted: on the weekday before, at ten Eastern."""
    day -= timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return datetime.combine(day, time(10), tzinfo=EASTERN).astimezone(UTC)


@lru_cache(maxsize=8)
def batch(day: date) -> tuple[Item, ...]:
    """All that is announced on an open day; always the same for the same day."""
    chance = random.Random(day.isoformat())
    items: list[Item] = []
    for category in CATEGORIES:
        for _ in range(chance.randint(1, 3)):
            others = tuple(c for c in CATEGORIES if c != category and chance.random() < 0.2)
            items.append(Item(_number(day, len(items)), 1, (category, *others), "new"))
    before = day_before(day)
    crossed = Item(_number(before, 0), 1, (CATEGORIES[0], CATEGORIES[2]), "cross")
    replaced = Item(_number(before, 1), 2, (chance.choice(CATEGORIES),), "replace")
    return (*items, crossed, replaced)


def _number(day: date, place: int) -> str:
    return f"{day:%y%m}.{day.day:02d}{place:03d}"


def announced(days: Iterable[date]) -> set[str]:
    """The canonical ids of all papers that are new on these days."""
    new = (item for day in days if is_open(day) for item in batch(day) if item.announce_type == "new")
    return {f"arxiv:{item.arxiv_id}" for item in new}


class SimulatedArxiv:
    """arXiv with its troubles. `limit`: how many items a feed has at most on a day that is CUT."""

    def __init__(
        self, troubles: Sequence[Trouble] = (), *, limit: int = 3, lag: timedelta = timedelta(0)
    ) -> None:
        self._troubles = {(t.day, t.wrong): t for t in troubles}
        self._limit = limit
        self._lag = lag

    def in_trouble(self, at: datetime, wrong: Wrong, now: datetime | None = None) -> Trouble | None:
        """What is wrong in this way with the day of a time, at that time or `now`."""
        day, now = at.astimezone(EASTERN).date(), now or at
        trouble = self._troubles.get((day, wrong))
        if trouble and now < midnight(day) + timedelta(hours=trouble.hours):
            return trouble
        return None

    def items(self, now: datetime) -> tuple[Item, ...]:
        """What the feed shows at a time: each paper once, nothing on a closed day."""
        day = now.astimezone(EASTERN).date()
        if not is_open(day):
            return ()
        late, stale = self.in_trouble(now, Wrong.LATE), self.in_trouble(now, Wrong.STALE)
        shown: dict[str, Item] = {}
        for category in CATEGORIES:
            old = late or (stale and stale.category == category)
            for item in batch(day_before(day) if old else day):
                seen = _as_seen_in(item, category, bool(stale))
                if category in item.listed_in and (item.arxiv_id not in shown or seen.announce_type == "new"):
                    shown[item.arxiv_id] = seen  # once, and rather as new than as a cross-list
        listed = tuple(shown.values())
        return listed[: self._limit] if self.in_trouble(now, Wrong.CUT) else listed

    def feed(self, now: datetime) -> bytes:
        """The feed at a time. Its dates are always today's, whatever batch it shows."""
        today = format_datetime(datetime.combine(now.astimezone(EASTERN).date(), time(), tzinfo=EASTERN))
        items = "".join(_rss_item(item, today) for item in self.items(now))
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss xmlns:arxiv="http://arxiv.org/schemas/atom"'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel><title>updates</title>'
            f"<link>{URL}</link><description>updates</description><pubDate>{today}</pubDate>"
            f"<skipDays><day>Sunday</day><day>Saturday</day></skipDays>{items}</channel></rss>"
        ).encode()

    def api(self, query: str, now: datetime, *, most: int = 2_000) -> bytes:
        """The API's answer to a query for what was submitted in a time; `most` results, whatever it wants."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        terms = re.fullmatch(r"\((.*)\) AND submittedDate:\[(\d{12}) TO (\d{12})\]", asked["search_query"])
        assert terms
        wanted = {term.removeprefix("cat:") for term in terms[1].split(" OR ")}
        first, last = (datetime.strptime(terms[n], "%Y%m%d%H%M").replace(tzinfo=UTC) for n in (2, 3))
        days = (last.astimezone(EASTERN).date() + timedelta(days=n) for n in range(-6, 7))
        found = [
            item
            for day in days
            if is_open(day) and midnight(day) + self._lag <= now and first < submitted(day) <= last
            for item in batch(day)
            if item.announce_type == "new" and wanted & set(item.categories)
        ]
        start = int(asked["start"])
        page = found[start : start + min(most, int(asked["max_results"]))]
        return _api_answer(len(found), start, "".join(_api_entry(item, last) for item in page))

    def papers(self, ids: Sequence[str], now: datetime) -> bytes:
        """The API's answer to a query for papers by their ids; it doesn't know those that it lags behind."""
        today = now.astimezone(EASTERN).date()
        days = (today - timedelta(days=n) for n in range(14))
        known = {
            item.arxiv_id: item
            for day in days
            if is_open(day) and midnight(day) + self._lag <= now
            for item in batch(day)
        }
        found = [known[each] for each in ids if each in known]
        return _api_answer(len(found), 0, "".join(_api_entry(item, now) for item in found))

    def listed(self, query: str, now: datetime, *, most: int = 3) -> bytes:
        """The repository's list of identifiers since a date, `most` on a page."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        start = 0
        if token := asked.get("resumptionToken"):
            since, _, place = token.partition("|")
            start = int(place)
        else:
            assert asked["verb"] == "ListIdentifiers"
            since = asked["from"]
        first, today = date.fromisoformat(since), now.astimezone(EASTERN).date()
        days = [first + timedelta(days=n) for n in range((today - first).days + 2)]
        found: dict[str, Item] = {}
        for day in days:
            is_out = midnight(day) - timedelta(hours=2) <= now
            if (
                is_open(day)
                and day > first
                and is_out
                and not self.in_trouble(midnight(day), Wrong.BEHIND, now)
            ):
                found |= {item.arxiv_id: item for item in batch(day)}
        page = list(found.values())[start : start + most]
        more = f"{since}|{start + most}" if start + most < len(found) else ""
        if not page:
            return _OAI.format('<error code="noRecordsMatch">none</error>').encode()
        headers = "".join(_header(item) for item in page)
        token = f"<resumptionToken>{more}</resumptionToken>"
        return _OAI.format(f"<ListIdentifiers>{headers}{token}</ListIdentifiers>").encode()

    def getter(self, clock: Callable[[], datetime]) -> "Getter":
        """What stands for `Fetcher.get` while the clock shows these times."""
        return Getter(self, clock)


@dataclass
class Getter:
    """Answers as arXiv's server does: the feed, "not modified", or an error."""

    arxiv: SimulatedArxiv
    clock: Callable[[], datetime]
    queries: list[tuple[datetime, str]] = field(default_factory=list)  # to its API

    def __call__(
        self,
        url: str,
        *,
        etag: str | None,
        last_modified: str | None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Response:
        assert last_modified is None
        assert not tuple(headers)
        now = self.clock()
        if url.startswith((API, OAI)):
            if self.arxiv.in_trouble(now, Wrong.BUSY):
                raise FetchError(f"{url}: the answer is HTTP 429 Too Many Requests", status=429)
            self.queries.append((now, url))
        if url.startswith(OAI):
            return Response(200, self.arxiv.listed(urlsplit(url).query, now))
        if url.startswith(API):
            asked = parse_qs(urlsplit(url).query)
            if "id_list" in asked:
                return Response(200, self.arxiv.papers(asked["id_list"][0].split(","), now))
            return Response(200, self.arxiv.api(urlsplit(url).query, now, most=2))
        assert url == URL
        if self.arxiv.in_trouble(now, Wrong.DOWN):
            raise FetchError(f"{url}: the answer is HTTP 503 Service Unavailable", status=503)
        body = self.arxiv.feed(now)
        tag = hashlib.sha256(body).hexdigest()[:16]
        if tag == etag:
            return Response(304, b"", tag, None, not_modified=True)
        return Response(200, body, tag)


def _as_seen_in(item: Item, category: str, apart: bool) -> Item:
    """A new paper is a cross-list where only the batch of another category than its first shows it."""
    if apart and item.announce_type == "new" and category != item.categories[0]:
        return Item(item.arxiv_id, item.version, item.categories, "cross")
    return item


_OAI = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{}</OAI-PMH>'


def _header(item: Item) -> str:
    sets = "".join(f"<setSpec>{c.partition('.')[0]}:{c.replace('.', ':')}</setSpec>" for c in item.categories)
    return f"<header><identifier>oai:arXiv.org:{item.arxiv_id}</identifier>{sets}</header>"


def _api_answer(total: int, start: int, entries: str) -> bytes:
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"'
        ' xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"
    ).encode()


def _api_entry(item: Item, at: datetime) -> str:
    categories = "".join(f'<category term="{category}"/>' for category in item.categories)
    return (
        f"<entry><id>http://arxiv.org/abs/{item.arxiv_id}v{item.version}</id>"
        f"<title>Paper {item.arxiv_id}</title><published>{at.isoformat()}</published>"
        f"<summary>What paper {item.arxiv_id} says in version {item.version}.</summary>"
        f"<author><name>Ada Lovelace</name></author>{categories}</entry>"
    )


def _rss_item(item: Item, today: str) -> str:
    categories = "".join(f"<category>{category}</category>" for category in item.categories)
    return (
        f"<item><title>Paper {item.arxiv_id}</title><link>https://arxiv.org/abs/{item.arxiv_id}</link>"
        f"<description>arXiv:{item.arxiv_id}v{item.version} Announce Type: {item.announce_type} \n"
        f"Abstract: What paper {item.arxiv_id} says in version {item.version}.</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{item.arxiv_id}v{item.version}</guid>{categories}'
        f"<pubDate>{today}</pubDate><arxiv:announce_type>{item.announce_type}</arxiv:announce_type>"
        "<dc:creator>Ada Lovelace, Alan Turing</dc:creator></item>"
    )
