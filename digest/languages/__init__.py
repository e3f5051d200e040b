"""Translates texts for readers from English: one catalogue, a file for each language.

In: a text as it stands in the code or in a template, and the language of who reads it (`speaking`). Out: the
text of the catalogue `CODE.po`, else the English one. Dates and numbers: `dates.py`. Never: chooses a
language, or touches what a paper or a reader wrote.

    from digest.languages import gettext as _, ngettext

    _("Papers by {name}", name=author)
    ngettext("{number} paper", "{number} papers", count)

The language belongs to a context (`contextvars`), as precision does in `decimal`: English where nobody said
otherwise, so that commands and logs are English without a word about it. `extract.py` finds all the texts.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
ENGLISH = "en"
# Each language by its own name, as its readers look for it.
NAMES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "zh": "中文"}
CODES = tuple(NAMES)

_PLACE = re.compile(r"\{([a-z_]+)\}")


def _two_forms(number: int) -> int:
    return int(number != 1)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language by (context, English text); each has a form for every kind of number."""

    code: str
    texts: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict, repr=False)
    form: Callable[[int], int] = _two_forms  # a number → which form

    def text(self, english: str, context: str = "") -> str:
        """Return the text for an English one; that itself where the catalogue lacks it."""
        found = self.texts.get((context, english))
        return found[0] if found else english

    def counted(self, singular: str, plural: str, number: int) -> str:
        """Return the form of a text that a number wants."""
        found = self.texts.get(("", singular))
        if not found:
            return plural if _two_forms(number) else singular
        return found[min(self.form(number), len(found) - 1)]


_english = Catalogue(ENGLISH)
_current: ContextVar[Catalogue] = ContextVar("language", default=_english)


@cache
def catalogue(code: str) -> Catalogue:
    """Read the catalogue of one of the `CODES`. Raises ValueError for any other."""
    if code == ENGLISH:
        return _english
    if code not in NAMES:
        msg = f"there is no language {code!r} (there are: {', '.join(CODES)})"
        raise ValueError(msg)
    from babel.messages.pofile import read_po  # noqa: PLC0415 - English needs no library

    with (FOLDER / f"{code}.po").open(encoding="utf-8") as file:
        read = read_po(file, locale=code)
    texts: dict[tuple[str, str], tuple[str, ...]] = {}
    for message in read:
        english = message.id if isinstance(message.id, str) else message.id[0]
        string = message.string or ""
        forms = (string,) if isinstance(string, str) else tuple(string)
        if english and all(forms) and not message.fuzzy:
            texts[message.context or "", english] = forms
    return Catalogue(code, texts, _form_of(read.plural_expr))


def _form_of(expression: str) -> Callable[[int], int]:
    from gettext import c2py  # noqa: PLC0415 - reads C's expressions safely

    form: Callable[[int], int] = c2py(expression)
    return form


def current() -> str:
    """Return the code of the language that is spoken here."""
    return _current.get().code


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language for a while; one that there is none of is English."""
    before = _current.set(catalogue(code if code in NAMES else ENGLISH))
    try:
        yield
    finally:
        _current.reset(before)


def speak(code: str) -> None:
    """Speak a language from here on, in this context: a request's, or a thread's."""
    _current.set(catalogue(code if code in NAMES else ENGLISH))


def gettext(text: str, /, **values: object) -> str:
    """Return a text in the language of its reader, its places `{name}` filled with values; a `Deferred` one
    with those that it has.
    """
    if isinstance(text, Deferred):
        return text.resolve()
    found = _current.get().text(text)
    return fill(found, values) if values else found


def pgettext(context: str, text: str, /) -> str:
    """Return a text that reads differently in different contexts (`Save` on a button, or of a paper)."""
    return _current.get().text(text, context)


def ngettext(singular: str, plural: str, number: int, /, **values: object) -> str:
    """Return a text with a number, in the form that this number has; `{number}` is filled with it."""
    return fill(chosen(singular, plural, number), {"number": number, **values})


def chosen(singular: str, plural: str, number: int) -> str:
    """Return the form of a text that a number has, its places not yet filled."""
    return _current.get().counted(singular, plural, number)


class Deferred(str):
    """An English text that says the same in another language when it is asked, by `gettext`.

    For who writes a text before it is known who reads it: a constant, or a reason that many share.
    """

    __slots__ = ("parts",)
    parts: tuple[str, str, Mapping[str, object]]  # singular, plural or '', values

    def resolve(self) -> str:
        """Return the text in the language that is spoken here."""
        singular, plural, values = self.parts
        spoken = _current.get()
        found = (
            spoken.counted(singular, plural, int(str(values["number"]))) if plural else spoken.text(singular)
        )
        return fill(found, {name: _resolved(value) for name, value in values.items()}) if values else found


class DeferredList(Deferred):
    """Several texts one after the other, with the comma of the language of who reads them."""

    __slots__ = ()

    def resolve(self) -> str:
        """Return the texts in the language that is spoken here."""
        texts: Sequence[str] = self.parts[2]["texts"]  # type: ignore[assignment]
        return pgettext("list", ", ").join(map(gettext, texts))


def deferred_list(texts: Sequence[str], /) -> DeferredList:
    """Return texts to be listed later, deferred ones and others; in English until then."""
    made = DeferredList(", ".join(texts))
    made.parts = "", "", {"texts": texts}
    return made


def _resolved(value: object) -> object:
    return value.resolve() if isinstance(value, Deferred) else value


def deferred(text: str, /, **values: object) -> Deferred:
    """Return a text to be said later, by `gettext` where it is shown."""
    return _deferred(fill(text, values) if values else text, text, "", values)


def ndeferred(singular: str, plural: str, number: int, /, **values: object) -> Deferred:
    """Return a text with a number, to be said later."""
    values = {"number": number, **values}
    return _deferred(fill(plural if _two_forms(number) else singular, values), singular, plural, values)


def _deferred(english: str, singular: str, plural: str, values: Mapping[str, object]) -> Deferred:
    made = Deferred(english)
    made.parts = singular, plural, values
    return made


@lru_cache(4_096)
def pieces(text: str) -> Sequence[str]:
    """Return a text divided at its places: what stands before, a name, what follows, and so on."""
    return tuple(_PLACE.split(text))


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put values into the places of a text. Raises KeyError for a place without a value.

    Not `str.format`: a template of an operator's own could reach into objects by it.
    """
    parts = list(pieces(text))
    parts[1::2] = [str(values[name]) for name in parts[1::2]]
    return "".join(parts)
