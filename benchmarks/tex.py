r"""TeX: what our reading does better than pylatexenc alone, and what each part of it adds.

    python -m benchmarks.tex [--data ../shared/data] [--parts] [--save]

Over the titles, abstracts and comments of real papers and days of Hugging Face, for each way: texts
that keep raw TeX, that lose words outside macros, that change though they hold no TeX, errors, CPU seconds.

- ours: `digest.text.clean`;
- pylatexenc on the whole text;
- pylatexenc on the formulas only (what stands between dollars), the rest as it is.

`--parts` switches off one part of ours after the other, and counts the texts that then read otherwise:
a part that changes nothing on real papers isn't worth its lines. `--save` keeps the figures in
`benchmarks/results/tex.json`.
"""

import argparse
import gzip
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pylatexenc.latex2text import LatexNodes2Text

from digest.text import clean, formulas, lost_tex, macros, symbol_names, symbols, tex

RESULTS = Path(__file__).parent / "results" / "tex.json"
TEX = re.compile(r"[\\$]|[\^_]\{")
LEFT = re.compile(
    r"\\[A-Za-z]|[\^_]\{|\$(?![\d.])"
)  # control words, braced scripts, dollars that are no money
FORMULA = re.compile(r"\$[^$]+\$")
WORD = re.compile(r"[^\W\d_]{2,}")
Way = Callable[[str], str]
Figures = dict[str, Any]


