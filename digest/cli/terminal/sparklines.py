"""Draws numbers as a line of bars, for a table."""

import sys
from collections.abc import Mapping, Sequence

from digest.cli.terminal.plain import is_utf8

BARS = "▁▂▃▄▅▆▇█"
NONE = "·"  # a hole must not look like a low bar


def sparkline(counts: Sequence[int]) -> str:
    """Return one character a number, from 0 (a dot) to the largest (a full bar)."""
    most = max(counts, default=0)
    return "".join(BARS[(count * len(BARS) - 1) // most] if count else NONE for count in counts)


def pooled(counts: Sequence[int], most: int) -> list[int]:
    """Add neighbours up, equally many each, so that at most `most` numbers are left; the last are whole."""
    each = -(-len(counts) // most)
    begin = len(counts) % each
    first = [sum(counts[:begin])] if begin else []
    return first + [sum(counts[at : at + each]) for at in range(begin, len(counts), each)]


def can_draw(environ: Mapping[str, str]) -> bool:
    """Return whether stdout is a terminal that shows bars: not a dumb one, and one of UTF-8."""
    return sys.stdout.isatty() and environ.get("TERM") != "dumb" and is_utf8(sys.stdout)
