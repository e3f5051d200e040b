"""Speaks over one connection to an SMTP server, message by message and phase by phase (RFC 5321).

In: an envelope. Out: a `Receipt`. When the outcome becomes unknown: a server that has the commands and
nothing of the body can't have the message, so a connection that drops until then leaves it `queued`. From the
body to the reply to the final dot nobody knows, and a dropped connection leaves it `uncertain`. So the caller
is notified between 354 and the body.

Never: a second attempt with a body that may have arrived, an address or a password in an error or a log.
"""

import asyncio
from dataclasses import replace
from typing import cast

import aiosmtplib

from digest.deliver.conversation import CLOSING, Conversation, Reply
from digest.deliver.envelope import BeforeBody, Envelope, stuffed, wire_address, with_crlf
from digest.deliver.replies import is_connection_used_up, judge, one_line
from digest.deliver.server import Security, Server, Timeouts
from digest.domain import DeliveryState, Receipt
from digest.errors import DeliveryError

MESSAGES_PER_CONNECTION = 100
_START_INPUT = 354
_LOGIN_WANTED = frozenset({530, 534, 535, 538})  # RFC 4954, 6: the server takes nothing from us as we are
_NO_ADDRESS = Receipt(DeliveryState.FAILED, "the address is none that a mail server takes")


class _LineLostError(Exception):
    """The line broke, or timed out, or carried nonsense, before the body. The text is the reason."""


