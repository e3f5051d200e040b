"""Words of a mail: how names, dates, summaries and reasons read. Plain text in, plain text out.

Never: escapes for HTML (the templates do), or knows a template.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from digest.domain import Field, HideReason, Hiding, ProposalState, Reason, ReasonKind
from digest.languages import Deferred, dates, deferred, pgettext
from digest.languages import gettext as _

_WEB_URL = re.compile(r"https?://[^\s\"<>\\^`{|}]{1,500}", re.IGNORECASE)
# Of the format characters only direction marks, zero-width spaces and the BOM go: emoji and some scripts need
# the joiners. U+FDD0 … U+FDEF are no characters; slots of our own are marked with them.
_INVISIBLE = re.compile(
    "[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff"
    "\\ud800-\\udfff\\ufdd0-\\ufdef]"
)
BETWEEN = "\u00a0· "  # the phrases of a list on one line; it isn't broken before the dot
_MOST_REASONS = 3
_LONGEST_LAST = 14  # characters of a last word that stays beside the one before it
_MOST_PLACES = 3
_CHARACTERS_A_WORD = 12
_LONGEST_PICK = 360  # characters: a note, and who picked


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, and whether it is a term that matched."""

    text: str
    marked: bool = False


# What became of a proposal, behind "it is".
PROPOSAL_STATES = {
    ProposalState.FETCHING: deferred("being looked up"),
    ProposalState.READY: deferred("not sent yet"),
    ProposalState.PENDING: deferred("waiting for a curator"),
    ProposalState.ACCEPTED: deferred("accepted"),
    ProposalState.REJECTED: deferred("rejected"),
    ProposalState.DUPLICATE: deferred("a duplicate"),
    ProposalState.WITHDRAWN: deferred("withdrawn"),
}


def printable(text: str) -> str:
    """Drop control characters and those that turn the reading direction; newlines stay."""
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text)


def one_line(text: str, most: int = 300) -> str:
    """Return printable text on one line, shortened to `most` characters."""
    line = " ".join(text.split())
    visible = printable(line)
    return shorten(line if visible == line else " ".join(visible.split()), most)


def too_many_words(count: int, most: int) -> Deferred:
    """Say that somebody's words have too many characters."""
    return deferred("the words have {number} characters; at most {most} are kept", number=count, most=most)


def shorten(text: str, most: int) -> str:
    """Cut a text to `most` characters, behind a word where one ends, with an ellipsis."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    head, _, last = cut.rpartition(" ")
    return (head if len(last) < most // 2 else cut).rstrip(" ,;:.–—-") + "…"


def web_url(url: str) -> str:
    """Return the URL if it can be linked to (http, https, nothing that breaks out of an attribute),
    else ''.
    """
    return url if _WEB_URL.fullmatch(url) and printable(url) == url else ""


def moment(at: datetime, zone: str) -> str:
    """Return `Tuesday 17 March, 08:00 Europe/Paris`: a time (aware) on the clock of a zone.

    Its day stays on one line, and so do its time and zone.
    """
    there = at.astimezone(ZoneInfo(zone))
    day, time = dates.day_name(there.date()).replace(" ", "\u00a0"), there.strftime("%H:%M")
    return together(_("{day}, {time} {zone}", day=day, time=time, zone=zone))


def masked(address: str) -> str:
    """Return an address that its owner knows again and nobody else can write to: `a…@example.org`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def longest_of(words: int) -> int:
    """Return how many characters a text of so many words may have."""
    return max(words * _CHARACTERS_A_WORD, 80)


def first_sentences(text: str, most: int) -> str:
    """Return whole sentences from the start, at most `most` words; cut inside one if half were unused.

    Words of up to 40 characters stay whole. What has longer ones (a script without spaces, a hostile text) is
    cut after 12 characters a word.
    """
    from digest.words import finding  # noqa: PLC0415 - many patterns, which no command needs that only reads

    longest = longest_of(most)
    chosen: list[str] = []
    for sentence in finding.split(text):
        words = sentence.split()
        if len(chosen) + len(words) > most:
            if len(chosen) < most / 2:
                chosen += words[: most - len(chosen)]
                return shorten(" ".join(chosen).rstrip(" ,;:") + " …", longest)
            break
        chosen += words
    return shorten(" ".join(chosen), longest)


