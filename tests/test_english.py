"""What people read is plain English: phrases that newcomers stumbled over don't come back."""

import re
from pathlib import Path

import pytest

from tests import docstrings

ROOT = Path(__file__).parents[1]
TOLD_TO_PEOPLE = (
    "*.md",
    "docs/*.md",
    "digest/**/*.py",
    "workers/*.py",
    "templates/**/*",
    "digest/*.toml",
    ".env.example",
)
STUMBLED_OVER = (
    "Look into your inbox",
    "a mail is on its way to it",
    "Follow its link",
    "comes as you chose",
    "This link is over",
    "It comes again from",
    "Nothing until",
    "papers trend now",
    "that fits any of them comes",
    "When it comes<",
    "What comes<",
    "Most papers in one mail",
    "Never papers about",
    "Something needs another look",
    "gets no digest any more",
    "Was it a mistake",
    "By this you say",
    "The law wants it shown",
    "Get yours by mail",
    "Robots and cars",
    "People and computers",
    "Mathematics by machine",
    "Somebody, we hope you",
    "Was that a slip",
    "and the mend",
    "made by itself",
    "yesterday's news",
    "End doubts",
    "say who wants what",
    "the same for good",
    "No paper, no mail",
    "Who isn't there is suppressed",
    "calls a mail junk",
    "says all of the language",
    "before a mend is out",
    "with manners",
    "Whose turn it is",
    "Once only:",
    "a reason that only sounds well",
    "clockwork",
    "Where the doubt begins",
    "A line that is lost",
    "The button.",
    "Until when?",
)


def texts() -> dict[str, str]:
    """Everything that people read, white space folded, by path."""
    files = [path for pattern in TOLD_TO_PEOPLE for path in ROOT.glob(pattern) if path.is_file()]
    suffixes = {".md", ".py", ".html", ".txt", ".toml", ".example", ""}
    return {
        str(path.relative_to(ROOT)): re.sub(r"\s+", " ", path.read_text(encoding="utf-8"))
        for path in files
        if path.suffix in suffixes
    }


@pytest.fixture(scope="module")
def read() -> dict[str, str]:
    return texts()


@pytest.mark.parametrize("phrase", STUMBLED_OVER)
def test_nobody_stumbles_over_a_phrase_again(phrase: str, read: dict[str, str]) -> None:
    assert len(read) > 200
    assert not [path for path, text in read.items() if phrase.lower() in text.lower()]


def test_docstrings_say_what_is_done_verb_first() -> None:
    """Functions begin with a verb; all that is public ends with a full stop and has words instead
    of arrows.
    """
    found = [
        f"{docstring.where}: {flaw}: {docstring.text[:60]}"
        for top in ("digest", "workers")
        for path in sorted((ROOT / top).rglob("*.py"))
        for docstring in docstrings.read(path)
        if (flaw := docstrings.flaw(docstring))
    ]
    assert not found, "\n".join(found)
