"""The tables of the section "Speed" of README, from the figures that the benchmarks kept.

`python -m benchmarks.table` puts them between the marks in README; a test compares.
"""

import json
import re
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "README.md"
BEGIN, END = "<!-- speed: python -m benchmarks.table -->\n", "<!-- end of speed -->"
BEGIN_PAGES, END_PAGES = "<!-- pages: python -m benchmarks.table -->\n", "<!-- end of pages -->"
BEGIN_SEARCH, END_SEARCH = "<!-- search: python -m benchmarks.table -->\n", "<!-- end of search -->"
AIMS = {
    "/": "≤ 50",
    "day": "≤ 50",
    "week": "≤ 50",
    "search, slowly": "≤ 100",
    "month": "≤ 50",
    "paper": "≤ 30",
    "feed": "≤ 30",
    "feed, 304": "≤ 5",
    "search": "≤ 100",
}


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
    return "\n".join([*lines, *_likeness(), *_commands()]) + "\n"


def _likeness() -> list[str]:
    """Return rows of what `like:` costs."""
    found = _kept("like")
    size, seconds = f"{found['subscribers']:,} subscribers", found["seconds"]
    bits = f"bits of {found['named']:,} `like:` ids over {found['papers']:,} papers, s"
    rows = [f"| {bits} | {found['bits']:.2f} | ≤ 0.1 |"]
    for name in ("like:ID", "like:saved"):
        ratio = seconds[name] / seconds["without"]
        rows.append(f"| a third with `{name}` ÷ without, {size} | {ratio:.2f} | ≤ 1.2 |")
    return rows


def _commands() -> list[str]:
    """Return rows of what the command line costs, once `make bench-cli ARGS=--save` has measured it."""
    if not (RESULTS / "cli.json").exists():
        return []
    found = _kept("cli")
    size, slow = (
        f"{found['papers']:,} papers, {found['readers']:,} subscribers",
        found["slowest"].split(" {")[0],
    )
    most = max(found["reading"].values()) * 1000
    rows = [
        f"| `digest --help`, ms of a processor | {found['help'] * 1000:.0f} | ≤ 100 |",
        f"| slowest reading command, `{slow}`, ms ({size}) | {most:,.0f} | ≤ 400 |",
    ]
    if "least" in found:
        usual = median(found["ratios"][command] for command in found["reading"] if command != "--help")
        rows += [
            f"| Python, Click, Pydantic and SQLAlchemy reading one row, ms | {found['least'] * 1000:.0f} | |",
            f"| median reading command ÷ that | {usual:.2f} | ≤ 1.3 |",
        ]
    for name, title in (("sqlite", "SQLite"), ("postgres", "Postgres")):
        if name not in found:
            continue
        costs, number = found[name], found["rows"]
        rows += [
            f"| {what} of {number:,} subscribers, {title}, s | {costs[what]['wall']:.0f} | {aim} |"
            for what, aim in (("import", "≤ 120 a million"), ("export", "≤ 30 a million"))
        ]
        rows.append(f"| memory of that import, MB | {costs['import']['memory']:.0f} | ≤ 200 |")
    return rows


