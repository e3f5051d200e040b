"""Checks and keeps what people ask for: who subscribes, to what, and when."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from functools import cache, lru_cache
from zoneinfo import available_timezones

from digest.domain import Frequency, Interests, Schedule, Subscriber, SubscriberStatus, Topic
from digest.due import next_due
from digest.errors import FilterError, InputError, UnknownError, did_you_mean
from digest.languages import CODES, Deferred, deferred, deferred_list
from digest.languages.dates import deferred_number
from digest.pipeline.installation import Installation
from digest.render.site import MOST_FRONT
from digest.serializers import WEEKDAYS
from digest.store import session
from digest.store.session import Session
from digest.store.subscriptions import interests as stored
from digest.store.subscriptions import subscribers, suppressions
from digest.store.subscriptions.addresses import name_key
from digest.tokens import address_hashes
from digest.words.characters import flaw
from digest.words.nearest import nearest

MOST_PAPERS = 200
MOST_TERMS = 300  # of all the lines that a stranger may have read and matched at once
MOST_CHARACTERS = 10_000  # of these lines
LONGEST_NAME = 40  # characters of a display name
# Folded names that would be taken for somebody who speaks for the site, or for nobody.
_RESERVED = frozenset(
    name_key(name)
    for name in (
        *("admin", "administrator", "admins", "root", "system", "operator", "moderator", "curator", "editor"),
        *("staff", "team", "support", "help", "security", "postmaster", "webmaster", "abuse", "noreply"),
        *("digest", "daily papers", "a reader", "reader", "readers", "anonymous", "nobody", "everybody"),
        *("erased", "an erased person", "subscriber", "arxiv", "hugging face", "biorxiv", "none", "null"),
    )
)
_LONGEST_LOCAL = 64  # octets (RFC 5321, 4.5.3.1.1)
_LONGEST_PLAIN = 180  # characters of a domain, so that the whole is within any bound
_TOO_MANY_CHARACTERS = deferred("all filters, authors and exclusions together have at most {most} characters")
_TOO_MANY_TERMS = deferred("all filters, authors and exclusions together have at most {most} terms")
# Local parts of almost everybody: any domain that can stand behind one of them can stand behind all.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_TOO_LONG = deferred("more than {most} bytes before the @", most=_LONGEST_LOCAL)
# What the library says of what is no address → what we say.
_NO_ADDRESS = (
    ("must have an @", deferred("it has no @")),
    ("at-sign (@)", deferred("it has another sign in the place of the @")),
    ("something before the @", deferred("nothing stands before the @")),
    ("something after the @", deferred("nothing stands after the @")),
    ("too long before the @", _TOO_LONG),
    ("too long", deferred("it is too long")),
    ("should have a period", deferred("after the @ it has no dot")),
    ("top-level domain", deferred("after the @ it has no ending that exists")),
    ("special-use", deferred("the name after the @ is reserved, and nobody gets emails there")),
    ("before the @-sign", deferred("before the @ it has a character that can't stand there")),
    ("period", deferred("a dot can't stand there")),
    ("hyphen", deferred("a hyphen can't stand there")),
    ("after the @-sign", deferred("after the @ it has a character that can't stand there")),
    ("invalid character", deferred("it has a character that can't stand there")),
)
# Names in every system's list that say nothing to anybody else.
_NO_PLACES = frozenset({"localtime", "Factory"})


def read_address(text: str) -> str:
    """Return an e-mail address as it can be written to; InputError says what is wrong with it."""
    local, at, domain = text.strip().rpartition("@")
    if at and len(local) <= _LONGEST_LOCAL and _PLAIN_LOCAL.fullmatch(local) and _is_plain(domain):
        return f"{local}@{domain.lower()}"
    wrong = flaw(text.strip())
    if wrong:
        fix = deferred("type it again without that character")
        raise InputError(deferred("the e-mail address {flaw}", flaw=wrong), fix=fix)
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - slow to import

    try:
        email = validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InputError(_no_address(text.strip(), _why_no_address(str(error)))) from error
    if len(email.rpartition("@")[0].encode()) > _LONGEST_LOCAL:
        raise InputError(_no_address(email, _TOO_LONG))
    return email


def _no_address(typed: str, why: str) -> Deferred:
    return deferred("{address} is not an e-mail address: {why}", address=repr(typed[:100]), why=why)


def _why_no_address(error: str) -> Deferred:
    """The library's sentence in words of ours, which are in the catalogue; it quotes what was typed."""
    return next((ours for theirs, ours in _NO_ADDRESS if theirs in error), deferred("it can't be written to"))


