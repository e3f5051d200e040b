"""Small pictures of the best papers in digests: carried, or served from here, and never in a mail's way."""

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from sqlalchemy import Engine, event, text

from digest.domain import PictureKind
from digest.pipeline.catalog.thumbnails import copy_due
from digest.pipeline.installation import Installation
from digest.pipeline.issues.preview import preview
from digest.pipeline.mail import pictures
from digest.pipeline.mail.build import write
from digest.pipeline.runner import run_round
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries
from tests.mail_html import Page
from tests.smtp_server import SmtpServer
from tests.source_server import SourceServer
from tests.web_server import serving

OFF, CID, HOST = PictureKind.OFF, PictureKind.CID, PictureKind.HOST
PAPERS = 5


@pytest.fixture
def source() -> Iterator[SourceServer]:
    with SourceServer() as running:
        for number in range(1, PAPERS + 1):
            running.serve(f"/{number}.png", a_picture(number))
        yield running


def a_picture(number: int, size: tuple[int, int] = (600, 300)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (10, 40 * number, 40)).save(out, "PNG")
    return out.getvalue()


def noise(size: tuple[int, int] = (320, 240)) -> bytes:
    """A JPEG of the largest size that is kept, and of as many bytes as one can have."""
    out = io.BytesIO()
    pixels = random.Random(7).randbytes(size[0] * size[1] * 3)
    Image.frombytes("RGB", size, pixels).save(out, "JPEG", quality=95)
    return out.getvalue()


def site(
    engine: Engine, folder: Path, source: SourceServer, mode: PictureKind, **fields: Any
) -> Installation:
    """An installation with five papers that have pictures at their source, none of them copied yet."""
    here = installation(engine, folder, mail_thumbnails=mode, **fields)
    entries = [
        entry(f"2603.0000{n}", title=f"Sheep {n}", thumbnail=source.url(f"/{n}.png"))
        for n in range(1, PAPERS + 1)
    ]
    store_entries(engine, entries, seen_at=NOW - timedelta(hours=2))
    return here


def sent(here: Installation, *readers: str) -> list[EmailMessage]:
    """The mails of a round through a real mail server, strictly parsed, by recipient."""
    with SmtpServer() as server:
        here = replace(here, smtp_url=server.url)
        for reader in readers or ("ada@example.org",):
            join(here, reader, filters=["sheep"])
        run_round(here, NOW, fetch=False)
        parser = BytesParser(policy=SMTP.clone(raise_on_defect=True))
        mails = [parser.parsebytes(mail.content) for mail in server.mails]
    return sorted(mails, key=lambda mail: str(mail["To"]))


def html_of(mail: EmailMessage) -> str:
    return next(str(part.get_content()) for part in mail.walk() if part.get_content_type() == "text/html")


def text_of(mail: EmailMessage) -> str:
    return next(str(part.get_content()) for part in mail.walk() if part.get_content_type() == "text/plain")


def shown(mail: EmailMessage) -> list[dict[str, str]]:
    return [each.attributes for each in Page(html_of(mail)).elements if each.tag == "img"]


def types(part: EmailMessage) -> Any:
    """The tree of a mail's parts."""
    if part.is_multipart():
        return part.get_content_type(), [types(each) for each in part.iter_parts()]  # type: ignore[arg-type]
    return part.get_content_type()


def test_an_email_carries_the_pictures_of_its_three_best_papers(
    engine: Engine, tmp_path: Path, source: SourceServer
) -> None:
    here = site(engine, tmp_path, source, CID)
    assert copy_due(here, NOW) == PAPERS
    (mail,) = sent(here)
    related = ("multipart/related", ["text/html", *["image/jpeg"] * 3])
    assert types(mail) == ("multipart/alternative", ["text/plain", related])
    carried = {
        f"cid:{str(part['Content-ID']).strip('<>')}": part
        for part in mail.walk()
        if part.get_content_type() == "image/jpeg"
    }
    found = shown(mail)
    assert [each["src"] for each in found] == list(carried)
    assert len(carried) == 3
    for each in found:
        data = carried[each["src"]].get_content()
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.width / picture.height == pytest.approx(
                int(each["width"]) / int(each["height"]), 0.05
            )
        assert carried[each["src"]].get_content_disposition() == "inline"
    assert [each["alt"] for each in found] == [f"Picture of paper {n}" for n in (1, 2, 3)]
    assert [(each["width"], each["height"]) for each in found] == [("112", "56")] * 3


