"""Finds the known name that a mistyped one was meant to be. Pure."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from digest.errors import UnknownError

LIKENESS = 0.65  # of two names, 0 … 1: `lm` is like `llm`, `nlp` isn't like `nlin.PS`
NO_NAMES: Mapping[str, str] = {}


def nearest(name: str, known: Iterable[str], others: Mapping[str, str] = NO_NAMES) -> str:
    """Return the known name that is most like `name` whatever its case, or "" where none is like it.

    `others`: what people type for some known names, and the name that each means. The measure is that of
    Ratcliff and Obershelp (`difflib`), at least `LIKENESS`.
    """
    names = {**others, **{each.lower(): each for each in sorted(known)}}
    close = get_close_matches(name.lower(), names, n=1, cutoff=LIKENESS)
    return names[close[0]] if close else ""


def unknown(what: str, name: str, known: Iterable[str], *, command: str) -> UnknownError:
    """Make the error for a `what` (topic, source …) that isn't there.

    Its fix is the nearest known name, or else the `command` that lists those that exist.
    """
    near = nearest(name, known)
    return UnknownError(
        f"there is no {what} {name[:100]!r}", fix=f"did you mean {near}?" if near else command
    )
