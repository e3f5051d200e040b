"""Asks sources for past days: missed ones, ones whose lists grow, and what a second list says is missing."""
