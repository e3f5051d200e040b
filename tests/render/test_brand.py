"""An operator's templates, colours and name."""

import contextlib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from digest.cli import cli
from digest.config import load
from digest.errors import ConfigError
from digest.pipeline.installation import open_installation
from digest.render import Colors, Renderer
from tests.builders import NOW, entry
from tests.digests import LINKS, SITE, full
from tests.installations import store_entries
from tests.mail_html import Page, contrast, inverted


@given(st.integers(0, 0xFFFFFF))
def test_a_colour_is_taken_if_and_only_if_it_can_be_read(number: int) -> None:
    color = f"#{number:06x}"
    with contextlib.ExitStack() as expected:
        if min(contrast(color, "#fdfcf9"), contrast(inverted(color), inverted("#fdfcf9"))) < 4.5:
            expected.enter_context(pytest.raises(ConfigError, match="can't be read well"))
        Colors(accent=color)


@pytest.mark.parametrize("color", ["", "red", "#123", "#0b5a7d;background:url(x)", "#0b5a7g"])
def test_what_is_no_colour_is_refused(color: str) -> None:
    with pytest.raises(ConfigError, match="isn't a colour"):
        Colors(accent_dark=color)


def test_links_have_the_chosen_colours_by_day_and_by_night() -> None:
    html = Renderer(colors=Colors("#7a1f1f", "#f0b9b9")).digest(full(), SITE, LINKS).html
    for dark, color in ((False, "#7a1f1f"), (True, "#f0b9b9")):
        links = [text for text in Page(html, dark=dark).texts if text.inside("act")]
        assert {text.colors[0] for text in links} == {color}


def test_settings_say_at_once_which_colour_or_folder_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_ACCENT_COLOR", "#ffcc00")
    monkeypatch.setenv("DIGEST_TEMPLATE_DIR", "not-here")
    with pytest.raises(ConfigError) as caught:
        load()
    assert "DIGEST_ACCENT_COLOR: text in #ffcc00 on #fdfcf9 can't be read well" in caught.value.message
    assert "choose a darker one" in caught.value.message
    assert "DIGEST_TEMPLATE_DIR: there is no folder not-here" in caught.value.message


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{{ digest.nothing }}", "nothing"),
        ("{% if %}", "body.txt"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
    ],
)
def test_a_template_that_is_broken_or_breaks_out_is_named(
    tmp_path: Path, template: str, complaint: str
) -> None:
    (tmp_path / "digest").mkdir()
    (tmp_path / "digest/body.txt").write_text(template)
    with pytest.raises(ConfigError, match=complaint) as caught:
        Renderer(tmp_path).digest(full(), SITE, LINKS)
    assert "digest/body.txt" in caught.value.message


def test_a_preview_shows_the_operators_template_and_logo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mails/digest").mkdir(parents=True)
    (tmp_path / "mails/digest/body.txt").write_text("Our own {{ digest.count }} for {{ site.logo_text }}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_TEMPLATE_DIR", "mails")
    monkeypatch.setenv("DIGEST_LOGO_TEXT", "The Example Reader")
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path / "data"))
    store_entries(open_installation(load()).engine, [entry()])
    shown = CliRunner().invoke(cli, ["--now", NOW.isoformat(), "preview", "--text"])
    assert shown.exit_code == 0, shown.output
    assert "for The Example Reader" in shown.output
