"""Signs links, and makes keyed hashes of addresses and Message-IDs.

In: ids, addresses and keys. Out: short text that only a holder of the keys can make. Never: a database, an id
that can be read or counted, or a clock: links don't expire, as an unsubscribe link must work for years, but
for those of `sign_until`, whose end is signed with them.

Each token has one purpose, and opens nothing else: confirm, prefs, unsubscribe, pause, vote (for a paper),
mute (a term for a week), less (like a paper), save.

A token is 21 bytes in base64url, 28 characters: the subscriber's id, masked, and an HMAC-SHA256 cut to 128
bits (RFC 2104, section 5). The code is made over the id, and the mask from the code, as in a synthetic-IV
cipher (RFC 5297): equal input gives an equal token, and two tokens say nothing of each other.

The token of an envelope sender is made the same way from a subscriber's id and an issue's: 25 bytes, in
base32, because mail servers may change the case of letters.
"""

import hashlib
import hmac
import ipaddress
import re
import unicodedata
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from digest.errors import ConfigError, TokenError

_TOKEN = re.compile(r"[A-Za-z0-9_-]{28}")
_TIMED_TOKEN = re.compile(r"[A-Za-z0-9_-]{34}")
_ENVELOPE_TOKEN = re.compile(r"[A-Za-z2-7]{40}")
_ENVELOPE = "envelope"  # the purpose of those
_ID_BYTES = 5  # 10¹² subscribers; `List-Unsubscribe: <https://…/u/TOKEN>,` stays within a line of 78
_ISSUE_BYTES = 4
_TIME_BYTES = 4  # seconds since 1970, until 2106
_CODE_BYTES = 16
_CODE_LETTERS = 22  # characters of a code in base64url
_LEAST_KEY_BYTES = 16
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))  # RFC 2104, section 2


@dataclass(frozen=True, slots=True)
class Keys:
    """Secret keys: everything is made with `current`; what `old` ones made is still understood.

    Raises ConfigError for a key that is too short to be secret.
    """

    current: bytes = field(repr=False)
    old: tuple[bytes, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if any(len(key) < _LEAST_KEY_BYTES for key in (self.current, *self.old)):
            raise ConfigError(
                f"the secret key is shorter than {_LEAST_KEY_BYTES} bytes",
                fix="make a new one: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
            )


def sign(purpose: str, subscriber_id: int, keys: Keys) -> str:
    """Return a token of 28 characters (A–Z a–z 0–9 - _) that stands for a subscriber and one purpose."""
    identity = subscriber_id.to_bytes(_ID_BYTES, "big")
    return urlsafe_b64encode(_sealed(purpose, identity, keys.current)).decode("ascii")


def verify(purpose: str, token: str, keys: Keys) -> int:
    """Return the id of the subscriber that a token stands for, whichever key signed it.

    Raises TokenError for what is cut off, forged, or made for another purpose; it doesn't say which.
    """
    identity = _unsealed(purpose, urlsafe_b64decode(token), keys) if _TOKEN.fullmatch(token) else None
    if identity is None:
        raise TokenError("this link isn't valid", fix="copy the whole link from a newer mail")
    return int.from_bytes(identity, "big")


def sign_until(purpose: str, subscriber_id: int, expires: datetime, keys: Keys) -> str:
    """Return a token of 34 characters (A–Z a–z 0–9 - _) for a subscriber and one purpose, good until
    `expires` (aware; whole seconds).
    """
    identity = subscriber_id.to_bytes(_ID_BYTES, "big") + int(expires.timestamp()).to_bytes(
        _TIME_BYTES, "big"
    )
    return urlsafe_b64encode(_sealed(purpose, identity, keys.current)).decode("ascii").rstrip("=")


def verify_until(purpose: str, token: str, keys: Keys, now: datetime) -> int:
    """Return the id of the subscriber that a token with an end stands for, whichever key signed it.

    Raises TokenError for what is cut off, forged, over, or made for another purpose.
    """
    sealed = urlsafe_b64decode(f"{token}==") if _TIMED_TOKEN.fullmatch(token) else b""
    # The last character has bits to spare: only one spelling of a token is taken.
    is_own = token == urlsafe_b64encode(sealed).decode("ascii").rstrip("=")
    identity = _unsealed(purpose, sealed, keys) if sealed and is_own else None
    if identity is None or now.timestamp() > int.from_bytes(identity[_ID_BYTES:], "big"):
        raise TokenError("this link isn't valid any more", fix="ask for a new one")
    return int.from_bytes(identity[:_ID_BYTES], "big")


def sign_envelope(subscriber_id: int, issue_id: int, keys: Keys) -> str:
    """Return a token of 40 characters (a–z 2–7, the same in capitals) for the envelope sender of one
    subscriber's mail of one issue (VERP); `issue_id` 0: of none.
    """
    identity = subscriber_id.to_bytes(_ID_BYTES, "big") + issue_id.to_bytes(_ISSUE_BYTES, "big")
    return b32encode(_sealed(_ENVELOPE, identity, keys.current)).decode("ascii").lower()


def verify_envelope(token: str, keys: Keys) -> tuple[int, int]:
    """Return the ids of the subscriber and the issue that an envelope sender's token stands for, in any case
    of letters and whichever key signed it. Raises TokenError for any other text.
    """
    known = _ENVELOPE_TOKEN.fullmatch(token)
    identity = _unsealed(_ENVELOPE, b32decode(token.upper()), keys) if known else None
    if identity is None:
        raise TokenError("this is no envelope sender of ours")
    return int.from_bytes(identity[:_ID_BYTES], "big"), int.from_bytes(identity[_ID_BYTES:], "big")


def address_hash(email: str, keys: Keys) -> str:
    """Return a keyed hash of an address, 32 hexadecimal digits; case and outer white space don't matter."""
    return address_hashes(email, keys)[0]


def address_hashes(email: str, keys: Keys) -> tuple[str, ...]:
    """Return the hash of an address under the current key and then each old one, to look up what was kept
    before.
    """
    plain = unicodedata.normalize("NFC", email).strip().lower().encode()
    return tuple(_code(key, "address", plain).hex() for key in (keys.current, *keys.old))


def keyed_code(use: str, text: str, keys: Keys) -> str:
    """Make a code of 32 hexadecimal digits that only a holder of the current key can make of a text."""
    return _code(keys.current, use, text.encode()).hex()


def sign_text(purpose: str, text: str, keys: Keys) -> str:
    """Return a text in ASCII with a code behind it that only a holder of the keys can make: 22 characters
    (A–Z a–z 0–9 - _)."""
    return text + _spelled(_code(keys.current, f"text {purpose}", text.encode()))


def is_signed_text(purpose: str, signed: str, keys: Keys) -> bool:
    """Return whether `sign_text` made a text for this purpose, with whichever key. Looks nothing up."""
    text, code = signed[:-_CODE_LETTERS], signed[-_CODE_LETTERS:].encode()
    return signed.isascii() and any(
        hmac.compare_digest(code, _spelled(_code(key, f"text {purpose}", text.encode())).encode())
        for key in (keys.current, *keys.old)
    )


def network_hash(ip: str, keys: Keys) -> str:
    """Return a keyed hash of the network of an IP address (IPv4: its /24, IPv6: its /64), 16 hexadecimal
    digits.

    '' for what is no address. Two hashes show whether two requests came from one network, and nothing else.
    """
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    network = ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False)
    return _code(keys.current, "network", str(network).encode()).hex()[:16]


