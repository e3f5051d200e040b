"""Asks GitHub how many stars the repository of a paper has.

`GET /repos/{owner}/{repo}` of its REST API (docs.github.com/rest/repos/repos), on condition: an answer 304
costs nothing of the hourly limit of who has a token (5,000; 60 without one). A repository that was renamed is
redirected to.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from digest.domain import Paper, SignalKind
from digest.errors import ParseError
from digest.sources.formats import jsontree
from digest.sources.services import Counts, Headers, Question, plausible

# Owner and repository as GitHub lets people name them: nothing in them can leave their place in a path.
_REPOSITORY = re.compile(
    r"https?://(?:www\.)?github\.com/(?P<owner>[a-z\d](?:[a-z\d_-]{0,38}))/(?P<name>[\w.-]{1,100})(?=[\s/#?,;:)\]>'\"]|$)",
    re.IGNORECASE | re.ASCII,
)
_VERSION = ("X-GitHub-Api-Version", "2022-11-28")


@dataclass(frozen=True, slots=True)
class GitHub:
    """The service. `token`: one without any scope is enough, for public repositories."""

    token: str = field(default="", repr=False)
    base: str = "https://api.github.com"
    name: str = "github"

    @property
    def at_once(self) -> int:
        """A turn comes every quarter of an hour: within the hour's 60 requests without a token."""
        return 30 if self.token else 10

    def subject(self, paper: Paper) -> str | None:
        """Return `owner/name` in lower case, of the first repository that the paper's links or its authors'
        comment name. Not of those in the abstract: it also names what others made.
        """
        for text in (paper.code_url, paper.url, paper.comment):
            for found in _REPOSITORY.finditer(text):
                name = found["name"].rstrip(".").removesuffix(".git")
                if name.strip("."):
                    return f"{found['owner']}/{name}".lower()
        return None

    def address(self, subject: str) -> str:
        """Return where the repository is described."""
        return f"{self.base}/repos/{subject}"

    def questions(self, subjects: Sequence[str]) -> list[Question]:
        """Return one request for each repository."""
        headers: Headers = (("Accept", "application/vnd.github+json"), _VERSION)
        if self.token:
            headers += (("Authorization", f"Bearer {self.token}"),)
        return [Question(self.address(subject), (subject,), headers) for subject in subjects]

    def read(self, question: Question, status: int, body: bytes) -> dict[str, Counts]:
        """Return the stars of the repository. Raises ParseError where there is no plausible number."""
        stars = plausible(jsontree.get(jsontree.read(body), "stargazers_count"))
        if status >= 400 or stars is None:
            raise ParseError(f"{question.url}: the answer doesn't say how many stars there are")
        return {question.subjects[0]: {SignalKind.STARS: stars}}
