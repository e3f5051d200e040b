"""Deliver, through a real SMTP server on loopback and into a real Maildir."""

import asyncio
import logging
import mailbox
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver import (
    BeforeBody,
    Envelope,
    Timeouts,
    Transport,
    asked_to_wait,
    enhanced_code,
    judge,
    open_transport,
)
from digest.deliver.conversation import Conversation, Reply
from digest.deliver.envelope import wire_address, with_crlf
from digest.deliver.maildir import file_name
from digest.deliver.replies import one_line
from digest.domain import DeliveryState, Receipt
from digest.errors import ConfigError, DeliveryError
from tests.smtp_server import TLS, Act, SmtpServer

SENT, DEFERRED, BOUNCED, FAILED, QUEUED, UNCERTAIN = (
    DeliveryState.SENT,
    DeliveryState.DEFERRED,
    DeliveryState.BOUNCED,
    DeliveryState.FAILED,
    DeliveryState.QUEUED,
    DeliveryState.UNCERTAIN,
)
QUICK = Timeouts(greeting=2.0, command=2.0, reply=2.0, goodbye=1.0)
BODY = b"Subject: Papers\r\nMessage-ID: <1.ab@papers.example.org>\r\n\r\nHello\r\n"


def envelope(number: int = 1, content: bytes = BODY, **fields: str) -> Envelope:
    """An envelope to ada; other numbers are other messages."""
    return Envelope(
        fields.get("sender", "bounce+1@papers.example.org"),
        fields.get("recipient", "ada@example.org"),
        content,
        f"<{number}.ab@papers.example.org>",
    )


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


def deliver(
    url: str,
    *envelopes: Envelope,
    before_body: BeforeBody = yes,
    connections: int = 4,
    timeouts: Timeouts = QUICK,
    tls: ssl.SSLContext | None = None,
) -> list[Receipt]:
    """Hand messages over one after the other, and close."""

    async def one_by_one(transport: Transport) -> list[Receipt]:
        return [await transport.hand_over(one, before_body=before_body) for one in envelopes]

    return asyncio.run(
        closing(open_transport(url, connections=connections, timeouts=timeouts, tls=tls), one_by_one)
    )


async def closing(
    transport: Transport, use: Callable[[Transport], Awaitable[list[Receipt]]]
) -> list[Receipt]:
    try:
        return await use(transport)
    finally:
        await transport.close()


