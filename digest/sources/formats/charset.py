"""Decodes the bytes of a feed: by byte order mark, by declaration, or by trying. Never raises.

Labels mean what browsers read under them (https://encoding.spec.whatwg.org/#names-and-labels): most are
written by programs that call a set by the name of a smaller one, gb2312 for GB 18030, ISO-8859-1 for
Windows-1252. Decided here and not by feedparser, which takes any codec of Python that a feed names: some
aren't character sets, some take long on hostile input.
"""

import codecs
import re

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{2,40})["']""")
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
# Python's name of a set → what browsers read under it, where that is a larger one.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "johab": "cp949",
    "shift_jis": "cp932",
    "shift_jis_2004": "cp932",
    "shift_jisx0213": "cp932",
    "big5": "big5hkscs",
}
_LABELS = {  # of the Encoding Standard that Python doesn't know
    "dos-874": "cp874",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "windows-31j": "cp932",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "korean": "cp949",
    "chinese": "gb18030",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "iso-ir-58": "gb18030",
    "csgb2312": "gb18030",
    "x-gbk": "gb18030",
    "cn-big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-sjis": "cp932",
    "ms932": "cp932",
    "x-euc-jp": "euc_jp",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "logical": "iso8859-8",
    "visual": "iso8859-8",
    "dos-866": "cp866",
    "koi8-ru": "koi8-u",
    "koi": "koi8-r",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ukrainian": "mac-cyrillic",
    "sun_eu_greek": "iso8859-7",
    "unicode-1-1-utf-8": "utf-8",
    "unicode11utf8": "utf-8",
    "unicode20utf8": "utf-8",
    "x-unicode20utf8": "utf-8",
    "ansi": "cp1252",
}
_LABELS |= {f"x-cp{page}": f"cp{page}" for page in range(1250, 1259)}
_CHARSETS = re.compile(
    r"(?:utf-8|cp\d|iso8859|iso2022|koi8|gb|big5|euc|shift|mac|tis|ascii|johab|hz|ptcp154|kz1048)"
)  # of Python's names of codecs: others are no sets of characters


def decode(body: bytes) -> str:
    """Return the text, by byte order mark or first bytes, then as declared, then UTF-8, then as Windows
    writes.

    A few bytes that a declared set doesn't have are replaced; they don't turn the rest into another set.
    """
    for start, name in _STARTS:
        if body.startswith(start):
            return body.decode(name, "replace").lstrip("\ufeff")
    found = _DECLARED.search(body[:500])
    declared = _codec(found[1].decode("ascii")) if found else None
    for codec in (declared, "utf-8"):
        try:
            if codec:
                return body.decode(codec)
        except UnicodeError:  # wrongly declared
            continue
    return body.decode("cp1252" if declared in (None, "utf-8") else declared, "replace")


def _codec(label: str) -> str | None:
    """Python's codec for a label; None for what is no set of characters, or can't be where it was read.

    UTF-16 and UTF-32 would have been seen by their first bytes: what reads as ASCII is in neither.
    """
    label = label.lower()
    try:
        name = codecs.lookup(_LABELS.get(label, label)).name
    except LookupError:
        return None
    if not _CHARSETS.match(name):
        return None
    return _SUPERSETS.get(name, name)
