"""Formats of answers: bytes come in, the items of a feed, JSON or the records of OAI-PMH go out."""
