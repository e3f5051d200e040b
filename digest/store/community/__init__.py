"""Keeps what readers and curators do with papers, and who did what."""
