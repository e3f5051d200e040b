"""Every command that reads, in real terminals of 80, 160 and 200 columns and through a pipe without Unicode.

All of them run in one process for each terminal, over one store, so that this is quick.
"""

import contextlib
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from digest.cli import main
from digest.cli.terminal.output import cell_len
from tests.cli.test_tree import TREE, is_read

ROOT = Path(__file__).parents[2]
DAY, NOW = "2026-03-19", "2026-03-19T18:00:00Z"
LONG = "somebody.with.quite.a.long.name@department-of-computer-science.university.example"
ADA = "ada@example.org"
# Each command that reads → what is typed behind it. `{paper}`: an id of the store.
TYPED: Mapping[str, str] = {
    "preview": f"{ADA} --explain",
    "sources list": "",
    "sources export": "",
    "papers explain": "{paper}",
    "papers list": "2026-W12",
    "papers search": "model",
    "papers show": "{paper} --readers",
    "trend verify": "signals.jsonl",
    "community list": "--state all",
    "topics list": "--counts",
    "topics show": "llm",
    "topics test": "model",
    "subscribers list": "",
    "subscribers show": ADA,
    "subscribers export": "",
    "deliveries domains": "",
    "deliveries list": "",
    "issues list": "",
    "issues show": DAY,
    "suppressions list": "",
    "stats": "--days 60",
    "failures list": "",
    "audit list": "",
    "audit show": "1",
    "tokens list": "",
    "doctor": "",
    "db current": "",
    "db check": "",
    "config check": "",
    "config show": "",
    "completion": "bash",
    "version": "",
}
ASKS_THE_NET = {"sources check"}
DOCUMENTS = {"subscribers export", "sources export", "completion"}  # UTF-8 and as wide as they are
BARS = {"subscribers export", "papers search"}  # show on a terminal how far they are
CODES = {"doctor": {0, 4, 5}, "trend verify": {2}}  # what isn't well here, and a file without signals
OTHERS = {"papers@localhost", "papers@your-domain", "you@your-domain"}  # addresses that nobody has
IDS = re.compile(r"\b(?:arxiv|doi):[^\s,;)]+")
ADDRESSES = re.compile(r"[^\s=/:<(]+@[^\s=/:@>),;]+")
RUNNER = """
import os, sys
from digest.cli import main as run
from digest.cli.terminal.plain import set_up
sys.stdout, sys.stderr = (set_up(stream, os.environ) for stream in (sys.stdout, sys.stderr))
for line in sys.stdin.buffer.read().decode().splitlines():
    code = run(line.split())
    sys.stdout.flush()
    sys.stdout.write(f"\\n<<{code}>>\\n")
"""
TERMINALS = {
    "80 columns, dumb": (80, {"TERM": "dumb"}),
    "160 columns": (160, {"TERM": "xterm-256color"}),
    "200 columns, no colour": (200, {"TERM": "xterm-256color", "NO_COLOR": "1"}),
    "a pipe in the locale C": (0, {"LC_ALL": "C"}),
}


@dataclass(frozen=True)
class Store:
    """A store, and what of it must never be broken in the middle."""

    folder: Path
    paper: str
    papers: frozenset[str]
    addresses: frozenset[str]


def said(*typed: str) -> Any:
    """What a command says as JSON."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["--now", NOW, *typed, "--json"]) == 0, typed
    return json.loads(out.getvalue())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The store of the demo, with a long address, acts, a suppression, a token, names of Japan."""
    folder = tmp_path_factory.mktemp("terminals")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        said("demo", "--out", "demo")
        patch.setenv("DIGEST_DATA_DIR", str(folder / "demo"))
        papers = [paper["id"] for paper in said("papers", "list", "2026-03", "--limit", "500")]
        people = [person["email"] for person in said("subscribers", "list")]
        for typed in (
            ("subscribers", "add", LONG, "--topic", "llm", "--filter", '"mixture of experts" OR 東京'),
            ("subscribers", "edit", ADA, "--role", "curator", "--display-name", "山田 太郎", "--yes"),
            ("suppressions", "add", "bounced@example.org", "--reason", "It bounced – twice, in März."),
            ("tokens", "create", ADA, "--label", "a bot"),
            ("papers", "pick", papers[0], "--note", "Read this one for the ablation – it’s short."),
            ("papers", "hide", papers[1], "--reason", "spam: an advertisement"),
            ("topics", "add", "graphs-here", "--title", "Zürich 東京 – graphs", "--expression", "ti:graph"),
        ):
            said(*typed)
    (folder / "signals.jsonl").write_text("")
    return Store(folder, papers[2], frozenset(papers), frozenset({*people, LONG}))