def message_id(issue_id: int, subscriber_id: int, keys: Keys, domain: str) -> str:
    """Return the Message-ID of one subscriber's mail of one issue, in angle brackets: equal whenever it is
    made.
    """
    code = _code(keys.current, "message", f"{issue_id} {subscriber_id}".encode())
    return f"<{issue_id}.{code.hex()}@{domain}>"


def _sealed(purpose: str, identity: bytes, key: bytes) -> bytes:
    code = _code(key, f"token {purpose}", identity)
    return _mask(key, purpose, code, identity) + code


def _unsealed(purpose: str, sealed: bytes, keys: Keys) -> bytes | None:
    """The identity under whichever key sealed it, or None."""
    masked, code = sealed[:-_CODE_BYTES], sealed[-_CODE_BYTES:]
    for key in (keys.current, *keys.old):
        identity = _mask(key, purpose, code, masked)
        if hmac.compare_digest(code, _code(key, f"token {purpose}", identity)):
            return identity
    return None


def _code(key: bytes, use: str, data: bytes) -> bytes:
    """128 bits that depend on the key, on what they are used for, and on the data."""
    start, end = _own_hashes(key, use)
    inner, outer = start.copy(), end.copy()
    inner.update(data)
    outer.update(inner.digest())
    return outer.digest()[:_CODE_BYTES]


@lru_cache(maxsize=64)
def _own_hashes(key: bytes, use: str) -> "tuple[hashlib._Hash, hashlib._Hash]":
    """The inner and the outer hash of HMAC-SHA256 with a use's own key, as they are before any data
    (RFC 2104, section 4): a mail has eight links, and a copy costs a third of starting again."""
    block = hmac.digest(key, f"digest {use}".encode(), hashlib.sha256).ljust(64, b"\0")
    return hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))


def _spelled(code: bytes) -> str:
    return urlsafe_b64encode(code).decode("ascii").rstrip("=")


def _mask(key: bytes, purpose: str, code: bytes, identity: bytes) -> bytes:
    """Hides an identity, and uncovers it: the same operation both ways."""
    size = len(identity)
    stream = _code(key, f"mask {purpose}", code)[:size]
    return (int.from_bytes(identity, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")
