"""Reads what somebody typed into a form: interests and a schedule, or every mistake with its place.

In: fields of a form or of an address, all hostile. Out: values of the domain, or `Problem`s by field.
Never: a request or a template.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from digest.domain import Interests, Schedule, Subscriber, Topic
from digest.errors import DigestError, FilterError
from digest.filters import Author, parse
from digest.languages import deferred, deferred_list, gettext
from digest.languages.dates import deferred_number
from digest.pipeline.subscriptions.validate import (
    MOST_PAPERS,
    InterestReader,
    check_number,
    read_schedule,
    reader_for_strangers,
)
from digest.render.site import MOST_FRONT
from digest.serializers import WEEKDAYS

MOST_LINES = 100
LONGEST_LINE = 1000
_ONCE_MORE = deferred("press the button once more")


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a field, in words, and what to do; the line around it, `marked` is the place itself."""

    message: str
    fix: str = ""
    before: str = ""
    marked: str = ""
    after: str = ""


Problems = dict[str, list[Problem]]


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the forms as they were typed, one line for each filter, exclusion and author."""

    email: str = ""
    topics: tuple[str, ...] = ()
    filters: str = ""
    exclude: str = ""
    authors: str = ""
    frequency: str = "daily"
    weekday: str = "mon"
    at: str = "08:00"
    timezone: str = "UTC"
    quiet_days: str = ""  # anything: ticked
    language: str = ""  # empty: the site's
    max_papers: str = "20"
    front: str = ""  # empty: as many as the site says
    about_only: str = ""  # anything: ticked

    @property
    def is_empty(self) -> bool:
        """Whether nothing was chosen, so that the digest is what trends."""
        return not (self.topics or self.filters.strip() or self.authors.strip() or self.exclude.strip())


def typed(fields: Sequence[tuple[str, str]]) -> Typed:
    """Return the fields of a form or of an address; unknown ones are left out, missing ones have their
    default.
    """
    single = {
        name: value for name, value in fields if name in Typed.__dataclass_fields__ and name != "topics"
    }
    return Typed(topics=tuple(value for name, value in fields if name == "topics" and value), **single)


def typed_of(known: Subscriber, *, without: Sequence[str] = ()) -> Typed:
    """Return what a subscriber chose, as they would type it; `without`: exclusions that aren't shown."""
    interests, schedule = known.interests, known.schedule
    names = {text: name for text in interests.filters if (name := _author(text))}
    return Typed(
        email=known.email,
        topics=interests.topics,
        filters="\n".join(text for text in interests.filters if text not in names),
        exclude="\n".join(text for text in interests.exclude if text not in without),
        authors="\n".join(names.values()),
        frequency=schedule.frequency,
        weekday=WEEKDAYS[schedule.weekday],
        at=f"{schedule.at:%H:%M}",
        timezone=schedule.timezone,
        quiet_days="yes" if schedule.quiet_days else "",
        language=schedule.language,
        max_papers=str(interests.max_papers),
        front=str(interests.front or ""),
        about_only="yes" if interests.about_only else "",
    )


@dataclass(slots=True)
class Reading:
    """What came of reading a form; where there are problems, the values are what could be read."""

    interests: Interests
    schedule: Schedule = field(default_factory=Schedule)
    problems: Problems = field(default_factory=dict)


def read(listed: Sequence[Topic], given: Typed, base: Interests = Interests()) -> Reading:  # noqa: B008 - it is frozen
    """Read what was typed into a form, within the bounds of one request.

    `listed`: the topics that there are; `base`: interests whose fields that no form has stay as they are.
    """
    found = Reading(interests=base)
    reader = reader_for_strangers(listed)
    topics = _try(found.problems, "topics", lambda: reader.topics(given.topics), ())
    wanted = _lines(reader, found.problems, "filters", given.filters)
    names = _lines(reader, found.problems, "authors", given.authors, as_filter=_by_author)
    without = _lines(reader, found.problems, "exclude", given.exclude)
    most = _try(found.problems, "max_papers", lambda: _number(given.max_papers), base.max_papers)
    front = _try(found.problems, "front", lambda: _front(given.front), base.front)
    found.interests = replace(
        base,
        topics=topics,
        filters=tuple(dict.fromkeys([*wanted, *names])),
        exclude=without,
        max_papers=most,
        front=front,
        about_only=bool(given.about_only),
    )
    times = {name: getattr(given, name) for name in ("frequency", "weekday", "at", "timezone", "language")}
    for name, value in times.items():
        _try(found.problems, name, partial(read_schedule, **{name: value}), None)
    if not found.problems.keys() & times.keys():
        found.schedule = read_schedule(**times, quiet_days=bool(given.quiet_days))
    return found


