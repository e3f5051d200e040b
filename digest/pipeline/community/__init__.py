"""Carries out what readers and curators do with papers."""