@pytest.fixture(params=[False, True], ids=["one by one", "pipelining"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with SmtpServer(pipelining=request.param) as running:
        yield running


# ---------------------------------------------------------------- what arrives


def test_a_message_arrives_whole_with_its_envelope(server: SmtpServer) -> None:
    [receipt] = deliver(server.url, envelope())
    assert receipt == Receipt(SENT, "250 2.0.0 kept")
    [mail] = server.mails
    assert (mail.sender, mail.recipients) == ("bounce+1@papers.example.org", ("ada@example.org",))
    assert mail.content == BODY


@pytest.mark.parametrize(
    "lines",
    [
        b".\r\n..\r\n.dot\r\n...\r\n",
        b"\r\n.\r\n\r\n",
        b"x" * 998 + b"\r\n",
        "Größe × 漢字 – “quoted”\r\n".encode(),
        b"trailing space \r\n\t\r\n",
        b"=2E=0D=0A.=\r\n",
    ],
)
def test_every_byte_arrives_as_it_was(server: SmtpServer, lines: bytes) -> None:
    content = b"Subject: x\r\n\r\n" + lines
    [receipt] = deliver(server.url, envelope(content=content))
    assert receipt.state is SENT
    assert server.mails[0].content == content


@pytest.mark.parametrize("content", [b".first line is a dot\r\n", b".\r\n", b""])
def test_a_dot_at_the_very_start_and_an_empty_message_arrive(server: SmtpServer, content: bytes) -> None:
    deliver(server.url, envelope(content=content))
    assert server.mails[0].content == (content or b"\r\n")


def test_bare_line_ends_cannot_smuggle_a_second_message(server: SmtpServer) -> None:
    evil = b"Subject: x\n\nfirst\n.\nMAIL FROM:<eve@example.org>\r.\r\n.\rend"
    deliver(server.url, envelope(content=evil), envelope(2))
    assert [mail.content for mail in server.mails] == [with_crlf(evil), BODY]
    assert server.commands["MAIL"] == 2


@given(st.binary())
def test_line_ends_are_crlf_alone_and_nothing_else_changes(content: bytes) -> None:
    lines = with_crlf(content)
    assert lines.endswith(b"\r\n")
    assert b"\r" not in lines.replace(b"\r\n", b"")
    assert b"\n" not in lines.replace(b"\r\n", b"")
    assert with_crlf(lines) == lines
    assert lines.replace(b"\r\n", b"") == content.replace(b"\r", b"").replace(b"\n", b"")


def test_the_null_sender_is_sent_as_empty_brackets(server: SmtpServer) -> None:
    deliver(server.url, envelope(sender=""))
    assert server.mails[0].sender == "<>"  # as aiosmtpd writes the null sender


def test_the_size_is_announced_as_it_will_be_sent(server: SmtpServer) -> None:
    deliver(server.url, envelope(content=b"Subject: x\n\n.\n"))
    assert server.mails[0].options == ("SIZE=17",)  # with CRLF, without the doubled dot


# ---------------------------------------------------------------- addresses


def test_a_domain_beyond_ascii_goes_out_as_a_labels(server: SmtpServer) -> None:
    deliver(server.url, envelope(recipient="ada@straße.example"))
    assert server.mails[0].recipients == ("ada@xn--strae-oqa.example",)
    assert "SMTPUTF8" not in server.mails[0].options


def test_a_local_part_beyond_ascii_is_sent_with_smtputf8_if_offered(server: SmtpServer) -> None:
    deliver(server.url, envelope(recipient="josé@example.org"))
    assert server.mails[0].recipients == ("josé@example.org",)
    assert "SMTPUTF8" in server.mails[0].options


def test_a_local_part_beyond_ascii_fails_clearly_if_smtputf8_is_not_offered() -> None:
    with SmtpServer(without=["SMTPUTF8"]) as server:
        receipts = deliver(server.url, envelope(recipient="josé@example.org"), envelope(2))
    assert [receipt.state for receipt in receipts] == [FAILED, SENT]
    assert "needs SMTPUTF8, which the server doesn't offer" in receipts[0].reply
    assert not receipts[0].suppress


def test_bytes_beyond_ascii_fail_clearly_if_8bitmime_is_not_offered() -> None:
    with SmtpServer(without=["8BITMIME"]) as server:
        [receipt] = deliver(server.url, envelope(content="Subject: é\r\n\r\n".encode()))
    assert receipt.state is FAILED
    assert "needs 8BITMIME" in receipt.reply


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.org> SIZE=1",
        "ada@example.org>\r\nRCPT TO:<eve@example.org",
        "ada@example.org, eve@example.org",
        "Ada <ada@example.org>",
        "ada @example.org",
        "ada@\N{ZERO WIDTH JOINER}.example",
        "ada\x00@example.org",
    ],
)
def test_an_address_that_could_carry_a_command_is_refused_here(server: SmtpServer, address: str) -> None:
    receipts = deliver(server.url, envelope(recipient=address), envelope(2))
    assert [receipt.state for receipt in receipts] == [FAILED, SENT]
    assert not receipts[0].suppress
    assert "eve@example.org" not in str(server.mails)


@given(st.emails())
def test_an_ordinary_address_goes_out_as_it_is(address: str) -> None:
    assert wire_address(address) == address


# ---------------------------------------------------------------- the table of outcomes