def test_each_command_that_reads_is_tried() -> None:
    assert {path for path in TREE if is_read(path)} == TYPED.keys() | ASKS_THE_NET


def played(store: Store, columns: int, settings: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """Run all commands in one process on a terminal, or piped: the code and the output of each."""
    lines = [f"--now {NOW} {path} {words}".format(paper=store.paper) for path, words in TYPED.items()]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    data = str(store.folder / "demo")
    environment = {**kept, "PYTHONPATH": str(ROOT), "DIGEST_DATA_DIR": data, **settings}
    reader, writer = pty.openpty() if columns else os.pipe()
    if columns:
        fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER],
        cwd=store.folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=writer,
        stderr=writer,
    )
    os.close(writer)
    assert process.stdin
    process.stdin.write("\n".join(lines).encode())
    process.stdin.close()
    written = b""
    with contextlib.suppress(OSError):  # a terminal whose program ended can't be read
        while chunk := os.read(reader, 65536):
            written += chunk
    os.close(reader)
    assert process.wait() == 0, written[-2000:].decode(errors="replace")
    text = written.decode("utf-8").replace("\r\n", "\n")
    parts = re.split(r"\n<<(\d+)>>\n", text)
    return {path: (int(parts[2 * n + 1]), parts[2 * n]) for n, path in enumerate(TYPED)}


@pytest.mark.parametrize("terminal", TERMINALS)
def test_nothing_is_broken_too_wide_or_garbled(store: Store, terminal: str) -> None:
    columns, settings = TERMINALS[terminal]
    wrong = [
        f"{path}: {problem}"
        for path, (code, text) in played(store, columns, settings).items()
        for problem in problems(store, path, code, text, columns)
    ]
    assert not wrong, "\n".join(wrong)


def problems(store: Store, path: str, code: int, text: str, columns: int) -> Iterator[str]:
    """Yield what is wrong with the output of a command; `columns`: of its terminal, 0 for a pipe."""
    if code not in CODES.get(path, {0}) or "Traceback" in text:
        yield f"ended with {code}: {text[-2000:]}"
    if "\x1b" in text and not (columns and path in BARS):
        yield "it has escape codes"
    if "\ufffd" in text:
        yield "it has letters that can't be read"
    if path in DOCUMENTS:
        return
    if not (columns or text.isascii()):
        yield "it has other letters than ASCII"
    yield from broken_lines(text, columns)
    yield from (f"no such id: {each}" for each in IDS.findall(text) if each not in store.papers)
    domains = {address.rpartition("@")[2] for address in store.addresses}
    for found in ADDRESSES.findall(text):
        local, _, domain = found.rpartition("@")
        known = any(each.endswith(domain.lstrip("…~.")) for each in domains)
        is_short = local.endswith(("…", "~")) and known
        if not is_short and found not in store.addresses | OTHERS:
            yield f"no such address: {found}"


def broken_lines(text: str, columns: int) -> Iterator[str]:
    for line in text.splitlines():
        is_whole = " " not in re.sub(r"^\S*: +", "", line.strip()) or line.startswith("fix ")  # to paste
        if columns and "\x1b" not in line and cell_len(line) > columns and not is_whole:
            yield f"a line is too wide: {line!r}"
        if re.search(r"(?<!\d)\d{4}-(\d\d?)?-?$", line.rstrip()):
            yield f"a date is broken: {line!r}"
