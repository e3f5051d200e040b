"""Compare names of people and organizations, and keywords. In: two names. Out: whether they agree."""

import re
from functools import lru_cache

from digest.words import fold, stems, written

NAMES_KEPT = 50_000  # distinct organizations and keywords whose folded form is kept
GENERATIONS = {"jr", "sr", "ii", "iii", "iv"}
APOSTROPHES = re.compile(r"['’ʼ`´]")
SEPARATORS = re.compile(r"[\W_]+")


def name_parts(name: str) -> tuple[str, ...]:
    """Return the folded parts of a name, family name last; `Dao, Tri` is turned round, `Jr.` and `III` are
    dropped.

    >>> name_parts("Gödel, K.")
    ('k', 'godel')
    """
    family, comma, given = name.partition(",")
    turned = f"{given} {family}" if comma else name
    parts = SEPARATORS.split(APOSTROPHES.sub("", fold(turned)))
    return tuple(part for part in parts if part and part not in GENERATIONS)


def names_agree(wanted: tuple[str, ...], author: tuple[str, ...]) -> bool:
    """Return whether an author is the one wanted: by family name (of one word or more), or by given and
    family name.

    A given name agrees with its initial, whichever side wrote the initial (bioRxiv lists initials only), and
    middle names may be left out of what is wanted: `G. Hinton` and `Geoffrey Hinton` find
    `Geoffrey E. Hinton`.
    """
    if not wanted or len(wanted) > len(author):
        return False
    if author[-len(wanted) :] == wanted:
        return True
    if len(wanted) < 2 or author[-1] != wanted[-1] or not _agree(wanted[0], author[0]):
        return False
    middle = iter(author[1:-1])
    return all(any(_agree(part, other) for other in middle) for part in wanted[1:-1])


def _agree(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


@lru_cache(maxsize=NAMES_KEPT)
def keyword_key(keyword: str) -> str:
    """Return what two spellings of one keyword share: case, diacritics, hyphens and plurals don't count."""
    return " ".join(stems(keyword))


@lru_cache(maxsize=NAMES_KEPT)
def names_organization(wanted: str, organization: str) -> bool:
    """Return whether the folded words that are wanted follow one another in the name of an organization."""
    name = " ".join(fold(word) for word in written(organization))
    return f" {wanted} " in f" {name} "
