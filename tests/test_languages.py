"""One catalogue of texts for readers: found in code and templates, filled, English where it lacks."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, nodes

from digest import languages
from digest.languages import Catalogue, dates, extract, fill, gettext, ngettext, speaking

ROOT = Path(__file__).parents[1]
DAY = date(2026, 3, 17)


def test_texts_are_english_where_nobody_said_otherwise() -> None:
    assert languages.current() == "en"
    assert gettext("Papers by {name}", name="Ada") == "Papers by Ada"
    assert [ngettext("{number} paper", "{number} papers", n) for n in (0, 1, 2)] == [
        "0 papers",
        "1 paper",
        "2 papers",
    ]


def test_a_text_that_a_catalogue_lacks_is_english() -> None:
    with speaking("de"):
        assert gettext("no catalogue has this") == "no catalogue has this"
        assert ngettext("{number} such", "{number} suches", 2) == "2 suches"


def test_an_unknown_language_is_english_and_ends_with_its_block() -> None:
    with speaking("de"):
        with speaking("xx"):
            assert languages.current() == "en"
        assert languages.current() == "de"
    assert languages.current() == "en"


def test_a_catalogue_of_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no language 'xx'"):
        languages.catalogue("xx")


def test_plurals_follow_the_rule_of_their_language() -> None:
    polish = Catalogue("pl", {("", "{number} paper"): ("praca", "prace", "prac")}, lambda n: min(n - 1, 2))
    assert [polish.counted("{number} paper", "", n) for n in (1, 2, 5)] == ["praca", "prace", "prac"]


@given(st.text(), st.text())
def test_a_value_is_never_read_as_a_place(name: str, other: str) -> None:
    assert fill("{name} and {other}", {"name": name, "other": other}) == f"{name} and {other}"


def test_a_place_reaches_into_no_object() -> None:
    """An operator's template gives texts: `str.format` would let it out of the sandbox."""
    assert fill("{name.__class__}", {"name": "x"}) == "{name.__class__}"


def test_days_are_written_in_the_language_of_the_reader() -> None:
    assert dates.long_day(DAY) == "Tuesday 17 March 2026"
    assert dates.day_name(DAY) == "Tuesday 17 March"
    assert [dates.short_date(DAY, year) for year in (2026, 2027)] == ["17 Mar", "17 Mar 2026"]


def test_several_names_are_written_in_the_language_of_the_reader() -> None:
    names = ["arXiv", "bioRxiv", "Hugging Face"]
    assert [dates.series(names[:n]) for n in range(4)] == [
        "", "arXiv", "arXiv and bioRxiv", "arXiv, bioRxiv and Hugging Face",
    ]  # fmt: skip
    with speaking("de"):
        assert dates.series(names) == "arXiv, bioRxiv und Hugging Face"
    with speaking("zh"):
        assert dates.series(names) == "arXiv、bioRxiv和Hugging Face"


def test_numbers_are_written_in_the_language_of_the_reader() -> None:
    assert dates.number(12_345) == "12,345"
    with speaking("de"):
        assert dates.number(12_345) == "12.345"
    assert [dates.short_number(n) for n in (312, 1_234, 34_567, 1_234_567)] == ["312", "1.2k", "34k", "1.2M"]
    with speaking("zh"):
        assert dates.short_number(34_567) == "3.5万"


def test_texts_are_found_in_code_and_in_templates() -> None:
    found = extract.texts()
    assert found[extract.Text("Read on the web", "", "")] == {
        "templates/email/digest/body.html",
        "templates/email/digest/body.txt",
    }
    assert found[extract.Text("d MMMM y", "", "date")] == {"digest/languages/dates.py"}


TRANSLATED = [code for code in languages.CODES if code != languages.ENGLISH]
TAGS = re.compile(r"<[^<>]*>")
PLACES = re.compile(r"\{[a-z_]+\}")
# For operators, who read English as in the commands.
STAFF = {"alarm", "test"}


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_text_is_in_every_catalogue(code: str) -> None:
    lacking = extract.missing(code)
    assert not lacking, f"run `make languages`, then translate them in digest/languages/{code}.po"


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_has_the_places_and_tags_of_its_text(code: str) -> None:
    for text, forms in extract.translations(code).items():
        for form in forms:
            shown = f"{code}: {form!r} for {text.english!r}"
            places = set(PLACES.findall(text.english))
            assert places - {"{number}"} <= set(PLACES.findall(form)) <= places | {"{number}"}, shown
            if not text.plural:
                assert set(PLACES.findall(form)) == places, shown
            tags = set(TAGS.findall(text.english))
            assert set(TAGS.findall(form)) == tags, shown
            assert not re.search(r'[<>"&]', TAGS.sub("", form)), f"{shown}: it stands in HTML as it is"


def test_chinese_is_written_with_chinese_punctuation() -> None:
    for text, forms in extract.translations("zh").items():
        for form in forms:
            plain = PLACES.sub("x", re.sub(r"<code>.*?</code>|<[^>]*>", "", form))
            assert not re.search(r"[\u4e00-\u9fff][,;:?!]|[,;?!](?=[\u4e00-\u9fff])", plain), text