KINDS = {
    "/": "home",
    "day": "a day",
    "week": "a week",
    "month": "a month",
    "paper": "a paper",
    "feed": "a feed",
    "feed, 304": "a feed that is known (304)",
    "search": "a search",
    "search, slowly": "a search, a second after the last answer",
    "search, again": "a search that was asked seconds ago",
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
        if kind not in found["sqlite"]["kinds"]:  # results of an older benchmark
            continue
        of_kind = [each["kinds"][kind] for each in both]
        cells = [f"{each['p95_with_pauses']:.0f} ({each['p95']:.0f})" for each in of_kind]
        lines.append(f"| {name}, p95 in ms | {' | '.join(cells)} | {AIMS.get(kind, '')} |")
    for kind in ("day", "week", "month", "paper"):
        if all("first_visits" in each for each in both):
            cells = [f"{each['first_visits'][kind]:.0f}" for each in both]
            name = f"{KINDS[kind]} that nobody asked for yet, one reader, p95 in ms"
            lines.append(f"| {name} | {' | '.join(cells)} |  |")
    cells = [f"{each['first_ms']:,}" for each in both]
    lines.append(f"| first request after a start, ms | {' | '.join(cells)} | ≤ 1,000 |")
    cells = [f"{each['memory_mb']['own']} ({each['memory_mb']['most']})" for each in both]
    is_peak = all("mapped" in each["memory_mb"] for each in both)  # else results of an older benchmark
    name = "memory of its own at most, MB (with" if is_peak else "memory of its own, MB (at most, with"
    lines.append(f"| {name} mapped files) | {' | '.join(cells)} | ≤ 250 |")
    cells = [f"{each['home_kb']:.0f}" for each in both]
    lines.append(f"| home in all, compressed, kB | {' | '.join(cells)} | ≤ 60 |")
    return "\n".join(lines) + "\n"


SETS = {
    "a": "five words of the abstract",
    "b": "… that the title lacks",
    "t": "three words of the title",
    "d1": "one word misspelt",
    "d": "all long words misspelt",
    "c": "210 questions in other words",
    "h": "114 held out",
}


def search() -> str:
    """Markdown: which share of known papers each way to search finds first, and among the first ten."""
    found = _kept("search")
    lines = [
        f"| success@1 / @10, 12,000 papers | {' | '.join(SETS.values())} |",
        f"|---|{'---:|' * len(SETS)}",
    ]
    lines += [f"| {way} | {_shares(sets)} |" for way, sets in found["success"].items()]
    if meant := found.get("meaning"):
        for name in ("words", "with meaning"):
            lines.append(f"| Digest, {meant['papers']:,} papers, {name} | {_shares(meant[name])} |")
    if other := found.get("other seed"):
        shares = ", ".join(f"{SETS[name]} {first:.2f} / {ten:.2f}" for name, (first, ten) in other.items())
        lines += ["", f"Digest with other queries of the same kinds: {shares}."]
    known, similar = found["acronyms"], found["similar"]
    shares = " and ".join(f"{share:.2f} ({way})" for way, share in known["Digest"].items())
    typed = " and ".join(f"{share:.2f}" for share in known["as typed"].values())
    said = f"Of papers that only have the other form of an acronym {shares} are among the first 20; as typed"
    said += f" {typed}. Of five similar papers {similar['share']:.2f} have the same first category"
    lines += ["", f"{said} (by chance {similar['chance']:.2f})."]
    if meant and "similar" in meant:
        by_words, both = (meant["similar"][name] for name in ("words", "with meaning"))
        lines[-1] += f" Among {meant['papers']:,} papers it is {by_words:.3f}, with meaning {both:.3f}"
        lines[-1] += f" (what goes by meaning was measured on {meant['date']})."
    if large := found.get("large"):
        words, asked = large["ms"]["words"], large["ms"]["questions"]
        said = f"With {large['papers']:,} papers a query takes {words['ours']:.1f} ms of a processor"
        said += f" (FTS5 with OR {words['fts5 or']:.1f}), a question {asked['ours']:.1f}"
        said += f" ({asked['fts5 or']:.1f}), one with filters {large['ours with filters ms']:.1f};"
        said += f" the index is built in {large['build seconds']:.0f} s, has {large['megabytes']:.0f} MB, and"
        lines += ["", f"{said} takes 1,000 more papers in {large['1,000 more seconds']:.2f} s."]
    return "\n".join(lines) + "\n"


def _shares(sets: dict[str, list[float]]) -> str:
    return " | ".join(f"{sets[name][0]:.2f} / {sets[name][1]:.2f}" for name in SETS)


def _kept(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def main() -> None:
    """Bring README up to date."""
    text = README.read_text(encoding="utf-8")
    parts = (
        (BEGIN, table, END, ("match", "load")),
        (BEGIN_PAGES, pages, END_PAGES, ("web",)),
        (BEGIN_SEARCH, search, END_SEARCH, ("search",)),
    )
    for begin, make, end, names in parts:
        if all((RESULTS / f"{name}.json").exists() for name in names):  # else it wasn't measured yet
            made = begin + make() + end
            text = re.sub(re.escape(begin) + ".*" + re.escape(end), made, text, flags=re.DOTALL)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
