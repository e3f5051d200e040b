"""Bytes of a feed → text: its character set by byte order mark, by declaration, or by trying. Never raises.

Decided here and not by feedparser, which takes any codec of Python that a feed names: some aren't character
sets, some take long on hostile input.
"""

import codecs
import re

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{2,40})["']""")
_CHARSETS = re.compile(
    r"(?:utf[-_]?(?:8|16|32)|iso|latin|windows|cp\d|ibm|koi8|gb|big5|euc|shift|sjis|us-ascii|ascii|mac|tis|hz)",
    re.IGNORECASE,
)
_STARTS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
    ("<?xm".encode("cp037"), "cp037"),  # EBCDIC
)


def decode(body: bytes) -> str:
    """The text, by byte order mark or first bytes, then as declared, then UTF-8, then as Windows writes."""
    for start, name in _STARTS:
        if body.startswith(start):
            return body.decode(name, "replace").lstrip("\ufeff")
    declared = _DECLARED.search(body[:500])
    names = [declared[1].decode("ascii")] if declared else []
    for name in [*names, "utf-8"]:
        if not _CHARSETS.match(name):
            continue
        try:
            return body.decode(name)
        except (UnicodeError, LookupError):  # wrongly declared, or no such character set
            continue
    return body.decode("cp1252", "replace")
