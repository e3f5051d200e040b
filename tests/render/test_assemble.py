"""Messages spliced from shared parts are those that rendering each whole would give."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.domain import Digest, Frequency, Interests, Picture, Schedule
from digest.errors import ConfigError
from digest.render import Links, Renderer, as_bytes
from digest.render.mime import quoted
from digest.render.placeholders import EncodedTemplate, Placeholder
from digest.render.plain import wrap
from digest.render.view import LEVELS
from tests.builders import NOW, issue, paper, subscriber
from tests.digests import LINKS, SITE, TOPICS, digest, full, many, match, rendered
from tests.full_render import full_mail, full_message

HANDED = {"sender": SITE.mail_from, "recipient": "ada@example.org", "date": NOW, "message_id": "<1@x.org>"}
WEEKLY = subscriber(schedule=Schedule(Frequency.WEEKLY))
WEEK = [match(n, first_seen_at=NOW - timedelta(days=n % 3)) for n in range(1, 8)]
NOTHING = Links(preferences="https://x.org/p", unsubscribe="https://x.org/u")


def parsed(raw: bytes) -> tuple[dict[str, str], list[tuple[str, str]]]:
    mail = message_from_bytes(raw, policy=policy.strict)
    assert isinstance(mail, EmailMessage)
    bodies = [
        (part.get_content_type(), part.get_content().replace("\r\n", "\n")) for part in mail.iter_parts()
    ]
    # Python folds some subjects with a space too many.
    headers = {name: " ".join(str(value).split()) for name, value in mail.items() if name != "Content-Type"}
    return headers, bodies


@pytest.mark.parametrize(
    "made",
    [
        full(),
        many(1),
        many(20),
        digest(notes=("Quiet.",), also_trending=(paper("2603.00077", title="What <others> read"),)),
        digest(*WEEK, subscriber=WEEKLY),
        digest(match(), also_trending=(paper("2603.00077"),), topics=TOPICS),
    ],
)
@pytest.mark.parametrize("links", [LINKS, NOTHING], ids=["all links", "two links"])
def test_a_spliced_mail_parses_as_the_full_render(made: Digest, links: Links) -> None:
    spliced = as_bytes(rendered(made, links=links), **HANDED)  # type: ignore[arg-type]  # values by name
    whole = full_mail(full_message(made, SITE, links), **HANDED)  # type: ignore[arg-type]  # values by name
    assert parsed(spliced) == parsed(whole)


@pytest.mark.parametrize("count", [50, 100, 200])
def test_a_mail_that_gave_something_up_is_the_full_render_at_one_of_the_levels(count: int) -> None:
    message = rendered(many(count))
    whole = [full_message(many(count), SITE, LINKS, level) for level in LEVELS]
    assert (message.text, message.html) in [(each.text, each.html) for each in whole[1:]]


@given(
    title=st.text(max_size=60),
    numbers=st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True),
    topics=st.sampled_from([(), TOPICS]),
    token=st.text("abcXYZ-_09&=", min_size=1, max_size=90),
)
@settings(max_examples=40, deadline=None)
def test_whatever_was_spliced_before_a_mail_is_its_own(
    title: str, numbers: list[int], topics: tuple[()], token: str
) -> None:
    links = replace(LINKS, vote=f"https://x.org/vote/{token}", unsubscribe=f"https://x.org/u/{token}")
    made = digest(*(match(n, title=f"{title} {n}") for n in numbers), topics=topics)
    message, whole = rendered(made, links=links), full_message(made, SITE, links)
    assert (message.subject, message.text, message.html) == (
        " ".join(whole.subject.split()),
        whole.text,
        whole.html,
    )


def test_a_paper_whose_votes_changed_gets_a_new_card() -> None:
    first = rendered(digest(match(1, title="Sheep")))
    later = rendered(digest(match(1, title="Sheep", categories=("cs.CV",))))
    assert "cs.CL" in first.html
    assert "cs.CV" in later.html


def test_templates_are_rendered_for_papers_and_days_not_for_readers() -> None:
    renderer = Renderer()
    calls: list[str] = []
    parts = renderer._in("en")._parts
    render = parts.render

    def counted(name: str, values: Mapping[str, object]) -> str:
        calls.append(name)
        return render(name, values)

    parts.render = counted
    made, chosen = many(12), Interests(filters=("routing",))
    for number in range(50):
        reader = subscriber(f"reader{number}@example.org", id=number, interests=chosen)
        links = replace(LINKS, unsubscribe=f"https://papers.example.org/u/{number:028}")
        message = renderer.digest(replace(made, subscriber=reader), SITE, links)
        assert f"{number:028}" in message.html
    assert Counter(calls) == {
        **dict.fromkeys(("_paper/card.html", "_paper/card.txt"), 5),
        **dict.fromkeys(("_paper/brief.html", "_paper/brief.txt"), 7),
        **dict.fromkeys(("_paper/heading.html", "_paper/heading.txt"), 1),
        **dict.fromkeys(("digest/body.html", "digest/body.txt", "digest/subject.txt"), 1),
        **dict.fromkeys(("_paper/why.txt", "_paper/why.html", "_paper/hit.html", "_paper/beside.html"), 1),
    }


def test_many_readers_with_other_papers_get_their_own_and_what_is_remembered_has_a_bound() -> None:
    renderer = Renderer()
    for number in range(2_100):  # as when an issue is read anew: equal papers, other objects
        papers = [match(3 * number % 11 + n, title=f"Sheep {number % 7}") for n in range(2)]
        made = digest(*papers, also_trending=(paper("2603.00077"),))
        assert f" Sheep\u00a0{number % 7}</a>" in renderer.digest(made, SITE, LINKS).html
    remembered = renderer._in("en")._parts
    assert 0 < max(len(remembered._of_matches), remembered._numbered) < 4_100
    assert 0 < len(remembered._of_others) <= 2_048


def test_the_next_day_has_a_frame_of_its_own() -> None:
    tomorrow = rendered(digest(match(), issue=issue(date=date(2026, 3, 18))))
    assert "Wednesday 18 March" in tomorrow.html
    assert "Tuesday 17 March" in rendered(digest(match())).html


@given(st.text())
@settings(max_examples=300)
def test_quoted_lines_are_short_complete_and_read_back(text: str) -> None:
    text = re.sub(r"[\r\ud800-\udfff]", "", text)
    lines = quoted(text)
    assert not lines or lines.endswith(b"\r\n")
    assert max(map(len, lines.split(b"\r\n"))) <= 76
    mail = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + lines + quoted("|")
    read = message_from_bytes(mail, policy=policy.strict).get_payload(decode=True)
    assert isinstance(read, bytes)
    assert read.replace(b"\r\n", b"\n").decode() == f"{text}|"


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.text("xyz", max_size=3)), max_size=6),
    st.sets(st.sampled_from("abc")),
    st.sampled_from("abcd"),
)
def test_gaps_may_be_filled_early_late_or_in_two_parts(
    gaps: list[tuple[str, str]], early: set[str], at: str
) -> None:
    form = EncodedTemplate.of("start" + "".join(f"{Placeholder(name).mark}{line}" for name, line in gaps))
    values = {name: quoted(name.upper() * 3) for name in "abcd"}
    whole = b"".join(form.filled(values))
    some = form.with_some({name: values[name] for name in early})
    assert early.isdisjoint(some.names)
    assert b"".join(some.filled(values)) == whole
    before, behind = form.parted(at)
    between = values[at] if at in form.names else b""
    assert b"".join([*before.filled(values), between, *behind.filled(values)]) == whole
    assert b"".join(EncodedTemplate.joined([form, some, form]).filled(values)) == whole * 3
    if form.names:
        with pytest.raises(KeyError):
            form.filled({})


WORDS = st.lists(st.text("abcdé", min_size=1, max_size=90), max_size=30)


@given(WORDS, st.sampled_from([(0, ""), (5, ""), (2, "! ")]))
def test_wrapped_lines_are_short_full_and_lose_nothing(words: list[str], margin: tuple[int, str]) -> None:
    lines = wrap(" ".join(words), *margin).split("\n")
    assert max(map(len, lines)) <= 76
    assert "".join("".join(lines).split()).removeprefix("!") == "".join(words)
    for line, following in pairwise(lines):
        assert len(line) + 1 + len(following.split()[0]) > 76
        assert following.startswith(" " * margin[0])


def test_a_link_stays_whole_whatever_its_length() -> None:
    link = "https://papers.example.org/" + "x" * 90
    assert wrap(f"see {link} or write", 5).split("\n") == ["     see", f"     {link}", "     or write"]


@pytest.mark.parametrize("length", range(70, 80))
@pytest.mark.parametrize("last", ["x", "é", "€", " ", "=", "."])
def test_a_line_that_is_just_full_gets_a_soft_break_that_fits(length: int, last: str) -> None:
    text = "x" * length + last
    assert max(map(len, quoted(text).split(b"\r\n"))) <= 76
    assert quoted(text).endswith(b"=\r\n")


@pytest.mark.parametrize(
    "use", ["{{ digest.meta|upper }}", "{{ 'x' ~ digest.meta }}", "{{ digest.meta|length }}"]
)
def test_an_operators_template_can_print_what_differs_for_each_reader_and_nothing_else(
    tmp_path: Path, use: str
) -> None:
    folder = tmp_path / "digest"
    folder.mkdir()
    (folder / "body.txt").write_text(use)
    with pytest.raises(ConfigError, match="meta differs from reader to reader"):
        Renderer(tmp_path).digest(full(), SITE, LINKS)


def test_no_text_of_a_paper_is_taken_for_a_place_to_be_filled() -> None:
    message = rendered(digest(match(title="\ufdd0unsubscribe\ufdd1 and \ufdd0list\ufdd1")))
    assert "unsubscribe and list" in message.text


def test_a_mail_with_pictures_is_the_full_render_too() -> None:
    found = [replace(each, paper=replace(each.paper, pk=n)) for n, each in enumerate(full().papers, 1)]
    shown = (
        Picture(1, "cid:1-ab@papers.example.org", 112, 56, b"\xff\xd8\xff"),
        Picture(3, "https://x.org/3", 9, 8),
    )
    made = replace(full(), papers=tuple(found), pictures=shown)
    message = rendered(made)
    whole = full_message(made, SITE, LINKS)
    assert (message.html, message.text) == (whole.html, whole.text)
    assert message.text == rendered(full()).text
    assert message.pictures == shown
    plain = rendered(replace(made, pictures=()))
    assert (plain.html, plain.pictures) == (rendered(full()).html, ())