def test_a_mail_program_may_fetch_the_pictures_from_here(
    engine: Engine, tmp_path: Path, source: SourceServer
) -> None:
    here = site(engine, tmp_path, source, HOST)
    copy_due(here, NOW)
    (mail,) = sent(here)
    assert types(mail) == ("multipart/alternative", ["text/plain", "text/html"])
    addresses = [urlsplit(each["src"]) for each in shown(mail)]
    assert {f"{each.scheme}://{each.netloc}" for each in addresses} == {here.site.base_url}
    assert not [each for each in addresses if each.query or each.fragment]
    with serving(here, tmp_path) as web:
        for each in addresses:
            answer = web.client().get(each.path)
            assert answer.headers["content-type"] == "image/jpeg"
            assert answer.content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("mode", [CID, HOST])
def test_pictures_are_the_same_for_all_readers_and_read_once(
    engine: Engine, tmp_path: Path, source: SourceServer, mode: PictureKind
) -> None:
    here = site(engine, tmp_path, source, mode)
    copy_due(here, NOW)
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    mails = sent(here, *(f"reader{n}@example.org" for n in range(6)))
    assert len(mails) == 6
    assert len({tuple(each["src"] for each in shown(mail)) for mail in mails}) == 1
    assert len([each for each in asked if "FROM thumbnails" in each]) == (2 if mode is CID else 1)


def test_without_the_setting_nothing_of_a_mail_differs(
    engine: Engine, tmp_path: Path, source: SourceServer
) -> None:
    here = site(engine, tmp_path, source, OFF)
    assert copy_due(here, NOW) == 0
    copy_due(replace(here, thumbnails=True), NOW)
    (mail,) = sent(here)
    assert types(mail) == ("multipart/alternative", ["text/plain", "text/html"])
    assert shown(mail) == []
    assert "pictured" not in html_of(mail)


def test_the_text_part_is_the_same_in_every_mode(
    engine: Engine, tmp_path: Path, source: SourceServer
) -> None:
    here = site(engine, tmp_path, source, CID)
    copy_due(here, NOW)
    reader = join(here, "ada@example.org", filters=["sheep"])
    texts = []
    for mode in PictureKind:
        found = preview(replace(here, mail_thumbnails=mode), reader, NOW).digest
        assert found
        assert len(found.pictures) == (0 if mode is OFF else 3)
        texts.append(write(here, found).text)
    assert len(set(texts)) == 1


def test_a_mail_leaves_without_pictures_that_were_not_copied_yet(
    engine: Engine, tmp_path: Path, source: SourceServer
) -> None:
    here = site(engine, tmp_path, source, CID)
    (mail,) = sent(here)
    assert shown(mail) == []
    assert types(mail) == ("multipart/alternative", ["text/plain", "text/html"])


@pytest.mark.parametrize(
    "spoiled",
    [
        ("picture", noise()),  # too large for a mail
        ("picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("picture", b""),
        ("picture", None),
        ("width", 1),  # a dot that counts
    ],
    ids=["huge", "no JPEG", "empty", "missing", "a dot"],
)
def test_a_picture_that_cannot_be_shown_leaves_its_card_as_it_is(
    engine: Engine, tmp_path: Path, source: SourceServer, spoiled: tuple[str, object]
) -> None:
    column, value = spoiled
    assert len(noise()) > pictures.MOST_BYTES
    here = site(engine, tmp_path, source, CID)
    copy_due(here, NOW)
    with engine.begin() as db:
        first = db.scalar(text("SELECT id FROM papers WHERE title = 'Sheep 1'"))
        db.execute(
            text(f"UPDATE thumbnails SET {column} = :value WHERE paper_id = :first"),
            {"value": value, "first": first},
        )
    (mail,) = sent(here)
    page = Page(html_of(mail))
    assert len(shown(mail)) == 2
    assert "Sheep 1" in page.text
    assert f"cid:{first}-" not in html_of(mail)
    assert len([part for part in mail.walk() if part.get_content_type() == "image/jpeg"]) == 2


def test_a_mail_carries_no_picture_of_a_paper_that_stands_in_brief(
    engine: Engine, tmp_path: Path, source: SourceServer
) -> None:
    here = site(engine, tmp_path, source, CID)
    here = replace(here, site=replace(here.site, front=2))
    copy_due(here, NOW)
    (mail,) = sent(here)
    assert len(shown(mail)) == 2
    assert len([part for part in mail.walk() if part.get_content_type() == "image/jpeg"]) == 2


def test_a_process_remembers_few_pictures(
    engine: Engine, tmp_path: Path, source: SourceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_KEPT", 4)
    here = site(engine, tmp_path, source, CID)
    copy_due(here, NOW)
    reader = join(here, "ada@example.org", filters=["sheep"])
    found = preview(here, reader, NOW).digest
    assert found
    shelf = pictures.Pictures(here)
    parted = [replace(found, papers=found.papers[start:]) for start in range(PAPERS)]
    for each in parted * 2:
        (given,) = shelf.given([replace(each, pictures=())])
        numbers = [match.paper.pk for match in each.papers[:3]]
        assert [picture.paper for picture in given.pictures] == numbers
        assert len(shelf._kept) <= 4
