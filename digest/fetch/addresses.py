"""Which addresses may be dialled: a host name comes in, a connection to a checked address goes out.

The name is resolved once for each connection, each address is checked, and exactly the checked address is
dialled: a name that changes its mind between check and use (DNS rebinding) gains nothing. TLS and the Host
header keep the name, because httpcore2 takes those from the URL. Never: a second resolution, or a read or
write that outlives the deadline, however slowly the bytes drip.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable

import httpcore2

from digest.errors import NotAskedError

PIECE = 0.5  # seconds of a wait after which it is looked whether to go on

Resolve = Callable[[str, int], list[str]]
"""Host name and port → numeric addresses, best first. Raises OSError when the name isn't known."""

# IANA's special-purpose registries, not `is_global` of the standard library: that one differs between patch
# releases of Python and counts multicast, 192.0.0.0/24 and fec0::/10 as global in some of them.
_SPECIAL_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and the metadata service of Alibaba Cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # the metadata service of Azure, on a public address
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, and the metadata service of Oracle Cloud
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
# Everything outside global unicast is refused: loopback, link-local, unique local, multicast, and the forms
# that carry an IPv4 address inside (::ffff:0:0/96, 64:ff9b::/96), which a router may unwrap.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
)


class AddressRefused(httpcore2.ConnectError):
    """A name resolves to nothing but addresses that aren't public."""


def is_public(address: str) -> bool:
    """Return whether a numeric address belongs to the public internet. Text that is no address: False."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in _SPECIAL_V4)
    return parsed in _GLOBAL_V6 and not any(parsed in network for network in _SPECIAL_V6)


def bare_host(host: str) -> str:
    """Return a host name as it is compared: lower case, without the dot of the DNS root."""
    return host.lower().rstrip(".")


def system_addresses(host: str, port: int) -> list[str]:
    """Return what the system's resolver says. Its own time-outs bound it (resolv.conf), not ours."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]


class GuardedBackend(httpcore2.NetworkBackend):
    """Dials public addresses, and any address of the hosts that are allowed by name.

    `deadline` (seconds of `time.monotonic`) is set by the owner before each request, and holds for dialling,
    TLS, and every read and write of that request.
    """

    def __init__(
        self, allow_hosts: frozenset[str], resolve: Resolve, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self.deadline = 0.0
        self._stopping = stopping
        self._allow_hosts = frozenset(bare_host(host) for host in allow_hosts)
        self._resolve = resolve
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Dial the first address that answers. Raises AddressRefused, ConnectError or ConnectTimeout."""
        failure: Exception = httpcore2.ConnectError("it has no address")
        for address in self._permitted(host, port):
            try:
                stream = self._inner.connect_tcp(
                    address, port, self.clip(timeout), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self)
        raise failure

    def clip(self, timeout: float | None) -> float:
        """Return the seconds that one operation may take now.

        Raises ReadTimeout when the deadline has passed.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time for the whole answer is over")
        return left if timeout is None else min(timeout, left)

    def check_going_on(self) -> None:
        """Raise NotAskedError when this process is told to stop."""
        if self._stopping():
            raise NotAskedError("the answer isn't waited for: this process was told to stop")

    def _permitted(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that is empty or too long
            raise httpcore2.ConnectError(f"its name can't be resolved ({error})") from error
        if bare_host(host) in self._allow_hosts:
            return addresses
        public = [address for address in addresses if is_public(address)]
        if addresses and not public:
            raise AddressRefused(f"it resolves to {addresses[0]}, which isn't a public address")
        return public


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose every operation ends by the deadline of the request that uses it."""

    def __init__(self, stream: httpcore2.NetworkStream, backend: GuardedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read in short waits, so that a process which is told to stop doesn't sit out the whole one."""
        left = self._backend.clip(timeout)
        while True:
            self._backend.check_going_on()
            try:
                return self._stream.read(max_bytes, min(left, PIECE))
            except httpcore2.ReadTimeout:
                left -= PIECE
                if left <= 0:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._backend.clip(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._backend.clip(timeout))
        return _TimedStream(stream, self._backend)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
