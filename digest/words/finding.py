"""Finds the one sentence of an abstract that states the contribution, short enough for a list.

In: a clean abstract, how many words there is room for. Out: the sentence, cut at a clause where it is longer.
Never: words that the abstract doesn't have, a network, or a model.

Each sentence is scored by its cue phrases ("we propose", "this paper presents"), by words of background
("recent", "however") and by its place; the highest score wins, the earlier of equals. How often that is the
contribution is measured against 200 abstracts judged by hand: `python -m benchmarks.finding`.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

MOST_WORDS = 35
_LEAST_WORDS = 12  # of what is left of a sentence that is cut at a clause
_READ = 40  # sentences: a hostile abstract has more
# The patterns begin with what is rare in a text, so that most of it is passed over at once.
_END = re.compile(r"[.!?](\s+)(?=[^\sa-z])|[。！？](?=\S)")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|al|vs|cf|Fig|Eq)\.$")
_LONGEST_ABBREVIATION = 6  # characters, with its dot and the character before it

_MAKES = (
    "propose|introduce|present|develop|design|devise|build|construct|create|contribute|release|provide"
    "|describe|formulate|formali[sz]e|derive|implement|offer|put forward|adapt|extend|adopt|leverage|train"
    "|curate|collect"
)
_FINDS = (
    "show|prove|demonstrate|find|establish|study|investigate|examine|explore|analy[sz]e|evaluate|compare"
    "|address|tackle|consider|survey|review|revisit|reveal|identify|argue|conduct|ask|quantify|observe"
    "|characteri[sz]e|discover|improve|perform|apply|use|focus|bridge|solve|give|discuss|test|measure"
)
_OURS = (
    "(?:this|the present|our) "
    "(?:paper|work|study|article|survey|report|thesis|tutorial|chapter|research|note|manuscript)"
)
_DONE = ("proposed", "introduced", "presented", "developed", "investigated", "studied")
_NAMED = ("called", "named", "dubbed", "termed")
_BETTER = ("outperform", "surpass", "improv", "reduc", "achiev", "state-of-the-art")
# A pattern over small letters, its points, and its signs: where it is found, the sentence has one of them.
# Most sentences have none, and looking for plain text first halves the time.
_CUES = tuple(
    (re.compile(pattern), points, signs)
    for pattern, points, signs in (
        (rf"we\b(?<=\bwe)(?: \w+){{0,3}}? (?:{_MAKES})\b", 4.0, ("we ",)),
        (rf"we\b(?<=\bwe)(?: \w+){{0,3}}? (?:{_FINDS})\b", 2.5, ("we ",)),
        (rf"\b(?:is|are|was|were) (?:{'|'.join(_DONE)})\b", 2.0, _DONE),
        (
            r"\b(?:novel|new|first|to the best of our knowledge)\b",
            0.75,
            ("novel", "new", "first", "best"),
        ),
        (
            r"to (?<=\bto )(?:address|tackle|overcome|solve|bridge|fill|mitigate|this end|close)\b",
            0.75,
            ("to ",),
        ),
        (rf"\b(?:{'|'.join(_NAMED)})\b|\(\w*[a-z]\w*[a-z]\w*\)", 0.5, (*_NAMED, "(")),
        (rf"\b(?:{'|'.join(_BETTER)})\w*", 0.5, _BETTER),
        (r"\d", 0.25, ("",)),
    )
)
# The same of sentences that name the paper itself, which few do.
_NAMES_OURS = re.compile(rf"\b{_OURS}\b")
_OURS_SIGNS = ("this ", "the present ", "our ")
_OF_OURS = 1.0
_OURS_CUES = tuple(
    (re.compile(pattern), points)
    for pattern, points in (
        (rf"\b{_OURS}(?: \w+){{0,3}}? (?:{_MAKES}|{_FINDS})(?:s|es|ies)?\b", 4.0),
        (rf"\bin {_OURS}\b", 2.0),
    )
)
_BACKGROUND = re.compile(
    r"(?:recent|however|despite|existing|previous|prior|although|while|traditional|current|unfortunately"
    r"|with the|in recent years|many|most|since|as)\b",
    re.IGNORECASE,
)
_DETAIL = re.compile(
    r"(?:(?:experiment|extensive|specifically|in particular|for example|furthermore|additionally|moreover)"
    r"|finally|(?:the |our )?code\b|we (?:also|further|then|finally|validate|evaluate|release|conduct)\b"
    r"|in addition|then\b|(?:first|second|third)(?:ly)?,)",
    re.IGNORECASE,
)
_AVAILABLE = re.compile(r"https?://|\bavailable (?:at|on|from|online)\b", re.IGNORECASE)
_LEAD_IN = re.compile(r"^[^,]{3,160}, (?=(?:we|this (?:paper|work|study)) )")
# What points at sentences that aren't shown, or says nothing.
_EMPTY = re.compile(
    rf"^(?:in {_OURS}|here|to this end|to [a-z]+ (?:this|these|the above|such)\b[^,]{{0,60}}"
    r"|(?:motivated|inspired) by this|(?:building|based) on this), (?=(?:we|this (?:paper|work|study)) )",
    re.IGNORECASE,
)
_CLAUSES = (  # where a sentence may be cut: best at a mark, else before a word that begins a clause
    re.compile(r"[,;:](?= )| [–—-](?= )"),
    re.compile(r" (?=(?:which|where|that|while|by|and|to) )"),
)


def finding(abstract: str, most: int = MOST_WORDS) -> str:
    """Return the sentence of an abstract that states the contribution, in at most `most` words."""
    found = sentences(abstract)
    return shortened(_without(_EMPTY, found[contribution(found)]), most) if found else ""


def sentences(text: str) -> list[str]:
    """Split a text into its first sentences, each on one line."""
    parts = islice(split(text), _READ)
    return [" ".join(part.split()) for part in parts if part.strip()]


def split(text: str) -> Iterator[str]:
    """Yield the sentences of a text, without the white space between them."""
    start = 0
    for end in _END.finditer(text):
        stop = end.start() + 1
        if end[1] is None:  # 。
            yield text[start:stop]
            start = stop
        elif not _ABBREVIATION.search(text[max(stop - _LONGEST_ABBREVIATION, 0) : stop]):
            yield text[start:stop]
            start = end.end()
    yield text[start:]


def contribution(found: Sequence[str]) -> int:
    """Return the index of the sentence that states the contribution; 0 where none of them says so."""
    scores = [_score(sentence, place) for place, sentence in enumerate(found)]
    return scores.index(max(scores))


def shortened(sentence: str, most: int) -> str:
    """Cut a sentence to `most` words: what leads to "we …" first, then behind the last clause that fits."""
    if len(sentence.split()) <= most:
        return sentence
    sentence = _without(_LEAD_IN, sentence)
    words = sentence.split()
    if len(words) <= most:
        return sentence
    room = " ".join(words[:most])
    return f"{room[: _clause_end(room)].rstrip(' ,;:–—-')} …"


def _without(opening: re.Pattern[str], sentence: str) -> str:
    rest = opening.sub("", sentence)
    return rest if rest == sentence else rest[0].upper() + rest[1:]


def _clause_end(text: str) -> int:
    for clause in _CLAUSES:
        ends = [end.start() for end in clause.finditer(text)]
        if ends and len(text[: ends[-1]].split()) >= _LEAST_WORDS:
            return ends[-1]
    return len(text)


def _score(sentence: str, place: int) -> float:
    small = sentence.casefold()
    points = 0.0
    for cue, worth, signs in _CUES:
        for sign in signs:
            if sign in small:
                points += worth * bool(cue.search(small))
                break
    if any(sign in small for sign in _OURS_SIGNS) and _NAMES_OURS.search(small):
        points += _OF_OURS + sum(worth for cue, worth in _OURS_CUES if cue.search(small))
    points -= 2.0 * bool(_BACKGROUND.match(sentence)) + 1.5 * bool(_DETAIL.match(sentence))
    is_offered = ("http" in small or "available" in small) and _AVAILABLE.search(sentence)
    points -= 2.0 * bool(is_offered) + (len(sentence.split()) < 6)
    return points - 0.15 * place
