"""Tables at any width: nothing that is to be copied is broken, nothing is wider than the terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.cli.terminal.output import cell_len, laid_out, without_optional

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
    assert "som…@….university.example" in text


def test_a_table_that_is_too_wide_becomes_paragraphs() -> None:
    lines = laid_out(COLUMNS, [ROW], 60)
    assert max(map(len, lines)) <= 60
    assert "state:       unsubscribed" in lines
    assert "next digest: 2026-03-18 07:30 UTC" in lines


def test_optional_columns_are_left_out_before_rows_become_paragraphs() -> None:
    lines, missing = without_optional(COLUMNS, [ROW], 60, ("reason", "next digest", "to"))
    assert missing == ["reason", "next digest"]
    assert max(map(len, lines)) <= 60
    assert lines[0].split() == ["date", "to", "state"]
    assert without_optional(COLUMNS, [ROW], 240, ("reason",))[1] == []
    assert without_optional(COLUMNS, [ROW], 20, ("reason",)) == (laid_out(COLUMNS, [ROW], 20), [])


def test_nothing_is_shortened_where_there_is_room() -> None:
    (_, _, row) = laid_out(COLUMNS, [ROW], 240)
    assert all(cell in row for cell in ROW)


def run(folder: Path, *typed: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"DIGEST_DATA_DIR": str(folder)} | settings
    typed = (sys.executable, "-m", "digest", *typed)
    return subprocess.run(typed, env=environment, capture_output=True, check=False)


@pytest.mark.parametrize("setting", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_without_unicode_lines_are_of_hyphens_and_json_is_escaped(
    tmp_path: Path, setting: dict[str, str]
) -> None:
    topic = ("--title", "Zürich 東京 – graphs", "--expression", "ti:graph")
    assert run(tmp_path, "topics", "add", "graphs-here", *topic, **setting).returncode == 0
    listed = run(tmp_path, "topics", "list", **setting)
    assert (listed.returncode, listed.stderr) == (0, b"")
    assert b"Z?rich ?? - graphs" in listed.stdout
    assert set(listed.stdout.splitlines()[1]) == set(b"- ")
    written = run(tmp_path, "topics", "show", "graphs-here", "--json", **setting).stdout
    assert written.isascii()
    assert json.loads(written)["title"] == "Zürich 東京 – graphs"


def test_whole_documents_are_utf8_wherever_they_are_written(tmp_path: Path) -> None:
    run(tmp_path, "subscribers", "add", "ada@bücher.example")
    exported = run(tmp_path, "subscribers", "export", LC_ALL="C")
    assert "ada@bücher.example," in exported.stdout.decode("utf-8")


@pytest.mark.parametrize("typed", [("topics", "list"), ("subscribers", "export")])
def test_a_full_disk_is_told_in_two_lines(tmp_path: Path, typed: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "digest", *typed]
    environment = os.environ | {"DIGEST_DATA_DIR": str(tmp_path)}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        ["error: what is written: No space left on device", "fix: free some space: df -h"],
    )


def test_a_reader_who_goes_away_ends_a_command_in_silence(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {"DIGEST_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "digest", "topics", "list"]
    done = subprocess.run(
        command, env=environment, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


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
