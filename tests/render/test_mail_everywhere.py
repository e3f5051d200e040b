"""The checks of every mail (`test_mail_checks.py`) in every language and with pictures in each mode.

All digests that are reviewed by eye, and those of 1 to 200 papers, are written once per language and mode,
and each check goes over all of them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise

import pytest

from digest.domain import Digest, Field, Interests, PictureKind
from digest.languages import CODES
from digest.render import Encoded, as_bytes
from digest.render.plain import WIDTH, width
from tests.builders import NOW, subscriber
from tests.digests import GOLDEN, LINKS, RENDERER, SITE, digest, many, match, pictured
from tests.mail_html import Page, contrast, inverted
from tests.render.test_mime import parsed

CLIP = 102_400  # bytes of HTML behind which Gmail shows no more
CHINESE = {"title": "稀疏专家的路由成本：长文档与多语言研究", "abstract": "我们训练并展示稀疏专家模型。" * 60}
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "{{7*7}} {% raw %} \ufdd0preheader\ufdd1",
    "</style></head><!-- <![endif]-->",
    "=?UTF-8?Q?=0A?=Bcc: x@example.org",
    "javascript:alert(1)\r\nBcc: x@example.org",
    "\u202egnihton \x00 $\\alpha$",
)


def largest(**fields: str) -> Digest:
    """As many papers as anybody may want, as many of them in full as anybody may."""
    reader = subscriber(interests=Interests(filters=("routing",), front=50, max_papers=200))
    return replace(many(200, **fields), subscriber=reader)


def hostile() -> Digest:
    """Papers whose every text wants to be more than text."""
    return digest(
        *(
            match(
                n,
                title=text,
                abstract=text,
                authors=(text,),
                categories=(text,),
                summary=text,
                summary_source=text,
            )
            for n, text in enumerate(HOSTILE, 1)
        )
    )


MADE: dict[str, Callable[[], Digest]] = {
    **GOLDEN,
    **{str(count): partial(many, count) for count in (1, 5, 20, 50)},
    "largest": largest,
    "largest in Chinese": lambda: largest(**CHINESE),
    "hostile": hostile,
}


@dataclass(frozen=True)
class Variant:
    """All digests in a language and with pictures in a mode."""

    code: str
    mode: PictureKind

    def __str__(self) -> str:
        return f"{self.code}-{self.mode}"

    def mails(self) -> Mapping[str, Encoded]:
        return written(self)

    def pages(self) -> Iterator[tuple[str, Page]]:
        yield from ((name, page(self, name)) for name in MADE)


VARIANTS = [Variant(code, mode) for code in CODES for mode in PictureKind]
EACH = pytest.mark.parametrize("variant", VARIANTS, ids=str)


@cache
def written(variant: Variant) -> Mapping[str, Encoded]:
    site = replace(SITE, language=variant.code)
    return {name: RENDERER.digest(pictured(make(), variant.mode), site, LINKS) for name, make in MADE.items()}


@cache
def page(variant: Variant, name: str) -> Page:
    return Page(written(variant)[name].html)


def raw(message: Encoded) -> bytes:
    return as_bytes(
        message, sender=SITE.mail_from, recipient="ada@example.org", date=NOW, message_id="<1@example.org>"
    )


@EACH
def test_e01_no_part_of_any_mail_is_cut_off_however_it_is_encoded(variant: Variant) -> None:
    for name, mail in variant.mails().items():
        for text, encoded in ((mail.html, mail.html_body), (mail.text, mail.text_body)):
            assert max(len(text.encode()), len(encoded)) <= CLIP, name
        carried = sum(len(picture.jpeg) for picture in mail.pictures)
        assert len(raw(mail)) <= len(mail.html_body) + len(mail.text_body) + carried * 1.4 + 4_000, name


@EACH
def test_e02_one_can_leave_at_the_head_and_at_the_foot(variant: Variant) -> None:
    for name, mail in variant.mails().items():
        body = mail.html[mail.html.index("<body") :]
        for link in (LINKS.unsubscribe, LINKS.preferences):
            assert link in body[:4_096], name
            assert link in body[body.index('class="foot"') :], name
            assert mail.text.count(link) >= 2, name


@EACH
def test_e03_every_mail_is_strict_mime(variant: Variant) -> None:
    for name, mail in variant.mails().items():
        data = raw(mail)
        whole = parsed(data)
        text, other = whole.iter_parts()
        assert whole.get_content_type() == "multipart/alternative"
        assert text.get_content_type() == "text/plain"
        if any(picture.jpeg for picture in mail.pictures):
            assert other.get_content_type() == "multipart/related"
            other, *pictures = other.iter_parts()
            names = {str(part["Content-ID"]).strip("<>") for part in pictures}
            assert names == set(re.findall(r'src="cid:([^"]+)"', mail.html)), name
        assert other.get_content_type() == "text/html"
        assert text.get_content().replace("\r\n", "\n") == mail.text
        assert other.get_content().replace("\r\n", "\n") == mail.html
        assert data.isascii()
        assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
        assert max(map(len, data.split(b"\r\n"))) <= 78, name


@EACH
def test_e04_the_text_part_says_the_same_in_lines_of_its_own(variant: Variant) -> None:
    for name, mail in variant.mails().items():
        for line in mail.text.splitlines():
            assert width(line) <= WIDTH or "://" in line, (name, line)
            assert not line.lstrip().startswith(tuple("，。、；：？！）")), (name, line)
            assert "://" not in line or re.fullmatch(r"\s*https?://\S+", line) or name == "hostile", line
        if name != "hostile":
            assert not re.search(r"<\w+[ >]|&\w+;", mail.text.replace("<Angles>", "")), name
        if name.startswith("largest"):
            continue  # pictures take room, so that fewer papers fit into a mail
        plain = replace(pictured(MADE[name](), variant.mode), pictures=())
        assert RENDERER.digest(plain, replace(SITE, language=variant.code), LINKS).text == mail.text, name


@EACH
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_e06_every_text_can_be_read_by_day_by_night_and_inverted(variant: Variant, dark: bool) -> None:
    for name in ("full", "topics", "quiet", "machine-made"):
        for text in Page(variant.mails()[name].html, dark=dark).texts:
            if text.text.strip():
                color, background = text.colors
                assert contrast(color, background) >= 4.5, (name, text)
                assert contrast(inverted(color), inverted(background)) >= 4.5, (name, text)


@EACH
def test_e07_language_roles_and_headings(variant: Variant) -> None:
    for name, found in variant.pages():
        wrapper = [each for each in found.elements if each.attributes.get("role") == "article"]
        assert len(wrapper) == 1
        for each in [*wrapper, *(each for each in found.elements if each.tag in ("html", "body"))]:
            assert (each.attributes["lang"], each.attributes["dir"]) == (variant.code, "ltr")
        tables = [each for each in found.elements if each.tag == "table"]
        assert all(each.attributes["role"] == "presentation" for each in tables)
        assert found.headings.count(1) == 1, name
        assert all(deeper - upper <= 1 for upper, deeper in pairwise([0, *found.headings])), name
        for each in found.elements:
            if each.attributes.get("class") in ("title", "sum", "line", "pick"):
                assert each.attributes["dir"] == "auto"


@EACH
def test_e08_links_of_one_name_lead_to_one_place(variant: Variant) -> None:
    for name, found in variant.pages():
        targets: dict[str, str] = {}
        for link, target in found.links:
            assert link.strip()
            assert targets.setdefault(" ".join(link.split()), target) == target or name not in GOLDEN, link


@EACH
def test_e09_one_small_style_is_kept_and_the_rest_stands_in_the_elements(variant: Variant) -> None:
    for name, found in variant.pages():
        html = variant.mails()[name].html
        assert re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL).count("<style") == 1
        assert html.index("<meta charset") < html.index("<style") < html.index("</head>")
        assert len(found.style.encode()) <= 8_192
        assert not re.search(r"position:|var\(|flex|\drem\b|@import|@font-face", html), name


@EACH
def test_e10_nothing_is_run_or_tracked_and_only_wanted_pictures_are_loaded(variant: Variant) -> None:
    for name, found in variant.pages():
        forbidden = {"script", "form", "svg", "link", "iframe", "object", "base", "input"}
        assert found.tags.isdisjoint(forbidden), name
        pictures = [each.attributes for each in found.elements if each.tag == "img"]
        assert len(pictures) == (0 if variant.mode is PictureKind.OFF else min(3, len(MADE[name]().papers)))
        assert {tuple(each) for each in pictures} <= {("class", "alt", "src", "width", "height", "style")}
        start = "cid:" if variant.mode is PictureKind.CID else f"{SITE.base_url}/thumbnails/"
        for each in pictures:
            assert each["src"].startswith(start)
            assert "?" not in each["src"]
            assert each["alt"].strip()
        html = variant.mails()[name].html
        assert "url(" not in html
        assert 'src="data:' not in html


@EACH
def test_e12_e16_hostile_texts_are_inert(variant: Variant) -> None:
    mail = variant.mails()["hostile"]
    found = page(variant, "hostile")
    assert not [name for each in found.elements for name in each.attributes if name.startswith("on")]
    assert all(re.match(r"https?://", target) for _, target in found.links)
    for part in (mail.subject, mail.html, mail.text):
        assert not re.search("[\u202e\x00\ufdd0\ufdd1]", part)
        assert "49" not in part
        assert "$" not in part
        assert "\\alpha" not in part
    headers = parsed(raw(mail)).keys()
    plain = RENDERER.digest(digest(match()), replace(SITE, language=variant.code), LINKS)
    assert headers == parsed(raw(plain)).keys()


@EACH
def test_e13_the_headers_are_those_of_a_list(variant: Variant) -> None:
    for name, mail in variant.mails().items():
        data = raw(mail)
        whole = parsed(data)
        assert len(f"<{LINKS.unsubscribe}>,") <= 76
        assert f"List-Unsubscribe: <{LINKS.unsubscribe}>".encode() in data, name
        assert whole["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert whole["Subject"] == mail.subject
        assert 0 < len(mail.subject) <= 78
        assert 0 < len(found := page(variant, name).preheader) <= 90, found
        for header in ("List-Id", "List-Help", "List-Owner", "Auto-Submitted", "Precedence", "Feedback-ID"):
            assert whole[header], (name, header)


@EACH
def test_e17_what_is_said_to_match_stands_where_it_is_said(variant: Variant) -> None:
    for name in ("full", "topics"):
        text = " ".join(variant.mails()[name].text.split()).replace(" ", "")
        for each in MADE[name]().papers:
            for reason in each.reasons:
                if reason.field in (Field.TITLE, Field.ABSTRACT):
                    words = each.paper.title if reason.field is Field.TITLE else each.paper.abstract
                    assert words[reason.start : reason.end] == reason.term
                    assert re.search(rf"[“„]{re.escape(reason.term.replace(' ', ''))}[”“]", text), name


@EACH
def test_e21_the_same_digest_is_the_same_mail(variant: Variant) -> None:
    again = pictured(GOLDEN["full"](), variant.mode)
    assert raw(RENDERER.digest(again, replace(SITE, language=variant.code), LINKS)) == raw(
        variant.mails()["full"]
    )
