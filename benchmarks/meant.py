"""What `benchmarks.search` measures of meaning: vectors of papers, kept between runs, and similar papers."""

import time
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from digest.domain import Paper
from digest.pipeline.catalog.similar import BY_WORDS
from digest.search import Segment, lsa
from digest.search.meaning import Encoder, Vectors, to_bytes

KEPT_AT_ONCE = 500  # papers whose vectors are kept in one file
EVERY = 4  # of so many papers one is looked at with those like it


def similar_with_meaning(
    papers: Sequence[Paper], segment: Segment, vectors: Vectors, numbers: Sequence[int]
) -> dict[str, float]:
    """The share of the five most similar of some papers (by number) with the same first category: by words,
    and with meaning."""
    basis = lsa.fit([segment], [np.ones(len(segment), np.bool_)])
    if basis is None:
        return {}
    first = {paper.pk: paper.categories[0] for paper in papers}
    all_numbers = np.array(numbers)
    by_words = lsa.vectors(segment, basis)[np.searchsorted(segment.numbers, all_numbers)]
    same = {"words": 0, "with meaning": 0}
    asked = range(0, len(numbers), EVERY)
    for place in asked:
        number = numbers[place]
        found = lsa.highest(all_numbers, lsa.cosines(by_words[place], by_words), BY_WORDS + 1)
        found = [each for each in found if each[0] != number][:BY_WORDS]
        for name, five in (("words", found[:5]), ("with meaning", vectors.nearer(number, found, 5))):
            same[name] += sum(first[other] == first[number] for other, _ in five)
    return {name: round(count / len(asked) / 5, 3) for name, count in same.items()}


def vectors_of(papers: Sequence[Paper], encoder: Encoder, folder: Path) -> tuple[Vectors, float | None]:
    """The vectors of papers, and milliseconds of each that had none in the folder, where they are
    kept for other runs.

    A file is named by the model and the texts in it: neither another model nor another text meets it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vectors, spent, made = Vectors(encoder.dimensions), 0.0, 0
    for start in range(0, len(papers), KEPT_AT_ONCE):
        some = papers[start : start + KEPT_AT_ONCE]
        texts = [f"{paper.title}. {paper.abstract}" for paper in some]
        mark = blake2b("\0".join([encoder.name, *texts]).encode(), digest_size=16).hexdigest()
        file = folder / f"{mark}.npy"
        if not file.exists():
            begin = time.process_time()
            encoded = encoder(texts)
            spent, made = spent + time.process_time() - begin, made + len(texts)
            part = file.with_suffix(".part")
            with part.open("wb") as opened:
                np.save(opened, encoded)
            part.rename(file)
        data = zip(some, np.load(file), strict=True)
        vectors = vectors.with_more({paper.pk: to_bytes(vector) for paper, vector in data})
    return vectors, round(spent / made * 1e3, 1) if made else None
