"""Defines the tables of what readers do with papers, and of who did what. Rows stay inside the store."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base, partial_index
from digest.store.columns import Json, JsonOrNull, LongId


class VoteRow(Base):
    """A subscriber voted for a paper; `withdrawn_at`: they took it back.

    `quarters`: what it weighs; `is_new`: its subscriber was; `network`: a keyed hash of the one it came from;
    `turns`: how often they voted for it.
    """

    __tablename__ = "votes"

    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    paper_id: Mapped[int] = mapped_column(
        ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    quarters: Mapped[int] = mapped_column(server_default=text("4"))
    is_new: Mapped[bool] = mapped_column(server_default=false())
    network: Mapped[str] = mapped_column(server_default=text("''"))
    turns: Mapped[int] = mapped_column(server_default=text("1"))


class SavedRow(Base):
    """A subscriber saved a paper, to read or to cite it later."""

    __tablename__ = "saved"

    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    paper_id: Mapped[int] = mapped_column(
        ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime]


class AuditRow(Base):
    """Somebody changed something. Rows are only added; what changes in one is that a person was erased.

    `before` and `after`: the fields that changed, NULL where the object wasn't there. `undo_of`: the act that
    this one took back, which can be done once.
    """

    __tablename__ = "audit"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    via: Mapped[str]
    network: Mapped[str]
    act: Mapped[str]
    object: Mapped[str] = mapped_column(index=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    after: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    undo_of: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("audit.id", ondelete="SET NULL"), unique=True
    )


class SigninRow(Base):
    """Somebody typed an address to sign in. The link that is mailed for it is good for minutes, and once.

    `decided_at`: the request was looked at; `used_at`: the link was followed and the button pressed.
    """

    __tablename__ = "signins"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    email: Mapped[str]
    next_path: Mapped[str]
    browser: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    subscriber_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    decided_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class SessionRow(Base):
    """A browser in which a subscriber is signed in; of its cookie only the SHA-256 is kept."""

    __tablename__ = "sessions"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    signed_in_at: Mapped[datetime]
    used_at: Mapped[datetime] = mapped_column(index=True)
    browser_name: Mapped[str]
    network: Mapped[str]


OPEN_PROPOSAL = "state IN ('fetching', 'ready')"
PENDING_PROPOSAL = "state = 'pending'"


class ProposalRow(Base):
    """Somebody proposed a paper. `subject`: what was typed in its one spelling; `identity`: the id of the
    paper that it is about, once that is known: one of each waits for a curator.

    `entry`, `choices`: what a site said, as JSON. `lease_until`: who looks it up has until then. `listed_at`:
    its paper was here for long, and is listed again since then.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        Index("ix_proposals_state", "state", "created_at"),
        Index("ix_proposals_listed_at", "listed_at"),
        Index("ix_proposals_subscriber_id", "subscriber_id", "created_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    subscriber_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="SET NULL")
    )
    typed: Mapped[str]
    subject: Mapped[str]
    identity: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    at: Mapped[datetime]
    words: Mapped[str]
    entry: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    found_at: Mapped[str]
    choices: Mapped[list[Any]] = mapped_column(Json)
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("papers.id", ondelete="SET NULL"), index=True)
    listed_at: Mapped[datetime | None]
    tell: Mapped[bool]
    attempts: Mapped[int]
    lease_until: Mapped[datetime | None]


class ReportRow(Base):
    """Somebody said that something is wrong with a paper, or with the note of its pick."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_settled_at", "settled_at"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    about: Mapped[str]
    subscriber_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="SET NULL"), index=True
    )
    network: Mapped[str]
    words: Mapped[str]
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class HidingRow(Base):
    """A paper was hidden. `unhidden_at`: it is shown again since then, and the row stays."""

    __tablename__ = "hidings"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    words: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    unhidden_at: Mapped[datetime | None]


class PickRow(Base):
    """A curator chose a paper for a day (UTC). `unpicked_at`: it was taken back, and the row stays.

    `curator_id` is NULL where the command line picked, or the curator was erased.
    """

    __tablename__ = "picks"
    __table_args__ = (UniqueConstraint("day", "paper_id", name="uq_picks_day"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    curator_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="SET NULL"), index=True
    )
    note: Mapped[str]
    position: Mapped[int]
    at: Mapped[datetime]
    unpicked_at: Mapped[datetime | None]


class TokenRow(Base):
    """A subscriber's token for the API, kept as its SHA-256. `scope`: the role it acts by."""

    __tablename__ = "api_tokens"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    label: Mapped[str]
    scope: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


partial_index("ix_proposals_open", ProposalRow, "subscriber_id", "subject", where=OPEN_PROPOSAL, unique=True)
partial_index("ix_proposals_pending", ProposalRow, "identity", where=PENDING_PROPOSAL, unique=True)
