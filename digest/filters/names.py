"""Names of people, in filters and papers. In: names. Out: their folded parts, and whether two names agree."""

import re

from digest.words import fold

GENERATIONS = {"jr", "sr", "ii", "iii", "iv"}
APOSTROPHES = re.compile(r"['’ʼ`´]")
SEPARATORS = re.compile(r"[\W_]+")


def name_parts(name: str) -> tuple[str, ...]:
    """The folded parts of a name, family name last; `Dao, Tri` is turned round, `Jr.` and `III` are dropped.

    >>> name_parts("Gödel, K.")
    ('k', 'godel')
    """
    family, comma, given = name.partition(",")
    turned = f"{given} {family}" if comma else name
    parts = SEPARATORS.split(APOSTROPHES.sub("", fold(turned)))
    return tuple(part for part in parts if part and part not in GENERATIONS)


def names_agree(wanted: tuple[str, ...], author: tuple[str, ...]) -> bool:
    """Whether an author is the one wanted: by family name (of one word or more), or by given and family name.

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
