"""Matches papers with interests, with reasons.

In: the day's ranked papers, the topics, and what subscribers asked for. Out: the papers of each, best first,
in a total order that depends on nothing but the input. It never reads a store, a clock or a setting.

- `Library` holds the topics and reads filters (each distinct text once).
- `Corpus` holds the papers: `many` says the papers of many subscribers at once, as arrays; `one` those of
  one, with reasons, by the same steps; `why` explains a paper; `search` finds by one filter.
- `Arithmetic` shows how a score comes about.
- `unpack` and `unpack_sent` read interests and histories as they lie in the store, a million in a second.

    document  one paper, tokenised        places   the words of all papers: terms → bits over papers
    evaluate  tree × one paper → hits     index    the same for all other terms, each looked up once
    fit       where terms stand → points  rows     tree × all papers → points, as rows of bits
    score     hits → reasons, order       select   rows × cohort → the first papers of each subscriber
    library   text → tree                 cohort   packed interests and histories → arrays
    likeness  vectors of papers, as given likes    papers × named papers → who is like whom
    day       what is made once a day     many, one, why   what can be asked of it

Three papers and two readers, as a filter means it for one paper (`evaluate`) and for all at once (`rows`).
Papers are numbered by trend; a set of papers is an integer, its lowest bit paper 0.

    paper 0  trend 0.4  “Avatars that talk”           “… We render faces. They are tuned with RLHF. …”
    paper 1  trend 0.2  “RLHF without a reward model” “… RLHF needs no reward. …”
    paper 2  trend 0.1  “State space models”          “… Mamba is fast. …”

    term     title  abstract  again  first or last sentence
    rlhf     0b010  0b011     0b000  0b010
    mamba    0b000  0b100     0b000  0b100

Points of `rlhf`: for paper 0 one (once, in the middle of its abstract), for paper 1 six (title, and stressed
in the abstract). As levels: 0b011 has one point or more, 0b010 two to six; in binary, planes 0b001, 0b010,
0b010.
Points of `rlhf OR mamba`: the levels of both joined by OR; paper 2 has two.

    reader A  rlhf           planes of the filter → paper 1: 0.2 + fit(6) = 1.1; paper 0: 0.4 + fit(1) = 0.5
    reader B  rlhf OR mamba, without avatars    AND NOT 0b001 → paper 1: 1.1; paper 2: 0.1 + fit(2) = 0.35

Every reader's row of bits is such a sum of planes; a place in the order of all (points, paper) is known
before, so that the first papers of a million readers are read off without scoring one of them.
"""

from digest.domain import FIT_WEIGHT
from digest.match.arithmetic import Arithmetic
from digest.match.bits.cohort import Cohort, Lists, unpack, unpack_sent
from digest.match.corpus import Corpus
from digest.match.library import Library
from digest.match.likeness import Liked, Likeness

__all__ = [
    "FIT_WEIGHT",
    "Arithmetic",
    "Cohort",
    "Corpus",
    "Library",
    "Liked",
    "Likeness",
    "Lists",
    "unpack",
    "unpack_sent",
]
