"""How often the sentence that a card shows states the contribution, against 200 abstracts judged by hand.

    python -m benchmarks.finding [--data ../shared/data]

`finding-judgements.tsv` says for 200 papers of arXiv, drawn by chance, which sentence of the abstract was
chosen when they were judged, whether it states what was made or found, and whether the first sentence does.
Another 100 papers were used to write the rules. A sentence that only gives background, a step of a method, a
result without its method, or a second contribution is a no. Where the rules choose another sentence now than
they did then, it counts as unjudged, and as a no.
"""

import argparse
import csv
import gzip
import json
from pathlib import Path
from typing import NamedTuple

from benchmarks.day import REAL
from digest.text import clean
from digest.words.finding import contribution, finding, sentences

JUDGEMENTS = Path(__file__).with_name("finding-judgements.tsv")


class Figures(NamedTuple):
    """How many abstracts were judged, and in how many which sentence states the contribution."""

    judged: int
    chosen: int
    first: int
    unjudged: int
    words: float


def measured(abstracts: dict[str, str]) -> Figures:
    """The figures for abstracts by the ids of their papers; those that aren't there are left out."""
    chosen = first = unjudged = judged = words = 0
    with JUDGEMENTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["paper"] not in abstracts:
                continue
            judged += 1
            text = clean(abstracts[row["paper"]])
            choice = contribution(sentences(text))
            words += len(finding(text).split())
            first += row["first_states"] == "yes"
            if choice == int(row["sentence"]):
                chosen += row["states"] == "yes"
            elif choice == 0:
                chosen += row["first_states"] == "yes"
            else:
                unjudged += 1
    return Figures(judged, chosen, first, unjudged, words / max(judged, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    with gzip.open(parser.parse_args().data / REAL, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    found = measured({row["id"]: row["summary"] for row in rows})
    print(f"{found.judged} abstracts, {found.words:.0f} words shown on average; stating the contribution:")
    print(f"  the chosen sentence  {found.chosen:>4}  {found.chosen / found.judged:.0%}")
    print(f"  the first sentence   {found.first:>4}  {found.first / found.judged:.0%}")
    if found.unjudged:
        print(f"  not judged           {found.unjudged:>4}")


if __name__ == "__main__":
    main()
