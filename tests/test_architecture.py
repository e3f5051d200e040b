"""The shape of the code: one door per library, small files, and documents that agree with what is there."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# library → the only places that may import it; a package counts with all its files
DOORS = {
    "Stemmer": {"digest.search"},
    "aiosmtplib": {"digest.deliver"},
    "alembic": {"digest.store"},
    "babel": {"digest.languages"},
    "celery": {"workers"},
    "css_inline": {"digest.render"},
    "dkim": {"digest.render"},
    "dotenv": {"digest.config"},
    "email_validator": {"digest.deliver", "digest.pipeline"},
    "flufl": {"digest.bounces"},
    "feedgenerator": {"digest.web"},
    "feedparser": {"digest.sources"},
    "fastapi": {"digest.web"},
    "httpcore2": {"digest.fetch"},
    "httpx2": {"digest.fetch"},
    "idna": {"digest.store"},
    "jinja2": {"digest.render", "digest.web"},
    "kombu": {"workers"},
    "latex2mathml": {"digest.text"},
    "lark": {"digest.filters"},
    "nacl": {"digest.render"},
    "nh3": {"digest.text"},
    "PIL": {"digest.sources"},
    "numpy": {"digest.match", "digest.packed", "digest.search"},
    "platformdirs": {"digest.config"},
    "prometheus_client": {"digest.web"},
    "psycopg": {"digest.store"},
    "pydantic": {"digest.web"},
    "pydantic_core": {"digest.config"},
    "redis": {"workers"},
    "pylatexenc": {"digest.text"},
    "rich": {"digest.cli"},
    "starlette": {"digest.web"},
    "structlog": {"digest.logs"},
    "sqlalchemy": {"digest.store"},
    "python_multipart": {"digest.web"},
    "uvicorn": {"digest.web"},
}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of ours with its dotted name."""
    for top in ("digest", "workers"):
        for path in sorted((ROOT / top).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def imported(path: Path) -> set[str]:
    """The top names of all modules that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def test_each_library_has_one_door() -> None:
    used = defaultdict(set)
    for name, path in modules():
        for library in imported(path) & DOORS.keys():
            used[library].add(name)
    strays = {
        (library, name)
        for library, names in used.items()
        for name in names
        if not any(name == door or name.startswith(f"{door}.") for door in DOORS[library])
    }
    assert not strays


def test_the_module_table_names_what_is_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(digest/[\w./]+)` \|", text, flags=re.MULTILINE))
    there = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "digest").iterdir()
        if (path.suffix == ".py" and path.name != "__init__.py") or (path / "__init__.py").exists()
    }
    assert listed == there


MOST_LINES, MOST_FILES = 400, 16  # of a file, of a folder


@pytest.mark.parametrize("top", ["digest", "workers"])
def test_files_stay_small(top: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / top).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert not long


def test_folders_stay_small() -> None:
    files = Counter(str(path.parent.relative_to(ROOT)) for _, path in modules())
    assert not {folder: count for folder, count in files.items() if count > MOST_FILES}


def test_pages_and_commands_open_no_session() -> None:
    """`web` and `cli` call the pipeline; what a transaction holds is the pipeline's to decide."""
    found = {
        name
        for name, path in modules()
        if name.startswith(("digest.web", "digest.cli"))
        and "digest.store" in path.read_text(encoding="utf-8")
    }
    assert not found


def test_tables_stand_beside_their_queries() -> None:
    """A table is defined in the folder `tables` of its noun, alone, in a file of its name."""
    defined = re.compile(r"^class \w+\(Base\):.*?__tablename__ = \"(\w+)\"", re.MULTILINE | re.DOTALL)
    tables = [
        (path.relative_to(ROOT / "digest/store").parts[1:], name)
        for _, path in modules()
        for name in defined.findall(path.read_text(encoding="utf-8"))
    ]
    assert tables
    assert [parts for parts, _ in tables] == [("tables", f"{name}.py") for _, name in tables]


def test_every_dependency_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("dependencies = [")
    block = lines[start + 1 : lines.index("]", start)]
    bare = [line for line in block if line.strip().startswith('"') and "#" not in line]
    assert not bare


# Words that the field doesn't use, and what stands for them now; no identifier holds one.
RENAMED = {
    "courier": "DeliveryWorker",
    "promises": "DigestBuilder",
    "handover": "BatchSender",
    "lane": "slot",
    "lanes": "slots",
    "recorder": "LedgerWriter",
    "clockwork": "InMemoryScheduler",
    "ring": "notify",
    "rings": "notify",
    "rung": "notified",
    "edition": "candidates",
    "editions": "CandidateCache",
    "asking": "http, prompts",
    "intake": "maildir",
    "roster": "csv_import",
    "wishes": "interests, mutes, votes",
    "troubles": "conditions",
    "seal": "finalize",
    "upkeep": "expiry",
    "paces": "throttles",
    "press": "MessageAssembler",
    "filling": "values",
    "wellformed": "validators",
    "heed": "apply",
    "taken": "what was done to it",
    "told": "on_progress, notified",
    "said": "the thing that was said",
    "learn": "merge_entry",
    "mend": "repair, fix",
    "mended": "repaired",
    "mending": "errors",
}
RENAMED_MODULES = {
    "again", "asking", "batch", "by_hand", "caps", "choices", "days_again", "intake", "notices",
    "paces", "quiet", "roster", "seal", "shapes", "single", "troubles", "turns", "upkeep",
    "wellformed", "why_not", "wishes",
}  # fmt: skip
RENAMED_WHOLE = {
    "Again", "Form", "Pace", "Recorder", "Sheet", "Slot", "by_hand", "come_back", "days_again",
    "whose", "RING_LASTS", "why_not",
}  # fmt: skip
STAYING = {  # columns, and fields named for them
    "told_at",  # of alarms
    "taken",  # of a domain's pace: messages that left on a day
}
WITH_TAKEN = (
    "digest.throttle",
    "digest.store.deliveries.tables.paces",
    "digest.store.deliveries.domain_limits",
)


def identifiers(path: Path) -> Iterator[str]:
    """Every name that a file gives to something: classes, functions, arguments, variables, fields."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def words_of(name: str) -> set[str]:
    """The words of an identifier, in small letters."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_no_name_is_one_that_was_given_up() -> None:
    found = {
        f"{module}: {name}; see RENAMED"
        for module, path in modules()
        for name in identifiers(path)
        if (words_of(name) & RENAMED.keys() or name.strip("_") in RENAMED_WHOLE)
        and not (name in STAYING and (name != "taken" or module in WITH_TAKEN))
    }
    assert not found, "\n".join(sorted(found))


def test_no_module_has_a_name_that_was_given_up() -> None:
    """Tables keep their names, and each stands in a file of its table's name."""
    named = [(module, path.stem) for module, path in modules() if path.parent.name != "tables"]
    assert not [module for module, name in named if name in RENAMED_MODULES]
