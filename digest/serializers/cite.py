"""Writes citations of papers: BibTeX, RIS, CSL-JSON and plain text.

In: papers as the store has them. Out: text, or values for JSON. Never: a name that was guessed: what can't be
parted into given and family names is written whole. Each writer is small and exact, because what is written
must be read back unchanged by other programs: `tests/test_cite.py` asks them.

BibTeX: brackets count in it even behind a backslash, so they are written by name. RIS: a line for each value,
https://refman.com/sites/rm/files/m/direct_export_ris.pdf. CSL: https://docs.citationstyles.org/, 1.0.2.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from digest.domain import Paper
from digest.text import clean

_TEX = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
}  # fmt: skip
_SPECIAL = re.compile("[" + re.escape("".join(_TEX)) + "]")
_GROUP = re.compile(
    r"\b(collaboration|consortium|team|group|project|initiative|network|committee)\b", re.IGNORECASE
)
_PARTICLES = {
    "van", "von", "der", "den", "de", "da", "di", "del", "della", "dos", "du", "la", "le", "ten", "ter", "el",
    "al", "bin", "ibn", "zu", "zur", "af", "av",
}  # fmt: skip
_SUFFIXES = {"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"}
_IDLE = {"a", "an", "the", "on", "of", "in", "for", "to", "and", "with", "towards", "toward", "is", "are"}
_PLACES = {"arxiv": "arXiv", "biorxiv": "bioRxiv", "openreview": "OpenReview"}


@dataclass(frozen=True, slots=True)
class Name:
    """An author's name; `given` is empty where the whole name stands in `family`."""

    family: str
    given: str = ""
    suffix: str = ""

    @property
    def inverted(self) -> str:
        """`Lovelace, Ada`."""
        return ", ".join(part for part in (self.family, self.given, self.suffix) if part)


def part_name(name: str) -> Name:
    """Divide a name as it is written on a paper; a group's name, and a single word, stay whole."""
    words = _line(name).split()
    if len(words) < 2 or "," in name or _GROUP.search(name):
        return Name(" ".join(words))
    suffix = words.pop() if len(words) > 2 and words[-1].lower() in _SUFFIXES else ""
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    return Name(" ".join(words[start:]), " ".join(words[:start]), suffix)


def citation_key(paper: Paper) -> str:
    """Return a key that people recognise, in ASCII: `lovelace2026agents`; else one made of the id."""
    family = _ascii(part_name(paper.authors[0]).family) if paper.authors else ""
    words = (_ascii(word) for word in re.split(r"[\s\-–—:/]+", paper.title))
    word = next((word for word in words if len(word) > 1 and word not in _IDLE), "")
    key = f"{family}{_day(paper).year}{word}"
    return key if family and word else re.sub(r"[^a-z0-9]+", "-", paper.id.lower()).strip("-") or "paper"


def bibtex(papers: Iterable[Paper]) -> str:
    """Write entries of BibTeX in UTF-8, each with a key of its own."""
    return "\n".join(_entry(key, paper) for key, paper in _keyed(papers))


def ris(papers: Iterable[Paper]) -> str:
    """Write records of RIS in UTF-8, with the line ends that it asks for."""
    return "\r\n".join(
        "".join(f"{tag}  - {value}\r\n" for tag, value in _record(key, paper))
        for key, paper in _keyed(papers)
    )


def csl(papers: Iterable[Paper]) -> list[dict[str, Any]]:
    """Return items of CSL-JSON."""
    return [_item(key, paper) for key, paper in _keyed(papers)]


def plain(paper: Paper) -> str:
    """Write one line for a list of references: names, year, title (formulas as text), where it is."""
    names = [part_name(name) for name in paper.authors]
    shown = [f"{n.family}, {_initials(n.given)}" if n.given else n.family for n in names[:7]]
    listed = ", ".join(shown) + (", et al." if len(names) > 7 else "")
    where = " ".join(part for part in (_place(paper), _number(paper)) if part)
    title = _line(clean(paper.title)).rstrip(".")
    parts = [f"{listed} ({_day(paper).year})".strip(), title, where, _address(paper)]
    return ". ".join(part for part in parts if part)


def _keyed(papers: Iterable[Paper]) -> Iterator[tuple[str, Paper]]:
    used: set[str] = set()
    for paper in papers:
        key = base = citation_key(paper)
        number = 1
        while key in used:
            number += 1
            key = f"{base}-{number}"
        used.add(key)
        yield key, paper


