"""Adds the summaries that a model wrote to the papers whose sources wrote none."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from digest.domain import Paper
from digest.pipeline.installation import Installation
from digest.store.papers import summaries
from digest.store.session import Session

NAME = "summaries"  # the row of `services` that says how the endpoint is doing


def with_summaries(
    db: Session, installation: Installation, found: Sequence[Paper], until: datetime
) -> list[Paper]:
    """Return the papers, each with the summary that the model wrote for it until then if its source wrote
    none.
    """
    if installation.summariser is None:
        return list(found)
    model = installation.summariser.model
    texts = summaries.texts(db, model, [paper for paper in found if not paper.summary], until=until)
    return [
        replace(paper, summary=texts[paper.pk], summary_model=model) if paper.pk in texts else paper
        for paper in found
    ]