OUTCOMES = [
    ("421 4.7.28 rate limited", DEFERRED, False),
    ("450 4.2.1 mailbox busy", DEFERRED, False),
    ("450 busy", DEFERRED, False),
    ("451 4.7.1 greylisted, try again in 5 minutes", DEFERRED, False),
    ("452 4.2.2 full for now", DEFERRED, False),
    ("452 too many recipients", DEFERRED, False),
    ("550 5.1.1 no such user", BOUNCED, True),
    ("550 5.1.2 no such domain", BOUNCED, True),
    ("553 5.1.3 bad address", BOUNCED, True),
    ("551 5.1.6 moved", BOUNCED, True),
    ("556 5.1.10 null MX", BOUNCED, True),
    ("550 5.2.1 disabled", BOUNCED, True),
    ("550 sorry, no mailbox here by that name (#5.1.1)", BOUNCED, True),
    ("552 5.2.2 full", BOUNCED, False),
    ("550 5.2.1 the user is receiving mail at a rate that prevents more", FAILED, False),
    ("550 5.1.1 mail from 192.0.2.1 rejected as spam", FAILED, False),
    ("550 5.1.1 the mailbox is full", BOUNCED, False),
    ("550 5.7.1 blocked", FAILED, False),
    ("550 5.7.515 not authenticated", FAILED, False),
    ("550 no such user", FAILED, False),
    ("550 5.1.15 unknown code", FAILED, False),
    ("550 ask 5.1.1 of our faq", FAILED, False),
    ("550 4.1.1 contradicts itself", FAILED, False),
    ("552 too much storage", DEFERRED, False),
    ("552 5.5.3 too many recipients", DEFERRED, False),
    ("552 5.2.3 too big", FAILED, False),
    ("552 5.3.4 too big", FAILED, False),
    ("553 mailbox name not allowed", FAILED, False),
    ("554 5.7.1 spam", FAILED, False),
    ("554 transaction failed", FAILED, False),
]


@pytest.mark.parametrize(("said", "state", "suppress"), OUTCOMES)
def test_each_reply_becomes_what_the_table_says(said: str, state: DeliveryState, *, suppress: bool) -> None:
    assert judge(int(said[:3]), said[4:]) == Receipt(state, said, suppress)


@pytest.mark.parametrize("phase", ["RCPT", "DATA", "DOT"])
@pytest.mark.parametrize(("said", "state", "suppress"), OUTCOMES[::3])
def test_a_refusal_in_any_phase_about_the_recipient_is_judged_by_the_table(
    server: SmtpServer, phase: str, said: str, state: DeliveryState, *, suppress: bool
) -> None:
    server.on(phase, said, times=1)
    first, second = deliver(server.url, envelope(), envelope(2))
    assert first == Receipt(state, said, suppress)
    assert second.state is SENT
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("550 5.1.1 unknown sender", FAILED),
        ("553 5.1.8 bad sender", FAILED),
        ("550 5.2.2 full", FAILED),
        ("451 4.3.0 later", DEFERRED),
        ("421 4.3.2 closing", DEFERRED),
    ],
)
def test_a_refused_sender_suppresses_nobody(server: SmtpServer, said: str, state: DeliveryState) -> None:
    server.on("MAIL", said, times=1)
    first, second = deliver(server.url, envelope(), envelope(2))
    assert first == Receipt(state, said, suppress=False)
    assert second.state is SENT


def test_a_refusal_of_one_recipient_leaves_the_others_alone(server: SmtpServer) -> None:
    server.on("RCPT", "550 5.1.1 no such user", recipient="bob@example.org")
    receipts = deliver(server.url, envelope(), envelope(2, recipient="bob@example.org"), envelope(3))
    assert [receipt.state for receipt in receipts] == [SENT, BOUNCED, SENT]
    assert server.connections == 1
    assert server.commands["RSET"] == 1


def test_a_reply_of_several_lines_becomes_one(server: SmtpServer) -> None:
    server.on("RCPT", "550-5.1.1 The account that you tried\r\n550 5.1.1 to reach does not exist")
    [receipt] = deliver(server.url, envelope())
    said = "550 5.1.1 The account that you tried 5.1.1 to reach does not exist"
    assert receipt == Receipt(BOUNCED, said, suppress=True)


@given(st.integers(200, 599).filter(lambda code: not 300 <= code < 400), st.text())
def test_any_reply_is_judged_and_fits_into_one_line(code: int, reply: str) -> None:
    receipt = judge(code, reply)
    assert receipt.state in {SENT, DEFERRED, BOUNCED, FAILED}
    assert receipt.reply.isprintable()
    assert len(receipt.reply) <= 500
    assert receipt.reply.encode()
    assert not receipt.suppress or receipt.state is BOUNCED


def test_bytes_that_are_no_utf8_can_be_stored_as_a_reply() -> None:
    assert one_line(550, b"bo\xefte pleine".decode("utf-8", "surrogateescape")) == "550 bo\ufffdte pleine"


