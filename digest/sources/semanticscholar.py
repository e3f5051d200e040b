"""Asks Semantic Scholar how often a paper was cited.

`POST /graph/v1/paper/batch?fields=citationCount` of its Academic Graph API (api.semanticscholar.org/api-docs)
with at most 500 ids. The answer is a list in the order of the ids, null for a paper that it doesn't know;
HTTP 400 where it knows none of them, which is usual for papers of today.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from digest.domain import Paper, SignalKind
from digest.errors import ParseError
from digest.ids import arxiv_id, doi
from digest.sources.formats import jsontree
from digest.sources.services import Counts, Headers, Question, plausible

_KNOWS_NONE = "no valid paper ids given"


@dataclass(frozen=True, slots=True)
class SemanticScholar:
    """The service. `key`: without one its limits are shared with everybody who has none."""

    key: str = field(default="", repr=False)
    base: str = "https://api.semanticscholar.org"
    name: str = "semanticscholar"
    at_once: int = 500

    def subject(self, paper: Paper) -> str | None:
        """Return `ARXIV:…` or `DOI:…`; None for a paper that has neither."""
        found = arxiv_id(paper.id)
        if found:
            return f"ARXIV:{found[0]}"
        named = doi(paper.doi or paper.id.removeprefix("doi:"))
        return f"DOI:{named}" if named else None

    def address(self, subject: str) -> str:
        """Return where the paper is described; nobody asks there."""
        return f"{self.base}/graph/v1/paper/{subject}"

    def questions(self, subjects: Sequence[str]) -> list[Question]:
        """Return one request for all."""
        headers: Headers = (("Content-Type", "application/json"),)
        if self.key:
            headers += (("x-api-key", self.key),)
        url = f"{self.base}/graph/v1/paper/batch?fields=citationCount"
        return [Question(url, tuple(subjects), headers, json.dumps({"ids": list(subjects)}).encode())]

    def read(self, question: Question, status: int, body: bytes) -> dict[str, Counts]:
        """Return the citations of each paper that it knows and counts plausibly.

        Raises ParseError where it isn't one item for each id.
        """
        answer = jsontree.read(body)
        if status >= 400:
            reason = jsontree.get(answer, "error")
            if isinstance(reason, str) and reason.lower().startswith(_KNOWS_NONE):
                return {}
            raise ParseError(f"{self.name}: HTTP {status}: {str(reason)[:200]}")
        if not isinstance(answer, list) or len(answer) != len(question.subjects):
            raise ParseError(f"{self.name}: the answer isn't a list of {len(question.subjects)} papers")
        counts = (plausible(jsontree.get(item, "citationCount")) for item in answer)
        found = zip(question.subjects, counts, strict=True)
        return {subject: {SignalKind.CITATIONS: count} for subject, count in found if count is not None}
