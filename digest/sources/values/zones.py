"""Zones as feeds write them behind a time: its text comes in, the time without its zone and the zone go out.

RFC 5322 knows `+0530` and ten abbreviations; feeds write `+05:30`, others, and names of the IANA.
"""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"\s*(?:GMT|UTC)?\s?([+-])(\d{1,2}):?(\d{2})?\s*(?:\([^()]{0,60}\))?$")
_NAME = re.compile(r"\s+\(?([A-Za-z]{1,5}|[A-Z][A-Za-z_]{1,30}(?:/[A-Za-z_+-]{1,30}){1,2})\)?$")
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?$")
# Hours east of Greenwich. Where an abbreviation is of several zones (IST, BST), that of most people who write
# feeds; RFC 5322 decides those that it names.
_ABBREVIATIONS = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MET": 1, "CEST": 2,
    "MEST": 2, "SAST": 2, "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3, "GST": 4, "PKT": 5, "IST": 5.5,
    "NPT": 5.75, "ICT": 7, "WIB": 7, "SGT": 8, "HKT": 8, "AWST": 8, "PHT": 8, "JST": 9, "KST": 9,
    "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "BRT": -3, "ART": -3,
    "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
    "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip


def split(text: str) -> tuple[str, tzinfo]:
    """Return the text without the zone at its end, and that zone; UTC where it has none, or one that nobody
    knows.

    `Mon, 16 Mar 2026 08:00:00 +05:30` → `Mon, 16 Mar 2026 08:00:00` and UTC+05:30.
    """
    offset = _OFFSET.search(text)
    if offset and _TIME.search(text, 0, offset.start()):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes < 24 * 60:
            east = timedelta(minutes=minutes if offset[1] == "+" else -minutes)
            return text[: offset.start()], timezone(east)
    named = _NAME.search(text)
    if named and _TIME.search(text, 0, named.start()):
        return text[: named.start()], _named(named[1])
    return text, UTC


def _named(name: str) -> tzinfo:
    hours = _ABBREVIATIONS.get(name.upper())
    if hours is not None:
        return timezone(timedelta(hours=hours))
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # no such zone, or the name of a folder
        return UTC
