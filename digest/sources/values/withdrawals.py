"""Reads notices of withdrawal: the texts of an item come in, the words that say it was withdrawn go out.

arXiv keeps a withdrawn paper and writes the notice where the abstract was, or into the comments
(https://info.arxiv.org/help/withdraw.html); bioRxiv and journals write it before the title. Only a text that
begins as a notice is one: papers speak of withdrawn drugs and retracted articles too. Never raises.
"""

import re

_THING = r"(?:e-?print|paper|article|manuscript|submission|preprint|work|report|note|thesis|version|document)"
_GONE = r"(?:withdrawn|retracted)"
_BEGINS = (
    rf"(?:(?:this|the|our) (?:\w+ ){{0,2}}{_THING} (?:has|have|had|is|was)"
    rf" (?:now |since |temporarily )?(?:been )?{_GONE}"
    rf"|(?:the |all )?(?:co-?)?authors? (?:\w+ ){{0,2}}?(?:has|have)? ?(?:{_GONE}|withdrew|withdraws?)"
    rf" (?:this|the|their) (?:\w+ )?{_THING}"
    rf"|we (?:have )?(?:withdraw|withdrew|retract|{_GONE})(?:ed)? (?:this|our|the) {_THING}"
    rf"|(?:this )?{_THING} (?:\w+ )?{_GONE}"
    rf"|{_GONE} (?:by|due|because|as|at the request|for|pending|temporarily)"
    rf"|{_GONE}(?=\s*(?:[.!;:,]|$)))"
)
# Withdrawn from a conference isn't withdrawn.
_ELSEWHERE = r"(?!\s+from\s+(?!(?:the )?arxiv|consideration on arxiv))"
_NOTICE = re.compile(rf"\s*[\[(*]*{_BEGINS}{_ELSEWHERE}\b", re.IGNORECASE)
_IN_COMMENT = re.compile(rf"(?:^|[.;:,]\s+){_BEGINS}{_ELSEWHERE}\b", re.IGNORECASE)
_TITLE = re.compile(
    r"\s*[\[(]?(?:WITHDRAWN|RETRACTED)(?:[ :](?:ARTICLE|PAPER))?[\])]?\s*[:\-–—]\s*\S", re.IGNORECASE
)
_READ = 2_000  # characters of a comment


def notice(title: str, abstract: str, comment: str = "") -> str:
    """Return the text that says that the work was withdrawn: abstract, comment or title; nothing where none
    does.
    """
    if _NOTICE.match(abstract):
        return abstract
    if _IN_COMMENT.search(comment[:_READ]):
        return comment
    return title if _TITLE.match(title) else ""
