"""The section "Speed" of README, from the figures that the benchmarks kept.

`python -m benchmarks.table` puts it between the marks in README; a test compares.
"""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "README.md"
BEGIN, END = "<!-- speed: python -m benchmarks.table -->\n", "<!-- end of speed -->"


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


def _kept(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def main() -> None:
    """Bring README up to date."""
    text = README.read_text(encoding="utf-8")
    pattern = re.escape(BEGIN) + ".*" + re.escape(END)
    README.write_text(re.sub(pattern, BEGIN + table() + END, text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