def problem(error: DigestError) -> Problem:
    """Return an error as the form shows it, with the place marked where it has one."""
    if not isinstance(error, FilterError) or not error.text:
        return Problem(error.message, fix_of(error))
    text, at = error.text, min(error.position, len(error.text))
    end = at + 1
    while end < len(text) and text[at:end].isalnum() and text[end].isalnum():
        end += 1
    choices = deferred_list(error.expected)
    fix = error.fix or (deferred("expected here: {choices}", choices=choices) if choices else "")
    return Problem(error.message, fix, text[:at], text[at:end], text[end:])


def hurry(passed: timedelta | None, least: timedelta) -> Problem | None:
    """Return what is wrong with the time that a form was open (None: its stamp is forged or too old), if
    anything: people take at least so long.
    """
    if passed is None:
        return Problem(deferred("this page was open for too long"), _ONCE_MORE)
    return Problem(deferred("that was quicker than people type"), _ONCE_MORE) if passed < least else None


def fix_of(error: DigestError) -> str:
    """Return what a visitor may do about an error; the command that an operator has is nothing to them."""
    return "" if error.fix.startswith(("digest ", "--")) else error.fix


def sentence(error: DigestError) -> str:
    """Return an error and what to do about it in one sentence."""
    fix = fix_of(error)
    return (
        gettext("{problem}; {fix}", problem=gettext(error.message), fix=gettext(fix))
        if fix
        else gettext(error.message)
    )


def _lines(
    reader: InterestReader,
    problems: Problems,
    name: str,
    text: str,
    *,
    as_filter: Callable[[str], str] = str.strip,
) -> tuple[str, ...]:
    """The canonical texts of the lines of a field; each line that can't be read is a problem of it."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
        message = deferred(
            "at most {lines} lines of {characters} characters",
            lines=MOST_LINES, characters=deferred_number(LONGEST_LINE),
        )  # fmt: skip
        problems.setdefault(name, []).append(Problem(message))
        return ()
    found: list[str] = []
    for line in lines:
        if reader.is_exhausted:  # said once, with the line that was too much
            break
        found += _try(problems, name, partial(reader.filters, [as_filter(line)]), ())
    return tuple(dict.fromkeys(found))


def _try(problems: Problems, name: str, reading: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return reading()
    except DigestError as error:
        problems.setdefault(name, []).append(problem(error))
        return otherwise


def _number(text: str) -> int:
    return check_number(deferred("max papers"), _whole(text), 1, MOST_PAPERS)


def _front(text: str) -> int:
    return check_number(deferred("papers in full"), _whole(text), 1, MOST_FRONT) if text.strip() else 0


def _whole(text: str) -> int:
    """The number that was typed; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _by_author(line: str) -> str:
    name = line.strip().removeprefix("au:").strip('"')
    return f'au:"{name.replace(chr(34), " ")}"'


def _author(text: str) -> str:
    """The name where a filter is one author, else ''."""
    if not text.startswith("au:"):
        return ""
    try:
        tree = parse(text)
    except FilterError:
        return ""
    return tree.name if isinstance(tree, Author) else ""


def first_problems(problems: Mapping[str, Sequence[Problem]]) -> list[tuple[str, Problem]]:
    """Return (field, problem) of all problems in the order of the form, for the summary above it."""
    order = ("email", *Typed.__dataclass_fields__)
    names = dict.fromkeys([*(name for name in order if name in problems), *problems])
    return [(name, each) for name in names for each in problems[name]]
