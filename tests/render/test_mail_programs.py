"""What mails use of HTML and CSS is known to Gmail, Outlook, Apple Mail and Yahoo, or has a fallback (E-09).

By the tables of caniemail (corpus). A feature counts as known where every program's newest version knows it,
at least in part.
"""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.digests import GOLDEN, rendered
from tests.mail_html import Page
from tests.render.test_mails import MAILS

DATA = Path(__file__).parents[3] / "shared/data/caniemail/caniemail.json.gz"
FAMILIES = ("gmail", "outlook", "apple-mail", "yahoo")
RETIRED = {"windows-mail"}  # Windows Mail ended in 2024

# What some of them lack, and what a reader of such a program gets instead.
FALLBACKS = {
    "css-at-media-prefers-color-scheme": "the light colours, which stand inverting too (E-06)",
    "css-color-scheme": "the light colours",
    "css-at-media": "the wide layout, which is fluid up to 640 px anyway",
    "css-border-radius": "square corners",
    "css-max-height": "the preheader is hidden by display:none and mso-hide too",
    "css-overflow": "the same",
    "css-word-wrap": "Outlook: a long word makes the column wider",
    "css-sytem-ui": "the next font of the list",
    "css-selector-attribute": "the light colours: only Outlook's own dark mode is told in this way",
    "css-display-none": "the preheader is one line of small text at the top",
    "html-aria-label": "the visible text of a link, which stands alone too",
    "html-meta-color-scheme": "the light colours",
    "html-style": "the inlined styles, which hold all but the dark mode",
    "html-body": "the wrapper carries language, direction and colours too",
}
PROPERTIES = {"font": ("css-font", "css-line-height"), "background": ("css-background-color",)}
TAGS = {f"h{n}": "html-h1-h6" for n in range(1, 7)}


def features(html: str, known: set[str]) -> set[str]:
    """The slugs of what a mail uses, as caniemail names them."""
    page = Page(html)
    style = page.style + ";".join(e.attributes.get("style", "") for e in page.elements)
    names = set(re.findall(r"([a-z-]+)\s*:", re.sub(r"\([^)]*\)", "", style)))
    slugs = {slug for name in names for slug in PROPERTIES.get(name, (f"css-{name}",))}
    slugs |= {TAGS.get(tag, f"html-{tag}") for tag in page.tags}
    slugs |= {f"html-{name}" for name in page.attributes}
    slugs |= {f"css-unit-{unit}" for unit in re.findall(r"\d(px|em|rem|vh|vw|ch)\b", style)}
    marks = {
        "prefers-color-scheme": "css-at-media-prefers-color-scheme",
        "@media (max-width": "css-at-media",
        "!important": "css-important",
        "[data-": "css-selector-attribute",
        "display:none": "css-display-none",
        "-apple-system": "css-sytem-ui",
        'name="color-scheme"': "html-meta-color-scheme",
    }
    slugs |= {slug for mark, slug in marks.items() if mark in html}
    return slugs & known


def lacking(feature: dict[str, Any]) -> set[str]:
    """The programs whose newest version doesn't know a feature."""
    return {
        f"{family} on {platform}"
        for family in FAMILIES
        for platform, versions in feature["stats"].get(family, {}).items()
        if platform not in RETIRED and versions and list(versions.values())[-1].startswith("n")
    }


@pytest.mark.corpus
def test_e09_what_mails_use_is_known_to_mail_programs_or_has_a_fallback() -> None:
    if not DATA.exists():
        pytest.skip(f"no tables of caniemail at {DATA}")
    tables = {each["slug"]: each for each in json.loads(gzip.decompress(DATA.read_bytes()))["data"]}
    mails = [rendered(make()).html for make in GOLDEN.values()] + [make().html for make in MAILS.values()]
    used = set().union(*(features(html, set(tables)) for html in mails))
    unknown = {slug: programs for slug in used if (programs := lacking(tables[slug]))}
    assert len(used) > 25
    assert not {slug: programs for slug, programs in unknown.items() if slug not in FALLBACKS}
    assert set(FALLBACKS) <= set(unknown), "a fallback that nothing needs"
