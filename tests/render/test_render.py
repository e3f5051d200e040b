"""A digest as a mail: what it shows, how much of it, and that hostile text stays text."""

import gzip
import re
from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.domain import Field, Interests, Reason, ReasonKind, SourceKind, Topic
from digest.render import Renderer, as_bytes
from digest.render.plain import word_count
from digest.sources import parse
from tests.builders import NOW, issue, subscriber, upvotes
from tests.digests import (
    LINKS,
    NEW,
    RENDERER,
    SITE,
    TOPICS,
    TRENDS,
    by_topic,
    digest,
    full,
    many,
    match,
    rendered,
)
from tests.mail_html import Page

CORPUS = Path(__file__).parents[3] / "shared/data/huggingface"
CLIPPED = 102_400  # bytes of HTML where Gmail cuts a mail off
CONTROLS = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
COUNTS = (0, 1, 5, 20, 50, 200)
SENTENCE = "We train a sparse mixture of experts on long documents and measure what routing costs. "


def test_the_subject_names_the_top_paper_and_how_many_more_without_the_day_that_inboxes_show() -> None:
    made = digest(match(1, title="Counting Sheep"), match(2), match(3))
    assert rendered(made).subject == "Counting Sheep + 2 more"


def test_a_single_paper_has_no_more() -> None:
    assert rendered(digest(match(title="Counting Sheep"))).subject == "Counting Sheep"


@given(st.text(min_size=1), st.integers(0, 2))
@settings(max_examples=50, deadline=None)
def test_a_subject_has_at_most_78_characters_and_says_how_many_more(title: str, more: int) -> None:
    made = digest(match(title=title), *(match(n) for n in range(2, 2 + more)))
    subject = RENDERER.subject(made, SITE, LINKS)
    assert subject == rendered(made).subject
    assert len(subject) <= 78
    assert not re.search(CONTROLS, subject)
    assert subject.endswith(f" + {more} more") or not more


def test_the_day_is_the_issues_local_date() -> None:
    message = rendered(digest(match(), issue=issue(date=date(2026, 3, 18))))
    assert "Trending papers\u00a0· Wednesday\u00a018\u00a0March" in message.html


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("topics", [(), TOPICS])
def test_a_preheader_has_40_to_90_characters_and_is_not_the_subject(
    count: int, topics: tuple[Topic, ...]
) -> None:
    papers = [match(n, title=f"Counting {n} Sheep") for n in range(1, count + 1)]
    preheader = Page(rendered(digest(*papers, topics=topics)).html).preheader
    assert 40 <= len(preheader) <= 90
    assert "Counting 1 Sheep" not in preheader


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(
    "abstract", ["We study " * 200, "我们研究稀疏专家模型的路由成本。" * 60, "x" * 20_000]
)
def test_e01_e02_a_mail_of_any_number_of_papers_is_never_cut_off(count: int, abstract: str) -> None:
    message = rendered(many(count, abstract=abstract, summary=""))
    html = message.html
    assert len(html.encode()) <= len(message.html_body) <= CLIPPED
    body = html.encode().split(b"<body", 1)[1]
    for link in (LINKS.preferences, LINKS.unsubscribe):
        assert link.encode() in body[:4096]
        assert link.encode() in body[body.index(b'class="foot"') :]


def test_e01_papers_that_are_all_as_long_as_can_be_still_fit() -> None:
    made = many(200, title="<&>" * 3000, authors=("& " * 5000,) * 50, abstract='"' * 90_000)
    assert len(rendered(made).html_body) <= CLIPPED


def test_a_mail_gives_up_words_then_links_then_summaries_and_names_no_paper_twice() -> None:
    few, lots = (rendered(many(count, summary="sheep " * 60)).html for count in (5, 200))
    full_words, fewer_words = (" ".join(Page(html).texts_of("sum")).split() for html in (few, lots))
    assert len(full_words) / few.count('class="sum"') > len(fewer_words) / lots.count('class="sum"') > 0
    assert "PDF" in few
    assert "PDF" not in lots
    assert "In brief" not in few
    assert "In brief" in lots
    shown = [int(number) for number in re.findall(r'class="num"[^>]*>(\d+)\.<', lots)]
    assert shown == list(range(1, len(shown) + 1))
    assert "All 200 papers on the web" in lots or len(shown) == 200


