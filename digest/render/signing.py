"""Signs finished bytes with a private key: adds a DKIM-Signature (RFC 6376, RFC 8463).

In: an RFC 5322 message, a `Signer`, the time. Out: the message with one header more at its top, and
the record that the DNS must hold for it. Never: asks the DNS, reads a file or a clock, shows a key.

Import this where mails are signed only: the library brings a DNS resolver with it.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dkim
from dkim.crypto import (
    RSASSA_PKCS1_v1_5_sign,
    RSASSA_PKCS1_v1_5_verify,
    UnparsableKeyError,
    parse_private_key,
)
from nacl.signing import SigningKey as Ed25519Key

LEAST_BITS = 1024  # of an RSA key; receivers take a signature by a shorter one for none (RFC 8301, 3.2)

# Nobody may add a second one, which some programs would show instead of the first (RFC 6376, 8.15).
OVERSIGNED = ("From", "Subject", "To", "Date")
# The same for every mail: what a mail doesn't have, such as a List-Unsubscribe, can't be added to it either.
# Headers that relays add or rewrite as they like (Feedback-ID, Precedence, Sender) aren't among them.
SIGNED = (
    *OVERSIGNED,
    *OVERSIGNED,
    *("Reply-To", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted"),
    *("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Archive", "List-Owner"),
)

_PEM = re.compile(r"-----BEGIN [A-Z ]+-----\s([A-Za-z0-9+/=\s]+)-----END [A-Z ]+-----")
_ED25519 = bytes.fromhex("302e020100300506032b657004220420")  # before the 32 bytes of the key (RFC 8410, 7)
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")  # "this is a key for RSA" (RFC 3279, 2.3.1)
_INTEGER, _BITS, _SEQUENCE = 0x02, 0x03, 0x30


@dataclass(frozen=True, slots=True)
class Key:
    """A private key. `kind`: rsa or ed25519; `private`: as the library takes it; `public`: as the DNS holds
    it, in base64."""

    kind: str
    private: bytes = field(repr=False)
    public: str


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a domain, and the key that stands under the selector's name in its DNS."""

    selector: str
    domain: str
    key: Key

    @property
    def record(self) -> tuple[str, str]:
        """The name and the value of the TXT record by which receivers check signatures (RFC 6376, 3.6)."""
        name = f"{self.selector}._domainkey.{self.domain}"
        return name, f"v=DKIM1; k={self.key.kind}; p={self.key.public}"

    def sign(self, content: bytes, now: datetime) -> bytes:
        """Return the message, signed. The same message at the same time gets the same signature."""
        signature: bytes = _Signature(content, self.key.kind, now).sign(
            self.selector.encode(),
            self.domain.encode(),
            self.key.private,
            canonicalize=(dkim.Relaxed, dkim.Relaxed),
            include_headers=[name.encode() for name in SIGNED],
        )
        return signature + content


class _Signature(dkim.DKIM):  # type: ignore[misc] # the library has no types
    """The library's, but that the time comes from outside."""

    def __init__(self, content: bytes, kind: str, now: datetime) -> None:
        super().__init__(content, signature_algorithm=f"{kind}-sha256".encode())
        self._time = str(int(now.timestamp())).encode()

    def gen_header(self, fields: list[tuple[bytes, bytes]], *rest: Any, **options: Any) -> Any:
        timed = [(tag, self._time if tag == b"t" else value) for tag, value in fields]
        return super().gen_header(timed, *rest, **options)


def read_key(text: str) -> Key:
    """Return a private key in PEM, RSA (PKCS#1, PKCS#8) or Ed25519 (PKCS#8).

    Raises ValueError for anything else, for a damaged key and for one that is too short.
    """
    found = _PEM.search(text)
    if not found:
        raise ValueError("it isn't a private key in PEM")
    try:
        der = base64.b64decode("".join(found[1].split()), validate=True)
        seed = der.removeprefix(_ED25519)
        return _ed25519(seed) if seed != der else _rsa(der)
    except (ValueError, UnparsableKeyError, AssertionError) as error:  # as the library raises them
        msg = (
            f"it must be a whole private key, RSA of {LEAST_BITS} bits or more or Ed25519, without a password"
        )
        raise ValueError(msg) from error


def _ed25519(seed: bytes) -> Key:
    public = bytes(Ed25519Key(seed).verify_key)
    return Key("ed25519", base64.b64encode(seed), base64.b64encode(public).decode())


def _rsa(der: bytes) -> Key:
    numbers = parse_private_key(der)
    if numbers["modulus"].bit_length() < LEAST_BITS:
        raise ValueError("too short")
    trial = hashlib.sha256()
    if not RSASSA_PKCS1_v1_5_verify(trial, RSASSA_PKCS1_v1_5_sign(trial, numbers), numbers):
        raise ValueError("damaged")
    both = _der(_SEQUENCE, _integer(numbers["modulus"]) + _integer(numbers["publicExponent"]))
    public = _der(_SEQUENCE, _RSA + _der(_BITS, b"\0" + both))
    # The one form that the library reads: a line of dashes, base64, a line of dashes.
    pem = b"-----BEGIN PRIVATE KEY-----\n%b\n-----END PRIVATE KEY-----\n" % base64.b64encode(der)
    return Key("rsa", pem, base64.b64encode(public).decode())


def _integer(number: int) -> bytes:
    return _der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _der(tag: int, content: bytes) -> bytes:
    """Tag, length and content (X.690, 8.1)."""
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 + len(length))) + length + content
