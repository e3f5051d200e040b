"""Redis as Celery's broker, with a fault of kombu's transport fixed: what is left of a connection that went.

A worker that loses Redis acknowledges on a closed channel what it was doing. kombu's own channel fails there
with an AttributeError, which nobody expects and which ends the worker; as the connection error that it is, it
is logged, and the worker connects again.
"""

from typing import Any

from kombu.transport import redis


class Channel(redis.Channel):
    """A channel that says so when its connection is gone."""

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            msg = "the connection to Redis is gone"
            raise ConnectionError(msg)
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[no-untyped-call] # of kombu


class Transport(redis.Transport):
    """kombu's transport with our channel."""

    Channel = Channel
