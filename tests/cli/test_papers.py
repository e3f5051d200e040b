"""`digest papers` for papers that are one work, and for files of JSON lines."""

import json
from pathlib import Path

import pytest

from tests import meaning_model
from tests.commands import Command


@pytest.fixture
def digest(digest: Command, folder: Path) -> Command:
    """Commands in a folder with a file of two papers."""
    lines = [{"id": "2603.00001", "title": "First"}, {"id": "10.5555/abc", "title": "Second"}]
    (folder / "papers.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\nnonsense\n")
    return digest


@pytest.fixture
def filled(digest: Command) -> Command:
    """The same with those papers in the store."""
    code, (report,), _ = digest("papers", "import", "papers.jsonl", "--kind", "jsonl", "--json")
    assert code == 0
    assert (report["entries"], report["new"]) == (3, 2)
    assert report["skipped"] == [
        {"entry": "line 3", "error": "not JSON: Expecting value: line 1 column 1 (char 0)"}
    ]
    return digest


def test_show_names_organization_keywords_and_links(digest: Command, tmp_path: Path) -> None:
    paper = {
        "id": "2603.00009",
        "title": "Lamps",
        "organization": {"fullname": "Lamp Lab"},
        "githubStars": 41,
    }
    paper |= {"ai_keywords": ["lamps", "light"], "projectPage": "https://lamps.example.org/"}
    listed = [{"paper": paper, "numComments": 4, "thumbnail": "https://pictures.example.org/1.png"}]
    (tmp_path / "day.json").write_text(json.dumps(listed))
    assert digest("papers", "import", str(tmp_path / "day.json"), "--kind", "huggingface")[0] == 0
    shown = digest("papers", "show", "2603.00009", "--json")[1]
    assert (shown["organization"], shown["keywords"]) == ("Lamp Lab", ["lamps", "light"])
    assert shown["thumbnail"] == "https://pictures.example.org/1.png"
    assert shown["links"]["project"] == "https://lamps.example.org/"
    assert shown["links"]["discussion"] == "https://huggingface.co/papers/2603.00009"
    assert {s["kind"]: s["value"] for s in shown["signals"]} == {"comments": 4, "stars": 41}
    text = digest("papers", "show", "2603.00009")[1]
    assert "organization: Lamp Lab\nkeywords: lamps, light\n" in text


def test_a_bare_date_is_the_first_moment_of_that_day(digest: Command, tmp_path: Path) -> None:
    arguments = ("papers", "import", "papers.jsonl", "--kind", "jsonl")
    assert digest(*arguments, "--seen-at", "2026-03-16")[0] == 0
    shown = digest("papers", "show", "2603.00001", "--json")[1]
    assert shown["first_seen_at"] == "2026-03-16T00:00:00Z"


@pytest.mark.parametrize(
    "time", ["2026-3-16", "yesterday", "0001-01-01", "0001-01-01T00:00:00+14:00", "2026-03-16T08"]
)
def test_what_is_no_time_is_refused_in_words(digest: Command, time: str) -> None:
    code, _, err = digest("papers", "import", "papers.jsonl", "--kind", "jsonl", "--seen-at", time)
    assert code == 2
    assert repr(time)[1:11] in err


def test_a_date_in_the_year_1_costs_only_its_entry(digest: Command, tmp_path: Path) -> None:
    lines = [{"id": "2603.00001", "title": "First", "first_day": "0001-01-01"},
             {"id": "2603.00002", "title": "Second", "first_day": "2026-03-16"}]  # fmt: skip
    (tmp_path / "dated.jsonl").write_text("\n".join(map(json.dumps, lines)))
    arguments = ("papers", "import", "dated.jsonl", "--kind", "jsonl", "--seen-at", "source", "--json")
    code, (report,), _ = digest(*arguments)
    assert (code, report["new"], report["error"]) == (0, 1, None)
    assert [(s["entry"], s["error"]) for s in report["skipped"]] == [
        ("2603.00001", "gives no date: say when it was seen")
    ]


def test_import_tells_the_faults_of_a_feed(digest: Command, tmp_path: Path) -> None:
    feed = Path(__file__).parents[1] / "data/sources/one-guid.rss.xml"
    code, (report,), _ = digest("papers", "import", str(feed), "--kind", "feed", "--json")
    assert (code, report["new"]) == (0, 5)
    assert "ids that others have too" in report["notes"][0]


def test_a_merge_is_shown_with_its_reason_and_undone(filled: Command) -> None:
    merge = ("papers", "merge", "2603.00001", "10.5555/abc", "--why", "same authors, same text")
    assert filled(*merge, "--dry-run")[0] == 0
    assert filled("papers", "show", "10.5555/abc", "--json")[1]["id"] == "doi:10.5555/abc"
    code, made, _ = filled(*merge, "--json")
    assert (code, made["paper"], made["into"]) == (0, "doi:10.5555/abc", "arxiv:2603.00001")
    shown = filled("papers", "show", "10.5555/abc", "--json")[1]
    assert shown["id"] == "arxiv:2603.00001"
    assert [each["reason"] for each in shown["merges"]] == ["same authors, same text"]
    assert "by operator: same authors, same text" in filled("papers", "show", "2603.00001")[1]
    assert filled("papers", "split", "10.5555/abc")[0] == 0
    assert filled("papers", "show", "10.5555/abc", "--json")[1]["title"] == "Second"
    assert "; split on" in filled("papers", "show", "2603.00001")[1]