@pytest.mark.parametrize("code", [-1, 0, 100, 354, 600])
def test_a_code_that_is_no_outcome_is_not_judged(code: int) -> None:
    with pytest.raises(ValueError, match="no outcome"):
        judge(code, "go ahead")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("550 5.7.26 not authenticated", "5.7.26"),
        ("421 4.7.28 slow down", "4.7.28"),
        ("550 5.1.1.2 is no code", ""),
        ("550 unknown", ""),
    ],
)
def test_the_enhanced_code_is_read_from_a_receipt(said: str, code: str) -> None:
    assert enhanced_code(said) == code


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("451 4.7.1 Greylisted, please try again in 5 minutes", 300),
        ("450 4.2.0 Greylisted for 90 seconds", 90),
        ("421 4.7.0 Try again later, retry after 2 h", 7200),
        ("451 wait 30s", 30),
        ("421 4.7.0 Try again later", None),
        ("450 4.2.1 mailbox busy", None),
        ("451 try again in 5", None),
    ],
)
def test_a_server_that_asks_to_wait_is_understood(said: str, seconds: int | None) -> None:
    assert asked_to_wait(said) == seconds


# ---------------------------------------------------------------- phases: where the doubt begins


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("act", list(Act))
def test_a_line_lost_before_the_body_leaves_the_message_queued(
    server: SmtpServer, phase: str, act: Act
) -> None:
    server.on(phase, act, times=1)
    quick = Timeouts(greeting=2.0, command=0.2, reply=2.0, goodbye=0.2)
    first, second = deliver(server.url, envelope(), envelope(2), timeouts=quick)
    assert first.state is QUEUED
    assert "before the body" in first.reply
    assert second.state is SENT
    assert len(server.bodies) == 1


@pytest.mark.parametrize("act", list(Act))
def test_a_line_lost_after_the_body_is_uncertain(server: SmtpServer, act: Act) -> None:
    server.on("DOT", act, times=1)
    quick = Timeouts(greeting=2.0, command=2.0, reply=0.2, goodbye=0.2)
    first, second = deliver(server.url, envelope(), envelope(2), timeouts=quick)
    assert first.state is UNCERTAIN
    assert "after the body" in first.reply
    assert second.state is SENT
    assert server.bodies == [BODY, BODY]


def test_the_caller_is_told_when_nothing_is_left_but_the_body(server: SmtpServer) -> None:
    seen: list[dict[str, int]] = []

    async def before_body() -> bool:
        seen.append(dict(server.commands))
        return True

    deliver(server.url, envelope(), before_body=before_body)
    assert seen == [{"MAIL": 1, "RCPT": 1, "DATA": 1}]


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA"])
def test_what_is_refused_before_the_body_never_reaches_the_moment_of_doubt(
    server: SmtpServer, phase: str
) -> None:
    server.on(phase, "550 5.7.1 not from you")

    async def before_body() -> bool:
        raise AssertionError("asked for a message that is refused")

    [receipt] = deliver(server.url, envelope(), before_body=before_body)
    assert receipt.state is FAILED


def test_a_message_that_was_taken_back_is_not_sent(server: SmtpServer) -> None:
    answers = iter([False, True])

    async def before_body() -> bool:
        return next(answers)

    first, second = deliver(server.url, envelope(), envelope(2), before_body=before_body)
    assert (first.state, second.state) == (QUEUED, SENT)
    assert server.connections == 2  # once the server waits for a body, there is no other way back
    assert len(server.bodies) == 1


def test_an_error_of_the_caller_reaches_the_caller_and_sends_nothing(server: SmtpServer) -> None:
    async def broken() -> bool:
        raise TimeoutError("the database is locked")

    with pytest.raises(TimeoutError, match="database"):
        deliver(server.url, envelope(), before_body=broken)
    assert server.bodies == []


def test_a_cancelled_message_takes_its_connection_with_it(server: SmtpServer) -> None:
    server.on("RCPT", Act.HANG, times=1)

    async def cancel_the_first(transport: Transport) -> list[Receipt]:
        first = asyncio.create_task(transport.hand_over(envelope(), before_body=yes))
        while not server.commands["RCPT"]:
            await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        async with asyncio.timeout(1.0):  # less than any time-out of the connection
            while server.open_at_once:
                await asyncio.sleep(0.01)
        return [await transport.hand_over(envelope(2), before_body=yes)]

    transport = open_transport(server.url, connections=1, timeouts=QUICK)
    [second] = asyncio.run(closing(transport, cancel_the_first))
    assert second.state is SENT
    assert server.connections == 2


