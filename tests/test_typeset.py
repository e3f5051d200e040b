"""Formulas of abstracts as MathML: read wholly and plain, or left as text."""

import re
import time
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.typeset import pieces

MARKS = re.findall(r"\S+", r"$ $$ \( \) \[ \] { } ^ _ x 1 & \\ ' < > <script> </math> &lt; \unknown")
COMMANDS = re.findall(
    r"\S+",
    r"\frac \sqrt \left( \right) \sum \limits \not \begin{matrix} \end{matrix}"
    r" \text{a} \color{red} \href{u}{v} \class{a}{b} \style{a}{b} \mathbb{R}",
)
PARTS = st.sampled_from([*MARKS, *COMMANDS])


def formulas(text: str) -> list[str]:
    return [piece.mathml for piece in pieces(text) if piece.mathml]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"in $O(n \log n)$ time", ["O(nlogn)"]),
        (r"for \(x_i\) and \[y\]", ["xi", "y"]),
        (r"$$\sum_{i=1}^n x_i$$", ["∑i=1nxi"]),
        (r"between $3 and $4 a month", []),
        (r"it costs \$5, or $", []),
        (r"$\unknown x$ and $\frac{1$", []),
        ("$" + "{" * 20 + "x" + "}" * 20 + "$", []),
        ("$" + "x" * 301 + "$", []),
        ("no formula at all", []),
        ("", []),
    ],
)
def test_a_formula_is_read_wholly_or_not_at_all(text: str, shown: list[str]) -> None:
    assert ["".join(ET.fromstring(each).itertext()) for each in formulas(text)] == shown
    assert "".join(piece.text for piece in pieces(text)) == text


@given(st.lists(PARTS, max_size=60), st.sampled_from(("", " ")))
def test_nothing_but_plain_mathml_comes_of_any_text(parts: list[str], joint: str) -> None:
    text = joint.join(parts)
    assert "".join(piece.text for piece in pieces(text)) == text
    for made in formulas(text):
        read = ET.fromstring(made)
        assert read.tag == "math"
        assert all(re.fullmatch("m[a-z]+|none", each.tag) for each in read.iter())
        assert not {"href", "style", "class", "id", "src"} & {
            name for each in read.iter() for name in each.attrib
        }


@pytest.mark.parametrize(
    "text",
    ["$x$ " * 20_000, "$" * 100_000, r"\(" * 50_000, "$" + "^" * 299 + "$", "$" + "'" * 290 + "$",
     "".join(f"$x^{{{n}}}$" for n in range(500))],
)  # fmt: skip
def test_hostile_texts_cost_little(text: str) -> None:
    began = time.process_time()
    assert len(formulas(text)) <= 60
    assert time.process_time() - began < 0.5
