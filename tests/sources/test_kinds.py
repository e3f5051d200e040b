"""A kind of source is one file that exports one record; nothing else switches on the kind."""

import re
from importlib import import_module
from pathlib import Path

import pytest

import digest
from digest.domain import Source, SourceKind
from digest.errors import InputError
from digest.sources import default_sources, requests
from digest.sources.guess import kind_of, kind_of_host
from digest.sources.registry import TYPES, display_name, type_of
from digest.sources.source_type import SourceType
from digest.store.papers.entries import check_name
from tests.builders import NOW

PACKAGE = Path(digest.__file__).parent
KINDS = PACKAGE / "sources" / "kinds"
NAMED = re.compile(r"\bSourceKind\.[A-Z]\w*")


def test_every_kind_has_one_record_in_a_file_of_its_name() -> None:
    assert set(TYPES) == set(SourceKind)
    for kind in SourceKind:
        module = import_module(f"digest.sources.kinds.{kind}")
        own = [each for each in vars(module).values() if isinstance(each, SourceType)]
        assert [each.kind for each in own] == [kind]


def test_no_other_file_names_a_kind() -> None:
    naming = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if NAMED.search(path.read_text("utf-8")) and path.parent != KINDS
    }
    assert naming == set()


@pytest.mark.parametrize("kind", list(SourceKind))
def test_every_kind_has_a_name_for_readers_and_makes_its_own_request(kind: SourceKind) -> None:
    record = type_of(kind)
    assert record.label
    assert record.label != kind
    (request,) = requests(Source("s", kind, "https://source.example.org/x"), NOW)
    assert request.url.startswith("https://source.example.org/x")


def test_sources_are_named_for_readers_and_others_by_their_own_name() -> None:
    assert [display_name(name) for name in ("arxiv", "huggingface", "medrxiv", "nature-physics")] == [
        "arXiv", "Hugging Face", "medRxiv", "nature-physics"
    ]  # fmt: skip


def test_what_an_installation_asks_first_is_what_hosts_give_away() -> None:
    assert [(source.name, source.kind) for source in default_sources()] == [
        ("huggingface", "huggingface"),
        ("arxiv", "arxiv"),
    ]
    assert all(kind_of_host(source.url) is source.kind for source in default_sources())


def test_the_longest_name_of_a_host_decides() -> None:
    assert kind_of_host("https://oaipmh.arxiv.org/oai") is type_of(SourceKind("oaipmh")).kind
    assert kind_of_host("https://[x") is None
    assert kind_of("https://x.example.org/", b"no feed at all") is SourceKind("feed")


def test_a_name_that_one_kind_owns_is_refused_to_others() -> None:
    check_name("arxiv", SourceKind("arxiv"))
    for kind in set(SourceKind) - {"arxiv"}:
        with pytest.raises(InputError, match="can't be named"):
            check_name("arxiv", kind)
