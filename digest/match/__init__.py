"""Papers × interests → matches with reasons.

In: the day's ranked papers, the topics, and what subscribers asked for. Out: the papers of each, best first,
in a total order that depends on nothing but the input. It never reads a store, a clock or a setting.

- `Library` holds the topics and reads filters (each distinct text once).
- `Corpus` holds the papers: `choose` says the papers of many subscribers at once, as arrays; `match` those of
  one, with reasons, by the same steps; `explain` why somebody gets a paper.
- `Arithmetic` shows how a score comes about.
- `unpack` and `unpack_sent` read interests and histories as they lie in the store, a million in a second.

    document  one paper, tokenised        places   the words of all papers: terms → bits over papers
    evaluate  tree × one paper → hits     index    the same for all other terms, each looked up once
    score     hits → points, reasons      rows     tree × all papers → points, as rows of bits
    library   text → tree                 select   rows × cohort → the first papers of each subscriber
    corpus    all of it together          cohort   packed interests and histories → arrays
"""

from digest.domain import FIT_WEIGHT
from digest.match.arithmetic import Arithmetic
from digest.match.cohort import Cohort, Lists, unpack, unpack_sent
from digest.match.corpus import Corpus
from digest.match.library import Library

__all__ = ["FIT_WEIGHT", "Arithmetic", "Cohort", "Corpus", "Library", "Lists", "unpack", "unpack_sent"]
