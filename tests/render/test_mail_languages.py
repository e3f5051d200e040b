"""The rules of mails hold in every language: columns of the text part, subject, size, language marks."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from digest.domain import Digest
from digest.languages import CODES
from digest.render import Renderer
from digest.render.assemble import BUDGET
from digest.render.plain import WIDTH, width, wrap
from tests.digests import GOLDEN, LINKS, SITE

RENDERER = Renderer()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("make", GOLDEN.values(), ids=GOLDEN.keys())
def test_a_digest_keeps_the_rules_in_every_language(code: str, make: Callable[[], Digest]) -> None:
    mail = RENDERER.digest(make(), replace(SITE, language=code), LINKS)
    assert f'<html lang="{code}"' in mail.html
    assert 0 < len(mail.subject) <= 78
    assert len(mail.html_body) <= BUDGET
    for line in mail.text.splitlines():
        assert width(line) <= WIDTH or "://" in line, line
        assert not line.lstrip().startswith(tuple("，。、；：？！）")), line


def test_each_language_has_blocks_of_its_own() -> None:
    made = GOLDEN["full"]()
    texts = [RENDERER.digest(made, replace(SITE, language=code), LINKS).text for code in (*CODES, *CODES)]
    assert texts[: len(CODES)] == texts[len(CODES) :]
    assert len(set(texts)) == len(CODES)


def test_chinese_is_broken_by_columns_and_never_before_a_comma() -> None:
    text = "您收到此邮件，是因为您确认了订阅。" * 12 + "请打开 https://example.org/" + "a" * 80 + " 并确认。"
    lines = wrap(text, 5, "  1.").splitlines()
    assert all(width(line) <= WIDTH or "://" in line for line in lines)
    assert all(not line.strip().startswith(("，", "。")) for line in lines)
    assert "".join("".join(lines).split()).removeprefix("1.") == "".join(text.split())
