"""Papers × interests → matches with reasons.

In: the day's ranked papers, the topics, and what subscribers asked for. Out: `Match`es, best first, in a
total order that depends on nothing but the input. It never reads a store, a clock or a setting.

- `Library` holds the topics and reads filters (each distinct text once).
- `Corpus` holds the papers (each tokenised once) and evaluates each distinct filter once over all of them.
"""

from digest.match.corpus import Corpus
from digest.match.library import Library
from digest.match.score import FIT_WEIGHT

__all__ = ["FIT_WEIGHT", "Corpus", "Library"]
