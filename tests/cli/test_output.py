"""Tables at any width: nothing that is to be copied is broken, nothing is wider than the terminal."""

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from digest.cli.terminal.output import cell_len, laid_out

COLUMNS = ("date", "to", "state", "reason", "next digest")
ROW = (
    "2026-03-17",
    "somebody.with.a.long.name@department.university.example",
    "unsubscribed",
    "the sources have nothing new yet, and it is a quiet day on which nothing matched",
    "2026-03-18 07:30 UTC",
)


def test_dates_states_and_ids_stay_whole_and_addresses_are_shortened_at_80_columns() -> None:
    lines = laid_out(COLUMNS, [ROW], 100)
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    for whole in ("2026-03-17", "unsubscribed", "2026-03-18 07:30 UTC"):
        assert whole in text
    assert "…@department.university.example" in text


def test_a_table_that_is_too_wide_becomes_paragraphs() -> None:
    lines = laid_out(COLUMNS, [ROW], 60)
    assert max(map(len, lines)) <= 60
    assert "state:       unsubscribed" in lines
    assert "next digest: 2026-03-18 07:30 UTC" in lines


def test_nothing_is_shortened_where_there_is_room() -> None:
    (_, _, row) = laid_out(COLUMNS, [ROW], 240)
    assert all(cell in row for cell in ROW)


def test_a_terminal_without_unicode_gets_question_marks_and_no_traceback(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "DIGEST_DATA_DIR": str(tmp_path)}
    typed = [sys.executable, "-m", "digest", "topics", "list"]
    done = subprocess.run(typed, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "llm" in done.stdout


def test_letters_of_east_asia_take_two_columns() -> None:
    assert cell_len("論文") == 4
    lines = laid_out(("title", "n"), [("論文", "1"), ("paper", "2")], 80)
    assert {cell_len(line) for line in lines[2:]} == {8}


words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z", "M")), min_size=1, max_size=12)
cells = st.lists(words, max_size=6).map(" ".join)


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=5), st.integers(60, 200))
def test_no_word_is_broken_and_no_line_is_too_wide(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = laid_out(("a", "b", "c"), rows, width)
    assert max(map(cell_len, lines)) <= width
    shown = " ".join(lines).split()
    for row in rows:
        for cell in row:
            assert all(word in shown for word in cell.split())
