"""Tells whether a database can keep an entry. Pure.

Postgres refuses NUL characters, and both refuse lone surrogates and numbers beyond their column: one such
entry would take the rest of its batch with it.
"""

from digest.domain import Entry

_LONGEST_ID = 1_500  # bytes; an index of Postgres takes at most 2,704, the name of the source with it
_LARGEST = 2**31 - 1
_TEXTS = (
    "key", "arxiv_id", "doi", "title", "abstract", "url", "pdf_url", "code_url", "project_url",
    "discussion_url", "thumbnail", "summary", "comment", "organization", "announce_type",
    "withdrawn",
)  # fmt: skip


def unstorable(entry: Entry) -> str:
    """Return why the entry can't be kept, or nothing."""
    ids = (entry.key, entry.arxiv_id or "", entry.doi or "")
    if not entry.key or any(len(name.encode("utf-8", "replace")) > _LONGEST_ID for name in ids):
        return f"its id is empty or longer than {_LONGEST_ID:,} bytes"
    texts = [getattr(entry, name) or "" for name in _TEXTS]
    if not all(_is_text(text) for text in (*texts, *entry.authors, *entry.categories, *entry.keywords)):
        return "holds characters that are no text"
    if not all(0 <= number <= _LARGEST for number in (entry.version or 0, *entry.signals.values())):
        return "a number in it is negative or too large"
    if not all(1 < at.year < 9999 for at in (entry.announced_at, entry.published_at) if at):
        return "its date is out of range"
    return ""


def _is_text(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