# ---------------------------------------------------------------- servers that limit a connection


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    "said",
    [
        "450 4.7.0 too many messages",
        "451 4.3.2 enough for now",
        "452 4.5.3 too many",
        "503 5.5.1 no more on this line",
        "554 5.5.1 too many",
    ],
)
def test_a_connection_that_carried_enough_is_renewed_and_nobody_waits(said: str, *, pipelining: bool) -> None:
    with SmtpServer(limit=(2, said), pipelining=pipelining) as server:
        receipts = deliver(server.url, *(envelope(n) for n in range(1, 6)))
        assert [receipt.state for receipt in receipts] == [SENT] * 5
        assert server.connections == 3


def test_a_sender_that_is_refused_on_a_fresh_connection_too_is_judged(server: SmtpServer) -> None:
    deliver_and_refuse = iter([True])

    async def before_body() -> bool:
        if next(deliver_and_refuse, False):
            server.on("MAIL", "450 4.7.1 not you")
        return True

    first, second, third = deliver(server.url, envelope(), envelope(2), envelope(3), before_body=before_body)
    assert (first.state, second.state, third.state) == (SENT, DEFERRED, DEFERRED)
    assert (
        server.connections == 2
    )  # one fresh connection, which has carried nothing when the third is refused


def test_a_recipient_that_is_refused_costs_no_connection(server: SmtpServer) -> None:
    server.on("RCPT", "550 5.1.1 no such user", recipient="bob@example.org")
    deliver(server.url, envelope(), envelope(2, recipient="bob@example.org"), envelope(3))
    assert server.connections == 1


def test_a_server_that_knows_no_ehlo_is_greeted_in_the_old_way() -> None:
    with SmtpServer(knows_ehlo=False) as server:
        [receipt] = deliver(server.url, envelope())
        assert receipt.state is SENT
        assert server.mails[0].options == ()


# ---------------------------------------------------------------- servers that speak oddly


