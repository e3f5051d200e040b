"""One email handed over, by the policy of its outbox: what is written down, and when it is tried again."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver import BeforeBody, Envelope
from digest.deliver.maildir import MaildirTransport
from digest.domain import DeliveryState, Receipt
from digest.errors import DeliveryError
from digest.pipeline.mail.outbox import (
    ALARMS,
    DIGESTS,
    TRANSACTIONAL,
    HandedOver,
    Policy,
    hand_over,
    next_step,
)
from tests.builders import NOW

MAIL = Envelope("papers@example.org", "ada@example.org", b"Subject: x\r\n\r\nBody\r\n", "<1@example.org>")
AGAIN = [DeliveryState.QUEUED, DeliveryState.DEFERRED]


class Breaks:
    """A transport that fails as nobody foresaw once the body is under way."""

    async def hand_over(self, envelope: Envelope, *, before_body: BeforeBody) -> Receipt:
        assert envelope is MAIL
        await before_body()
        raise ValueError("a surprise for ada@example.org")

    async def close(self) -> None:
        pass


def tried(transport: Breaks | MaildirTransport, policy: Policy, *, ours: bool = True) -> HandedOver:
    async def begin() -> bool:
        return ours

    return asyncio.run(hand_over(transport, lambda: MAIL, begin, policy))


@pytest.mark.parametrize(
    ("policy", "state"),
    [
        (DIGESTS, DeliveryState.UNCERTAIN),
        (TRANSACTIONAL, DeliveryState.UNCERTAIN),
        (ALARMS, DeliveryState.DEFERRED),
    ],
)
def test_after_a_doubt_only_what_may_leave_twice_is_tried_again(policy: Policy, state: DeliveryState) -> None:
    came = tried(Breaks(), policy)
    assert came.receipt.state is state
    assert isinstance(came.error, ValueError)
    assert "ada@" not in came.receipt.reply


def test_an_email_whose_claim_is_over_is_not_sent(tmp_path: Path) -> None:
    came = tried(MaildirTransport(tmp_path / "mail"), DIGESTS, ours=False)
    assert (came.refused, came.receipt.state) == (True, DeliveryState.QUEUED)
    assert not list(tmp_path.rglob("*.eml"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_email_that_cannot_be_written_is_tried_again_and_never_begun(tmp_path: Path) -> None:
    def broken() -> Envelope:
        raise KeyError("title")

    async def begin() -> bool:
        raise AssertionError("begun without an email")

    came = asyncio.run(hand_over(MaildirTransport(tmp_path), broken, begin, DIGESTS))
    assert (came.receipt.state, came.refused) == (DeliveryState.DEFERRED, False)
    assert isinstance(came.error, KeyError)


def test_a_server_that_cannot_be_used_leaves_the_email_queued(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    came = tried(MaildirTransport(tmp_path / "file"), DIGESTS)
    assert came.receipt.state is DeliveryState.QUEUED
    assert isinstance(came.error, DeliveryError)


@given(
    policy=st.sampled_from([DIGESTS, ALARMS]),
    state=st.sampled_from(AGAIN),
    attempts=st.integers(1, 50),
    late_and_asked=st.tuples(st.timedeltas(timedelta(0), timedelta(days=2)), st.integers(0, 7200)),
    left=st.none() | st.timedeltas(timedelta(0), timedelta(days=1)),
)
def test_an_email_waits_longer_each_time_as_long_as_asked_and_expires_at_the_end(
    policy: Policy,
    state: DeliveryState,
    attempts: int,
    late_and_asked: tuple[timedelta, int],
    left: timedelta | None,
) -> None:
    late, asked = late_and_asked
    receipt = Receipt(state, f"450 4.2.0 Greylisted, try again in {asked} seconds")
    useless_at = None if left is None else NOW + left

    def step(number: int) -> tuple[DeliveryState, timedelta]:
        found, again = next_step(
            policy, receipt, attempts=number, now=NOW, due_at=NOW - late, useless_at=useless_at
        )
        return found, again - NOW

    found, wait = step(attempts)
    assert policy.wait(attempts) <= wait <= max(policy.wait(attempts), timedelta(seconds=asked))
    assert wait <= step(attempts + 1)[1]
    over = policy.give_up is not None and wait + late >= policy.give_up
    assert (found is DeliveryState.EXPIRED) == (over or (left is not None and wait >= left))
    assert found in {state, DeliveryState.EXPIRED}


@given(state=st.sampled_from([state for state in DeliveryState if state not in AGAIN]))
def test_what_is_settled_is_not_tried_again(state: DeliveryState) -> None:
    step = next_step(DIGESTS, Receipt(state, "250 OK"), attempts=1, now=NOW, due_at=NOW)
    assert step == (state, NOW)