def texts(data: Path) -> list[str]:
    """The titles, abstracts and comments of all real papers of a folder, each text once."""
    found: list[str] = []
    for path in sorted(data.glob("papers/*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                found += [row["title"], row["summary"], row["comment"] or ""]
    for path in sorted(data.glob("huggingface/*.json.gz")):
        for entry in json.loads(gzip.decompress(path.read_bytes())):
            found += [entry["paper"]["title"], entry["paper"].get("summary") or ""]
    for path in sorted(data.glob("arxiv/feed/*.xml.gz")):
        feed = ElementTree.fromstring(gzip.decompress(path.read_bytes()))
        found += [node.text or "" for name in ("title", "description") for node in feed.iter(name)]
    return [text for text in dict.fromkeys(found) if text]


def ways() -> dict[str, Way]:
    """The ways to read a text, by name."""
    converter = LatexNodes2Text(math_mode="text", keep_comments=False, strict_latex_spaces=False)

    def whole(text: str) -> str:
        return " ".join(str(converter.latex_to_text(text)).split())

    def only_formulas(text: str) -> str:
        read = FORMULA.sub(lambda found: str(converter.latex_to_text(found.group())), text)
        return " ".join(read.split())

    return {"ours": clean, "pylatexenc, whole text": whole, "pylatexenc, formulas": only_formulas}


def words_outside_macros(raw: str) -> Counter[str]:
    """The words that stand in no formula and in no argument of a control word."""
    bare = re.sub(r"\S*\$[^$]*\$\S*|\S*\\\(.*?\\\)\S*", " ", raw, flags=re.DOTALL)
    bare = re.sub(r"\S*\\(?:[A-Za-z]+(?:\s*\{[^{}]*\})*|.)\S*", " ", bare)
    return Counter(WORD.findall(bare))


def measure(read: Way, raws: Sequence[str]) -> Figures:
    """How many texts a way leaves with TeX, robs of words, changes without need, and refuses."""
    figures: Figures = dict.fromkeys(
        ("raw TeX left", "words lost", "over 5 % lost", "changed without TeX"), 0
    )
    figures["errors"] = 0
    results: list[str | None] = []
    began = time.process_time()
    for raw in raws:
        try:
            results.append(read(raw))
        except Exception:  # whatever it raises, that text can't be shown
            results.append(None)
    figures["CPU seconds"] = round(time.process_time() - began, 2)
    for raw, result in zip(raws, results, strict=True):
        if result is None:
            figures["errors"] += 1
            continue
        words = words_outside_macros(raw)
        lost = (words - Counter(WORD.findall(result))).total()
        figures["raw TeX left"] += LEFT.search(result) is not None
        figures["words lost"] += lost > 0
        figures["over 5 % lost"] += lost > 0.05 * words.total()
        figures["changed without TeX"] += not TEX.search(raw) and result != " ".join(raw.split())
    return figures


# ---------------------------------------------------------------- what each part adds


def parts() -> Iterator[tuple[str, Any, str, Any]]:
    """Each part of ours: its name, the module and attribute that hold it, and what is there without it."""
    handlers = macros.HANDLERS
    by_function: dict[str, list[str]] = {}
    for name, handler in handlers.items():
        function = getattr(handler, "func", handler)
        by_function.setdefault(function.__name__, []).append(name)
    for function, names in by_function.items():
        without = {name: handler for name, handler in handlers.items() if name not in names}
        yield f"macros.{function}: {' '.join(names)}"[:70], tex, "HANDLERS", without
    for number, (word, pattern, _) in enumerate(lost_tex._MENDS):  # noqa: SLF001 - the parts are what is studied
        rest = lost_tex._MENDS[:number] + lost_tex._MENDS[number + 1 :]  # noqa: SLF001
        yield f"lost_tex: {word} {pattern.pattern[:40]}", lost_tex, "_MENDS", rest
    yield "formulas: money", formulas, "_is_money", lambda *_: False
    yield "formulas: balance of braces", formulas, "_is_balanced", lambda *_: True
    yield "links", tex, "repair_links", lambda text: text
    yield "citations", tex, "_CITATION", re.compile(r"(?!)")
    yield "scripts of Unicode", tex, "script", lambda mark, body: mark + body
    yield "ordinals", symbols, "_ORDINALS", set()
    yield "names of functions", tex, "FUNCTIONS", frozenset()
    yield "abbreviations", tex, "ABBREVIATIONS", {}
    yield "accents", tex, "TEXT_ACCENTS", {}
    yield "space of letters", tex, "_ends_its_space", lambda *_: False
    yield "space of operators", tex, "_is_operator", lambda _: False
    yield "scripts in prose", tex, "_BRACED_SCRIPT", re.compile(r"(?!)")
    table = symbols._table()  # noqa: SLF001
    for name, own in (("symbol_names.NAMES", symbol_names.NAMES), ("symbols._OWN", symbols._OWN)):  # noqa: SLF001
        fewer = {key: value for key, value in table.items() if key not in own}
        yield name, symbols, "_table", lambda fewer=fewer: fewer


@contextmanager
def without(module: Any, attribute: str, value: Any) -> Iterator[None]:
    """Within this, a part of ours is switched off."""
    kept = getattr(module, attribute)
    setattr(module, attribute, value)
    try:
        yield
    finally:
        setattr(module, attribute, kept)


def gains(raws: Sequence[str]) -> dict[str, int]:
    """For each part the number of texts that read differently without it."""
    marked = [raw for raw in raws if clean(raw) != " ".join(raw.split())]
    whole = [clean(raw) for raw in marked]
    found = {}
    for name, module, attribute, value in parts():
        with without(module, attribute, value):
            found[name] = sum(clean(raw) != text for raw, text in zip(marked, whole, strict=True))
    return found


def show(title: str, rows: Mapping[str, Figures]) -> None:
    """Print figures as a table, a way a line."""
    columns = list(next(iter(rows.values())))
    print(f"{title:26}" + "".join(f"{column:>21}" for column in columns))
    for name, figures in rows.items():
        print(f"{name:26}" + "".join(f"{figures[column]:>21}" for column in columns))


def main(arguments: Sequence[str]) -> None:
    """Measure, print, and with `--save` keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tex")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args(arguments)
    raws = texts(given.data)
    if not raws:
        raise SystemExit(f"no papers in {given.data}")
    found: Figures = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    found |= {"texts": len(raws), "with TeX": sum(TEX.search(raw) is not None for raw in raws)}
    if given.parts:
        found["parts"] = dict(sorted(gains(raws).items(), key=lambda item: -item[1]))
        for name, number in found["parts"].items():
            print(f"{number:7}  {name}")
    else:
        found["ways"] = {name: measure(read, raws) for name, read in ways().items()}
        show(f"{found['texts']:,} texts, {found['with TeX']:,} with TeX", found["ways"])
    if given.save:
        RESULTS.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
