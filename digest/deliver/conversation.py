"""Sends commands and bodies, and reads a server's replies in order (RFC 5321, 4.2), several at a time.

aiosmtplib connects, encrypts and logs in; from then on its own reader is in the way: of replies that arrive
together it keeps the first. With pipelining (RFC 2920) a message takes two journeys to the server instead of
four.

Never: a decision about what a reply means; a reply that comes unasked taken for the answer to a question.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

MOST_OF_A_REPLY = 32_768  # bytes; an endless one would fill the memory
CLOSING = 421  # whatever was asked, the server answers nothing more (RFC 5321, 3.8)


class Reply(NamedTuple):
    """One reply. The lines of its text are joined by line feeds; bytes beyond UTF-8 are surrogates."""

    code: int
    text: str


class Conversation(asyncio.Protocol):
    """The two sides of an open line. One question at a time."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Take over a line on which nothing is under way."""
        self.lost = ""  # why nothing can be asked any more, in words
        self._transport = transport
        self._rest = b""
        self._text: list[bytes] = []  # of a reply of several lines, so far
        self._replies: list[Reply] = []
        self._wanted = 0
        self._answered: asyncio.Future[None] | None = None
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Whether something can be asked, as far as is known on this side."""
        return not self.lost and not self._transport.is_closing()

    async def ask(self, commands: Sequence[bytes], *, timeout: float) -> list[Reply]:
        """Write commands or a body, as they go over the wire, and wait `timeout` seconds for the replies.

        Fewer replies than commands: the line is lost, and `lost` says why.
        """
        if not self.is_open:
            self.close(self.lost or "the server hung up")
            return []
        self._replies, self._wanted = [], len(commands)
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(b"".join(commands))
        try:
            async with asyncio.timeout(timeout):
                await self._answered
        except TimeoutError:
            self.close(f"no reply within {timeout:g} s")
        except BaseException:
            self.close("broken off")
            raise
        finally:
            self._answered = None
        return self._replies

    def close(self, reason: str = "closed") -> None:
        """Close the connection without a word."""
        self.lost = self.lost or reason
        self._transport.close()
        self._end()

    # ------------------------------------------------------------ what asyncio calls

    def data_received(self, data: bytes) -> None:
        """Take replies apart."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line.rstrip())
        if len(self._rest) + sum(map(len, self._text)) > MOST_OF_A_REPLY:
            self.close("the server answered without end")

    def connection_lost(self, error: Exception | None) -> None:
        """Note that the connection dropped."""
        self.close(f"the server hung up: {error}" if error else "the server hung up")

    def _take(self, line: bytes) -> None:
        code, mark, text = line[:3], line[3:4], line[4:].strip()
        if self._answered is None or self._answered.done():
            self.close(f"the server spoke unasked: {_shown(line)}")
        elif not code.isdigit() or mark not in b" -":
            self.close(f"the server answered nonsense: {_shown(line)}")
        else:
            self._text.append(text)
            if mark != b"-":
                self._replies.append(
                    Reply(int(code), b"\n".join(self._text).decode(errors="surrogateescape"))
                )
                self._text.clear()
                if len(self._replies) == self._wanted or int(code) == CLOSING:
                    self._end()

    def _end(self) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_result(None)


def _shown(line: bytes) -> str:
    return line[:200].decode(errors="replace")
