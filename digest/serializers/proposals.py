"""Turns proposals and reports into the JSON objects that people script against, and into lines for people."""

from typing import Any

from digest.domain import Entry, Proposal, ProposalState, Report


def proposal_object(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal: its state, what was typed, what a site says of the paper, and what it became."""
    return {
        "id": proposal.id,
        "state": proposal.state,
        "typed": proposal.typed,
        "by": proposal.by or None,
        "created_at": proposal.created_at,
        "at": proposal.at,
        "words": proposal.words or None,
        "found_at": proposal.found_at or None,
        "found": _entry(proposal.entry) if proposal.entry else None,
        "choices": [_entry(each) for each in proposal.choices],
        "paper": proposal.paper,
    }


def report_object(report: Report) -> dict[str, Any]:
    """Return a report: what it is about, in whose words, since when."""
    return {
        "id": report.id,
        "paper": report.paper,
        "title": report.title,
        "about": report.about,
        "words": report.words or None,
        "by": report.by or None,
        "at": report.at,
    }


def in_words(proposal: Proposal) -> str:
    """Say on some lines what is known of a proposed paper."""
    if proposal.entry:
        lines = [proposal.entry.title, ", ".join(proposal.entry.authors[:8]), f"found at {proposal.found_at}"]
    elif proposal.choices:
        lines = [f"{n}. {each.title}" for n, each in enumerate(proposal.choices, start=1)]
        lines.append("name one: --choice 1")
    else:
        lines = [proposal.typed]
    if proposal.state not in {ProposalState.READY, ProposalState.PENDING}:
        lines.append(
            f"{proposal.state}: {proposal.words or proposal.paper or 'asked again in the next round'}"
        )
    return "\n".join(line for line in lines if line)


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "title": entry.title,
        "authors": list(entry.authors),
        "abstract": entry.abstract,
        "published_at": entry.published_at,
        "arxiv_id": entry.arxiv_id,
        "doi": entry.doi,
        "url": entry.url or None,
    }
