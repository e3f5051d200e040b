"""Tables for people, at 80 columns and at fewer."""

from datetime import UTC, datetime

import pytest

from digest.cli.output import table

WHEN = datetime(2026, 3, 17, 8, tzinfo=UTC)
REPLY = "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking."
ROW = ("2026-03-17", 12, "somebody.with.a.long.name@mail.example.org", "uncertain", "", 12, 3, REPLY)
COLUMNS = ("date", "issue", "to", "state", "reason", "papers", "attempts", "reply")


@pytest.mark.parametrize("width", [40, 60, 79, 80, 100, 160])
def test_dates_ids_states_and_times_are_never_broken(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    table(COLUMNS, [ROW, ROW])
    table(
        ("id", "title", "at", "state"), [("arxiv:2603.00001", "A title of many words " * 4, WHEN, "stalled")]
    )
    shown = capsys.readouterr().out
    for whole in (
        "2026-03-17",
        "uncertain",
        "arxiv:2603.00001",
        "2026-03-17 08:00 UTC",
        "stalled",
        "attempts",
    ):
        assert whole in shown
    if width >= 80:
        assert max(map(len, shown.splitlines())) <= width or "reply     550" in shown


def test_an_address_is_shortened_where_there_is_little_room(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    table(("email", "status", "due", "topics"), [(ROW[2], "active", WHEN, "llm, agents, efficiency, vision")])
    shown = capsys.readouterr().out
    assert "somebody.with" in shown
    assert "…" in shown
    assert "active" in shown
    assert "2026-03-17 08:00 UTC" in shown