@asynccontextmanager
async def script(*answers: bytes) -> AsyncIterator[str]:
    """A server that says these words, one for each line it gets; at the end of them it hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in answers:
                writer.write(answer)
                await writer.drain()
                await reader.readline()
        except ConnectionError:
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listener:
        yield f"smtp://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


def deliver_to_script(*answers: bytes) -> Receipt:
    quick = Timeouts(greeting=2.0, command=2.0, reply=0.3, goodbye=0.3)

    async def one(transport: Transport) -> list[Receipt]:
        return [await transport.hand_over(envelope(), before_body=yes)]

    async def main() -> list[Receipt]:
        async with script(*answers) as url:
            return await closing(open_transport(url, timeouts=quick), one)

    return asyncio.run(main())[0]


GREETED = (b"220 hi\r\n", b"250 hi\r\n")
TAKEN = (*GREETED, b"250 ok\r\n", b"250 ok\r\n")


@pytest.mark.parametrize(
    "answers",
    [
        (*GREETED, b"\xff\xfe what\r\n"),
        (*GREETED, b"354 go ahead\r\n"),
        (*GREETED, b"250 ok\r\n", b"999 what\r\n"),
        (*TAKEN, b"250 ok\r\n"),
        (*TAKEN, b"nonsense\r\n"),
    ],
)
def test_nonsense_before_the_body_leaves_the_message_queued(answers: tuple[bytes, ...]) -> None:
    receipt = deliver_to_script(*answers)
    assert receipt.state is QUEUED
    assert not receipt.suppress


@pytest.mark.parametrize("answer", [b"nonsense\r\n", b"354 what\r\n", b"", b"2"])
def test_nonsense_after_the_body_is_uncertain(answer: bytes) -> None:
    lines_of_the_body = BODY.count(b"\r\n") + 1
    receipt = deliver_to_script(*TAKEN, b"354 go\r\n", *[b""] * (lines_of_the_body - 1), answer)
    assert receipt.state is UNCERTAIN


@pytest.mark.parametrize("answers", [(b"421 4.3.2 too busy\r\n",), (b"220 hi\r\n", b"451 4.3.0 not now\r\n")])
def test_a_server_that_asks_for_time_when_it_greets_defers_the_message(answers: tuple[bytes, ...]) -> None:
    assert deliver_to_script(*answers).state is DEFERRED


@pytest.mark.parametrize("answers", [(b"554 no mail here\r\n",), (b"SSH-2.0-x\r\n",), ()])
def test_a_server_that_is_none_is_an_error(answers: tuple[bytes, ...]) -> None:
    with pytest.raises(DeliveryError, match="can't be used"):
        deliver_to_script(*answers)


# ---------------------------------------------------------------- several commands at once (RFC 2920)

PIPELINING = (b"220 hi\r\n", b"250-hi\r\n250 PIPELINING\r\n")


def test_with_pipelining_all_commands_are_there_before_the_first_is_answered() -> None:
    came: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(PIPELINING[0])
        await reader.readline()
        writer.write(PIPELINING[1])
        came.extend([await reader.readline() for _ in range(3)])
        writer.write(b"250 ok\r\n250 ok\r\n354 go\r\n")
        came.append(await reader.readuntil(b"\r\n.\r\n"))
        writer.write(b"250 kept\r\n")
        await reader.readline()
        writer.close()

    async def main() -> Receipt:
        listener = await asyncio.start_server(talk, "127.0.0.1", 0)
        async with listener:
            url = f"smtp://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            transport = open_transport(url, timeouts=QUICK)
            receipt = await transport.hand_over(envelope(), before_body=yes)
            await transport.close()
            return receipt

    assert asyncio.run(main()) == Receipt(SENT, "250 kept")
    assert [line[:5] for line in came] == [b"MAIL ", b"RCPT ", b"DATA\r", b"Subje"]


def test_a_refused_recipient_is_refused_though_data_is_taken() -> None:
    receipt = deliver_to_script(
        *PIPELINING,
        b"250 ok\r\n",
        b"550 5.1.1 nobody\r\n",
        b"354 go\r\n",
        b"554 to nobody\r\n",
        b"250 ok\r\n",
    )
    assert (receipt.state, receipt.suppress) == (BOUNCED, True)


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ((b"451 4.3.0 later\r\n",), DEFERRED),  # and the line is gone before the others are answered
        ((b"250 ok\r\n", b"550 5.1.1 nobody\r\n"), BOUNCED),
        ((b"250 ok\r\n", b"421 4.3.2 closing\r\n"), DEFERRED),
        ((b"250 ok\r\n", b"250 ok\r\n"), QUEUED),
    ],
)
def test_what_was_answered_before_the_line_was_lost_counts(
    answers: tuple[bytes, ...], state: DeliveryState
) -> None:
    assert deliver_to_script(*PIPELINING, *answers).state is state


def test_a_server_that_is_closing_is_not_waited_for(server: SmtpServer) -> None:
    server.on("RCPT", "421 4.3.2 shutting down", times=1)
    server.on("DATA", Act.HANG, times=1)
    server.on("RSET", Act.HANG)
    started = time.monotonic()
    [receipt] = deliver(server.url, envelope(), timeouts=replace(QUICK, command=30.0))
    assert receipt.state is DEFERRED
    assert time.monotonic() - started < 10


REPLIES = b"250 one\r\n250-two\r\n250-more\r\n250 end\r\n354 go\r\n"


@given(cuts=st.sets(st.integers(1, len(REPLIES) - 1)))
def test_replies_are_the_same_however_they_arrive(cuts: set[int]) -> None:
    async def main() -> list[Reply]:
        line = Conversation(_Nowhere())
        asking = asyncio.create_task(line.ask([b"a", b"b", b"c"], timeout=2.0))
        await asyncio.sleep(0)
        for start, end in pairwise([0, *sorted(cuts), len(REPLIES)]):
            line.data_received(REPLIES[start:end])
        return await asking

    assert asyncio.run(main()) == [Reply(250, "one"), Reply(250, "two\nmore\nend"), Reply(354, "go")]


@pytest.mark.parametrize(
    "said", [b"250 ok\r\n", b"421 too long idle\r\n", b"x" * 40_000, b"250-a\r\n" * 9_000]
)
def test_what_a_server_says_unasked_or_without_end_is_no_answer(said: bytes) -> None:
    async def main() -> tuple[list[Reply], str]:
        line = Conversation(_Nowhere())
        line.data_received(said)
        return await line.ask([b"NOOP\r\n"], timeout=2.0), line.lost

    replies, reason = asyncio.run(main())
    assert replies == []
    assert reason


class _Nowhere(asyncio.Transport):
    """A line whose other end is the test."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...

    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


