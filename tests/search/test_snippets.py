"""Snippets: what the quick way shows is what the plain one does, which looks at every word of a text."""

from hypothesis import example, given
from hypothesis import strategies as st

from digest.search import Piece, Wanted, snippet
from digest.search.snippets import WIDTH
from digest.words import forms, spans, spans_of, written

WORDS = st.sampled_from(
    ["model", "models", "model's", "s", "3", "3.5", "3.5.3", "GPT-4", "C++", "C#", "cafe\u0301", "cafe",
     "用3", "的", "sparse", "attention", "Attention", "a", "—", "x_3", "’s", "\u0301", "ﬁne", "tuning" * 30,
     "\n"]
)  # fmt: skip
BETWEEN = st.sampled_from([" ", " ", " ", "", ". ", ", ", "-", "  "])
TEXTS = st.lists(st.tuples(WORDS, BETWEEN), max_size=90).map(
    lambda parts: "".join(word + between for word, between in parts)
)
STEMS = st.sets(
    st.sampled_from(["model", "s", "3", "3.5", "c++", "c", "cafe", "spars", "attent", "fine", "a"])
)


def plain_snippet(text: str, wanted: set[str]) -> str:
    """What a snippet is, said by the places of all words; marked runs stand in brackets."""
    words, places = written(text), spans(text)
    marked = [number for number, word in enumerate(words) if forms(word)[0] in wanted]
    start, end = 0, len(text)
    if len(text) > WIDTH * 4 // 3 and words:
        first = max(marked, key=lambda number: (_worth(number, marked, words, places), -number), default=0)
        start = next(begin for begin, _ in places if begin >= places[first][0] - WIDTH // 4)
        fitting = [stop for begin, stop in places if begin <= start or stop <= start + WIDTH]
        end = len(text) if len(fitting) == len(places) else fitting[-1]
        start = 0 if start == places[0][0] else start
    runs: list[tuple[int, int]] = []
    for number in marked:
        begin, stop = places[number]
        if number - 1 in marked and not set(text[places[number - 1][1] : begin]) & set(".,;:!?()"):
            runs[-1] = runs[-1][0], stop
        else:
            runs.append((begin, stop))
    shown, at = "", start
    for begin, stop in runs:
        if begin >= start and stop <= end:
            shown += f"{text[at:begin]}[{text[begin:stop]}]"
            at = stop
    return ("… " if start else "") + shown + text[at:end] + (" …" if end < len(text) else "")


def _worth(number: int, marked: list[int], words: list[str], places: list[tuple[int, int]]) -> int:
    """How many different stems stand in the stretch that this marked word begins."""
    most = places[number][0] + WIDTH * 3 // 4
    return len({forms(words[each])[0] for each in marked if each >= number and places[each][1] <= most})


def bracketed(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in pieces)


@given(TEXTS, STEMS)
@example("用3 的 3.5", {"3"})
@example("cafe\u0301 cafe", {"cafe"})
@example("model " * 100, {"model"})
def test_a_snippet_is_what_the_plain_way_shows(text: str, wanted: set[str]) -> None:
    assert bracketed(snippet(text, Wanted(wanted))) == plain_snippet(text, wanted)


@given(st.one_of(TEXTS, st.text(max_size=60)), st.data())
def test_some_words_of_a_text_stand_where_all_words_do(text: str, data: st.DataObject) -> None:
    every, words = spans(text), written(text)
    wanted = data.draw(st.sets(st.sampled_from(sorted(set(words))))) if words else set()
    numbers = [number for number, word in enumerate(words) if word in wanted]
    assert spans_of(text, words, numbers) == [every[number] for number in numbers]
