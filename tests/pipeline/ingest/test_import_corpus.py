"""Twelve thousand real papers from a file of JSON lines: how long they take, and how much memory."""

import gzip
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAPERS = ROOT.parent / "shared/data/papers/cs-12000.jsonl.gz"
SECONDS = 16  # of processor time, which other work on the machine hardly changes; 20 by the clock are meant
GROWTH = 24  # MiB from 2,000 papers to 12,000: the text of the difference alone is 17 MiB, as values far more

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not PAPERS.is_file(), reason="the corpus isn't beside this clone"),
]

# In a process of its own, because only a whole process says what the most was that it needed.
_IMPORT = """
import resource, sys, time
from pathlib import Path
from digest.domain import SourceKind
from digest.pipeline.ingest.import_files import import_file
from digest.store import session
from tests.installations import installation

url, path, folder = sys.argv[1:]
here = installation(session.connect(url), Path(folder))
with open(path, "rb") as stream:
    report = import_file(here, path, stream, kind=SourceKind.JSONL, name="jsonl", seen_at=None)
assert not report.error and not report.skipped, report
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # KiB on Linux
print(report.new, report.updated, report.unchanged, most, round(time.process_time()))
"""


def import_in_a_process(url: str, path: Path, folder: Path) -> tuple[int, ...]:
    """→ new, updated, unchanged papers, MiB at most, and seconds of processor time."""
    command = [sys.executable, "-c", _IMPORT, url, str(path), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return tuple(map(int, done.stdout.split()))


def test_twelve_thousand_papers_land_in_seconds_with_flat_memory(database_url: str, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    with gzip.open(PAPERS) as lines:
        few.write_bytes(b"".join(islice(lines, 2_000)))
    *first, little, _ = import_in_a_process(database_url, few, tmp_path)
    *second, much, took = import_in_a_process(database_url, PAPERS, tmp_path)
    assert first == [2_000, 0, 0]
    assert second == [10_000, 0, 2_000]
    assert took < SECONDS
    assert much - little < GROWTH