def marked(text: str, terms: Iterable[str]) -> tuple[Piece, ...]:
    """Return the text in pieces, none empty; whole-word occurrences of the terms, in any case, are marked."""
    runs: list[Piece] = []
    done = 0
    for start, end in sorted([place for term in set(terms) for place in places(text, term)]):
        if start >= done:  # of words that overlap the first, and of those that begin together the longest
            runs += [Piece(text[done:start]), Piece(text[start:-end], marked=True)]
            done = -end
    return tuple([run for run in (*runs, Piece(text[done:])) if run.text])


def together(text: str) -> str:
    """Return a text of several words whose last two stay on one line, where they aren't long; of a text of
    the catalogue with its values, one again."""
    before, space, last = text.rpartition(" ")
    if not space or len(last) > _LONGEST_LAST or len(before.rpartition(" ")[2]) > _LONGEST_LAST:
        return text
    return type(text)(f"{before}\u00a0{last}")


def runs_together(runs: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return the runs of a text whose last two words stay on one line (see `together`)."""
    for at in range(len(runs) - 1, -1, -1):
        if " " in runs[at].text:
            text = "".join(run.text for run in runs)
            if together(text) == text:
                return runs
            before, _space, last = runs[at].text.rpartition(" ")
            return (*runs[:at], replace(runs[at], text=f"{before}\u00a0{last}"), *runs[at + 1 :])
    return runs


@lru_cache(maxsize=16_384)  # a day's papers have the terms of most readers in few places
def places(text: str, term: str) -> tuple[tuple[int, int], ...]:
    """Return where a term stands in a text as a whole word, in any case: starts, and ends with a
    minus sign.
    """
    return tuple([(found.start(1), -found.end(1)) for found in _word(term).finditer(text)]) if term else ()


@lru_cache(maxsize=4096)  # the same few terms bring the papers of most readers
def _word(term: str) -> re.Pattern[str]:
    """Finds a term as a whole word wherever it begins, in group 1."""
    return re.compile(rf"(?<!\w)(?=({re.escape(term)})(?!\w))", re.IGNORECASE)


def hidden(hiding: Hiding) -> str:
    """Say in public why a paper is no longer shown."""
    why = {
        HideReason.SPAM: _("It was hidden as spam"),
        HideReason.OFF_TOPIC: _("It is off topic here"),
        HideReason.DUPLICATE: _("It is here under another id"),
        HideReason.WITHDRAWN: _("It was withdrawn"),
        HideReason.LEGAL: _("It can’t be shown for legal reasons"),
        HideReason.OTHER: _("It was hidden by a curator"),
    }[hiding.reason]
    words = one_line(hiding.words, 500).rstrip(".")
    return f"{why}: {words}" if words else why


def reason_phrases(reasons: Sequence[Reason], titles: Mapping[str, str]) -> tuple[str, ...]:
    """Return why a paper is here, a phrase for each filter, topic or measure, in the order given; at most
    three.

    `titles`: of topics, by slug; an empty one isn't named, for the heading above does it.
    """
    grouped: dict[tuple[ReasonKind, str], list[Reason]] = {}
    for reason in reasons:
        grouped.setdefault((reason.kind, reason.filter), []).append(reason)
    phrases = [_phrase(kind, name, same, titles) for (kind, name), same in grouped.items()]
    return tuple([phrase for phrase in phrases if phrase][:_MOST_REASONS])


def _phrase(kind: ReasonKind, name: str, reasons: list[Reason], titles: Mapping[str, str]) -> str:
    first = reasons[0].note
    if kind is ReasonKind.PICK:
        return one_line(_(first), _LONGEST_PICK) or _("picked by a curator")
    if kind is ReasonKind.TRENDING:
        note = one_line(_(first), 60)
        return _("trending ({note})", note=note) if note else _("trending")
    places = pgettext("list", ", ").join(
        [_place(reason) for reason in reasons if reason.field or reason.note][:_MOST_PLACES]
    )
    if kind is ReasonKind.FILTER:
        if first.startswith("like: "):
            return places
        return _("matches {what}", what=places or one_line(name, 80))
    topic = titles.get(name, name)
    if topic and places:
        return _("topic {topic} ({places})", topic=one_line(_(topic), 60), places=places)
    return _("topic {topic}", topic=one_line(_(topic), 60)) if topic else places


def _place(reason: Reason) -> str:
    if reason.field is None:
        return one_line(_(reason.note), 60)
    term = one_line(reason.term, 80)
    match reason.field:
        case Field.TITLE:
            return _("“{term}” in the title", term=term)
        case Field.ABSTRACT:
            return _("“{term}” in the abstract", term=term)
        case Field.AUTHOR:
            return _("author {name}", name=term)
        case Field.CATEGORY:
            return _("category {name}", name=term)