def test_a_paper_that_was_not_merged_cannot_be_split(filled: Command) -> None:
    code, _, err = filled("papers", "split", "2603.00001")
    assert code == 2
    assert "arxiv:2603.00001 wasn't merged into another paper" in err


@pytest.mark.long
def test_a_file_that_is_cut_off_keeps_what_came_before(filled: Command, tmp_path: Path) -> None:
    import gzip

    lines = b"".join(b'{"id": "2604.%05d", "title": "Paper %d"}\n' % (n, n * 7919) for n in range(1, 9_000))
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(lines)[:-3_000])
    arguments = ("papers", "import", "cut.jsonl.gz", "--kind", "jsonl", "--json")
    code, (report,), _ = filled(*arguments)
    assert code == 6
    assert report["error"] == "the gzip file is cut off"
    assert report["new"] >= 1_000
    _, (again,), _ = filled(*arguments)
    assert (again["new"], again["unchanged"]) == (0, report["new"])


def test_a_search_finds_papers_and_says_on_stderr_what_was_corrected(filled: Command) -> None:
    code, found, _ = filled("papers", "search", "first", "--json")
    assert code == 0
    assert [(each["id"], each["title"]) for each in found] == [("arxiv:2603.00001", "First")]
    (more,) = [Path("more.jsonl")]
    more.write_text("\n".join(json.dumps({"id": f"2603.0010{n}", "title": "Quantization"}) for n in range(4)))
    assert filled("papers", "import", "more.jsonl", "--kind", "jsonl")[0] == 0
    _, out, err = filled("papers", "search", "quantizaton", "--limit", "3")
    assert "Quantization" in out
    assert "3 of 4 papers" in err
    assert "showing results for 'quantization'" in err
    _, out, err = filled("papers", "search", "quantizaton", "--as-typed")
    assert "no paper matches" in out
    assert "no paper has 'quantizaton'" in err


def test_the_index_is_built_anew_on_demand(filled: Command) -> None:
    assert filled("papers", "reindex", "--json")[:2] == (0, {"papers": 2})
    assert len(filled("papers", "search", "second", "--json")[1]) == 1


def test_the_papers_of_a_period_are_listed_in_an_order(filled: Command) -> None:
    today = filled("papers", "show", "2603.00001", "--json")[1]["first_seen_at"][:10]
    code, listed, _ = filled("papers", "list", "--json")
    assert (code, {paper["title"] for paper in listed}) == (0, {"First", "Second"})
    assert filled("papers", "list", today, "--order", "newest", "--json")[1] == listed[::-1]
    assert len(filled("papers", "list", "--limit", "1", "--json")[1]) == 1
    assert "no papers" in filled("papers", "list", "2026-W01")[1]
    code, _, err = filled("papers", "list", "last week")
    assert (code, "2026-W12" in err) == (2, True)


def test_a_long_paper_is_shown_in_lines_of_the_terminal(
    digest: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    paper = {"id": "2603.00007", "title": "Long " * 30, "abstract": "We show much. " * 30, "upvotes": 12}
    paper |= {"ai_summary": "It shows much.", "authors": [{"name": f"Ada {n}"} for n in range(30)]}
    (tmp_path / "day.json").write_text(json.dumps([{"paper": paper}]))
    assert digest("papers", "import", str(tmp_path / "day.json"), "--kind", "huggingface")[0] == 0
    shown = digest("papers", "show", "2603.00007")[1]
    assert max(map(len, shown.splitlines())) <= 60
    assert "TL;DR (huggingface): It shows much." in shown
    assert "upvotes" in shown
    assert "https://huggingface.co/papers/2603.00007" in shown


def test_papers_are_encoded_at_once_and_only_what_is_missing(
    filled: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = filled("papers", "encode")
    assert (code, "DIGEST_SEMANTIC_MODEL" in err) == (2, True)
    monkeypatch.setenv("DIGEST_SEMANTIC_MODEL", str(meaning_model.write(tmp_path / "model")))
    assert filled("papers", "encode", "--dry-run", "--json")[1] == {"papers": 2}
    assert filled("papers", "encode", "--dry-run")[1] == "2 papers would be encoded\n"
    assert filled("papers", "encode")[:2] == (0, "encoded 2 papers\n")
    assert filled("papers", "encode", "--json")[1] == {"papers": 0}
    (act,) = filled("audit", "list", "--json")[1]
    assert (act["act"], act["after"]["papers"]) == ("papers.encode", 2)


def test_a_paper_says_who_got_it(digest: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = "2026-03-17T09:00:00Z"
    monkeypatch.setenv("DIGEST_MAIL_FROM", "papers@example.org")
    monkeypatch.setenv("DIGEST_POSTAL_ADDRESS", "1 Test Street")
    digest("papers", "import", "papers.jsonl", "--kind", "jsonl", "--seen-at", "2026-03-17")
    added = ("subscribers", "add", "ada@example.org", "--top", "5", "--confirmed", "--consent", "asked")
    assert digest(*added, now="2026-03-16T09:00:00Z")[0] == 0
    assert digest("send", "ada@example.org", "--now", now=now)[0] == 0
    got = digest("papers", "show", "2603.00001", "--readers", "--json")[1]["readers"]
    assert got == {
        "counts": {"sent": 1},
        "last": [{"date": "2026-03-17", "email": "ada@example.org", "state": "sent"}],
    }
    assert "ada@example.org" in digest("papers", "show", "2603.00001", "--readers")[1]
