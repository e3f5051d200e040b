"""The colours that an operator can choose, and whether text in them can be read.

In: colours as #rrggbb. Out: `Colors`, contrast ratios. Never: the other colours,
which stand in `_base/style.css`.
"""

import re
from dataclasses import dataclass

from digest.errors import ConfigError

LEAST_CONTRAST = 4.5  # of text and background (WCAG 2.2, 1.4.3)
SHEET = "#fdfcf9"  # the grounds that links stand on, in light and in dark, as `_base/style.css` has them
DARK_SHEET = "#1d2024"
ACCENT = "#0b5a7d"
ACCENT_DARK = "#82c5e6"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Colors:
    """The colour of links and buttons, by day and by night."""

    accent: str = ACCENT
    accent_dark: str = ACCENT_DARK

    def __post_init__(self) -> None:
        check_readable(self.accent, SHEET)
        check_readable(self.accent_dark, DARK_SHEET)


def check_readable(color: str, ground: str) -> None:
    """Raise ConfigError unless text of that colour can be read on the ground, and with both inverted.

    Some mail programs invert all colours in the dark and ask nobody.
    """
    if not _HEX.fullmatch(color):
        raise ConfigError(f"{color!r} isn't a colour", fix="write it as #rrggbb, for example #0b5a7d")
    ratio = min(contrast(color, ground), contrast(_inverted(color), _inverted(ground)))
    if ratio < LEAST_CONTRAST:
        msg = f"text in {color} on {ground} can't be read well: contrast {ratio:.1f}, not {LEAST_CONTRAST}"
        better = "a darker one" if _luminance(ground) > 0.5 else "a lighter one"
        raise ConfigError(msg, fix=f"choose {better}")


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two #rrggbb colours, 1 … 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _inverted(color: str) -> str:
    return f"#{0xFFFFFF - int(color[1:], 16):06x}"
