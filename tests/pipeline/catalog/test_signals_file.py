"""A day's signals as a file: whoever ranks it anew comes to the order of the site, wherever they do it."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.cli import main
from digest.domain import SignalKind, SourceKind
from digest.errors import InputError
from digest.pipeline.catalog.listing import Lists, Order
from digest.pipeline.catalog.periods import Period, Span, period_of
from digest.pipeline.catalog.signals_file import Verdict, write_signals
from digest.pipeline.catalog.signals_file import verify as verify_file
from digest.pipeline.ingest.import_files import import_file
from digest.pipeline.installation import Installation
from tests.builders import NOW, entry
from tests.commands import commands
from tests.installations import installation, store_entries
from tests.web_server import serving

CORPUS = Path(__file__).resolve().parents[4] / "shared/data/huggingface"
TODAY = period_of(NOW.date(), Span.DAY)


@pytest.fixture
def database_kind() -> str:
    """What differs between databases is tested with the lists."""
    return "sqlite"


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    site = installation(engine, tmp_path)
    entries = [entry(f"2603.{n:05}", signals={SignalKind.UPVOTES: n * 7 % 5}) for n in range(1, 9)]
    store_entries(site.engine, entries, seen_at=NOW - timedelta(hours=1), source="huggingface")
    return site


def lines_of(site: Installation, day: Period = TODAY, now: datetime = NOW) -> list[str]:
    return list(write_signals(site, day, now))


def verify(lines: Sequence[str]) -> Verdict:
    return verify_file(BytesIO("\n".join(lines).encode()))


def listed(site: Installation, day: Period, now: datetime) -> list[str]:
    """All papers of a day's list, page by page."""
    lists, found, number = Lists(site), [], 1
    while page := lists.page(day, Order.TREND, number, now):
        found += [paper.id for paper in page.page.papers]
        number += 1
    return found


def test_a_file_gives_the_order_of_the_list(site: Installation) -> None:
    lines = lines_of(site)
    assert [json.loads(line)["id"] for line in lines[1:]] == listed(site, TODAY, NOW)
    verdict = verify(lines)
    assert (verdict.same, verdict.papers, verdict.other_weights) == (True, 8, False)


def test_a_file_that_was_changed_is_found_out(site: Installation) -> None:
    head, first, second, *rest = lines_of(site)
    swapped = verify([head, second, first, *rest])
    assert not swapped.same
    assert {each.place for each in swapped.differences} == {1, 2}
    boosted = json.loads(second)
    boosted["signals"][0]["value"] += 100
    assert not verify([head, first, json.dumps(boosted), *rest]).same
    heavier = json.loads(head)
    heavier["weights"]["pick"] = 0.9
    assert verify([json.dumps(heavier), first, second, *rest]).other_weights


def test_what_was_observed_later_is_not_in_it(site: Installation) -> None:
    earlier = NOW - timedelta(hours=2)
    assert all(json.loads(line)["signals"] == [] for line in lines_of(site, now=earlier)[1:])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "empty"),
        (["{}"], "line 1"),
        (["[1]"], "line 1"),
        (["{head}", "nothing"], "line 2"),
        (["{head}", '{"id": "arxiv:1"}'], "line 2"),
        (["{head}", "{first}", "{first}"], "line 3.*twice"),
        (["{head}", "[" * 100_000], "line 2"),
        (["{head}", "x" * 1_000_001], "line 2"),
    ],
)
def test_what_is_no_such_file_is_told_with_the_line(site: Installation, lines: list[str], said: str) -> None:
    head, first, *_ = lines_of(site)
    filled = [line.replace("{head}", head).replace("{first}", first) for line in lines]
    with pytest.raises(InputError, match=said):
        verify(filled)


def test_the_site_serves_it_and_a_command_verifies_it(
    site: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(site, tmp_path) as server:
        answer = server.client().get(f"/papers/{TODAY.name}.signals.jsonl")
        assert answer.headers["content-type"] == "application/jsonl; charset=utf-8"
        assert server.client().get("/papers/2026-W12.signals.jsonl").status_code == 404
        assert server.client().get("/papers/9999-01-01.signals.jsonl").status_code == 404
    file = tmp_path / "day.signals.jsonl"
    file.write_bytes(answer.content)
    call = commands(capsys)
    assert call("trend", "verify", str(file)) == (
        0,
        f"{TODAY.name}: 8 papers, the same order and scores\n",
        "",
    )
    head, first, second, *rest = answer.text.splitlines()
    file.write_text("\n".join([head, second, first, *rest]))
    code, found, _ = call("trend", "verify", str(file), "--json")
    assert (code, found["same"]) == (6, False)
    file.write_bytes(b"\xff\xfe")
    assert main(["trend", "verify", str(file)]) == 2


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus isn't beside this clone")
def test_every_real_day_has_the_same_order_wherever_it_is_ranked(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = installation(engine, tmp_path)
    files = sorted(CORPUS.glob("*.json.gz"))
    for path in files:
        with path.open("rb") as stream:
            kind = SourceKind.HUGGINGFACE
            report = import_file(site, path.name, stream, kind=kind, name="huggingface", seen_at=None)
        assert report.error is None
    days = Lists(site).days(datetime.fromisoformat("2026-01-05T00:00Z"))
    call, same = commands(capsys), 0
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path / "fresh"))
    for path in files:
        day = period_of(datetime.fromisoformat(path.name.removesuffix(".json.gz")).date(), Span.DAY)
        assert day.first in days
        order = listed(site, day, day.end)
        exported = tmp_path / f"{day.name}.signals.jsonl"
        exported.write_text("\n".join(lines_of(site, day, day.end)), encoding="utf-8")
        code, found, _ = call("trend", "verify", str(exported), "--json")
        anew = [json.loads(line)["id"] for line in exported.read_text(encoding="utf-8").splitlines()[1:]]
        same += (code, found["papers"], anew) == (0, len(order), order)
    assert same == len(files) == 65
