"""A name that isn't there → the error that says so and names the nearest one that is. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches

from digest.errors import UnknownError


def unknown(what: str, name: str, known: Iterable[str], *, command: str) -> UnknownError:
    """The error for a `what` (topic, source …) without match; `command` lists those that exist."""
    near = get_close_matches(name, list(known), n=1)
    return UnknownError(
        f"there is no {what} {name[:100]!r}", fix=f"did you mean {near[0]!r}?" if near else command
    )
