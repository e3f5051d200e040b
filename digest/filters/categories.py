"""Names the categories that filters may use: arXiv's taxonomy, the subjects of bioRxiv and medRxiv.

In: `digest/categories.toml`. Out: `CATEGORIES` (name → title) and how two spellings of a name are compared.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from digest.words import fold

SEPARATORS = re.compile(r"[\s_/-]+")


def _read() -> Mapping[str, str]:
    taxonomies = tomllib.loads(files("digest").joinpath("categories.toml").read_text("utf-8"))
    return MappingProxyType(
        {name: title for taxonomy in taxonomies.values() for name, title in taxonomy.items()}
    )


CATEGORIES: Mapping[str, str] = _read()


@lru_cache(maxsize=4096)
def category_key(name: str) -> str:
    """Return what two spellings of one category share: case, diacritics and the kind of separator don't
    count.
    """
    return SEPARATORS.sub(" ", fold(name).strip())


@lru_cache(maxsize=1 << 14)  # a search asks it of all categories that there are
def holds(wanted: str, category: str) -> bool:
    """Return whether a paper's category is the one wanted, or a class of it where that is an archive."""
    key, other = category_key(wanted), category_key(category)
    return other == key or other.startswith(f"{key}.")
