"""What one hostile request costs a running `serve`: seconds of a processor, by kind of request.

In: the number of papers (3,000 unless said otherwise). Out: a line for each kind: the dearest of its
requests. Each request comes from a network of its own, so that what is measured is the request and not the
limiter.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, pairwise
from pathlib import Path

from benchmarks import day
from digest.config import load
from digest.domain import Entry, SourceKind
from digest.pipeline.installation import open_installation
from digest.store import papers, session, sources
from digest.web import server

GOAL = 0.3  # seconds of a processor
TICKS = os.sysconf("SC_CLK_TCK")
_networks = count(1)


@dataclass(frozen=True, slots=True)
class Attack:
    """A request: its method, path, body and the type of that."""

    method: str
    path: str
    body: bytes = b""
    type: str = ""


def fill(folder: Path, number: int, data: Path) -> None:
    """Put this many papers into the database of a folder, seen now."""
    installation = open_installation(load(data_dir=folder))
    entries = [
        Entry(
            key=paper.id,
            arxiv_id=paper.id.removeprefix("arxiv:"),
            title=paper.title,
            abstract=paper.abstract,
            authors=paper.authors,
            categories=paper.categories,
            url=f"https://arxiv.org/abs/{paper.id.removeprefix('arxiv:')}",
        )
        for paper in day.papers(number, data)[0]
    ]
    with session.transaction(installation.engine) as db:
        source = sources.ensure(db, name="arxiv", kind=SourceKind.ARXIV)
        papers.store_entries(db, source, entries, seen_at=datetime.now(UTC))


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[str, int]]:
    """Run `digest serve` on a free port; its address and the id of its process. `settings`: `DIGEST_…`."""
    with server.listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    chosen = {"DIGEST_DATA_DIR": str(folder), "DIGEST_BASE_URL": base, "DIGEST_TRUSTED_PROXIES": "127.0.0.1"}
    command = [sys.executable, "-m", "digest", "serve", "--pages-only", "--port", str(port)]
    process = subprocess.Popen(
        command, env=os.environ | chosen | settings, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{base}/healthz", timeout=5).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(60)


def seconds_of(process: int) -> float:
    """The seconds of a processor that a process used so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def send(base: str, attack: Attack) -> int:
    """Send a request from a network of its own; the status of the answer."""
    number = next(_networks)
    headers = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
    if attack.type:
        headers["Content-Type"] = attack.type
    body = attack.body if attack.method == "POST" else None
    request = urllib.request.Request(f"{base}{attack.path}", body, headers, method=attack.method)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.read()
        return error.code
    except OSError:
        return 0  # refused before all of it was sent


def form(path: str, **fields: str) -> Attack:
    """A form as a browser sends it."""
    body = urllib.parse.urlencode(fields, safe="*:").encode()
    return Attack("POST", path, body, "application/x-www-form-urlencoded")


def api(**chosen: Sequence[str]) -> Attack:
    """A preview by the API."""
    return Attack("POST", "/api/v1/preview", json.dumps(chosen).encode(), "application/json")


def query(**fields: str) -> Attack:
    """The landing page with fields in its address."""
    return Attack("GET", "/?" + urllib.parse.urlencode(fields))


def lines(words: Sequence[str], size: int, *, joint: str = " OR ", longest: int = 900) -> list[str]:
    """Lines of a form made of these words, `size` characters in all."""
    made: list[str] = []
    line, left = "", size
    for word in words:
        longer = f"{line}{joint}{word}" if line else word
        if len(longer) > longest:
            made.append(line)
            left -= len(line) + 1
            longer = word
        line = longer
        if left - len(line) < 0 or len(made) == 100:
            return made
    return [*made, line]


