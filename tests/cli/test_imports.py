"""What commands import: a help nothing of the work, a command that lists no library that it doesn't need.

Importing is most of what a short command costs. A library is imported in the functions that use it, in the
one place that is its door (see CONTRIBUTING.md).
"""

import gc
import json
import subprocess
import sys

from tests.commands import Command

# Libraries of the work, each of 10 to 300 ms.
SLOW = (
    "Stemmer", "aiosmtplib", "alembic", "anyio", "babel", "celery", "css_inline", "dkim", "dotenv",
    "email_validator", "fastapi", "feedparser", "httpx2", "idna", "jinja2", "lark", "nacl", "numpy", "PIL",
    "platformdirs", "psycopg", "pydantic", "pydantic_settings", "rich", "sqlalchemy.dialects.postgresql",
    "structlog", "uvicorn",
)  # fmt: skip
# Commands that read from the database and print what they found, without any of these.
LISTING = (
    "audit list", "community list", "config show", "db current", "deliveries domains", "deliveries list",
    "failures list", "issues list", "papers list", "papers show 2603.00001", "sources list", "stats",
    "subscribers list", "subscribers list --where status=active", "subscribers show ada@example.org",
    "suppressions list", "tokens list", "topics list", "topics show llm",
)  # fmt: skip
# Of ours: the matcher, the filter language, what reads feeds and emails, what writes rows.
OURS = (
    "digest.bounces", "digest.compose", "digest.filters", "digest.match", "digest.render.assemble",
    "digest.search", "digest.store.metadata", "digest.web",
)  # fmt: skip
# What no list needs: what writes papers, what reads TeX and HTML, what writes emails.
WRITING = ("digest.store.papers.entries", "digest.store.papers.work", "digest.text", "email.policy")
# Lists of other things than papers.
WITHOUT_PAPERS = (
    "audit list", "config show", "db current", "deliveries domains", "failures list", "issues list",
    "sources list", "stats", "subscribers list", "suppressions list", "tokens list", "topics list",
    "topics show llm",
)  # fmt: skip
QUERIES = {"digest.filters", "digest.match", "digest.search", "Stemmer", "lark", "numpy"}
# Commands → what they may import of all that.
COMPUTING = {
    "doctor": set[str](),
    "papers explain 2603.00001": set[str](),
    "papers search mamba": QUERIES,
    "preview ada@example.org": QUERIES | {"digest.compose", "digest.render.assemble", "jinja2"},
    "topics test mamba": QUERIES | {"digest.compose"},
}
SCRIPT = """
import contextlib, io, json, sys
from digest.cli import main
slow, commands = json.loads(sys.argv[1])
found = {}
for command in commands:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = main(command.split())
        if code not in (0, 3, 4, 5):
            sys.exit(f"{command}: exit code {code}")
    found |= {name: command for name in slow if name in sys.modules and name not in found}
print(json.dumps(found))
"""


def imported(slow: tuple[str, ...], commands: tuple[str, ...]) -> dict[str, str]:
    """Run commands in one process: the first that imported each of these modules, by module."""
    asked = json.dumps([slow, commands])
    done = subprocess.run([sys.executable, "-c", SCRIPT, asked], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_a_help_imports_nothing_of_the_work() -> None:
    helps = ("--help", "version")
    assert imported((*SLOW, "sqlalchemy", "pydantic", "asyncio"), helps) == {}


def test_a_command_that_lists_imports_no_slow_library(digest: Command) -> None:
    agreed = ("--confirmed", "--consent", "asked in a test")
    assert digest("subscribers", "add", "ada@example.org", "--topic", "llm", *agreed)[0] == 0
    assert imported((*SLOW, *WRITING), LISTING) == {}
    assert imported(("digest.store.papers.reading",), WITHOUT_PAPERS) == {}


def test_a_command_that_computes_imports_no_more_than_it_needs(digest: Command) -> None:
    agreed = ("--confirmed", "--consent", "asked in a test")
    assert digest("subscribers", "add", "ada@example.org", "--topic", "llm", *agreed)[0] == 0
    for command, allowed in COMPUTING.items():
        found = imported((*SLOW, *OURS), (command,)).keys()
        assert found <= allowed, f"{command}: {sorted(found - allowed)}"


def test_a_command_within_a_longer_process_leaves_the_collector_as_it_is(digest: Command) -> None:
    kept = gc.get_freeze_count()
    assert digest("papers", "list")[0] == 0
    assert gc.isenabled()
    assert gc.get_freeze_count() == kept
