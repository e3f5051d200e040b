"""The judgements of quality and the figures kept from them: whole, and in agreement with one another."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from benchmarks.quality import (
    FIRST,
    REAL_JUDGEMENTS,
    RESULTS,
    mean,
    precision,
    readers,
    share,
    topics_of_papers,
)
from digest.domain import FIT_WEIGHT
from digest.match import Library
from digest.topics import shipped

READERS = {reader.name: reader for reader in readers(Library(shipped()))}
KEPT = json.loads(RESULTS.read_text("utf-8"))


def test_precision_counts_what_was_judged_and_tells_the_rest() -> None:
    found = ["a", "b", "c", "d"]
    assert precision(found, {"a": True, "b": False, "c": True, "z": True}) == {
        "papers": 4,
        "wanted": 2,
        "unjudged": 1,
        "precision": 0.667,
    }
    assert precision(found, {})["precision"] is None


def test_there_are_twenty_interests_with_their_judgements() -> None:
    assert len(READERS) == 20
    assert all(re.fullmatch(r"arxiv:\d{4}\.\d{5}", id_) for r in READERS.values() for id_ in r.judged)
    assert sum(len(reader.judged) for reader in READERS.values()) >= 200


@pytest.mark.parametrize("name", READERS)
def test_the_kept_figures_follow_from_the_judgements(name: str) -> None:
    for figures in KEPT["interests"][name].values():
        assert len(figures["ids"]) <= FIRST
        assert figures == precision(figures["ids"], READERS[name].judged) | {"ids": figures["ids"]}


def test_the_kept_figures_of_real_interests_follow_from_the_judgements_too() -> None:
    judged = tomllib.loads(REAL_JUDGEMENTS.read_text("utf-8"))
    assert set(KEPT["real"]) == {f"real {number}" for number in judged}
    for name, by_weight in KEPT["real"].items():
        known = {f"arxiv:{id_}": key == "right" for key, ids in judged[name[5:]].items() for id_ in ids}
        for figures in by_weight.values():
            assert figures == precision(figures["ids"], known) | {"ids": figures["ids"]}


def test_what_was_promised_of_the_first_ten_holds() -> None:
    invented, real = KEPT["share"][str(FIT_WEIGHT)]
    assert invented >= 0.84
    assert real >= 0.80


def test_the_kept_means_are_of_all_readers_and_hold_the_default_weight() -> None:
    assert KEPT["default"] == FIT_WEIGHT
    for weight, (invented, real) in KEPT["share"].items():
        assert (invented, real) == (share(KEPT["interests"], weight), share(KEPT["real"], weight))
    assert KEPT["mean"] == {weight: mean(KEPT["interests"], weight) for weight in KEPT["mean"]}
    assert set(KEPT["interests"]) == set(READERS)
    assert set(KEPT["topics"]) == {topic.slug for topic in topics_of_papers()}


def test_without_the_real_papers_it_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.quality", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=RESULTS.parents[2])
    assert done.returncode == 3
    assert f"no real papers in {tmp_path}" in done.stderr
