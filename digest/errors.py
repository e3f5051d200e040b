"""Defines what can go wrong, in the user's words. Nothing comes in; every stage raises one of these.

An error says what is wrong and names the object (`message`), and what to do (`fix`, may be empty). What
readers of pages and mails may meet is a `deferred` text: English as it stands, for commands and the API, and
said in their language by `gettext` where it is shown to them.
"""

from digest.languages import Deferred, deferred


def did_you_mean(name: str) -> Deferred:
    """Return the fix that names what was probably meant."""
    return deferred("did you mean {name}?", name=name)


class DigestError(Exception):
    """The base of all errors that a user can fix."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class ConfigError(DigestError):
    """A setting is missing or wrong, or the database's schema doesn't fit this version."""


class UnavailableError(ConfigError):
    """The database that the settings name can't be used now: it doesn't answer, or is locked."""


class UnknownError(DigestError):
    """Something was named that isn't there: a subscriber, topic, source or paper."""


class UnreadableError(DigestError):
    """A row of the database can't be read by this version: it was written by a newer one, or by hand."""


class RebuildingError(DigestError):
    """A part of the search index was found damaged; it is set aside, and built anew by the next round."""


class InputError(DigestError):
    """What the user typed or handed over can't be used: an address, a time zone, an hour."""


class RefusedError(DigestError):
    """Something that can't be undone wasn't asked for plainly enough."""


class FetchError(DigestError):
    """A source didn't answer, or not with what was asked for.

    `retry_after`: seconds it asked us to wait; `status`: of its HTTP answer, where there was one.
    """

    def __init__(
        self, message: str, *, fix: str = "", retry_after: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(message, fix=fix)
        self.retry_after = retry_after
        self.status = status


class NotAskedError(FetchError):
    """Manners forbid to ask a source now: nothing was sent. `retry_after`: seconds until it may be asked."""


class ParseError(DigestError):
    """An answer or a file isn't what its kind promises; nothing of it was used."""


class FilterError(DigestError):
    """A filter can't be read: where (`position`, 0-based characters), and what was `expected` there."""

    def __init__(
        self,
        message: str,
        *,
        position: int,
        text: str = "",
        expected: tuple[str, ...] = (),
        nearest: str = "",
    ) -> None:
        super().__init__(message, fix=did_you_mean(nearest) if nearest else "")
        self.position = position
        self.text = text
        self.expected = expected
        self.nearest = nearest


class DeliveryError(DigestError):
    """The mail server can't be used at all: not reachable, no TLS, login refused."""


class TokenError(DigestError):
    """A link's token is forged, cut off, or meant for something else."""
