"""Names the nouns of the project, one name for one thing: frozen values and enums. Imports nothing of ours.

Times are aware and in UTC; dates are local dates of whoever they concern. Ids of papers are canonical
(`arxiv:2509.13332`, `doi:10.1101/…`, else `<source>:<id>`).
"""

from digest.domain.community import (
    HideReason,
    Hiding,
    Proposal,
    ProposalState,
    Report,
    ReportAbout,
)
from digest.domain.deliveries import Alarm, BounceKind, Delivery, DeliveryState, Receipt
from digest.domain.digests import (
    FIT_WEIGHT,
    Digest,
    Field,
    Issue,
    Match,
    Message,
    Reason,
    ReasonKind,
    SkipReason,
)
from digest.domain.papers import Merge, Paper, Part, Pick, Ranked, Sighting
from digest.domain.sources import (
    Announcement,
    Entry,
    Gap,
    Parsed,
    Signal,
    SignalKind,
    Skipped,
    Source,
    SourceKind,
    SourceState,
)
from digest.domain.subscriptions import (
    SYSTEM,
    Actor,
    Frequency,
    Interests,
    Role,
    Schedule,
    Subscriber,
    SubscriberStatus,
    Topic,
)

__all__ = [
    "FIT_WEIGHT",
    "SYSTEM",
    "Actor",
    "Alarm",
    "Announcement",
    "BounceKind",
    "Delivery",
    "DeliveryState",
    "Digest",
    "Entry",
    "Field",
    "Frequency",
    "Gap",
    "HideReason",
    "Hiding",
    "Interests",
    "Issue",
    "Match",
    "Merge",
    "Message",
    "Paper",
    "Parsed",
    "Part",
    "Pick",
    "Proposal",
    "ProposalState",
    "Ranked",
    "Reason",
    "ReasonKind",
    "Receipt",
    "Report",
    "ReportAbout",
    "Role",
    "Schedule",
    "Sighting",
    "Signal",
    "SignalKind",
    "SkipReason",
    "Skipped",
    "Source",
    "SourceKind",
    "SourceState",
    "Subscriber",
    "SubscriberStatus",
    "Topic",
]
