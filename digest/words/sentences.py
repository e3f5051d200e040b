"""Where sentences end, but for abbreviations. Pure."""

import re

_ABBREVIATED = "".join(rf"(?<!\b{word}\.)" for word in (r"e\.g", r"i\.e", "al", "vs", "cf", "Fig", "Eq"))
SENTENCE_END = re.compile(rf"(?<=[.!?]){_ABBREVIATED}\s+(?=[^\sa-z])|(?<=[。！？])(?=\S)")
