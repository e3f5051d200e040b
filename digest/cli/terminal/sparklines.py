"""Numbers → a line of bars, for a table."""

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
NONE = "·"  # a hole must not look like a low bar


def sparkline(counts: Sequence[int]) -> str:
    """One character a number, from 0 (a dot) to the largest (a full bar)."""
    most = max(counts, default=0)
    return "".join(BARS[(count * len(BARS) - 1) // most] if count else NONE for count in counts)