def attacks() -> Mapping[str, list[Attack]]:
    """Requests by kind; each is as costly as its kind allows."""
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    pairs = [a + b for a in letters for b in letters]
    all_prefixes = [f"{pair}{end}*" for end in ("", *letters) for pair in pairs]

    def prefixes(size: int) -> list[str]:
        """Lines of its own for each request: what was read once is remembered."""
        return lines(chance.sample(all_prefixes, len(all_prefixes)), size)

    words = ["".join(chance.choices(letters, k=6)) for _ in range(12_000)]
    usual = ["the", "model", "data", "learning", "we", "of", "and", "in", "a", "language", "training"] * 2000
    big, small, tiny = 59_000, 6_000, 1_500
    unknown = "\n".join(f"topic:{word}" for word in words[:100])
    fields = "\n".join(f"{word}:x" for word in words[:100])
    phrases = [f'"{" ".join(chance.choices(usual, k=4))}"' for _ in range(3000)]
    nested = "\n".join(["(" * 50 + "a OR b" + ")" * 50] * 100)
    multipart = "".join(
        f'--x\r\nContent-Disposition: form-data; name="filters"\r\n\r\n{word}*\r\n' for word in words[:500]
    )
    return {
        "the page itself": [Attack("GET", "/"), Attack("GET", "/about"), Attack("GET", "/?max_papers=200")],
        "prefixes in an address": [query(filters="\n".join(prefixes(size))) for size in (tiny, 5_000)],
        "prefixes in a form": [
            *(form("/preview", filters="\n".join(prefixes(size))) for size in (tiny, small, big)),
            form(
                "/preview",
                filters="\n".join(prefixes(tiny)),
                exclude="\n".join(prefixes(small)),
                max_papers="200",
            ),
        ],
        "prefixes by the API": [api(filters=prefixes(size)) for size in (tiny, small, big)],
        "words and phrases": [
            form("/preview", filters="\n".join(lines(words, big))),
            form("/preview", filters="\n".join(lines(usual, small))),
            form("/preview", filters="\n".join(lines(phrases, small))),
            form("/preview", filters="\n".join(lines(phrases, big, joint=" "))),
            form("/preview", filters="\n".join(f"={word}" for word in usual[:100])),
        ],
        "negations and brackets": [
            form("/preview", filters="\n".join([f"model {'-' * n}x" for n in range(1, 100)])),
            form("/preview", filters=nested),
            form("/preview", filters="\n".join(lines(phrases, small, joint=" -"))),
        ],
        "mistakes": [
            form("/preview", filters=unknown),
            form("/preview", filters=fields),
            form("/preview", filters="\n".join(["x" * 900 + ":a"] * 60)),
            form("/preview", filters="\n".join(["topic:" + "x" * 900] * 60)),
            form("/preview", filters="\n".join(["cat:" + "c" * 500] * 100)),
            form("/preview", filters="\n".join(["$\\" + "{" * 800] * 70)),
            form("/subscribe", filters=fields, email="a" * 2000, timezone="Europe/" + "x" * 3000),
            form("/subscribe", timezone="x" * 60_000),
            query(filters=fields[:1500], timezone="x" * 3000),
        ],
        "authors and topics": [
            form(
                "/preview",
                authors="\n".join(f"{a} {b}" for a, b in pairwise(words))[:59_000],
            ),
            form("/preview", authors="\n".join(words[:100])),
            Attack("GET", "/?" + "&".join(f"topics={word}" for word in words[:400])),
            Attack("GET", "/?" + "&".join("topics=llm" for _ in range(400))),
        ],
        "bodies": [
            Attack("POST", "/preview", multipart.encode() + b"--x--\r\n", "multipart/form-data; boundary=x"),
            Attack("POST", "/preview", b"a=1&" * 15_000, "application/x-www-form-urlencoded"),
            Attack("POST", "/preview", b"%41" * 21_000, "application/x-www-form-urlencoded"),
            Attack("POST", "/api/v1/preview", b"[" * 60_000, "application/json"),
            Attack("POST", "/api/v1/preview", b'{"filters":[' + b"1," * 25_000 + b"1]}", "application/json"),
            Attack(
                "POST",
                "/api/v1/preview",
                json.dumps({f"k{n}": n for n in range(5000)}).encode(),
                "application/json",
            ),
            Attack("POST", "/api/v1/preview", b"x" * 2_000_000, "application/json"),
        ],
        "days": [
            Attack("GET", f"/papers/{datetime.now(UTC):%Y-%m-%d}"),
            Attack("GET", "/papers/2026-01-01"),
            *(
                Attack("GET", f"/papers/{datetime.now(UTC):%Y-%m}?order=newest&page={n}&x={n}")
                for n in (1, 2, 9)
            ),
            *(
                Attack("GET", f"/{path}?x={n}")
                for n, path in enumerate(("papers", "topics", "t/llm", "t/llm.rss"))
            ),
            Attack("GET", "/search?q=" + "+OR+".join(words[:300])),
            Attack("GET", "/search?q=" + "+".join(usual[:400])),
            Attack("GET", "/search?q=" + "+OR+".join(f"{pair}*" for pair in pairs[:200])),
            Attack("GET", "/readyz"),
        ],
    }


def main() -> None:
    """Print the table; exit 1 where a request costs more than its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=3_000)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--all", action="store_true", help="print every request, not the dearest of its kind")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), asked.papers, asked.data)
        with serving(Path(folder)) as (base, process):
            for path in ("/", "/?filters=warm", "/about"):
                send(base, Attack("GET", path))
            worst = _measure(base, process, show_all=asked.all)
    print(f"\n{asked.papers:,} papers; the dearest request: {worst:.2f} CPU seconds (goal: {GOAL})")
    sys.exit(worst > GOAL)


def _measure(base: str, process: int, *, show_all: bool) -> float:
    worst = 0.0
    print(f"{'kind':<26}{'bytes':>9}{'status':>8}{'CPU s':>8}")
    for kind, asked in attacks().items():
        rows = []
        for attack in asked:
            began = seconds_of(process)
            status = send(base, attack)
            rows.append((seconds_of(process) - began, len(attack.path) + len(attack.body), status))
        for spent, size, status in rows if show_all else [max(rows)]:
            print(f"{kind:<26}{size:>9,}{status:>8}{spent:>8.2f}", flush=True)
        worst = max(worst, *(row[0] for row in rows))
    return worst


if __name__ == "__main__":
    main()
