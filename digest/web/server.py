"""`digest serve`: pages, scheduler and delivery in one process, over the same pipeline as the workers.

Pages are answered by uvicorn; what is to be done beside them is done by threads that look once a tick.
"""

import logging
import signal
import socket
from collections.abc import Callable, Sequence
from datetime import datetime

import uvicorn

from digest import logs
from digest.errors import ConfigError
from digest.pipeline import runner
from digest.pipeline.clock import shared_now
from digest.pipeline.ingest import summaries
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import signup, transactional
from digest.web.app import create, wall_clock
from digest.web.connections import configure, raise_descriptors, room
from digest.web.ticker import Ticker

_log = logging.getLogger(__name__)


def serve(
    installation: Installation,
    *,
    host: str,
    port: int,
    proxies: Sequence[str],
    tick_seconds: float,
    pages_only: bool,
) -> None:
    """Serve until SIGTERM or SIGINT. `pages_only`: workers fetch, open issues and deliver digests.

    Raises ConfigError where the port can't be had.
    """
    logs.set_up()
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the schema
    listening = listen(host, port)
    app = create(
        installation, proxies=proxies, tickers=tickers(installation, tick_seconds, pages_only=pages_only)
    )
    config = configure(app, proxies=proxies, room=room(raise_descriptors()))
    shown = f"[{host}]" if ":" in host else host
    _log.info("serving on http://%s:%d", shown, listening.getsockname()[1])
    # uvicorn raises the signal that ended it once more; being told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listening])


def tickers(
    installation: Installation,
    seconds: float,
    *,
    pages_only: bool,
    clock: Callable[[], datetime] = wall_clock,
) -> list[Ticker]:
    """The work beside the pages: mails about subscriptions always, rounds where no workers do them."""

    def stopping() -> bool:
        return any(ticker.stopping for ticker in made)

    def joining(_tick: datetime) -> None:
        now = shared_now(installation)
        signup.settle(installation, now)
        while not stopping() and transactional.deliver_due(installation, now):
            pass

    def round_(_tick: datetime) -> None:
        report = runner.run_round(installation, shared_now(installation), stopping=stopping)
        if report.delivery_error:
            raise report.delivery_error

    def summing_up(now: datetime) -> None:  # in a line of its own: no mail waits for a model
        summaries.make_due(installation, now, stopping=stopping)

    made = [Ticker("notices", joining, seconds=seconds, clock=clock)]
    if not pages_only:
        made.append(Ticker("rounds", round_, seconds=seconds, clock=clock))
        if installation.summariser:
            made.append(Ticker("summaries", summing_up, seconds=seconds, clock=clock))
    return made


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ConfigError where the address can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        msg = f"can't listen on {host}:{port}: {error.strerror or error}"
        raise ConfigError(msg, fix="digest serve --host 127.0.0.1 --port 8001") from error
