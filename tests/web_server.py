"""The site on a real uvicorn on loopback, its clock set by the test, and clients as plain as old browsers.

Work after an answer is done by `server.work()` at the time of the server's clock, so that tests don't wait.
"""

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import signin, signup, transactional
from digest.web.app import create
from digest.web.connections import Patience, configure, room
from tests.builders import NOW
from tests.installations import outbox


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Move it on: `minutes=10`."""
        self.now += timedelta(**by)


class WebServer:
    """A running site: its address, its installation, its clock, and the folder of its outbox."""

    def __init__(self, installation: Installation, folder: Path, port: int, clock: Clock) -> None:
        self.installation = installation
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.clock = clock
        self._clients: list[httpx2.Client] = []

    def client(self, **headers: str) -> httpx2.Client:
        """A new browser, which follows no redirect by itself; it is closed with the server."""
        # Without TLS there are no authorities to read, which takes a tenth of a second for each client.
        self._clients.append(httpx2.Client(base_url=self.url, headers=headers, timeout=30, verify=False))
        return self._clients[-1]

    def close(self) -> None:
        """Close all browsers."""
        for client in self._clients:
            client.close()

    def work(self) -> None:
        """What the process does after its answers."""
        signup.settle(self.installation, self.clock.now)
        signin.settle(self.installation, self.clock.now)
        while transactional.deliver_due(self.installation, self.clock.now):
            pass

    def mails(self, to: str = "") -> list[str]:
        """The text parts of the mails that were sent (to an address)."""
        bodies = [(str(mail["To"]), mail.get_body(("plain",))) for mail in outbox(self.folder)]
        return [str(body.get_content()) for owner, body in bodies if body and to in owner]

    def links(self, kind: str, to: str = "") -> list[str]:
        """The paths of the links of a kind in these mails."""
        return [
            path
            for text in self.mails(to)
            for path in re.findall(rf"://[^/\s]+(/{kind}/[\w-]{{28}}(?:[\w-]{{6}})?)(?![\w-])", text)
        ]

    def sign_up(self, client: httpx2.Client, email: str, **fields: Any) -> httpx2.Response:
        """Load the landing page, take three seconds, and send its form."""
        page = client.get("/").text
        self.clock.move(seconds=3)
        form = {"stamp": stamp_in(page), "email": email, "website": ""} | fields
        return client.post("/subscribe", data=form)


class _Server(uvicorn.Server):
    """uvicorn's, which ends as soon as it is told, with nobody connected: its own waits take 0.2 s a test."""

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            await asyncio.sleep(0.01)
            ticks += 1

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        await self.lifespan.shutdown()


def stamp_in(page: str) -> str:
    """The stamp of the form in a page."""
    found = re.search(r'name="stamp" value="([^"]+)"', page)
    assert found
    return found.group(1)


@contextmanager
def serving(installation: Installation, folder: Path, **options: Any) -> Iterator[WebServer]:
    """Run the site on a free port of loopback until the block ends; its links lead there.

    `base_url`: where they lead instead; `routes`: handlers of the test's own, by path;
    `room`, `patience`: with connections.
    """
    clock = options.pop("clock", None) or Clock()
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    base_url = options.pop("base_url", f"http://127.0.0.1:{port}")
    installation = replace(installation, site=replace(installation.site, base_url=base_url))
    routes = options.pop("routes", {})
    space, patience = options.pop("room", room(1024)), options.pop("patience", Patience())
    app = create(installation, clock=clock, **options)
    for path, handler in routes.items():
        app.add_api_route(path, handler, response_model=None)
    server = _Server(configure(app, proxies=options.get("proxies", ()), room=space, patience=patience))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started and thread.is_alive():
            threading.Event().wait(0.01)
        web = WebServer(installation, folder, port, clock)
        yield web
        web.close()
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
