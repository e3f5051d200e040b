"""A real SMTP server (aiosmtpd) on loopback, for tests: it answers each phase as told, and keeps all mail.

with SmtpServer() as server:
    server.on("RCPT", "550 5.1.1 no such user", recipient="bob@example.org")
    ... hand mail over to server.url ...
    assert server.mails[0].content == b"..."
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.ports import free_port

TLS = Path(__file__).parent / "data" / "tls"


class Act(Enum):
    """What a server does instead of answering."""

    DROP = "drop the line"
    HANG = "say nothing"


@dataclass(frozen=True)
class Mail:
    """One message as it arrived: `content` after the dots were unstuffed."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    options: tuple[str, ...]


@dataclass
class _Rule:
    phase: str
    answer: str | Act
    recipient: str | None
    times: int


class SmtpServer:
    """The server. Phases are MAIL, RCPT, DATA (the command), DOT (the end of the body), RSET.

    `mails` holds what was answered with 2xx after the dot, `bodies` every whole body that came, `commands`
    how often each phase was reached, `connections` how many clients connected. `limit`: after so many
    messages on one connection MAIL is answered so.
    """

    def __init__(
        self,
        *,
        implicit_tls: bool = False,
        starttls: bool = False,
        users: Mapping[str, str] | None = None,
        without: Collection[str] = (),
        pipelining: bool = False,
        limit: tuple[int, str] | None = None,
        knows_ehlo: bool = True,
    ) -> None:
        self.mails: list[Mail] = []
        self.bodies: list[bytes] = []
        self.commands: Counter[str] = Counter()
        self.connections = 0
        self.open_at_once = 0
        self.most_open_at_once = 0
        self.users = users or {}
        self.without = tuple(without)
        self.pipelining = pipelining
        self.limit = limit
        self.knows_ehlo = knows_ehlo
        self._rules: list[_Rule] = []
        self.port = free_port()
        self._scheme = "smtps" if implicit_tls else "smtp+starttls" if starttls else "smtp"
        self._controller = _Controller(
            _Handler(self),
            hostname="127.0.0.1",
            port=self.port,
            server_hostname="mail.test",
            ssl_context=_tls() if implicit_tls else None,
            tls_context=_tls() if starttls else None,
            authenticator=self._authenticate if users else None,
            auth_require_tls=False,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        self.connections = self.most_open_at_once = 0  # the controller looked whether it is up
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def on(self, phase: str, answer: str | Act, *, recipient: str | None = None, times: int = 10**9) -> None:
        """Answer a phase this way: for one recipient or all, so many times. Later rules go first."""
        self._rules.insert(0, _Rule(phase, answer, recipient, times))

    async def answer(self, phase: str, smtp: SMTP, recipient: str | None, usual: str) -> str:
        """What to say now; for an `Act` this never returns."""
        self.commands[phase] += 1
        for rule in self._rules:
            if rule.phase == phase and rule.times > 0 and rule.recipient in {None, recipient}:
                rule.times -= 1
                if isinstance(rule.answer, str):
                    return rule.answer
                if rule.answer is Act.DROP and isinstance(smtp.transport, asyncio.Transport):
                    smtp.transport.abort()
                await asyncio.Event().wait()  # ends when the connection does
        return usual

    def _authenticate(
        self, _smtp: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        known = (
            isinstance(data, LoginPassword) and self.users.get(data.login.decode()) == data.password.decode()
        )
        return AuthResult(success=known, handled=known)


class _Session(SMTP):
    """One connection; adds what aiosmtpd's handlers can't do: count, and refuse the DATA command itself."""

    def __init__(self, handler: "_Handler", **options: Any) -> None:
        super().__init__(handler, **options)
        self.owner = handler.owner
        self.carried = 0  # messages on this connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.owner.connections += 1
        self.owner.open_at_once += 1
        self.owner.most_open_at_once = max(self.owner.most_open_at_once, self.owner.open_at_once)

    def connection_lost(self, error: Exception | None) -> None:
        self.owner.open_at_once -= 1
        super().connection_lost(error)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        if self.owner.knows_ehlo:
            await super().smtp_EHLO(hostname)
        else:
            await self.push("502 5.5.1 what?")

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 -- the name that aiosmtpd looks up
        recipient = next(iter(self.envelope.rcpt_tos), None) if self.envelope else None
        refusal = await self.owner.answer("DATA", self, recipient, "")
        if refusal:
            await self.push(refusal)
        else:
            await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Session(self.handler, **self.SMTP_kwargs)


class _Handler:
    """aiosmtpd's hooks: what each phase answers."""

    def __init__(self, owner: SmtpServer) -> None:
        self.owner = owner

    async def handle_EHLO(  # noqa: N802 -- the name that aiosmtpd looks up
        self, _smtp: SMTP, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        offered = [line for line in responses if not line[4:].upper().startswith(self.owner.without or "\0")]
        return [offered[0], "250-PIPELINING", *offered[1:]] if self.owner.pipelining else offered

    async def handle_MAIL(  # noqa: N802
        self, smtp: SMTP, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        said = await self.owner.answer("MAIL", smtp, None, "250 2.1.0 ok")
        if self.owner.limit and isinstance(smtp, _Session) and smtp.carried >= self.owner.limit[0]:
            said = self.owner.limit[1]
        if said.startswith("2"):
            envelope.mail_from, envelope.mail_options = address, options
        return said

    async def handle_RCPT(  # noqa: N802
        self, smtp: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        said = await self.owner.answer("RCPT", smtp, address, "250 2.1.5 ok")
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_RSET(self, smtp: SMTP, _session: Any, _envelope: Any) -> str:  # noqa: N802
        return await self.owner.answer("RSET", smtp, None, "250 2.0.0 ok")

    async def handle_QUIT(self, smtp: SMTP, _session: Any, _envelope: Any) -> str:  # noqa: N802
        return await self.owner.answer("QUIT", smtp, None, "221 2.0.0 bye")

    async def handle_DATA(self, smtp: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.owner.bodies.append(envelope.original_content)
        said = await self.owner.answer("DOT", smtp, envelope.rcpt_tos[0], "250 2.0.0 kept")
        if said.startswith("2"):
            smtp.carried += 1  # type: ignore[attr-defined]
            self.owner.mails.append(
                Mail(
                    envelope.mail_from,
                    tuple(envelope.rcpt_tos),
                    envelope.original_content,
                    tuple(envelope.mail_options),
                )
            )
        return said


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    return context
