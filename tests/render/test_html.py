"""The HTML part holds what mail programs, providers and people who can't see it well need."""

import re
from html import unescape

import pytest

from tests.digests import full, many, rendered
from tests.mail_html import Page, contrast, inverted

HTML = {"five papers": rendered(full()).html, "two hundred": rendered(many(200)).html}
EACH = pytest.mark.parametrize("html", HTML.values(), ids=HTML.keys())


@EACH
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_e06_every_text_can_be_read_in_light_and_dark_and_inverted(html: str, dark: bool) -> None:
    for text in Page(html, dark=dark).texts:
        if text.text.strip():
            color, background = text.colors
            assert contrast(color, background) >= 4.5, text
            assert contrast(inverted(color), inverted(background)) >= 4.5, text
            assert {color, background}.isdisjoint({"#000000", "#ffffff"}), text


@EACH
def test_e07_language_and_direction_stand_on_html_body_and_wrapper(html: str) -> None:
    elements = Page(html).elements
    wrapper = [e for e in elements if e.attributes.get("role") == "article"]
    for element in [*(e for e in elements if e.tag in ("html", "body")), *wrapper]:
        assert element.attributes["lang"] == "en"
        assert element.attributes["dir"] == "ltr"
    assert len(wrapper) == 1


@EACH
def test_tables_are_layout_and_headings_step_down_from_one_h1(html: str) -> None:
    page = Page(html)
    tables = [e for e in page.elements if e.tag == "table"]
    assert tables
    assert all(table.attributes["role"] == "presentation" for table in tables)
    assert page.headings[0] == 1
    assert set(page.headings[1:]) == {2}


@EACH
def test_titles_and_names_find_their_own_direction(html: str) -> None:
    for element in Page(html).elements:
        if element.attributes.get("class") in ("title", "sum", "line"):
            assert element.attributes["dir"] == "auto"


@EACH
def test_e08_equal_link_names_have_equal_targets_and_none_says_click_here(html: str) -> None:
    targets: dict[str, str] = {}
    for name, target in Page(html).links:
        assert name.strip()
        assert "click here" not in name.lower()
        assert targets.setdefault(" ".join(name.split()), target) == target


def test_a_link_named_for_the_ear_holds_what_the_eye_reads() -> None:
    for text in Page(HTML["five papers"]).texts:
        label = text.around[-1].attributes.get("aria-label")
        if text.around[-1].tag == "a" and label:
            assert text.text in label


@EACH
def test_e09_one_small_style_is_kept_after_the_charset_and_the_rest_is_inlined(html: str) -> None:
    assert re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL).count("<style") == 1
    assert html.index("<meta charset") < html.index("<style") < html.index("</head>")
    assert html.encode().index(b"<meta charset") < 1024
    assert len(Page(html).style.encode()) <= 8192
    assert 'class="h1" style="' in html
    assert not re.search(r"position:|var\(|flex|\drem\b|@import|@font-face", html)


@EACH
def test_e10_nothing_is_loaded_run_or_tracked(html: str) -> None:
    page = Page(html)
    assert page.tags.isdisjoint({"script", "form", "svg", "img", "link", "iframe", "object", "base", "input"})
    assert "data:" not in html
    assert "url(" not in html


def test_angles_and_ampersands_are_escaped_once() -> None:
    html = HTML["five papers"].replace("\u00a0", " ")
    assert "A Paper without a Link &amp; with &lt;Angles&gt;" in html
    assert "A Paper without a Link & with <Angles>" in unescape(html)