def test_e04_the_text_part_has_the_same_papers_in_the_same_order() -> None:
    for count in (5, 200):
        message = rendered(many(count))
        numbered = re.findall(r"^ *(\d+)\. ", message.text, re.MULTILINE)
        assert numbered == re.findall(r'class="num"[^>]*>(\d+)\.[<&]', message.html)


def test_e04_the_text_part_is_narrow_with_urls_on_lines_of_their_own() -> None:
    text = rendered(full()).text
    for line in text.splitlines():
        if "://" in line:
            assert re.fullmatch(r" *https?://\S+", line)
        else:
            assert len(line) <= 76
    assert not re.search(r"</?\w+>|&\w+;|&#\d+;", text.replace("<Angles>", "").replace("<papers@", ""))


def test_summaries_of_a_source_are_marked_as_such_and_others_are_the_abstracts_finding() -> None:
    message = rendered(full())
    for part in (" ".join(message.text.split()), Page(message.html).text):
        assert "TL;DR (Hugging Face): A loss that forgets slowly" in part
        assert "We train a mixture-of-experts model to count." in part
        assert "It counts sheep" not in part


def test_the_html_part_marks_what_matched_and_the_text_part_says_it() -> None:
    message = rendered(full())
    page, text = Page(message.html), " ".join(message.text.split())
    assert (
        "Why: topic Language models (“Language Models” in the title) · "
        "matches “mixture-of-experts” in the abstract" in text
    )
    assert "in the title" not in page.text
    assert page.texts_of("hit") == ["Language Models", "mixture-of-experts", "mixture-of-experts"]
    for part in (text, page.text):
        assert "Why: picked by a curator" in part


def test_no_reason_repeats_what_stands_beside_it() -> None:
    reasons = (
        Reason(ReasonKind.FILTER, "cat:cs", "cs.CL", Field.CATEGORY, 0, 1),
        Reason(ReasonKind.FILTER, "upvotes>=20", note="45 upvotes"),
        *TRENDS,
    )
    message = rendered(digest(match(1, reasons, signals=(upvotes(45),)), match(2, (NEW,))))
    for part in (message.text, Page(message.html).text):
        assert "▲45 · cs.CL · new today" in part.replace("\u00a0", " ")
        assert "Why" not in part
        assert "newly listed" not in part


def test_the_first_papers_are_shown_in_full_and_the_others_in_a_line_each() -> None:
    made = many(12)
    for front in (1, 5, 12):
        page = Page(rendered(made, site=replace(SITE, front=front)).html)
        assert page.headings.count(2) == front + (front < 12)
        assert len(re.findall(r"(?<=\s)\d+\.", page.text)) == 12
        assert ("In brief" in page.text) == (front < 12)


@pytest.mark.parametrize(("code", "heading"), [("en", "In brief"), ("de", "In Kürze"), ("zh", "简讯")])
@pytest.mark.parametrize("abstract", [SENTENCE * 13, "我们训练并展示稀疏专家模型，测量路由的成本。" * 30])
def test_the_front_is_read_in_two_minutes_and_brief_in_another(
    code: str, heading: str, abstract: str
) -> None:
    """At 200 words a minute, of titles, authors and findings; abstracts as long as real ones. `pytest -rP`
    prints how long both take."""
    page = Page(rendered(many(20, abstract=abstract), replace(SITE, language=code)).html).text
    front, _, brief = page[page.index("1. ") :].partition(heading)
    for name, part in (("front of 5", front), ("15 in brief", brief)):
        print(f"{code}, {name}: {word_count(part)} words, {word_count(part) / 200:.1f} min")  # noqa: T201 - for -rP
    assert 5 * 20 < word_count(front) <= 2 * 200
    assert word_count(brief) <= 2 * 200


