"""Looks single papers up: which sites to ask about what was typed, and what they say of the paper. Pure.

`subject` reads what somebody typed, `questions` says whom to ask and how to read the answers, `crossref` and
`page` read answers that no source of papers gives. Metadata come from these answers alone, never from what
was typed. Never fetches, never stores, knows no clock.
"""
