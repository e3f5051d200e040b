"""Collects every text that readers see from code and templates, and brings the catalogues up to date.

`make languages` runs it: new texts stand in each `CODE.po` untranslated, those that are gone are taken out,
and what is missing is printed. Needs the source tree; nothing else imports it.
"""

import os
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from digest.languages import CODES, ENGLISH, FOLDER

ROOT = FOLDER.parent.parent
# `_(…)` and the like, in Python and templates; of `ngettext` the first two, of `pgettext` context and text.
KEYWORDS: Mapping[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "deferred": None,
    "ngettext": (1, 2),
    "ndeferred": (1, 2),
    "pgettext": ((1, "c"), 2),
}
_METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
_PLACES = ("digest", "templates")
TOPICS = "digest/topics.toml"  # titles and groups of the shipped topics are texts too
_HEADER = """\
msgid ""
msgstr ""
"Language: {code}\\n"
"Plural-Forms: {plural}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


class Text(NamedTuple):
    """A text in English; `plural` is empty where it counts nothing."""

    english: str
    plural: str
    context: str


@cache
def texts() -> Mapping[Text, set[str]]:
    """Return every text of the source tree, with the files that hold it: read once, as it takes seconds."""
    found: dict[Text, set[str]] = {}
    for place in _PLACES:
        for name, _, english, _, context in extract_from_dir(
            ROOT / place, _METHODS, keywords=KEYWORDS, directory_filter=_is_searched
        ):
            singular, plural = (english, "") if isinstance(english, str) else english[:2]
            if singular:
                file = (Path(place) / name).as_posix()
                found.setdefault(Text(singular, plural, context or ""), set()).add(file)
    for group, topics in tomllib.loads((ROOT / TOPICS).read_text(encoding="utf-8")).items():
        for title in (group, *(topic["title"] for topic in topics.values())):
            found.setdefault(Text(title, "", ""), set()).add(TOPICS)
    return found


def _is_searched(folder: str | os.PathLike[str]) -> bool:
    return Path(folder).name != "__pycache__"


def translations(code: str) -> dict[Text, tuple[str, ...]]:
    """Return what the file of a language has: each text with its forms, the empty and the fuzzy ones left
    out.
    """
    found = {}
    for message in _read(code):
        forms = _forms(message)
        if message.id and all(forms) and not message.fuzzy:
            english = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            found[Text(english[0], "".join(english[1:]), message.context or "")] = forms
    return found


def missing(code: str) -> list[Text]:
    """Return the texts that a catalogue lacks: not there, without a translation, or one that nobody looked
    at.
    """
    known = translations(code)
    return [text for text in texts() if text not in known]


def update(code: str) -> None:
    """Bring the file of a language up to date with the source tree; what was translated stays."""
    known, plural_forms = translations(code), _read(code).plural_forms
    fresh = Catalog(locale=code, charset="utf-8", fuzzy=False)
    for text, files in texts().items():
        english = (text.english, text.plural) if text.plural else text.english
        forms = known.get(text)
        string = None if forms is None else forms if text.plural else forms[0]
        fresh.add(english, string, [(file, 0) for file in sorted(files)], context=text.context or None)
    with (FOLDER / f"{code}.po").open("wb") as file:
        file.write(_HEADER.format(code=code, plural=plural_forms).encode())
        write_po(file, fresh, width=110, omit_header=True, sort_by_file=True, include_lineno=False)


def _read(code: str) -> Catalog:
    with (FOLDER / f"{code}.po").open(encoding="utf-8") as file:
        return read_po(file, locale=code)


def _forms(message: Message) -> tuple[str, ...]:
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(string)


def main() -> int:
    """Update every catalogue; exit code 1 where texts lack a translation."""
    lacking = 0
    for code in CODES:
        if code != ENGLISH:
            update(code)
            absent = missing(code)
            lacking += len(absent)
            print(f"{code}: {len(absent)} texts without a translation")  # noqa: T201 - a command of `make`
            for text in absent[:10]:
                print(f"    {text.english}")  # noqa: T201 - see above
    return int(bool(lacking))


if __name__ == "__main__":
    sys.exit(main())