def read_display_name(text: str) -> str:
    """Read the name under which others see somebody; '' for none.

    Raises InputError for one that is long, can't be printed, or could be taken for the site's own.
    """
    name = " ".join(text.split())
    if not name:
        return ""
    if len(name) > LONGEST_NAME or not name.isprintable() or flaw(name):
        fix = deferred("at most {most} letters, digits, spaces and signs", most=LONGEST_NAME)
        raise InputError(deferred("display name: {name} can't be shown", name=repr(name[:60])), fix=fix)
    folded = name_key(name)
    if not folded or "@" in name or "://" in name:
        fix = deferred("use letters; an address is shown to nobody")
        raise InputError(deferred("display name: {name} is no name", name=repr(name)), fix=fix)
    if folded in _RESERVED:
        fix = deferred("choose another")
        raise InputError(deferred("display name: {name} is reserved", name=repr(name)), fix=fix)
    return name


@lru_cache(maxsize=20_000)  # in a list of readers, the same domains again and again
def _is_plain(domain: str) -> bool:
    """Whether a domain is of ASCII letters, short, and one that addresses can have."""
    if not domain.isascii() or len(domain) > _LONGEST_PLAIN:
        return False
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - as above

    try:
        return validate_email(f"a@{domain}", check_deliverability=False).normalized == f"a@{domain.lower()}"
    except EmailNotValidError:
        return False


def known_topic(topics: Sequence[Topic], slug: str) -> Topic:
    """Return the topic of this slug; UnknownError names the nearest."""
    for topic in topics:
        if topic.slug == slug:
            return topic
    near = nearest(slug, [topic.slug for topic in topics])
    message = deferred("there is no topic {slug}", slug=repr(slug[:100]))
    raise UnknownError(message, fix=did_you_mean(near) if near else "digest topics list")


def known_topics(installation: Installation) -> Sequence[Topic]:
    """Return the topics that interests can name, as they are now."""
    with session.reading(installation.engine) as db:
        return stored.topics(db)


