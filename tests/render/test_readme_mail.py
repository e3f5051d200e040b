"""What README shows of the mail: figures that were measured, and pictures that are small."""

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


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_pictures_of_the_mail_are_shown_and_small(mode: str) -> None:
    picture = ROOT / f"docs/mail-{mode}.png"
    assert f"docs/mail-{mode}.png" in README
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 120_000
