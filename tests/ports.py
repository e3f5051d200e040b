"""Free ports of loopback for servers of tests."""

import random
import socket
from contextlib import suppress

_OURS = range(10_000, 32_000)  # below those that systems give to outgoing connections


def free_port() -> int:
    """A port that nobody listens on at this moment, and that nobody dials from.

    A server that is away for a while must find its port again. One that the system picks may be taken by any
    client meanwhile, even by the one that dials this very port and thereby reaches itself.
    """
    while True:
        port = random.SystemRandom().choice(_OURS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
