"""Real mails that came back: how often we read them as the project that collected them does, counted."""

import json
import tarfile
from pathlib import Path
from typing import Any

import click
import pytest

from digest.bounces import read
from digest.deliver import GONE, is_dead
from digest.domain import BounceKind

DATA = Path(__file__).resolve().parents[2] / "shared/data/bounces"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not DATA.is_dir(), reason="the corpus isn't beside this clone"),
]

HARD, SOFT, COMPLAINT = BounceKind.HARD, BounceKind.SOFT, BounceKind.COMPLAINT
# A delay is a failure that isn't final: the collection calls both soft. Opting out by mail is no complaint of
# its own kind there; reports of failed authentication are nobody's complaint.
AS_KIND = {BounceKind.DELAYED: SOFT, BounceKind.UNSUBSCRIBE: COMPLAINT}


def mails(name: str) -> dict[str, bytes]:
    with tarfile.open(DATA / name) as archive:
        members = [member for member in archive if member.isfile()]
        files = {Path(member.name).name: archive.extractfile(member) for member in members}
        return {name: file.read() for name, file in files.items() if file}


def expected(entry: dict[str, Any]) -> BounceKind:
    if entry["reason"] == "feedback":
        return BounceKind.UNKNOWN if entry["feedbacktype"] == "auth-failure" else COMPLAINT
    if entry["reason"] in {"delivered", "vacation"}:
        return BounceKind.IGNORED
    return HARD if entry["hardbounce"] else SOFT


def test_at_least_95_of_100_real_reports_are_read_as_their_collectors_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wanted = json.loads((DATA / "sisimai-half.expected.json").read_text())
    found = {name: read(raw) for name, raw in mails("sisimai-half.tar.gz").items()}
    wrong = {
        name: report
        for name, report in found.items()
        if AS_KIND.get(report.kind, report.kind) not in {expected(entry) for entry in wanted[name]}
    }
    with capsys.disabled():
        click.echo(f"\nbounces: {len(found) - len(wrong)} of {len(found)} agree; not: {sorted(wrong)}")
    assert len(found) == 278
    assert len(wrong) <= 0.05 * len(found)


def test_no_real_report_is_hard_against_its_own_words() -> None:
    for name, raw in (mails("sisimai-half.tar.gz") | mails("flufl.tar.gz")).items():
        report = read(raw)
        if report.kind is HARD:
            never_mail = report.words.startswith(("521", "556"))
            assert is_dead(report.status) or report.reason in GONE or never_mail, name
            assert not report.blames_us, name


def test_mails_that_are_no_bounces_end_no_subscription() -> None:
    kinds = {read(raw).kind for raw in mails("sisimai-not-bounces.tar.gz").values()}
    assert not kinds & {HARD, SOFT, COMPLAINT, BounceKind.UNSUBSCRIBE}
