"""What README shows of mails and pages: figures that were measured, and small pictures (`make pictures`)."""

import csv
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def test_the_speed_of_building_mails_is_the_one_that_was_measured() -> None:
    sizes = json.loads((ROOT / "benchmarks/results/render.json").read_text(encoding="utf-8"))["sizes"]
    twelve = sizes["12"]
    whole = round(twelve["whole_us"] / 1000)
    assert (
        f"one of 12 papers takes {twelve['spliced_us']} µs instead of {whole} ms, {twelve['times']} times"
        f" less than rendering and encoding each as a whole; of 20 papers {sizes['20']['times']} times less,"
        f" of 5 papers {sizes['5']['times']} times"
    ) in README
    assert min(size["times"] for size in sizes.values()) >= 100


def test_how_often_a_finding_states_the_contribution_is_what_was_judged() -> None:
    with (ROOT / "benchmarks/finding-judgements.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    chosen, first = (
        sum(row[column] == "yes" for row in rows) / len(rows) for column in ("states", "first_states")
    )
    assert (
        f"of {len(rows)} abstracts judged by hand the chosen sentence does in {chosen * 100:.0f} %, "
        f"the first sentence in {first * 100:.0f} %"
    ) in README
    assert chosen >= 0.85


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", ["mail", "landing", "day"])
def test_pictures_are_shown_and_small(name: str, mode: str) -> None:
    picture = ROOT / f"docs/{name}-{mode}.png"
    assert f"docs/{name}-{mode}.png" in README
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 120_000
