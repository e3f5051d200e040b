"""Names what readers propose and report, and what curators hide."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.domain.sources import Entry


class ProposalState(StrEnum):
    """Where a proposed paper is on its way."""

    FETCHING = "fetching"  # its metadata are being looked up
    READY = "ready"  # shown back to who proposed it
    PENDING = "pending"  # waits for a curator
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"  # the paper is here already
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A paper that somebody proposed. `by`: their display name; `subscriber_id` None: the command line, or
    an erased person.

    `entry`: what the site `found_at` said of the paper; None while nothing is known, or while `choices` (what
    a title may mean) wait for one to be chosen. `words`: why it came into its state. `paper`: the id of the
    paper that it became, or is; a duplicate without one is a proposal of a paper that waits for a curator.
    `listed_at`: its paper was here for long, and is listed again since then. `tell`: whether they want an
    email about what becomes of it.
    """

    id: int
    typed: str
    subject: str
    state: ProposalState
    created_at: datetime
    at: datetime
    subscriber_id: int | None = None
    by: str = ""
    words: str = ""
    entry: Entry | None = None
    found_at: str = ""
    choices: tuple[Entry, ...] = ()
    paper: str | None = None
    listed_at: datetime | None = None
    tell: bool = True

    @property
    def is_open(self) -> bool:
        """Whether anything can still become of it."""
        return self.state in {ProposalState.FETCHING, ProposalState.READY, ProposalState.PENDING}


class ReportAbout(StrEnum):
    """What somebody says something is wrong with."""

    PAPER = "paper"
    NOTE = "note"  # of a curator's pick


@dataclass(frozen=True, slots=True)
class Report:
    """Somebody said that something is wrong with a paper (its id and title) or its note; `by`: their name."""

    id: int
    paper: str
    title: str
    about: ReportAbout
    words: str
    by: str
    at: datetime


class HideReason(StrEnum):
    """Why a paper is hidden."""

    SPAM = "spam"
    OFF_TOPIC = "off-topic"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"
    LEGAL = "legal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Hiding:
    """A paper isn't shown: why, in whose public words, by which actor, and since when."""

    reason: HideReason
    words: str
    by: str
    at: datetime
