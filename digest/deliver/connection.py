"""One connection to an SMTP server, message by message and phase by phase (RFC 5321).

In: an envelope. Out: a `Receipt`. Where the doubt begins: a line that is lost before the first byte of the
body was written leaves the message `queued`, because the server can't have it; after that nobody knows until
the reply to the final dot, and a lost line leaves it `uncertain`. DATA is on the safe side of that border, so
command and body are sent one by one here: aiosmtplib's `data()` sends both and hides which of them failed.

Never: a second attempt with a body that may have arrived, an address or a password in an error or a log.
"""

from collections.abc import Awaitable
from dataclasses import replace

import aiosmtplib

from digest.deliver.envelope import BeforeBody, Envelope, wire_address, with_crlf
from digest.deliver.replies import judge, one_line
from digest.deliver.server import Security, Server, Timeouts
from digest.domain import DeliveryState, Receipt
from digest.errors import DeliveryError

MESSAGES_PER_CONNECTION = 100
_START_INPUT = 354
_CLOSING = 421
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
        self._smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=server.tls,
            timeout=timeouts.greeting,
        )

    async def hand_over(self, envelope: Envelope, before_body: BeforeBody) -> Receipt:
        """Offer one message, and send it if it is taken. Raises DeliveryError: see `Transport`."""
        try:
            return await self._hand_over(envelope, before_body)
        except _LineLostError as lost:
            self._smtp.close()
            return Receipt(DeliveryState.QUEUED, f"the line was lost before the body: {lost}")
        except BaseException:
            self._smtp.close()  # cancelled, say, in the middle of a phase: not to be used again
            raise

    async def quit(self) -> None:
        """Say goodbye and close, whatever the server answers."""
        try:
            if self._smtp.is_connected:
                await self._smtp.quit(timeout=self._timeouts.goodbye)
        except (aiosmtplib.SMTPException, OSError):
            pass  # it's over either way
        finally:
            self._smtp.close()

    # ------------------------------------------------------------ phases

    async def _hand_over(self, envelope: Envelope, before_body: BeforeBody) -> Receipt:
        lines = with_crlf(envelope.content)
        try:
            await self._offer(envelope, lines)
            if not await before_body():
                raise _RefusedError(Receipt(DeliveryState.QUEUED, "taken back before its body was sent"))
            await self._ask_for_body()
        except _RefusedError as refused:
            await self._reset()
            return refused.receipt
        return await self._send_body(lines)

    async def _offer(self, envelope: Envelope, lines: bytes) -> None:
        """MAIL and RCPT. Raises _RefusedError or _LineLostError."""
        try:
            sender, recipient = wire_address(envelope.sender), wire_address(envelope.recipient)
        except ValueError as error:
            raise _RefusedError(_NO_ADDRESS) from error
        reply = await self._mail(sender, recipient, lines)
        if reply.code in _LOGIN_WANTED:
            raise self._unusable(one_line(*reply), "give a user and a password that it accepts")
        receipt = judge(*reply)
        if receipt.state is DeliveryState.BOUNCED:
            # A refused sender says nothing of the recipient, whatever the code.
            receipt = replace(receipt, state=DeliveryState.FAILED, suppress=False)
        if receipt.state is DeliveryState.SENT:
            command = self._smtp.rcpt(recipient, encoding="utf-8", timeout=self._timeouts.command)
            receipt = judge(*await self._reply(command))
        if receipt.state is not DeliveryState.SENT:
            raise _RefusedError(receipt)

    async def _mail(self, sender: str, recipient: str, lines: bytes) -> aiosmtplib.SMTPResponse:
        """MAIL, on an open connection; one that was dropped since its last message is opened again."""
        if self._smtp.is_connected and self._messages >= MESSAGES_PER_CONNECTION:
            await self.quit()
        if self._smtp.is_connected:
            try:
                reply = await self._mail_once(sender, recipient, lines)
            except _LineLostError:
                self._smtp.close()
            else:
                if reply.code != _CLOSING:
                    return reply
        await self._open()
        return await self._mail_once(sender, recipient, lines)

    async def _mail_once(self, sender: str, recipient: str, lines: bytes) -> aiosmtplib.SMTPResponse:
        options = self._options(sender, recipient, lines)
        self._messages += 1
        command = self._smtp.mail(sender, options=options, encoding="utf-8", timeout=self._timeouts.command)
        return await self._reply(command)

    async def _ask_for_body(self) -> None:
        """DATA. Raises _RefusedError or _LineLostError: the server has nothing yet."""
        command = self._smtp.execute_command(b"DATA", timeout=self._timeouts.data)
        reply = await self._reply(command, accepted=_START_INPUT)
        if reply.code != _START_INPUT:
            raise _RefusedError(judge(*reply))

    async def _send_body(self, lines: bytes) -> Receipt:
        """The body and its final dot, with dots doubled at the start of lines (RFC 5321, 4.5.2)."""
        protocol = self._smtp.protocol
        if protocol is None or not protocol.is_connected:
            raise _LineLostError("the server hung up")
        stuffed = lines.replace(b"\r\n.", b"\r\n..")
        protocol.write((b"." if lines.startswith(b".") else b"") + stuffed + b".\r\n")
        try:
            code, text = await protocol.read_response(timeout=self._timeouts.reply)
            receipt = judge(code, text)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            self._smtp.close()
            return Receipt(DeliveryState.UNCERTAIN, f"the line was lost after the body: {_words(error)}")
        if code == _CLOSING:
            self._smtp.close()
        return receipt

    # ------------------------------------------------------------ parts of phases

    async def _open(self) -> None:
        """Connect, encrypt, log in. Raises DeliveryError, or _RefusedError when the server asks for time."""
        self._messages = 0
        try:
            await self._smtp.connect()
            if self._smtp.is_ehlo_or_helo_needed:
                await self._smtp.ehlo()
        except aiosmtplib.SMTPResponseException as error:
            self._smtp.close()
            if 400 <= error.code < 500:
                raise _RefusedError(judge(error.code, error.message)) from error
            login = isinstance(error, aiosmtplib.SMTPAuthenticationError)
            fix = "check its user and password" if login else "ask its operator"
            raise self._unusable(one_line(error.code, error.message), fix) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            fix = "check host, port and kind of encryption, and that its certificate is for that host"
            raise self._unusable(_words(error), fix) from error

    def _options(self, sender: str, recipient: str, lines: bytes) -> list[str]:
        """Parameters of MAIL: only what the message needs, or the server asks for. Raises _RefusedError."""
        offers = self._smtp.supports_extension
        options = [f"SIZE={len(lines)}"] if offers("size") else []
        for needed, extension, option, what in (
            (not (sender + recipient).isascii(), "smtputf8", "SMTPUTF8", "an address beyond ASCII"),
            (not lines.isascii(), "8bitmime", "BODY=8BITMIME", "a message beyond ASCII"),
        ):
            if needed and not offers(extension):
                said = f"{what} needs {extension.upper()}, which the server doesn't offer"
                raise _RefusedError(Receipt(DeliveryState.FAILED, said))
            options += [option] if needed else []
        return options

    async def _reply(
        self, command: Awaitable[aiosmtplib.SMTPResponse], accepted: int = 2
    ) -> aiosmtplib.SMTPResponse:
        """The server's reply to a command: `accepted` (a code, or its first digit), or a 4xx or 5xx.

        Raises _LineLostError for nonsense, and _RefusedError for an address that can't stand in a command.
        """
        try:
            reply = await command
        except aiosmtplib.SMTPResponseException as error:
            reply = aiosmtplib.SMTPResponse(error.code, error.message)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _LineLostError(_words(error)) from error
        except ValueError as error:
            raise _RefusedError(_NO_ADDRESS) from error
        if reply.code != accepted and reply.code // 100 not in {accepted, 4, 5}:
            raise _LineLostError(f"the server answered nonsense: {one_line(*reply)}")
        return reply

    async def _reset(self) -> None:
        """Clear a transaction that was broken off; the end of a body clears by itself (RFC 5321, 4.1.1.4)."""
        if self._smtp.is_connected:
            try:
                await self._reply(self._smtp.rset(timeout=self._timeouts.command))
            except _LineLostError:
                self._smtp.close()

    def _unusable(self, reason: str, fix: str) -> DeliveryError:
        return DeliveryError(f"the mail server {self._server} can't be used: {reason}", fix=fix)


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