@pytest.mark.parametrize("code", languages.CODES)
def test_every_pattern_of_a_day_can_be_written(code: str) -> None:
    with speaking(code):
        written = {
            dates.long_day(DAY), dates.day_name(DAY), dates.long_date(DAY), dates.short_day(DAY),
            dates.short_date(DAY, 2026), dates.short_date(DAY, 2027), dates.month(DAY),
            dates.short_month(DAY), dates.short_day_of_year(DAY), dates.weekday(1),
        }  # fmt: skip
    assert all("'" not in each and each.strip() for each in written)
    if code != "en":
        assert not any("March" in each or "Tuesday" in each for each in written)


def templates() -> list[Path]:
    """The templates that readers see."""
    found = [path for top in ("web", "email") for path in (ROOT / "templates" / top).rglob("*.*")]
    return [
        path
        for path in found
        if path.suffix in {".html", ".txt"} and not {path.name, path.parent.name} & STAFF
    ]


def test_only_literal_texts_are_said_by_templates() -> None:
    """What somebody else wrote (a topic's title) is no markup: it is translated by the filter `said`."""
    for path in templates():
        tree = Environment().parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in {"_", "ngettext", "pgettext"}:
                count = 1 if call.node.name == "_" else 2
                assert all(isinstance(each, nodes.Const) for each in call.args[:count]), path


def test_templates_hold_no_text_beside_the_catalogue() -> None:
    left = []
    for path in templates():
        source = path.read_text(encoding="utf-8")
        source = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
        if path.suffix == ".html":
            source = re.sub(r"<(code|script|style)\b[^>]*>.*?</\1>|<!--.*?-->", "", source, flags=re.DOTALL)
            source = re.sub(r'\baria-label=""|<[^<>]*>', " ", source)
        left += [(path.name, word) for word in re.findall(r"[A-Za-z]{4,}", source) if word not in NAMED_ALIKE]
    assert not left


NAMED_ALIKE = {
    "BibTeX",
    "JSON",
    "nbsp",
    "aria",
    "class",
    "wide",
    "describedby",
    "invalid",
    "true",
    "hint",
    "mistakes",
}


# Whose errors readers of pages meet; those of commands and of the API stay English.
FOR_READERS = (
    "digest/filters/*.py",
    "digest/sources/lookup/subject.py",
    "digest/sources/lookup/page.py",
    "digest/pipeline/subscriptions/validate.py",
    "digest/pipeline/subscriptions/preferences.py",
    "digest/pipeline/community/ballots.py",
    "digest/pipeline/community/moderation.py",
    "digest/pipeline/community/picks.py",
    "digest/pipeline/community/reports.py",
    "digest/pipeline/community/saved.py",
    "digest/pipeline/community/submissions.py",
    "digest/pipeline/community/proposals/*.py",
    "digest/web/forms.py",
    "digest/web/limits.py",
    "digest/web/site.py",
    "digest/web/pages/*.py",
    "digest/web/pages/community/[!a]*.py",
)
ONLY_COMMANDS = {"subscribe", "curator_of", "put"}  # functions that no page calls, or that can't fail so
COMMANDS = ("digest ", "--")  # what an operator is told to do, which pages leave out


def plain(node: ast.expr | None) -> bool:
    """Whether an expression is words in English that no catalogue has."""
    match node:
        case ast.Constant(str(text)):
            return " " in text.strip() and not text.startswith(COMMANDS)
        case ast.JoinedStr(values):
            start = values[0]
            is_command = isinstance(start, ast.Constant) and str(start.value).startswith(COMMANDS)
            return not is_command and any(
                isinstance(each, ast.Constant) and plain_words(each) for each in values
            )
    return False


def plain_words(part: ast.Constant) -> bool:
    return bool(re.search(r"[a-z]{2}.* | .*[a-z]{2}", str(part.value)))


def flaws(tree: ast.AST) -> Iterator[int]:
    """Lines of a module that make an error of plain words, by a name or at once."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or function.name in ONLY_COMMANDS:
            continue
        names = {
            target.id: each.value
            for each in ast.walk(function)
            if isinstance(each, ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Name)
        }
        for call in ast.walk(function):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if not name.endswith(("Error", "Problem", "HTTPException")) and name != "wrong":
                continue
            for said in (*call.args, *(key.value for key in call.keywords if key.arg == "fix")):
                if plain(names.get(said.id) if isinstance(said, ast.Name) else said):
                    yield call.lineno


@pytest.mark.parametrize("pattern", FOR_READERS)
def test_an_error_that_readers_meet_is_a_text_of_the_catalogue(pattern: str) -> None:
    """Every error that filters, forms and acts of readers raise: `deferred`, for the page to say."""
    paths = list(ROOT.glob(pattern))
    assert paths
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in paths
        for line in flaws(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found