class _RefusedError(Exception):
    """The message came to an end before its body was sent."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(receipt.reply)
        self.receipt = receipt


class Connection:
    """A connection that opens when it is needed, and is renewed after 100 messages or when it was dropped."""

    def __init__(self, server: Server, timeouts: Timeouts) -> None:
        self._server = server
        self._timeouts = timeouts
        self._messages = 0  # offered since the connection was opened
        self._accepted = 0  # of those, taken
        self._line: Conversation | None = None
        self._offers: frozenset[str] = frozenset()  # the server's extensions, in small letters

    async def hand_over(self, envelope: Envelope, before_body: BeforeBody) -> Receipt:
        """Offer one message, and send it if it is taken. Raises DeliveryError: see `Transport`."""
        try:
            return await self._hand_over(envelope, before_body)
        except _LineLostError as lost:
            self._hang_up()
            return Receipt(DeliveryState.QUEUED, f"the line was lost before the body: {lost}")
        except BaseException:
            self._hang_up()  # cancelled, say, in the middle of a phase: not to be used again
            raise

    async def quit(self) -> None:
        """Say goodbye and close, whatever the server answers."""
        if self._line:
            await self._line.ask([b"QUIT\r\n"], timeout=self._timeouts.goodbye)
        self._hang_up()

    # ------------------------------------------------------------ phases

    async def _hand_over(self, envelope: Envelope, before_body: BeforeBody) -> Receipt:
        lines = with_crlf(envelope.content)
        try:
            line = await self._offer(envelope, lines)
        except _RefusedError as refused:
            return refused.receipt
        if not await before_body():
            self._hang_up()  # what was begun with DATA can't be taken back in any other way
            return Receipt(DeliveryState.QUEUED, "taken back before its body was sent")
        return await self._send_body(line, lines)

    async def _offer(self, envelope: Envelope, lines: bytes) -> Conversation:
        """MAIL, RCPT and DATA: the line waits for the body. Raises _RefusedError or _LineLostError."""
        try:
            sender, recipient = wire_address(envelope.sender), wire_address(envelope.recipient)
        except ValueError as error:
            raise _RefusedError(_NO_ADDRESS) from error
        if self._messages >= MESSAGES_PER_CONNECTION:
            await self.quit()
        replies: list[Reply] = []
        line = self._line
        if line and line.is_open:
            replies = await self._ask(line, self._commands(sender, recipient, lines))
        if line is None or not replies or replies[0].code == CLOSING:  # dropped since its last message, maybe
            line = await self._open()
            replies = await self._ask(line, self._commands(sender, recipient, lines))
        elif self._accepted and is_connection_used_up(replies):
            await self._clear(line, replies[-1].code)
            await self.quit()
            line = await self._open()
            replies = await self._ask(line, self._commands(sender, recipient, lines))
        self._messages += 1
        await self._check(line, replies)
        return line

    async def _ask(self, line: Conversation, commands: list[bytes]) -> list[Reply]:
        """All at once where the server can take them so; else one by one, until one is refused."""
        timeout = self._timeouts.command
        if "pipelining" in self._offers:
            return await line.ask(commands, timeout=timeout)
        replies: list[Reply] = []
        for command in commands:
            answered = await line.ask([command], timeout=timeout)
            replies += answered
            if not answered or answered[0].code >= 400:
                break
        return replies

    async def _check(self, line: Conversation, replies: list[Reply]) -> None:
        """Raise what the first reply means that isn't as hoped, with the line clear for the next message."""
        for phase, (reply, hoped) in enumerate(zip(replies, (2, 2, _START_INPUT), strict=False)):
            if hoped in {reply.code, reply.code // 100}:
                continue
            if reply.code // 100 not in {4, 5}:
                raise _LineLostError(f"the server answered nonsense: {one_line(*reply)}")
            if phase == 0 and reply.code in _LOGIN_WANTED:
                raise self._unusable(one_line(*reply), "give a user and a password that it accepts")
            await self._clear(line, replies[-1].code)
            receipt = judge(*reply)
            if phase == 0 and receipt.state is DeliveryState.BOUNCED:
                # A refused sender says nothing of the recipient, whatever the code.
                receipt = replace(receipt, state=DeliveryState.FAILED, suppress=False)
            raise _RefusedError(receipt)
        if len(replies) < 3:
            raise _LineLostError(line.lost)

    async def _clear(self, line: Conversation, last: int) -> None:
        """End a refused transaction, so that the next may begin. `last`: the code of its last reply.

        Where DATA was taken though nobody is to get the message, a dot alone ends it (RFC 2920, 3.1).
        """
        commands = [b".\r\n", b"RSET\r\n"] if last == _START_INPUT else [b"RSET\r\n"]
        replies = [] if last == CLOSING else await line.ask(commands, timeout=self._timeouts.command)
        if len(replies) < len(commands) or replies[-1].code // 100 != 2:
            self._hang_up()

    async def _send_body(self, line: Conversation, lines: bytes) -> Receipt:
        """The body and its final dot."""
        if not line.is_open:
            raise _LineLostError(line.lost or "the server hung up")
        replies = await line.ask([stuffed(lines) + b".\r\n"], timeout=self._timeouts.reply)
        try:
            receipt = judge(*replies[0])
        except (IndexError, ValueError) as error:
            self._hang_up()
            reason = line.lost if isinstance(error, IndexError) else error
            return Receipt(DeliveryState.UNCERTAIN, f"the line was lost after the body: {reason}")
        self._accepted += receipt.state is DeliveryState.SENT
        if replies[0].code == CLOSING:
            self._hang_up()
        return receipt

    # ------------------------------------------------------------ parts of phases

    async def _open(self) -> Conversation:
        """Connect, encrypt, log in. Raises DeliveryError, or _RefusedError when the server asks for time."""
        self._hang_up()
        server = self._server
        smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=server.tls,
            timeout=self._timeouts.greeting,
        )
        try:
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                await _greet(smtp)
        except aiosmtplib.SMTPResponseException as error:
            smtp.close()
            if 400 <= error.code < 500:
                raise _RefusedError(judge(error.code, error.message)) from error
            login = isinstance(error, aiosmtplib.SMTPAuthenticationError)
            fix = "check its user and password" if login else "ask its operator"
            raise self._unusable(one_line(error.code, error.message), fix) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            smtp.close()
            fix = "check host, port and kind of encryption, and that its certificate is for that host"
            raise self._unusable(_words(error), fix) from error
        except BaseException:
            smtp.close()
            raise
        self._messages = self._accepted = 0
        self._offers = frozenset(smtp.esmtp_extensions)
        self._line = Conversation(cast("asyncio.Transport", smtp.transport))
        return self._line

    def _commands(self, sender: str, recipient: str, lines: bytes) -> list[bytes]:
        """MAIL, with the parameters that the message needs or the server asks for, RCPT and DATA.

        Raises _RefusedError.
        """
        options = [f"SIZE={len(lines)}"] if "size" in self._offers else []
        for needed, extension, option, what in (
            (not (sender + recipient).isascii(), "smtputf8", "SMTPUTF8", "an address beyond ASCII"),
            (not lines.isascii(), "8bitmime", "BODY=8BITMIME", "a message beyond ASCII"),
        ):
            if needed and extension not in self._offers:
                problem = f"{what} needs {extension.upper()}, which the server doesn't offer"
                raise _RefusedError(Receipt(DeliveryState.FAILED, problem))
            options += [option] if needed else []
        mail = " ".join([f"MAIL FROM:<{sender}>", *options])
        return [f"{mail}\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode(), b"DATA\r\n"]

    def _hang_up(self) -> None:
        if self._line:
            self._line.close()
            self._line = None

    def _unusable(self, reason: str, fix: str) -> DeliveryError:
        return DeliveryError(f"the mail server {self._server} can't be used: {reason}", fix=fix)


async def _greet(smtp: aiosmtplib.SMTP) -> None:
    """EHLO, and HELO where the server doesn't know that (RFC 5321, 4.1.4). Raises SMTPHeloError."""
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code < 500:
            raise
        await smtp.helo()


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