def _entry(key: str, paper: Paper) -> str:
    day = _day(paper)
    fields = {
        "title": f"{{{_tex(paper.title)}}}",  # the inner brackets keep its capitals
        "author": " and ".join(_tex_name(part_name(name)) for name in paper.authors if _line(name)),
        "year": str(day.year),
        "month": f"{day.month}",
        "doi": _tex(paper.doi or ""),
        "url": _tex_url(_address(paper)),
        **_eprint(paper),
        "publisher": _tex(_place(paper)),
        "keywords": _tex(", ".join(paper.keywords)),
        "abstract": _tex(paper.abstract),
    }
    lines = "".join(f",\n  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{key}{lines}\n}}\n"


def _eprint(paper: Paper) -> dict[str, str]:
    if not paper.id.startswith("arxiv:"):
        return {}
    primary = {"primaryclass": _tex(paper.categories[0])} if paper.categories else {}
    return {"eprint": _number(paper), "archiveprefix": "arXiv"} | primary


def _record(key: str, paper: Paper) -> Iterator[tuple[str, str]]:
    day = _day(paper)
    yield "TY", "UNPB"
    yield "ID", key
    yield "TI", _line(paper.title)
    yield from (("AU", part_name(name).inverted) for name in paper.authors if _line(name))
    yield "PY", str(day.year)
    yield "DA", f"{day:%Y/%m/%d}/"
    rest = (
        ("DO", paper.doi or ""),
        ("UR", _address(paper)),
        ("L1", paper.pdf_url),
        ("PB", _place(paper)),
        ("M1", _number(paper)),
        ("AB", paper.abstract),
    )
    yield from ((tag, _line(value)) for tag, value in rest if _line(value))
    yield from (("KW", _line(word)) for word in paper.keywords if _line(word))
    yield "ER", ""


def _item(key: str, paper: Paper) -> dict[str, Any]:
    day = _day(paper)
    item = {
        "id": key,
        "type": "article",  # what CSL 1.0.2 calls a preprint
        "title": _line(paper.title),
        "author": [_csl_name(part_name(name)) for name in paper.authors if _line(name)],
        "issued": {"date-parts": [[day.year, day.month, day.day]]},
        "DOI": paper.doi or "",
        "URL": _address(paper),
        "publisher": _place(paper),
        "number": paper.id if paper.id.startswith("arxiv:") else "",
        "version": str(paper.version or ""),
        "keyword": ", ".join(paper.keywords),
        "abstract": _line(paper.abstract),
    }
    return {name: value for name, value in item.items() if value}


def _csl_name(name: Name) -> dict[str, str]:
    if not name.given:
        return {"literal": name.family}
    parts = {"family": name.family, "given": name.given, "suffix": name.suffix}
    return {part: value for part, value in parts.items() if value}


def _tex_name(name: Name) -> str:
    """`Lovelace, Ada`; a name that stays whole, or would be parted otherwise, in brackets of its own."""
    if not name.given:
        return f"{{{_tex(name.family)}}}"
    parts = (name.family, name.suffix, name.given) if name.suffix else (name.family, name.given)
    return ", ".join(_braced(part) for part in parts)


def _braced(part: str) -> str:
    """A part of a name, in brackets where a word of it would be read as a particle or as `and`."""
    text = _tex(part)
    is_read_apart = any(word[:1].islower() or word.lower() in {"and", "others"} for word in part.split())
    return f"{{{text}}}" if is_read_apart or text != part else text


def _tex(text: str) -> str:
    return _SPECIAL.sub(lambda found: _TEX[found[0]], _line(text))


def _tex_url(url: str) -> str:
    """An address as `\\url` wants it: as it is, but for what would end the field."""
    return url.replace("\\", "%5C").replace("{", "%7B").replace("}", "%7D")


def _line(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join("".join(c if unicodedata.category(c) != "Cc" else " " for c in text).split())


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", folded.lower())


def _initials(given: str) -> str:
    return " ".join(f"{word[0]}." for word in re.split(r"[\s\-.]+", given) if word)


def _day(paper: Paper) -> date:
    return (paper.published_at or paper.first_seen_at).date()


def _place(paper: Paper) -> str:
    if paper.id.startswith("arxiv:"):
        return "arXiv"
    return next((_PLACES[source] for source in paper.sources if source in _PLACES), "")


def _number(paper: Paper) -> str:
    return paper.id.removeprefix("arxiv:") if paper.id.startswith("arxiv:") else ""


def _address(paper: Paper) -> str:
    return _line(paper.url) or (f"https://doi.org/{paper.doi}" if paper.doi else "")
