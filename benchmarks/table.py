"""The tables of the section "Speed" of README, from the figures that the benchmarks kept.

`python -m benchmarks.table` puts them between the marks in README; a test compares.
"""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "README.md"
BEGIN, END = "<!-- speed: python -m benchmarks.table -->\n", "<!-- end of speed -->"
BEGIN_PAGES, END_PAGES = "<!-- pages: python -m benchmarks.table -->\n", "<!-- end of pages -->"
AIMS = {"/": "≤ 50", "day": "≤ 50", "paper": "≤ 30", "feed": "≤ 30", "feed, 304": "≤ 5"}


def table() -> str:
    """Markdown: seconds by number of subscribers, then what is held against its aim."""
    match, load = _kept("match"), _kept("load")
    lines = [
        "| subscribers | papers and filters | plain order | with personal fit |",
        "|---:|---:|---:|---:|",
    ]
    for size, times in match["engine"].items():
        cells = (f"{times[name]:.2f} s" for name in ("prepare", "plain", "personal"))
        lines.append(f"| {int(size):,} | {' | '.join(cells)} |")
    lines += ["", "| | measured | aim |", "|---|---:|---:|"]
    lines += [f"| {what} | {_number(value)} | {aim} |" for what, (value, aim) in match["ratios"].items()]
    for name, title in (("sqlite", "SQLite"), ("postgres", "Postgres")):
        what = f"loading interests from {title} ÷ match stage, 1 M"
        lines.append(f"| {what} | {_number(load[name] / load['match'])} | ≤ 2 |")
    return "\n".join(lines) + "\n"


KINDS = {
    "/": "home",
    "day": "a day",
    "paper": "a paper",
    "feed": "a feed",
    "feed, 304": "a feed that is known (304)",
    "bare page": "a bare Starlette page of the size of a day",
}


def pages() -> str:
    """Markdown: milliseconds that readers wait for pages, and what a start and the memory are."""
    found = _kept("web")
    names = {"sqlite": "SQLite", "postgres": "Postgres"}
    both = [found[name] for name in names if name in found]
    heads = " | ".join(title for name, title in names.items() if name in found)
    lines = [
        f"| {found['papers']:,} papers, {found['readers']} readers | {heads} | aim |",
        "|---|---:|" + "---:|" * len(both),
    ]
    for kind, name in KINDS.items():
        of_kind = [each["kinds"][kind] for each in both]
        cells = [f"{each['p95_with_pauses']:.0f} ({each['p95']:.0f})" for each in of_kind]
        lines.append(f"| {name}, p95 in ms | {' | '.join(cells)} | {AIMS.get(kind, '')} |")
    cells = [f"{each['first_ms']:,}" for each in both]
    lines.append(f"| first request after a start, ms | {' | '.join(cells)} | ≤ 1,000 |")
    cells = [f"{each['memory_mb']['own']} ({each['memory_mb']['most']})" for each in both]
    lines.append(f"| memory of its own, MB (at most, with mapped files) | {' | '.join(cells)} | ≤ 250 |")
    cells = [f"{each['home_kb']:.0f}" for each in both]
    lines.append(f"| home in all, compressed, kB | {' | '.join(cells)} | ≤ 60 |")
    return "\n".join(lines) + "\n"


def _kept(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def main() -> None:
    """Bring README up to date."""
    text = README.read_text(encoding="utf-8")
    for begin, made, end in ((BEGIN, table(), END), (BEGIN_PAGES, pages(), END_PAGES)):
        text = re.sub(re.escape(begin) + ".*" + re.escape(end), begin + made + end, text, flags=re.DOTALL)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