@given(st.text("ab 稀疏専門家 ,。-", max_size=60))
def test_words_of_two_scripts_are_counted_apart(text: str) -> None:
    narrow = re.sub("[稀疏専門家。]", "", text)
    wide = len(re.findall("[稀疏専門家。]", text))
    assert word_count(narrow) == len(narrow.split())
    assert round(wide / 1.5) <= word_count(text) <= round(wide / 1.5) + len(text.split())


@pytest.mark.parametrize("front", [1, 3, 12, 50])
def test_a_reader_may_want_more_or_fewer_papers_in_full_than_the_site_shows(front: int) -> None:
    made = many(12)
    reader = replace(made.subscriber, interests=replace(made.subscriber.interests, front=front))
    message = rendered(replace(made, subscriber=reader))
    assert message.html.count('<div class="paper"') == min(front, 12)
    assert message.html.count('<p class="line"') == max(0, 12 - front)
    assert [f"{number}. Routing" in message.text for number in (1, 12, 13)] == [True, True, False]


def test_with_three_topics_front_and_brief_are_under_topics_and_each_paper_stands_once() -> None:
    made = by_topic()
    message = rendered(made)
    lines = [line.strip() for line in message.text.splitlines()]
    brief = lines[lines.index("In brief") :]
    groups = ("Reinforcement learning", "Language models", "More for you")
    assert [line for line in brief if line in groups] == list(groups)  # the topic of the strongest first
    assert brief.index("6. Q-learning on Three Meadows") < brief.index("7. Regret of Lost Sheep")
    for each in made.papers:
        named = re.findall(rf"^ *\d+\. {re.escape(each.paper.title[:30])}", message.text, re.MULTILINE)
        assert len(named) == 1, each.paper.title
    assert re.findall(r"^ *(\d+)\. ", message.text, re.MULTILINE) == [str(n) for n in range(1, 10)]
    two = rendered(replace(made, topics=TOPICS))
    assert not [line for line in two.text.splitlines() if line.strip() in groups]


def test_a_line_in_brief_says_its_upvotes_and_the_reason_that_its_title_does_not_show() -> None:
    message = rendered(many(6))
    for part in (" ".join(message.text.split()), Page(message.html).text.replace("\u00a0", " ")):
        _, _, brief = part.partition("In brief")
        assert "▲45 · matches “routing” in the abstract" in brief
    assert "PDF" not in brief


def test_authors_categories_and_facts_are_reasons_too() -> None:
    reasons = (
        Reason(ReasonKind.FILTER, "au:lovelace", "Ada Lovelace", Field.AUTHOR, 0, 1),
        Reason(ReasonKind.FILTER, "cat:cs", "cs.LG", Field.CATEGORY, 1, 2),
        Reason(ReasonKind.FILTER, "comments>=20", note="45 comments"),
    )
    text = Page(rendered(digest(match(1, reasons))).html).text
    assert "Why: matches author Ada Lovelace · matches category cs.LG · matches 45 comments" in text


def test_the_footer_says_why_to_whom_since_when_and_from_where() -> None:
    reader = subscriber("ada.lovelace@example.org", interests=Interests(filters=("sheep", "goats")))
    message = rendered(digest(match(), subscriber=reader))
    for part in (" ".join(message.text.split()), Page(message.html).text):
        assert "because a…@example.org subscribed on 17 March 2026 to your 2 filters." in part
        assert SITE.postal_address in part
        assert "ada.lovelace" not in part


