"""The filter language, one for web, command line, API, topics and search.

In goes the text of a filter; out comes a tree of `Node`s, or its canonical text, or a `FilterError` that
names the place and the fix. It never looks at papers: `digest.match` does.

    quantization            a word, any of its English forms; case and diacritics don't matter
    "mixture of experts"    a phrase inside one field; mixture-of-experts is the same
    =RAG                    exactly this form, in this case
    transform*              any word that begins so
    ti:mamba abs:"state space"   in the title, in the abstract only; also ti:(mamba OR rwkv)
    au:"Tri Dao" au:dao     author: a family name, or given names or initials and a family name
    cat:cs.CL cat:cs        category; an archive holds its classes
    topic:llm               what that topic selects
    id:2509.13332 doi:10.1101/…  one paper
    like:2509.13332         papers whose text is like that of one paper
    like:saved              papers whose text is like that of any paper that the reader saved
    org:"Example Lab" keyword:"world model"   who lists the paper; one of its keywords
    year:2025 year:2024-2026 year:2024-   published then; from then on
    has:code has:project has:pick source:huggingface upvotes>=20 comments>=5 stars>=100
    A B, A AND B            both
    A OR B, A | B           either; AND binds tighter than OR
    NOT A, -A               not
    ( … )                   grouping

AND, OR and NOT are operators in capitals only, otherwise they are words. Full-width forms, quotes and dashes
of other scripts are folded; what another search language would read in its own way (`!x`, `x~2`, a comma
between keywords) is an error with the answer; what is often meant otherwise brings a hint (`read_back`).

The canonical text keeps words as they were written (case and diacritics folded), not their stems: `quantize`
and `quantization` are two texts with the same meaning, so that readers find their own words again.
"""

from digest.filters.categories import CATEGORIES
from digest.filters.errors import render_error
from digest.filters.hints import ReadBack, hints, read_back
from digest.filters.printing import canonical, normal
from digest.filters.prose import words_of
from digest.filters.reading import MAX_BYTES, MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS, parse, parse_stored
from digest.filters.tree import (
    And,
    AtLeast,
    Author,
    Category,
    Exact,
    Has,
    Keyword,
    Leaf,
    Like,
    LikeSaved,
    Node,
    Not,
    Or,
    Organization,
    PaperId,
    Phrase,
    Prefix,
    SourceName,
    TopicRef,
    Word,
    Year,
    asks_for_saved,
    leaves,
    with_saved,
)

__all__ = [
    "CATEGORIES",
    "MAX_BYTES",
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_TERMS",
    "And",
    "AtLeast",
    "Author",
    "Category",
    "Exact",
    "Has",
    "Keyword",
    "Leaf",
    "Like",
    "LikeSaved",
    "Node",
    "Not",
    "Or",
    "Organization",
    "PaperId",
    "Phrase",
    "Prefix",
    "ReadBack",
    "SourceName",
    "TopicRef",
    "Word",
    "Year",
    "asks_for_saved",
    "canonical",
    "hints",
    "leaves",
    "normal",
    "parse",
    "parse_stored",
    "read_back",
    "render_error",
    "with_saved",
    "words_of",
]
