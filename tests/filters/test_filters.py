"""The filter language: what it reads, the one text of each meaning, and errors that name place and mend."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Field, SignalKind
from digest.errors import FilterError
from digest.filters import (
    CATEGORIES,
    And,
    AtLeast,
    Author,
    Category,
    Exact,
    Has,
    Node,
    Not,
    Or,
    PaperId,
    Phrase,
    Prefix,
    SourceName,
    TopicRef,
    Word,
    canonical,
    leaves,
    normal,
    parse,
    render_error,
)
from digest.filters.names import name_parts, names_agree

TOPICS = ("llm", "rag", "robotics")


def read(text: str) -> Node:
    return parse(text, topics=TOPICS)


def error_of(text: str, **known: Any) -> FilterError:
    with pytest.raises(FilterError) as caught:
        parse(text, **({"topics": TOPICS} | known))
    return caught.value


# ---------------------------------------------------------------- what it reads


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("Quantization", Word("quantization")),
        ('"mixture of experts"', Phrase(("mixture", "of", "experts"))),
        ("mixture-of-experts", Phrase(("mixture", "of", "experts"))),
        ("“mixture of experts”", Phrase(("mixture", "of", "experts"))),
        ('"mamba"', Word("mamba")),
        ("=RAG", Exact(("RAG",))),
        ('="Tree of Thoughts"', Exact(("Tree", "of", "Thoughts"))),
        ("Transform*", Prefix("transform")),
        ("ti:mamba", Word("mamba", Field.TITLE)),
        ('abs:"state space"', Phrase(("state", "space"), Field.ABSTRACT)),
        ("TI: =RAG", Exact(("RAG",), Field.TITLE)),
        ("ti:transform*", Prefix("transform", Field.TITLE)),
        ('au:"Tri Dao"', Author("tri dao")),
        ("au:Gödel", Author("godel")),
        ('au:"Dao, T."', Author("t dao")),
        ("cat:CS.cl", Category("cs.CL")),
        ("cat:cs", Category("cs")),
        ('cat:"Cell Biology"', Category("cell biology")),
        ("cat:cell-biology", Category("cell biology")),
        ("topic:LLM", TopicRef("llm")),
        ("id:2509.13332v2", PaperId("arxiv:2509.13332")),
        ("id:arXiv:2509.13332", PaperId("arxiv:2509.13332")),
        ("id:https://arxiv.org/abs/2509.13332v1", PaperId("arxiv:2509.13332")),
        ("id:math.GT/0309136", PaperId("arxiv:math/0309136")),
        ("id:nature:s41586-1", PaperId("nature:s41586-1")),
        ("doi:10.1101/2024.01.02.573904", PaperId("doi:10.1101/2024.01.02.573904")),
        ("doi:https://doi.org/10.1016/S0140-6736(05)67889-X", PaperId("doi:10.1016/s0140-6736(05)67889-x")),
        ("doi:10.48550/arXiv.2509.13332", PaperId("arxiv:2509.13332")),
        ("has:code", Has("code")),
        ("source:HuggingFace", SourceName("huggingface")),
        ("upvotes>=20", AtLeast(SignalKind.UPVOTES, 20)),
        ("Comments >= 5", AtLeast(SignalKind.COMMENTS, 5)),
        ("stars≥100", AtLeast(SignalKind.STARS, 100)),
        ("and", Word("and")),
        ('"OR"', Word("or")),
    ],
)
def test_each_kind_of_term_is_read(text: str, tree: Node) -> None:
    assert read(text) == tree


def test_and_binds_tighter_than_or_and_not_tightest() -> None:
    a, b, c = Word("a"), Word("b"), Word("c")
    assert read("a b OR c") == read("(a AND b) | c") == normal(Or((And((a, b)), c)))
    assert read("a -b c") == read("a AND NOT b AND c") == normal(And((a, Not(b), c)))
    assert read("a (b|c)") == normal(And((a, Or((b, c)))))


def test_a_field_before_brackets_holds_for_all_words_in_them() -> None:
    assert read("ti:(mamba OR -(=RWKV scan*) x)") == read("ti:mamba OR (ti:x NOT (ti:=RWKV ti:scan*))")


def test_a_minus_inside_a_word_does_not_exclude() -> None:
    assert read("gpt-x") == Phrase(("gpt", "x"))
    assert read("a –x") == read("a NOT x")


def test_tex_is_folded_as_in_papers() -> None:
    assert read(r"M$^3$ViT") == read("M3ViT")
    assert read(r"$\alpha$-divergence") == read("α-divergence")


def test_any_name_will_do_where_no_names_are_given() -> None:
    tree = parse("topic:gone cat:old.XX", topics=None, categories=None)
    assert set(leaves(tree)) == {TopicRef("gone"), Category("old.XX")}


def test_the_taxonomies_are_whole() -> None:
    assert {"cs.CL", "hep-th", "q-bio.NC", "astro-ph.GA", "neuroscience", "epidemiology"} <= set(CATEGORIES)
    assert len([name for name in CATEGORIES if "." in name]) == 146


def test_limits_hold_exactly() -> None:
    assert read("x" * 2000) == Word("x" * 2000)
    assert len(list(leaves(read(" ".join(f"w{i}" for i in range(200)))))) == 200
    assert "2,000 characters" in error_of("x" * 2001).message
    assert "200 terms" in error_of(" ".join(f"w{i}" for i in range(201))).message
    assert read("(" * 50 + "a" + ")" * 50) == Word("a")
    assert "50 brackets" in error_of("(" * 51 + "a" + ")" * 51).message
    assert "written out" in error_of("|".join(f"{'w' * 8}{i:03}" for i in range(166))).message


def test_a_thousand_minuses_are_no_trouble() -> None:
    assert read("-" * 1998 + "a") == Word("a")


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("text", "position", "said", "nearest"),
    [
        ("", 0, "empty", ""),
        ("  \n", 0, "empty", ""),
        ("-a", 0, "only excludes", ""),
        ("NOT (a OR b)", 0, "only excludes", ""),
        ("a OR -b", 5, "only excludes", ""),
        ("mamba -(a -b) OR NOT x", 6, "only excludes", ""),
        ('mamba "state space', 6, "never closed", ""),
        ('ti:"state space', 3, "never closed", ""),
        ("a (b c", 2, "never closed", ""),
        ("a b)", 3, "never opened", ""),
        ("a ()", 3, "nothing between", ""),
        ("a OR", 4, "nothing after", ""),
        ("OR a", 0, "nothing before", ""),
        ("a AND OR b", 6, "nothing after", ""),
        ("x ??? y", 2, "no word", ""),
        ('x ""', 2, "no word", ""),
        ("x au:?", 5, "no name", ""),
        ("title:mamba", 0, "not a field", "ti:"),
        ("x Titel:mamba", 2, "not a field", "ti:"),
        ("auhtor:dao", 0, "not a field", "au:"),
        ("upvotes:20", 0, "not a field", "upvotes>="),
        ("ti:", 3, "needs a value", ""),
        ("ti: OR b", 4, "needs a value", ""),
        ('cat:"" x', 4, "needs a value", ""),
        ("x ti:-y", 5, "minus", ""),
        ("cat:cs.CLL", 4, "not a category", "cs.CL"),
        ('cat:"cel biology"', 4, "not a category", "cell biology"),
        ("a topic:lm", 8, "not a topic", "llm"),
        ("has:data", 4, "not known", "has:code"),
        ("id:12345", 3, "not the id", ""),
        ("doi:foo", 4, "not a DOI", ""),
        ("upvotes>20", 0, ">=", ""),
        ("upvotes=20", 0, ">=", ""),
        ("upvotes>=many", 0, ">=", ""),
        ("upvotes>=0", 0, "every paper", ""),
        ("a upvote>=3", 2, "can't be counted", "upvotes>=3"),
        ("a*", 0, "nearly everything", ""),
        ("trans*er", 0, "end of one word", ""),
        ("state-sp*", 0, "end of one word", ""),
        ("ti:(cat:cs)", 0, "can't stand inside", ""),
        ("ti:(abs:x)", 0, "can't stand inside", ""),
        ("cat:(cs)", 0, "no brackets", ""),
    ],
)
def test_an_error_names_the_place_and_the_mend(text: str, position: int, said: str, nearest: str) -> None:
    error = error_of(text)
    assert (error.position, error.nearest) == (position, nearest)
    assert said in error.message
    assert f"at character {position + 1})" in error.message
    assert error.text == text
    if nearest:
        assert nearest in error.fix


def test_an_unknown_source_is_an_error_where_sources_are_given() -> None:
    assert error_of("source:hugingface", sources=["huggingface", "arxiv"]).nearest == "huggingface"
    assert parse("source:ArXiv", sources=["arXiv"]) == SourceName("arxiv")


def test_an_error_is_shown_with_a_caret_under_its_place() -> None:
    lines = render_error(error_of("mamba cat:cs.CLL")).splitlines()
    assert lines[1:3] == ["  mamba cat:cs.CLL", "            ^"]
    assert lines[-1] == "did you mean cs.CL?"
    assert "expected: " in lines[-2]


def test_a_long_filter_is_cut_around_the_place_of_its_error() -> None:
    lines = render_error(error_of("mamba\n\x1b[31m " + "word " * 90 + "topic:lm")).splitlines()
    shown, caret = lines[1], lines[2]
    assert len(shown) <= 80
    assert shown[caret.index("^") :].startswith("lm")
    assert "\x1b" not in "".join(lines[1:])


# ---------------------------------------------------------------- the canonical text


WORDS = st.sampled_from(
    ["mamba", "vision", "quantize", "quantization", "a1", "c", "and", "or", "not", "gödel", "λ"]
)
FIELDS = st.sampled_from(["", "ti:", "abs:"])
TERMS = st.one_of(
    st.builds("{}{}".format, FIELDS, WORDS),
    st.builds('{}"{} {}"'.format, FIELDS, WORDS, WORDS),
    st.builds("{}={}".format, FIELDS, WORDS),
    st.builds("{}{}z*".format, FIELDS, WORDS),
    st.builds('au:"{} {}"'.format, WORDS, WORDS),
    st.sampled_from(
        ["cat:cs.CL", 'cat:"cell biology"', "topic:llm", "id:2509.13332", "has:code", "source:x"]
    ),
    st.sampled_from(["doi:10.1016/S1(05)2", "id:x:y|z".replace("|", "_"), "upvotes>=20", "stars>=1"]),
)


def joined(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(parts, min_size=1, max_size=4).map(tuple)
    return st.one_of(several.map(And), several.map(Or), parts.map(Not))


TREES = st.recursive(TERMS.map(read), joined, max_leaves=12)


def select(tree: Node) -> Node:
    """A tree that surely selects something, whatever the given one is."""
    return And((Word("anchor"), tree))


@given(TREES)
def test_parsing_the_canonical_text_gives_the_tree_back(tree: Node) -> None:
    tree = select(tree)
    assert read(canonical(tree)) == normal(tree)


@given(TREES)
def test_canonical_text_and_normal_form_are_at_rest(tree: Node) -> None:
    assert normal(normal(tree)) == normal(tree)
    assert canonical(normal(tree)) == canonical(tree)


def rewritten(tree: Node, draw: st.DataObject) -> str:
    """The text of a tree with everything trivial changed: order, doubles, NOT NOT, spaces, case, brackets."""
    choose = draw.draw
    if isinstance(tree, Not):
        text = (
            choose(st.sampled_from(["NOT ", "-", "NOT(", "--NOT("])) + "(" + rewritten(tree.part, draw) + ")"
        )
        return text + ")" * (text.split("(")[0] == "NOT" or text.startswith("--NOT"))
    if isinstance(tree, And | Or):
        parts = [f"({rewritten(part, draw)})" for part in choose(st.permutations(tree.parts))]
        parts.append(choose(st.sampled_from(parts)))
        return choose(
            st.sampled_from([" ", " AND ", "\n"] if isinstance(tree, And) else [" OR ", "|", " | "])
        ).join(parts)
    text = canonical(tree)
    if not isinstance(tree, Exact):
        text = choose(
            st.sampled_from([text, text.upper() if isinstance(tree, Phrase) and not tree.field else text])
        )
    return choose(st.sampled_from([text, f"({text})", f" --{text} ", f"NOT NOT ( {text})"]))


@given(TREES, st.data())
def test_trivial_rewriting_keeps_the_canonical_text(tree: Node, data: st.DataObject) -> None:
    tree = normal(select(tree))
    assert canonical(read(rewritten(tree, data))) == canonical(tree)


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from('ab  ()|"-=*:>“ANDORNOTti')), max_size=40))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    try:
        tree = read(text)
    except FilterError as raised:
        refused = raised
    else:
        assert read(canonical(tree)) == tree
        return
    assert 0 <= refused.position <= len(text)
    assert render_error(refused)


def test_case_diacritics_and_spaces_give_one_canonical_text() -> None:
    texts = ["Gödel  OR\tMAMBA", "mamba | godel", "(godel) OR (--mamba) OR Mamba"]
    assert {canonical(read(text)) for text in texts} == {"godel OR mamba"}


def test_the_canonical_text_keeps_words_readable_and_exact_forms_in_their_case() -> None:
    assert canonical(read("=RAG -Survey Quantized")) == "=RAG quantized NOT survey"


# ---------------------------------------------------------------- names of people


@pytest.mark.parametrize(
    ("wanted", "author", "agree"),
    [
        ("dao", "Tri Dao", True),
        ("tri", "Tri Dao", False),
        ("Tri Dao", "Tri Dao", True),
        ("T. Dao", "Tri Dao", True),
        ("Tri Dao", "Dao, T.", True),
        ("Trung Dao", "Tri Dao", False),
        ("Kurt Godel", "Kurt Gödel", True),
        ("Geoffrey Hinton", "Geoffrey E. Hinton", True),
        ("G. X. Hinton", "Geoffrey E. Hinton", False),
        ("van den Oord", "Aäron van den Oord", True),
        ("oord", "Aäron van den Oord", True),
        ("Garcia-Molina", "Hector Garcia-Molina", True),
        ("O'Brien", "Pat O’Brien", True),
        ("King", "Martin King Jr.", True),
        ("Martin Luther King", "Martin King", False),
    ],
)
def test_authors_are_found_by_family_name_or_initials_and_family_name(
    wanted: str, author: str, agree: bool
) -> None:
    assert names_agree(name_parts(wanted), name_parts(author)) is agree