# ---------------------------------------------------------------- connections


def test_many_messages_share_few_connections(server: SmtpServer) -> None:
    envelopes = [envelope(n, b"Subject: %d\r\n\r\n" % n) for n in range(60)]

    async def all_at_once(transport: Transport) -> list[Receipt]:
        return await asyncio.gather(*(transport.hand_over(one, before_body=yes) for one in envelopes))

    receipts = asyncio.run(closing(open_transport(server.url, connections=3, timeouts=QUICK), all_at_once))
    assert {receipt.state for receipt in receipts} == {SENT}
    assert sorted(mail.content for mail in server.mails) == sorted(one.content for one in envelopes)
    assert server.connections == server.most_open_at_once == 3
    assert server.commands["QUIT"] == 3


def test_a_connection_is_renewed_after_a_hundred_messages(server: SmtpServer) -> None:
    deliver(server.url, *(envelope(n) for n in range(201)), connections=1)
    assert len(server.mails) == 201
    assert server.connections == server.commands["QUIT"] == 3


@pytest.mark.parametrize("goodbye", ["421 4.4.2 idle for too long", Act.DROP])
def test_a_connection_that_was_dropped_while_idle_is_opened_again(
    server: SmtpServer, goodbye: str | Act
) -> None:
    async def twice(transport: Transport) -> list[Receipt]:
        first = await transport.hand_over(envelope(), before_body=yes)
        server.on("MAIL", goodbye, times=1)
        return [first, await transport.hand_over(envelope(2), before_body=yes)]

    receipts = asyncio.run(closing(open_transport(server.url, connections=1, timeouts=QUICK), twice))
    assert [receipt.state for receipt in receipts] == [SENT, SENT]
    assert server.connections == 2


def test_a_server_that_is_not_there_is_an_error_with_a_fix() -> None:
    with SmtpServer() as gone:
        url = gone.url
    with pytest.raises(DeliveryError, match="can't be used") as caught:
        deliver(url, envelope())
    assert url in caught.value.message
    assert "check host, port" in caught.value.fix


def test_after_an_error_the_same_transport_works_once_the_server_is_back(server: SmtpServer) -> None:
    server.on("MAIL", "530 5.7.0 Authentication required", times=1)

    async def twice(transport: Transport) -> list[Receipt]:
        with pytest.raises(DeliveryError, match="Authentication required"):
            await transport.hand_over(envelope(), before_body=yes)
        return [await transport.hand_over(envelope(), before_body=yes)]

    [receipt] = asyncio.run(closing(open_transport(server.url, connections=1, timeouts=QUICK), twice))
    assert receipt.state is SENT


# ---------------------------------------------------------------- encryption and login


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(TLS / "cert.pem"))


@pytest.mark.parametrize("kind", ["implicit_tls", "starttls"])
def test_mail_goes_over_tls(kind: str) -> None:
    with SmtpServer(implicit_tls=kind == "implicit_tls", starttls=kind == "starttls") as server:
        [receipt] = deliver(server.url, envelope(), tls=trusting())
    assert receipt.state is SENT
    assert server.mails[0].content == BODY


@pytest.mark.parametrize("kind", ["implicit_tls", "starttls"])
def test_a_certificate_that_nobody_trusts_is_refused(kind: str) -> None:
    with (
        SmtpServer(implicit_tls=kind == "implicit_tls", starttls=kind == "starttls") as server,
        pytest.raises(DeliveryError, match="certificate"),
    ):
        deliver(server.url, envelope())
    assert server.commands == {}


def test_starttls_that_is_not_offered_is_refused(server: SmtpServer) -> None:
    url = server.url.replace("smtp:", "smtp+starttls:")
    with pytest.raises(DeliveryError, match="STARTTLS"):
        deliver(url, envelope())
    assert server.commands == {}


