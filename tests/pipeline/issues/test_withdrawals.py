"""A withdrawn paper isn't sent any more, and who got it hears of it once, in the next digest."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import Engine

from digest.pipeline.delivery.worker import deliver_due
from digest.pipeline.issues.open import open_due
from digest.pipeline.issues.preview import preview
from digest.pipeline.subscriptions.preferences import by_address
from digest.render.assemble import WITHDRAWN
from tests.builders import NOW, entry
from tests.installations import installation, join, outbox, store_entries

DAY = timedelta(days=1)
SAID = "This paper has been withdrawn by the author."
BAD = entry("2603.00001", title="Proof that fish compute")
NOTICE = replace(BAD, key="v2", version=2, abstract=SAID, withdrawn=SAID, announce_type="replace")


def parts(mail: EmailMessage) -> list[str]:
    texts = (part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    return [text.replace("\u00a0", " ") for text in texts]  # last words of titles stay together


def mails(engine: Engine, folder: Path, day: datetime) -> list[EmailMessage]:
    """The mails of one morning."""
    here = installation(engine, folder)
    before = {mail["Message-ID"] for mail in outbox(folder)}
    open_due(here, day)
    deliver_due(here, day)
    return [mail for mail in outbox(folder) if mail["Message-ID"] not in before]


def announced(engine: Engine, folder: Path, name: str, now: datetime) -> list[str]:
    """The titles of which a preview says that they were withdrawn."""
    here = installation(engine, folder)
    found = preview(here, by_address(here, f"{name}@one.example"), now).digest
    return [paper.title for paper in found.withdrawn] if found else []


def test_who_got_a_paper_hears_of_its_withdrawal_once(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    join(here, "ada@one.example")
    store_entries(engine, [BAD], seen_at=NOW - timedelta(hours=3))
    (first,) = mails(engine, tmp_path, NOW)
    assert all("Proof that fish compute" in part for part in parts(first))
    join(here, "bob@one.example", now=NOW + timedelta(hours=1))

    store_entries(engine, [NOTICE], seen_at=NOW + timedelta(hours=5))
    store_entries(engine, [entry("2603.00002", title="Lamps")], seen_at=NOW + timedelta(hours=6))
    assert [announced(engine, tmp_path, name, NOW + DAY) for name in ("ada", "bob")] == [[BAD.title], []]
    ada, bob = mails(engine, tmp_path, NOW + DAY)
    for part in parts(ada):
        assert "Lamps" in part
        assert part.index(WITHDRAWN) < part.index("Proof that fish compute")
        assert part.count("Proof that fish compute") == 1
    for part in parts(bob):  # never got it
        assert WITHDRAWN not in part
        assert "Proof that fish compute" not in part

    store_entries(engine, [entry("2603.00003", title="Ropes")], seen_at=NOW + DAY + timedelta(hours=6))
    assert announced(engine, tmp_path, "ada", NOW + 2 * DAY) == []
    for mail in mails(engine, tmp_path, NOW + 2 * DAY):
        assert all("Proof that fish compute" not in part for part in parts(mail))


def test_a_paper_withdrawn_after_its_digest_was_queued_is_left_out_and_not_spoken_of(
    engine: Engine, tmp_path: Path
) -> None:
    here = installation(engine, tmp_path)
    join(here, "ada@one.example")
    store_entries(engine, [BAD, entry("2603.00002", title="Lamps")], seen_at=NOW - timedelta(hours=3))
    open_due(here, NOW)
    store_entries(engine, [NOTICE], seen_at=NOW + timedelta(minutes=1))
    deliver_due(here, NOW + timedelta(minutes=2))
    (mail,) = outbox(tmp_path)
    for part in parts(mail):
        assert "Lamps" in part
        assert "Proof that fish compute" not in part
    store_entries(engine, [entry("2603.00003", title="Ropes")], seen_at=NOW + timedelta(hours=6))
    (following,) = mails(engine, tmp_path, NOW + DAY)
    assert all("Proof that fish compute" not in part for part in parts(following))
