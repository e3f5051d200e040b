"""Mails in a real browser: nobody is kept out, nothing is loaded, nothing sticks out (E-05, E-10)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from playwright.sync_api import Browser, Page

from digest.domain import Digest, Message, PictureKind
from digest.languages import CODES, speaking
from digest.render import Encoded, phrases
from tests.browser import violations
from tests.builders import NOW
from tests.digests import GOLDEN, LINKS, RENDERER, SITE, by_topic, full, many, rendered, weekly
from tests.render.test_mail_everywhere import Variant, written
from tests.render.test_mails import MAILS

pytestmark = pytest.mark.browser

WIDTHS = (320, 700)


def pages() -> Iterator[tuple[str, Callable[[], str]]]:
    """The HTML of each golden mail and of the mails around them."""

    def of_digest(make: Callable[[], Digest]) -> Callable[[], str]:
        return lambda: rendered(make()).html

    def of_mail(make: Callable[[], Message | Encoded]) -> Callable[[], str]:
        return lambda: make().html

    yield from ((name, of_digest(make)) for name, make in GOLDEN.items())
    yield from ((name, of_mail(make)) for name, make in MAILS.items())
    for variant in (Variant("de", PictureKind.CID), Variant("zh", PictureKind.HOST)):
        yield from ((f"{name} {variant}", partial(html_of, variant, name)) for name in ("full", "topics"))


def html_of(variant: Variant, name: str) -> str:
    return written(variant)[name].html


EACH = pytest.mark.parametrize("write", [make for _, make in pages()], ids=[name for name, _ in pages()])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with images off: whatever is asked for over the network is refused and written down."""
    opened = browser.new_page()
    opened.route("**/*", lambda route: route.abort())
    yield opened
    opened.close()


@EACH
def test_e05_no_mail_keeps_anybody_out_by_day_or_night_on_a_phone_or_a_desk(
    page: Page, write: Callable[[], str]
) -> None:
    page.set_content(write())
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for mode in ("light", "dark"):
            page.emulate_media(color_scheme=mode)
            assert violations(page) == [], f"{width} px, {mode}"


@EACH
def test_e05_nothing_sticks_out_of_a_narrow_screen(page: Page, write: Callable[[], str]) -> None:
    page.set_viewport_size({"width": 320, "height": 900})
    page.set_content(write())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


LONE_WORDS = """() => {
  const lone = [];
  for (const block of document.querySelectorAll('h1, h2, h3, p:not(.links):not(.doors)')) {
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    const lines = [];
    let height = -99;
    for (let node; (node = walker.nextNode()); ) {
      for (const word of node.data.matchAll(/[^ \\t\\r\\n\u00a0]+/g)) {
        const range = document.createRange();
        range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
        const box = range.getClientRects()[0];
        if (!box) continue;
        const middle = (box.top + box.bottom) / 2;
        if (Math.abs(middle - height) > 10) lines.push([]);
        height = middle;
        lines.at(-1).push(word[0]);
      }
    }
    const last = lines.at(-1) || [];
    if (lines.length > 1 && last.length === 1 && last[0].length < 14 && !block.querySelector('br, .act')) {
      lone.push(`${block.tagName}: …${lines.at(-2).at(-1)} / ${last[0]}`);
    }
  }
  return lone;
}"""
DAY = many(20)  # with full abstracts, and titles of two lines


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "make", [full, by_topic, weekly, lambda: DAY], ids=["full", "topics", "weekly", "20"]
)
def test_no_line_ends_a_title_or_text_with_a_lone_word(
    page: Page, make: Callable[[], Digest], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.set_content(rendered(make()).html)
    assert page.evaluate(LONE_WORDS) == []


@pytest.mark.parametrize("code", ["en", "de"])
def test_no_text_about_a_subscription_ends_in_a_lone_word(page: Page, code: str) -> None:
    site = replace(SITE, language=code)
    with speaking(code):
        soon = phrases.moment(NOW, "Europe/Zurich")
    mails = (
        RENDERER.confirm(site, link=LINKS.preferences, hours=48, until=soon, first=soon),
        RENDERER.already(site, LINKS, following=soon),
        RENDERER.welcome(site, LINKS, None, first=soon),
        RENDERER.goodbye(site, back=LINKS.preferences),
        RENDERER.preferences(site, link=LINKS.preferences),
        RENDERER.erase(site, link=LINKS.preferences, hours=24),
        RENDERER.signin(site, link=LINKS.preferences, minutes=10),
    )
    for mail in mails:
        page.set_content(mail.html)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(LONE_WORDS) == [], f"{mail.subject}, {width} px"


@pytest.mark.parametrize("mode", [PictureKind.OFF, PictureKind.CID])
def test_a_digest_of_twenty_papers_is_no_higher_than_5000_pixels_on_a_phone(
    page: Page, mode: PictureKind
) -> None:
    page.set_viewport_size({"width": 320, "height": 900})
    for code in CODES:
        page.set_content(written(Variant(code, mode))["20"].html)
        assert 2_000 < page.evaluate("document.documentElement.scrollHeight") <= 5_000, code


@EACH
def test_text_twice_as_large_stays_on_the_screen(page: Page, write: Callable[[], str]) -> None:
    """WCAG 2.2, 1.4.4: 640 pixels at 200 % are the 320 of E-05; here the text alone grows."""
    page.set_viewport_size({"width": 700, "height": 900})
    page.set_content(write())
    page.evaluate("""() => { for (const each of document.querySelectorAll('body *')) {
        each.dataset.size = 2 * parseFloat(getComputedStyle(each).fontSize); }
      for (const each of document.querySelectorAll('body *')) {
        each.style.setProperty('font-size', each.dataset.size + 'px', 'important'); } }""")
    assert page.evaluate("document.documentElement.scrollWidth") <= 700


@EACH
def test_e10_no_mail_asks_the_network_for_anything(page: Page, write: Callable[[], str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    html = write()
    page.set_content(html, wait_until="networkidle")
    pictures = re.findall(r'src="([^"]+)"', html)
    assert all(each.startswith(("cid:", f"{SITE.base_url}/thumbnails/")) for each in pictures)
    assert set(asked) <= set(pictures)
    assert len(pictures) <= 3


def test_axe_sees_what_is_wrong(page: Page) -> None:
    page.set_content('<!doctype html><html><title>x</title><p style="color:#ccc">pale</p></html>')
    found = violations(page)
    assert any("color-contrast" in each for each in found)
    assert any("html-has-lang" in each for each in found)