def test_the_right_password_opens_the_door() -> None:
    with SmtpServer(users={"papers@example.org": "s/cr:t?#"}) as server:
        url = server.url.replace("//", "//papers%40example.org:s%2Fcr%3At%3F%23@")
        [receipt] = deliver(url, envelope())
    assert receipt.state is SENT


def test_a_refused_login_is_an_error_without_the_password() -> None:
    with SmtpServer(users={"papers": "right"}) as server:
        url = server.url.replace("//", "//papers:hunter2@")
        with pytest.raises(DeliveryError, match="535") as caught:
            deliver(url, envelope())
    assert "user and password" in caught.value.fix
    assert "hunter2" not in caught.value.message
    assert server.mails == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:25",
        "http://localhost",
        "smtp://",
        "smtp://localhost:hunter2",
        "smtp://localhost:0",
        "smtp://user:hunter2@localhost/path",
        "smtp://user:hun?ter2@localhost",
        "smtp://user:hunter2@[localhost",
        "smtp://user:hunter2@ｌocalhost\u2100",
        "maildir:",
    ],
)
def test_a_url_that_names_no_server_is_an_error_that_does_not_repeat_it(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_transport(url)
    assert "smtp+starttls://" in caught.value.fix
    assert "hun" not in caught.value.message
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_no_address_and_no_password_is_in_any_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.ERROR, logger="mail.log")  # of the test server, which isn't ours
    with SmtpServer(users={"papers": "hunter2"}) as server:
        server.on("RCPT", "550 5.1.1 <ada@example.org> unknown")
        deliver(server.url.replace("//", "//papers:hunter2@"), envelope())
    assert "ada@example.org" not in caplog.text
    assert "hunter2" not in caplog.text


# ---------------------------------------------------------------- Maildir


def test_a_maildir_is_read_back_by_another_program(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "outbox"
    content = "Subject: Papers\r\nContent-Transfer-Encoding: 8bit\r\n\r\n.\r\nFrom here ×\r\n".encode()
    [receipt] = deliver(f"maildir:{folder}", envelope(content=content))
    [message] = mailbox.Maildir(folder, create=False)
    assert receipt.state is SENT
    assert message["Subject"] == "Papers"
    assert message.get_payload(decode=True) == ".\nFrom here ×\n".encode()
    [file] = (folder / "new").iterdir()
    assert file.read_bytes() == content.replace(b"\r\n", b"\n")
    assert receipt.reply.endswith(str(file))
    assert list((folder / "tmp").iterdir()) == []


def test_the_same_message_twice_is_one_file(tmp_path: Path) -> None:
    deliver(f"maildir:{tmp_path}", envelope(), envelope(), envelope(2))
    assert len(mailbox.Maildir(tmp_path, create=False)) == 2


def test_a_message_that_was_read_already_is_not_written_again(tmp_path: Path) -> None:
    deliver(f"maildir:{tmp_path}", envelope())
    [file] = (tmp_path / "new").iterdir()
    file.rename(tmp_path / "cur" / f"{file.name}:2,S")
    [receipt] = deliver(f"maildir:{tmp_path}", envelope())
    assert receipt.state is SENT
    assert list((tmp_path / "new").iterdir()) == []


@given(st.text())
def test_no_message_id_leads_out_of_the_folder(message_id: str) -> None:
    name = file_name(message_id)
    assert name.isascii()
    assert Path(name).name == name
    assert not name.startswith(".")


def test_a_message_that_was_taken_back_is_not_written(tmp_path: Path) -> None:
    [receipt] = deliver(f"maildir:{tmp_path}/outbox", envelope(), before_body=no)
    assert receipt.state is QUEUED
    assert not (tmp_path / "outbox").exists()


def test_a_folder_that_cannot_be_made_is_an_error_with_a_fix(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file is in the way")
    with pytest.raises(DeliveryError, match="can't be written to") as caught:
        deliver(f"maildir:{tmp_path}/outbox", envelope())
    assert "disk" in caught.value.fix


def test_a_relative_folder_is_one_below_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    deliver("maildir:./data/outbox", envelope())
    assert len(list((tmp_path / "data" / "outbox" / "new").iterdir())) == 1