def test_a_digest_without_papers_says_so() -> None:
    message = rendered(digest(notes=("arXiv announces nothing on weekends.",)))
    assert message.subject == "No papers today"
    assert "arXiv announces nothing on weekends." in message.text


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>",
    "{{7*7}} {% raw %} {{ ''.__class__ }}",
    "=?UTF-8?Q?=0A?=Bcc: x@example.org",
    "a\r\nBcc: x@example.org\r\n\r\nbody",
    "right\u202eleft \u2066 nul\x00 bell\x07",
    '"><a href="javascript:alert(1)">x</a>',
    "$\\alpha$-tuned \\textbf{sheep}",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_e16_hostile_text_stays_text(text: str) -> None:
    reason = Reason(ReasonKind.FILTER, text, text, Field.TITLE, 0, len(text), note=text)
    urls = dict.fromkeys(("url", "pdf_url", "code_url", "discussion_url"), "javascript:alert(1)")
    fields = {"title": text, "abstract": text, "authors": (text,), "categories": (text,), **urls}
    hostile = match(1, (reason, Reason(ReasonKind.TRENDING, note=text)), **fields)
    summed_up = match(2, TRENDS, summary=text, summary_source=text)
    made = digest(hostile, summed_up, topics=(Topic("x", text, "x"),), notes=(text,))
    message = rendered(made)
    page = Page(message.html)
    assert page.tags <= Page(rendered(full()).html).tags
    assert all(target.startswith("https://") for _, target in page.links)
    assert "on" not in {name[:2] for name in page.attributes}
    assert "49" not in message.subject + message.text + page.text
    assert not re.search(CONTROLS, message.subject + message.text + message.html)
    raw = as_bytes(
        message, sender=SITE.mail_from, recipient="ada@example.org", date=NOW, message_id="<1@x.org>"
    )
    mail = message_from_bytes(raw, policy=policy.strict)
    assert mail["Bcc"] is None
    assert mail["Subject"] == message.subject


def test_e12_no_tex_is_left_in_any_part() -> None:
    message = rendered(
        digest(match(title="$\\alpha$-tuned \\textbf{sheep}", abstract="$O(n\\log n)$ sheep."))
    )
    assert message.subject.startswith("α-tuned sheep")
    for part in (message.subject, message.text, message.html):
        assert "$" not in part
        assert "\\" not in part


@given(st.lists(st.text(max_size=60), min_size=5, max_size=5))
@settings(max_examples=40, deadline=None)
def test_no_text_whatever_changes_the_shape_of_a_mail(texts: list[str]) -> None:
    title, abstract, name, term, note = texts
    reason = Reason(ReasonKind.FILTER, note, term, Field.ABSTRACT)
    message = rendered(
        digest(match(1, (reason,), title=title, abstract=abstract, authors=(name,)), notes=(note,))
    )
    plain = rendered(digest(match(1, (reason,)), notes=("note",)))
    assert Page(message.html).tags <= Page(plain.html).tags | {"span"}
    assert len(Page(message.html).links) == len(Page(plain.html).links)


def test_an_operators_template_replaces_a_shipped_one_and_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "digest").mkdir()
    subject = tmp_path / "digest/subject.txt"
    subject.write_text("{{ site.name }}: {{ digest.count }}")
    renderer = Renderer(tmp_path)
    assert renderer.digest(full(), SITE, LINKS).subject == "Daily Papers: 5"
    subject.write_text("changed")
    assert renderer.digest(full(), SITE, LINKS).subject == "Daily Papers: 5"
    assert "Counting Sheep" in renderer.digest(full(), SITE, LINKS).html


def test_the_same_digest_gives_the_same_message() -> None:
    assert Renderer().digest(full(), SITE, LINKS) == RENDERER.digest(full(), SITE, LINKS)


@pytest.mark.corpus
def test_e01_nineteen_of_twenty_real_issues_stay_below_60_kilobytes() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"no corpus at {CORPUS}")
    sizes = []
    for file in sorted(CORPUS.glob("*.json.gz")):
        parsed = parse(SourceKind.HUGGINGFACE, gzip.decompress(file.read_bytes()))
        papers = [
            match(
                n,
                title=entry.title,
                abstract=entry.abstract,
                authors=entry.authors,
                summary=entry.summary,
                code_url=entry.code_url,
                discussion_url=entry.discussion_url,
                pdf_url=entry.pdf_url,
            )
            for n, entry in enumerate(parsed.entries[:20], 1)
        ]
        sizes.append(len(rendered(digest(*papers)).html_body))
    assert sorted(sizes)[len(sizes) * 95 // 100] <= 60_000
    assert max(sizes) <= CLIPPED
