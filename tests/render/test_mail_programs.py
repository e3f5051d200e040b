"""What mails use of HTML and CSS is known to Gmail, Outlook, Apple Mail and Yahoo, or has a fallback (E-09).

By the project's own list (`mail_support.py`), which is held against the tables of caniemail (corpus). A
feature counts as known where every program's newest version knows it.
"""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from digest.render import Renderer
from tests.digests import SITE
from tests.mail_html import Page
from tests.mail_support import ATTRIBUTES, CSS, ELEMENTS, MORE, UNITS, VALUES
from tests.render.test_mail_everywhere import VARIANTS, written
from tests.render.test_mails import ALARM, MAILS

DATA = Path(__file__).parents[3] / "shared/data/caniemail/caniemail.json.gz"
FAMILIES = ("gmail", "outlook", "apple-mail", "yahoo")
RETIRED = {"windows-mail"}  # Windows Mail ended in 2024
SLUGS = {"font": "css-font", **{f"h{n}": "html-h1-h6" for n in range(1, 7)}}


@cache
def mails() -> tuple[str, ...]:
    """The HTML of every digest in each language and mode, and of every other mail."""
    digests = [mail.html for variant in VARIANTS for mail in written(variant).values()]
    alarm = Renderer().alarm(SITE, began=[ALARM], over=[replace(ALARM, over_at=ALARM.since)])
    return (*digests, *(make().html for make in MAILS.values()), alarm.html)


def for_word(html: str) -> list[str]:
    """What only Outlook's Word engine reads."""
    return re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", html, flags=re.DOTALL)


def declarations(html: str) -> Iterator[tuple[str, str]]:
    """Each property and its value, of elements, of the kept style and of what Word reads."""
    found = Page(html)
    styles = [each.attributes.get("style", "") for each in found.elements]
    styles += re.findall(r"\{([^{}]+)\}", found.style)
    for part in for_word(html):
        styles += re.findall(r'style="([^"]+)"', part) + re.findall(r"\{([^{}]+)\}", part)
    for style in styles:
        for declared in filter(None, style.split(";")):
            name, value = declared.split(":", 1)
            yield name.strip(), value.replace("!important", "").strip()


def test_e09_all_that_mails_use_is_on_the_list_of_what_mail_programs_support() -> None:
    tags, attributes, properties = set[str](), set[str](), set[str]()
    for html in mails():
        found = Page(html)
        tags |= found.tags
        attributes |= found.attributes
        for name, value in declarations(html):
            properties.add(name)
            assert value in VALUES.get(name, {value}), f"{name}: {value}"
            assert set(re.findall(r"(?<![#\w])[\d.]+([a-z]+|%)", value)) <= UNITS | {"%"}, f"{name}: {value}"
    for used, listed in ((tags, ELEMENTS), (attributes, ATTRIBUTES), (properties, CSS)):
        assert used <= set(listed), "look it up, and write its fallback down in mail_support.py"
    unused = {*CSS} - properties, {*ATTRIBUTES} - attributes, {*ELEMENTS} - tags
    assert unused == (set(), set(), {"h4"}), "no mail uses it any more"


def test_an_unsupported_property_is_found_wherever_it_stands() -> None:
    html = mails()[0]
    for style in ("display:flex", "gap:4px", "position:absolute"):
        spoiled = html.replace('class="h1" style="', f'class="h1" style="{style};')
        assert spoiled != html
        found = [
            (name, value)
            for name, value in declarations(spoiled)
            if name not in CSS or value not in VALUES.get(name, {value})
        ]
        assert found == [tuple(style.split(":"))]


def lacking(feature: dict[str, Any], verdicts: str = "n") -> set[str]:
    """The programs whose newest version doesn't know a feature; with `na`, or not all of it."""
    return {
        f"{family} on {platform}"
        for family in FAMILIES
        for platform, versions in feature["stats"].get(family, {}).items()
        if platform not in RETIRED and versions and list(versions.values())[-1][0] in verdicts
    }


@pytest.mark.corpus
def test_e09_the_list_of_what_mail_programs_support_is_that_of_caniemail() -> None:
    if not DATA.exists():
        pytest.skip(f"no tables of caniemail at {DATA}")
    tables = {each["slug"]: each for each in json.loads(gzip.decompress(DATA.read_bytes()))["data"]}
    named = {SLUGS.get(name, f"css-{name}"): text for name, text in CSS.items()}
    named |= {SLUGS.get(name, f"html-{name}"): text for name, text in (ATTRIBUTES | ELEMENTS).items()}
    named |= MORE
    known = {slug: text for slug, text in named.items() if slug in tables}
    assert len(known) > 45
    assert set(MORE) <= set(known)
    without = {slug: lacking(tables[slug]) for slug, text in known.items() if not text}
    assert not {slug: programs for slug, programs in without.items() if programs}, "no fallback is named"
    needless = {slug for slug, text in known.items() if text and not lacking(tables[slug], "nau")}
    assert needless <= {"html-img"}, "a fallback that nothing needs; pictures can be switched off anywhere"