class InterestReader:
    """Reads what one person typed, line by line. Topics are looked up once, and all lines together may hold
    no more than `most_terms` terms and `most_characters` characters; None: as many as they like.
    """

    def __init__(
        self, topics: Sequence[Topic], *, most_terms: int | None = None, most_characters: int | None = None
    ) -> None:
        self._topics = topics
        self._slugs = [topic.slug for topic in topics]
        self._most_terms = most_terms
        self._most_characters = most_characters
        self._terms = self._characters = 0
        self.is_exhausted = False  # whether the lines so far were too much; no other line is read then

    def topics(self, slugs: Sequence[str]) -> tuple[str, ...]:
        """Return topics without repetitions. Raises UnknownError."""
        for slug in dict.fromkeys(slugs):
            known_topic(self._topics, slug)
        return tuple(dict.fromkeys(slugs))

    def filter(self, text: str) -> str:
        """Return the canonical text of a filter. Raises FilterError."""
        from digest.filters import canonical, leaves, parse  # noqa: PLC0415 - not needed to look at people

        self._characters += len(text)
        self._check(text, self._characters, self._most_characters, _TOO_MANY_CHARACTERS)
        tree = parse(text, topics=self._slugs)
        self._terms += sum(1 for _ in leaves(tree))
        self._check(text, self._terms, self._most_terms, _TOO_MANY_TERMS)
        return canonical(tree)

    def filters(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the canonical texts of filters, without repetitions. Raises FilterError."""
        return tuple(dict.fromkeys(self.filter(text) for text in texts))

    def _check(self, text: str, count: int, most: int | None, words: Deferred) -> None:
        self.is_exhausted = self.is_exhausted or (most is not None and count > most)
        if self.is_exhausted:
            message = deferred(words, most=deferred_number(most or 0))
            raise FilterError(message, position=0, text=text, nearest="")


def reader_for_strangers(listed: Sequence[Topic]) -> InterestReader:
    """Return a reader of what is typed into forms and sent to the API, within the bounds of one request."""
    return InterestReader(listed, most_terms=MOST_TERMS, most_characters=MOST_CHARACTERS)


def check_number(name: str, value: int, least: int, most: int) -> int:
    """Return a number within its range. Raises InputError."""
    if not least <= value <= most:
        message = deferred(
            "{name}: {value} is not between {least} and {most}",
            name=name, value=value, least=least, most=deferred_number(most),
        )  # fmt: skip
        raise InputError(message)
    return value


def read_interests(
    listed: Sequence[Topic],
    *,
    topics: Sequence[str] = (),
    filters: Sequence[str] = (),
    exclude: Sequence[str] = (),
    min_upvotes: int = 0,
    top: int = 0,
    max_papers: int = 20,
    about_only: bool = False,
    front: int = 0,
) -> Interests:
    """Read what somebody typed as Interests in canonical form, without repetitions.

    `listed`: the topics that there are, read once for all lines of a form or rows of a file.

    Raises UnknownError for a topic that isn't there, FilterError for a filter that can't be read and
    InputError for a number out of range.
    """
    return interests_of(
        InterestReader(listed),
        topics=topics,
        filters=filters,
        exclude=exclude,
        min_upvotes=min_upvotes,
        top=top,
        max_papers=max_papers,
        about_only=about_only,
        front=front,
    )


def interests_of(
    reader: InterestReader,
    *,
    topics: Sequence[str],
    filters: Sequence[str],
    exclude: Sequence[str],
    min_upvotes: int,
    top: int,
    max_papers: int,
    about_only: bool,
    front: int,
) -> Interests:
    """Read what somebody typed, as `read_interests` does, by a reader that may know some of it already."""
    interests = Interests(
        topics=reader.topics(topics),
        filters=reader.filters(filters),
        exclude=reader.filters(exclude),
        min_upvotes=min_upvotes,
        top=top,
        max_papers=max_papers,
        about_only=about_only,
        front=front,
    )
    check_limits(min_upvotes=min_upvotes, top=top, max_papers=max_papers, front=front)
    return interests


def check_limits(*, min_upvotes: int, top: int, max_papers: int, front: int) -> None:
    """Raise InputError for a number of interests that is out of its range."""
    check_number(deferred("min upvotes"), min_upvotes, 0, 10**6)
    check_number(deferred("top"), top, 0, MOST_PAPERS)
    check_number(deferred("max papers"), max_papers, 1, MOST_PAPERS)
    check_number(deferred("papers in full"), front, 0, MOST_FRONT)


@cache
def time_zones() -> tuple[str, ...]:
    """Return the names of all time zones, sorted.

    Finding them reads hundreds of files, so it is done once.
    """
    return tuple(sorted(available_timezones() - _NO_PLACES))


def read_schedule(
    *,
    frequency: str = "daily",
    weekday: str = "mon",
    at: str = "08:00",
    timezone: str = "UTC",
    quiet_days: bool = False,
    language: str = "",
) -> Schedule:
    """Read what somebody typed as a Schedule. Raises InputError that names the field and what it can be."""
    if frequency not in list(Frequency):
        raise InputError(_none_of(deferred("frequency"), frequency, list(Frequency)))
    if weekday not in WEEKDAYS:
        raise InputError(_none_of(deferred("weekday"), weekday, WEEKDAYS))
    if language and language not in CODES:
        raise InputError(_none_of(deferred("language"), language, CODES))
    if timezone not in time_zones():
        near = nearest(timezone, time_zones())
        fix = did_you_mean(near) if near else deferred("a name such as Europe/Paris")
        raise InputError(deferred("there is no time zone {name}", name=repr(timezone[:100])), fix=fix)
    try:
        clock = time.fromisoformat(at)
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo:
        fix = deferred("hours and minutes, such as 08:00")
        raise InputError(deferred("at: {time} is not a time of day", time=repr(at[:100])), fix=fix)
    at_minute = clock.replace(second=0, microsecond=0)
    return Schedule(Frequency(frequency), at_minute, timezone, WEEKDAYS.index(weekday), quiet_days, language)


def _none_of(name: Deferred, typed: str, words: Sequence[str]) -> Deferred:
    return deferred(
        "{name}: {typed} is none of {words}",
        name=name, typed=repr(typed[:100]), words=deferred_list([str(word) for word in words]),
    )  # fmt: skip


def subscribe(
    installation: Installation,
    db: Session,
    *,
    email: str,
    interests: Interests,
    schedule: Schedule,
    now: datetime,
    consent: str | None,
) -> Subscriber:
    """Add a subscriber: active where `consent` says when and where they agreed, else pending.

    Raises InputError when the address is subscribed already or must not be written to.
    """
    if subscribers.exists(db, email):
        raise InputError(f"{email} is subscribed already", fix=f"digest subscribers show {email}")
    if suppressions.among(db, address_hashes(email, installation.keys)):
        raise InputError(f"{email} must not be written to: it bounced, complained or asked to be left alone")
    return subscribers.add(
        db,
        email=email,
        status=SubscriberStatus.PENDING if consent is None else SubscriberStatus.ACTIVE,
        interests=interests,
        schedule=schedule,
        now=now,
        due=None if consent is None else next_due(schedule, now),
        consent=consent,
    )
