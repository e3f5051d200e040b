"""Twelve thousand real papers from a file of JSON lines: how long they take, and how much memory."""

import gzip
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAPERS = ROOT.parent / "shared/data/papers/cs-12000.jsonl.gz"
SECONDS = 90  # on a slow machine that does other things too; 20 are promised
GROWTH = 24  # MiB from 2,000 papers to 12,000: the text of the difference alone is 17 MiB, as values far more

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not PAPERS.is_file(), reason="the corpus isn't beside this clone"),
]

# In a process of its own, because only a whole process says what the most was that it needed.
_IMPORT = """
import resource, sys
from pathlib import Path
from digest.domain import SourceKind
from digest.pipeline.ingest import import_file
from digest.store import session
from tests.installations import installation

url, path, folder = sys.argv[1:]
here = installation(session.connect(url), Path(folder))
with open(path, "rb") as stream:
    report = import_file(here, path, stream, kind=SourceKind.JSONL, name="jsonl", seen_at=None)
assert not report.error and not report.skipped, report
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # KiB on Linux
print(report.new, report.updated, report.unchanged, most)
"""


def import_in_a_process(url: str, path: Path, folder: Path) -> tuple[int, int, int, int]:
    """→ new, updated, unchanged papers, and MiB at most."""
    command = [sys.executable, "-c", _IMPORT, url, str(path), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    new, updated, unchanged, most = map(int, done.stdout.split())
    return new, updated, unchanged, most


def test_twelve_thousand_papers_land_in_seconds_with_flat_memory(database_url: str, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    with gzip.open(PAPERS) as lines:
        few.write_bytes(b"".join(islice(lines, 2_000)))
    *first, little = import_in_a_process(database_url, few, tmp_path)
    started = time.monotonic()
    *second, much = import_in_a_process(database_url, PAPERS, tmp_path)
    took = time.monotonic() - started
    assert first == [2_000, 0, 0]
    assert second == [10_000, 0, 2_000]
    assert took < SECONDS
    assert much - little < GROWTH
