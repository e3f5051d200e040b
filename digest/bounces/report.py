"""Defines what a mail that came back says, as a value."""

from dataclasses import dataclass

from digest.deliver import OUR_FAULT, Reason, blames_us
from digest.domain import BounceKind


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail says. `email`: whom it names; `status`: RFC 3463, or empty; `words`: on one line;
    `reason`: why a message was refused, where the words say it.

    `tokens` (of envelope senders) and `message_ids` may be of a mail of ours; `link`: the token by which a
    mail asks to unsubscribe.
    """

    kind: BounceKind
    email: str = ""
    status: str = ""
    words: str = ""
    reason: Reason | None = None
    tokens: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    link: str = ""

    @property
    def blames_us(self) -> bool:
        """Whether a failure is about the sender rather than the recipient, by its code or its words."""
        return blames_us(self.status) or self.reason in OUR_FAULT
